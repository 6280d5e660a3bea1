"""Mails over a real SMTP server: what arrives, and how refusals end an attempt."""

import json
import socket

import pytest

from pulp_notifiers.errors import PermanentFailure, SwitchedOff, TemporaryFailure
from pulp_notifiers.testing.smtp import SmtpReceiver


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def test_a_mail_arrives_as_it_was_rendered(receiver, sending, event):
    """Envelope and headers have the same two addresses."""
    sending(receiver.port).send()

    [mail] = receiver.wait_for(1)
    assert ("pulp@localhost", ("a@example.com",)) == (mail.sender, mail.recipients)
    assert ("pulp@localhost", "a@example.com", "hi") == tuple(mail.message[name] for name in ("From", "To", "Subject"))
    assert event.body() == json.loads(mail.message.get_content())


def test_the_sender_comes_from_the_settings(receiver, sending):
    """The header has the name, the envelope only the address."""
    sending(receiver.port, **{"from": "Pulp <pulp@example.com>"}).send("Ops <ops@example.com>")

    [mail] = receiver.wait_for(1)
    assert ("pulp@example.com", ("ops@example.com",)) == (mail.sender, mail.recipients)
    assert ("Pulp <pulp@example.com>", "Ops <ops@example.com>") == (mail.message["From"], mail.message["To"])


def test_mail_that_is_switched_off_opens_no_connection(receiver, sending):
    """The failure says exactly why nothing was sent."""
    with pytest.raises(
        SwitchedOff, match=r"^E-mail is switched off \(\[email\] enabled is false\); nothing was sent\.$"
    ):
        sending(receiver.port, enabled="false").send()

    assert 0 == receiver.connections


def test_a_refused_address_does_not_affect_the_others(receiver, sending):
    """Each address has its own mail and its own outcome."""
    receiver.refuse("RCPT", "550 5.1.1 No such user", address="nobody@example.com")
    notifier = sending(receiver.port)

    with pytest.raises(PermanentFailure) as caught:
        notifier.send("nobody@example.com")
    notifier.send("somebody@example.com")

    expected = "Error sending mail. 550 5.1.1 No such user (in answer to RCPT TO:<nobody@example.com>)"
    assert expected == caught.value.reason
    assert [("somebody@example.com",)] == [mail.recipients for mail in receiver.wait_for(1)]
    assert 1 == receiver.connections


def test_an_invalid_address_does_not_affect_the_others(receiver, sending, event):
    """Nothing is sent to the server for it, and its failure names it."""
    notifier = sending(receiver.port)
    config = notifier.loaded.parse({"subject": "s", "addresses": ["good@x.y", "bad address", "good2@x.y"]})
    good, bad, good2 = notifier.loaded.targets(config)

    notifier.loaded.send(event, config, good, attempt=1)
    with pytest.raises(PermanentFailure, match="because of its address: 'bad address' is not an e-mail address"):
        notifier.loaded.send(event, config, bad, attempt=1)
    notifier.loaded.send(event, config, good2, attempt=1)

    assert [("good@x.y",), ("good2@x.y",)] == [mail.recipients for mail in receiver.wait_for(2)]


@pytest.mark.parametrize("step", ["MAIL", "RCPT", "DATA", "message"])
@pytest.mark.parametrize(
    ("reply", "failure"), [("451 4.7.1 Greylisted", TemporaryFailure), ("554 5.7.1 Spam", PermanentFailure)]
)
def test_4xx_replies_are_temporary_and_5xx_replies_permanent(receiver, sending, step, reply, failure):
    """This holds at every step, and the session serves the next mail."""
    receiver.refuse(step, reply, times=1)
    notifier = sending(receiver.port)

    with pytest.raises(failure) as caught:
        notifier.send()
    notifier.send()

    assert caught.value.reason.startswith(f"Error sending mail. {reply} (in answer to ")
    assert (1, 1) == (len(receiver.wait_for(1)), receiver.connections)


@pytest.mark.parametrize("step", ["RCPT", "DATA", "message"])
def test_a_connection_that_closes_during_a_mail_is_a_temporary_failure(receiver, sending, step):
    """The mail is not repeated at once, because the server may have accepted it."""
    receiver.drop(step, times=1)
    notifier = sending(receiver.port)

    with pytest.raises(
        TemporaryFailure, match=r"^Error sending mail\. The server 127\.0\.0\.1 closed the connection \(after "
    ):
        notifier.send()

    assert 1 == receiver.connections


def test_a_mail_that_arrives_twice_has_one_message_id(receiver, sending):
    """It arrives twice because the answer to the first was lost."""
    receiver.drop("message", times=1)
    notifier = sending(receiver.port)

    with pytest.raises(TemporaryFailure):
        notifier.send()
    notifier.send()

    first, second = receiver.wait_for(2)
    assert first.content == second.content


@pytest.mark.parametrize(
    ("step", "reply", "reason"),
    [
        ("greeting", "554 5.3.2 No service here", "554 5.3.2 No service here"),
        ("greeting", "421 4.3.2 Too busy", "421 4.3.2 Too busy"),
        ("greeting", None, "it closed the connection"),
        ("EHLO", "421 4.7.0 Go away", "421 4.7.0 Go away|it closed the connection"),
        ("EHLO", None, "it closed the connection"),
    ],
)
def test_a_server_that_refuses_a_session_is_a_temporary_failure(receiver, sending, step, reply, reason):
    """The code does not matter, because the mail is not at fault."""
    if reply:
        receiver.refuse(step, reply)
    else:
        receiver.drop(step)

    place = f"SMTP connection failed to 127.0.0.1 on {receiver.port}: "
    with pytest.raises(TemporaryFailure, match=rf"^{place}({reason})\.$"):
        sending(receiver.port).send()


def test_a_refused_connection_is_a_temporary_failure(sending):
    """Pulp 2 lost the mail and the thread."""
    port = free_port()

    with pytest.raises(TemporaryFailure) as caught:
        sending(port).send()

    assert f"SMTP connection failed to 127.0.0.1 on {port}: Connection refused." == caught.value.reason


def test_an_unknown_host_is_a_temporary_failure(sending):
    """Name servers fail and recover; this name never exists (RFC 6761)."""
    with pytest.raises(TemporaryFailure, match=r"^SMTP connection failed to mail\.invalid on 25: "):
        sending(25, host="mail.invalid").send()


@pytest.mark.parametrize("code", [530, 534, 535, 538])
def test_a_required_login_is_a_temporary_failure_that_names_the_settings(receiver, sending, code):
    """The delivery is not given up."""
    receiver.refuse("MAIL", f"{code} 5.7.0 Authentication required")

    with pytest.raises(
        TemporaryFailure, match=r"Authentication required.*check tls, username and password in \[email\]"
    ):
        sending(receiver.port).send()


def test_a_server_without_ehlo_gets_its_mail(receiver, sending):
    """HELO is enough."""
    receiver.refuse("EHLO", "502 5.5.1 What?")

    sending(receiver.port).send()

    assert ("a@example.com",) == receiver.wait_for(1)[0].recipients


def test_a_long_line_arrives_at_a_server_that_refuses_long_lines(receiver, sending, make_event):
    """aiosmtpd refuses lines of more than 998 octets; dots at the start of lines survive as well."""
    event = make_event(traceback="..." * 2000 + "\n.\n" * 100)

    sending(receiver.port).send(event=event)

    [mail] = receiver.wait_for(1)
    assert event.body() == json.loads(mail.message.get_content())


def test_a_large_mail_arrives_complete(receiver, sending, make_event):
    """It takes many segments."""
    event = make_event(details=["x" * 500] * 4000)

    sending(receiver.port).send(event=event)

    [mail] = receiver.wait_for(1)
    assert event.body() == json.loads(mail.message.get_content())


def test_a_mail_that_is_too_large_is_refused_before_it_is_sent(receiver, sending, make_event):
    """Its size is announced (RFC 1870), and aiosmtpd accepts 32 MiB."""
    event = make_event(details=["x" * 900] * 40_000)

    with pytest.raises(PermanentFailure, match="552 Error: message size exceeds"):
        sending(receiver.port).send(event=event)

    assert "DATA" not in receiver.commands


def test_a_non_ascii_address_works_with_a_server_that_offers_smtputf8(receiver, sending):
    """The mail uses SMTPUTF8 (RFC 6531)."""
    sending(receiver.port).send("jürgen@bücher.example", subject="Grüße")

    [mail] = receiver.wait_for(1)
    assert ("jürgen@bücher.example",) == mail.recipients
    assert {"SMTPUTF8", "BODY=8BITMIME"} <= set(mail.options)
    assert ("jürgen@bücher.example", "Grüße") == (mail.message["To"], mail.message["Subject"])


def test_a_non_ascii_address_is_a_permanent_failure_without_smtputf8(sending):
    """The message says why, and the session stays usable."""
    with SmtpReceiver(smtputf8=False) as receiver:
        notifier = sending(receiver.port)

        with pytest.raises(PermanentFailure, match=r"accepts ASCII addresses only .* to jürgen@example\.com;"):
            notifier.send("jürgen@example.com")
        notifier.send()

        assert (1, 1) == (len(receiver.wait_for(1)), receiver.connections)


@pytest.mark.parametrize("smtputf8", [False, True])
def test_a_domain_that_is_not_ascii_works_with_any_server(sending, smtputf8):
    """It is written in ASCII (RFC 5891), in the envelope and in the headers, for the sender too."""
    with SmtpReceiver(smtputf8=smtputf8) as receiver:
        sending(receiver.port, sender="Pulp <pulp@müller.example>").send("info@bücher.example")

        [mail] = receiver.wait_for(1)

    assert ("pulp@xn--mller-kva.example", ("info@xn--bcher-kva.example",)) == (mail.sender, mail.recipients)
    assert "info@xn--bcher-kva.example" == mail.message["To"]
    assert "Pulp <pulp@xn--mller-kva.example>" == mail.message["From"]
    assert mail.message["Message-ID"].endswith("@xn--mller-kva.example>")
    assert "SMTPUTF8" not in mail.options


def test_a_non_ascii_subject_works_with_any_server(sending):
    """It is encoded (RFC 2047)."""
    with SmtpReceiver(smtputf8=False) as receiver:
        sending(receiver.port).send(subject="Grüße \U0001f600")

        [mail] = receiver.wait_for(1)

    assert "Grüße \U0001f600" == mail.message["Subject"]


def test_the_name_in_ehlo_is_valid_by_rfc_5321(receiver, sending):
    """It is the full host name or the address in brackets, and needs no DNS query."""
    sending(receiver.port).send()

    [name] = receiver.client_names
    assert name == "[127.0.0.1]" or (name == socket.gethostname() and "." in name)
