"""The mail server of these tests works like a real one."""

import smtplib

import pytest

from pulp_notifiers.testing.smtp import SmtpReceiver


def send_one(receiver: SmtpReceiver) -> None:
    with smtplib.SMTP(receiver.host, receiver.port, local_hostname="localhost", timeout=60) as client:
        client.sendmail("a@example.com", ["b@example.com", "c@example.com"], b"Subject: x\r\n\r\nbody\r\n")


def test_it_keeps_the_mails_that_it_accepts():
    """Envelope and content are kept."""
    with SmtpReceiver() as receiver:
        send_one(receiver)
        [mail] = receiver.wait_for(1)

    assert ("a@example.com", ("b@example.com", "c@example.com")) == (mail.sender, mail.recipients)
    assert b"Subject: x\r\n\r\nbody\r\n" == mail.content
    assert ["EHLO", "MAIL", "RCPT", "RCPT", "DATA", "QUIT"] == receiver.commands


def test_waiting_in_vain_fails_with_what_was_received():
    """The message helps to find out why a test failed."""
    with SmtpReceiver() as receiver, pytest.raises(AssertionError, match="received so far: 0 mails over 0 connections"):
        receiver.wait_for(1, timeout_seconds=0.01)


def test_it_restarts_on_the_same_port_and_keeps_its_mails():
    """Clients see a server that was restarted."""
    with SmtpReceiver() as receiver:
        send_one(receiver)
        port = receiver.port
        receiver.stop()
        with pytest.raises(ConnectionRefusedError):
            send_one(receiver)
        receiver.start()
        send_one(receiver)

        assert port == receiver.port
        assert 2 == len(receiver.wait_for(2))


def test_it_cuts_open_connections_on_demand():
    """It still accepts new ones."""
    with SmtpReceiver() as receiver:
        client = smtplib.SMTP(receiver.host, receiver.port, local_hostname="localhost", timeout=60)
        receiver.disconnect()

        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.ehlo()
        send_one(receiver)

        assert 2 == receiver.connections


def test_refusals_end_after_a_number_of_times_or_on_demand():
    """Without a number they last until ``behave()`` is called."""
    with SmtpReceiver() as receiver:
        receiver.refuse("RCPT", "550 No", address="b@example.com", times=1)
        send_one(receiver)
        send_one(receiver)
        receiver.refuse("message", "451 Later")
        with pytest.raises(smtplib.SMTPDataError):
            send_one(receiver)
        receiver.behave()
        send_one(receiver)

        assert [1, 2, 2] == [len(mail.recipients) for mail in receiver.wait_for(3)]


def test_tls_needs_a_certificate():
    """The error comes before it listens."""
    with pytest.raises(ValueError, match="needs a certificate"):
        SmtpReceiver("tls")
