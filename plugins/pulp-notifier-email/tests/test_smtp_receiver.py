"""The receiver that the tests of mail stand on."""

import smtplib

import pytest

from pulp_notifiers.testing.smtp import SmtpReceiver


def send_one(receiver: SmtpReceiver) -> None:
    with smtplib.SMTP(receiver.host, receiver.port, local_hostname="localhost", timeout=60) as client:
        client.sendmail("a@example.com", ["b@example.com", "c@example.com"], b"Subject: x\r\n\r\nbody\r\n")


def test_it_keeps_what_it_accepts():
    """Envelope and bytes."""
    with SmtpReceiver() as receiver:
        send_one(receiver)
        [mail] = receiver.wait_for(1)

    assert ("a@example.com", ("b@example.com", "c@example.com")) == (mail.sender, mail.recipients)
    assert b"Subject: x\r\n\r\nbody\r\n" == mail.content
    assert ["EHLO", "MAIL", "RCPT", "RCPT", "DATA", "QUIT"] == receiver.commands


def test_waiting_in_vain_ends_with_what_was_heard():
    """The sentence helps to find out why a test failed."""
    with SmtpReceiver() as receiver, pytest.raises(AssertionError, match="heard so far: 0 mails over 0 connections"):
        receiver.wait_for(1, timeout_seconds=0.01)


def test_it_comes_back_on_the_same_port_and_remembers():
    """Clients meet a server that was restarted."""
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
    """And goes on listening."""
    with SmtpReceiver() as receiver:
        client = smtplib.SMTP(receiver.host, receiver.port, local_hostname="localhost", timeout=60)
        receiver.disconnect()

        with pytest.raises(smtplib.SMTPServerDisconnected):
            client.ehlo()
        send_one(receiver)

        assert 2 == receiver.connections


def test_it_behaves_again_when_told():
    """Demands last until then, or so many times as was said."""
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
    """Told before it listens."""
    with pytest.raises(ValueError, match="needs a certificate"):
        SmtpReceiver("tls")
