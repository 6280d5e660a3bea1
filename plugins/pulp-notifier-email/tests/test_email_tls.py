"""TLS and login."""

import ssl
from base64 import b64encode

import pytest

from pulp_notifiers.errors import TemporaryFailure
from pulp_notifiers.testing.smtp import SmtpReceiver

PASSWORD = "hünter22:<x>"


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_mail_goes_over_tls(sending, certificates, tls):
    """The burst shares one connection here too."""
    with SmtpReceiver(tls, certificate=certificates / "server.pem") as receiver:
        notifier = sending(receiver.port, tls=tls, cacert=str(certificates / "ca.pem"))

        notifier.send("a@example.com")
        notifier.send("b@example.com")

        assert [(True, 1), (True, 1)] == [(mail.encrypted, mail.connection) for mail in receiver.wait_for(2)]


@pytest.mark.parametrize("tls", ["starttls", "tls"])
@pytest.mark.parametrize(
    ("certificate", "trusted", "reason"),
    [
        ("server.pem", "other-ca.pem", "unable to get local issuer certificate"),
        ("server.pem", "", "unable to get local issuer certificate"),
        ("other-name.pem", "ca.pem", "IP address mismatch"),
    ],
)
def test_a_server_that_cannot_prove_itself_gets_no_mail(sending, certificates, tls, certificate, trusted, reason):
    """Nor a password. It is a temporary failure, because certificates are renewed."""
    with SmtpReceiver(tls, certificate=certificates / certificate, login=("u", PASSWORD)) as receiver:
        cacert = str(certificates / trusted) if trusted else ""
        notifier = sending(receiver.port, tls=tls, cacert=cacert, username="u", password=PASSWORD)

        with pytest.raises(TemporaryFailure, match=f"its certificate is not trusted, .*{reason}"):
            notifier.send()

        assert {"AUTH", "MAIL"}.isdisjoint(receiver.commands)


def test_without_starttls_nothing_goes_in_clear_text(receiver, sending):
    """A server, or somebody in between, that does not offer it gets neither mail nor password."""
    notifier = sending(receiver.port, tls="starttls", username="u", password=PASSWORD)

    with pytest.raises(TemporaryFailure, match="it does not offer STARTTLS, which .* demands; nothing was sent"):
        notifier.send()

    receiver.wait_until(lambda: "QUIT" in receiver.commands)
    assert ["EHLO", "QUIT"] == receiver.commands


def test_a_refused_starttls_is_a_temporary_failure(sending, certificates):
    """The server's words are told."""
    with SmtpReceiver("starttls", certificate=certificates / "server.pem") as receiver:
        receiver.refuse("STARTTLS", "454 4.7.0 TLS not available")

        with pytest.raises(TemporaryFailure, match=r"SMTP connection failed to .*: 454 4\.7\.0 TLS not available\."):
            sending(receiver.port, tls="starttls", cacert=str(certificates / "ca.pem")).send()


def test_tls_to_a_server_that_speaks_clear_text_is_a_temporary_failure(receiver, sending):
    """The usual mix-up of ports 465 and 587 is told."""
    with pytest.raises(TemporaryFailure, match="TLS failed, WRONG_VERSION_NUMBER"):
        sending(receiver.port, tls="tls").send()


def test_a_server_that_demands_tls_says_so(sending, certificates):
    """And the sentence points to the settings."""
    receiver = SmtpReceiver("starttls", certificate=certificates / "server.pem")

    with receiver, pytest.raises(TemporaryFailure, match=r"530 Must issue a STARTTLS command first.*see tls"):
        sending(receiver.port).send()


@pytest.mark.parametrize("tls", ["none", "starttls", "tls"])
def test_a_login_is_made_once_for_a_burst(sending, certificates, tls):
    """With any character in the password."""
    with SmtpReceiver(tls, certificate=certificates / "server.pem", login=("pulp", PASSWORD)) as receiver:
        notifier = sending(
            receiver.port, tls=tls, cacert=str(certificates / "ca.pem"), username="pulp", password=PASSWORD
        )

        notifier.send("a@example.com")
        notifier.send("b@example.com")

        assert ["pulp", "pulp"] == [mail.login for mail in receiver.wait_for(2)]
        assert 1 == receiver.commands.count("AUTH")


def test_a_wrong_password_is_a_temporary_failure(sending):
    """An administrator will correct it, and then the mail goes."""
    with SmtpReceiver(login=("pulp", "right")) as receiver:
        with pytest.raises(TemporaryFailure) as caught:
            sending(receiver.port, username="pulp", password=PASSWORD).send()

        place = f"SMTP connection failed to 127.0.0.1 on {receiver.port}"
        told = f"{place}: the login as 'pulp' was refused, 535 5.7.8 Authentication credentials invalid."
        assert told == caught.value.reason
        receiver.wait_until(lambda: "QUIT" in receiver.commands)
        assert 1 == receiver.commands.count("AUTH")


@pytest.mark.parametrize(
    "echo", [PASSWORD, b64encode(PASSWORD.encode()).decode(), b64encode(f"\0pulp\0{PASSWORD}".encode()).decode()]
)
def test_a_server_that_repeats_the_password_does_not_get_it_into_texts(sending, echo):
    """In any of the forms in which it was sent."""
    with SmtpReceiver(login=("pulp", "right")) as receiver:
        receiver.refuse("AUTH", f"535 No: {echo}")

        with pytest.raises(TemporaryFailure) as caught:
            sending(receiver.port, username="pulp", password=PASSWORD).send()

    assert echo not in str(caught.value)
    assert "535 No: *****" in str(caught.value)


def test_a_server_that_does_not_know_the_older_login_after_all_is_not_told_the_name(sending, raw_server):
    """What it refuses is told."""

    def converse(connection):
        for reply in (b"220 hi", b"250-hi\r\n250 AUTH LOGIN", b"504 5.5.4 Unrecognized"):
            connection.sendall(reply + b"\r\n")
            connection.recv(65536)

    with pytest.raises(TemporaryFailure, match=r"the login as 'pulp' was refused, 504 5\.5\.4 Unrecognized"):
        sending(raw_server(converse), username="pulp", password=PASSWORD).send()


def test_a_server_without_login_gets_no_password(receiver, sending):
    """A login that was asked for is not left out silently."""
    with pytest.raises(TemporaryFailure, match="it offers no login by PLAIN or LOGIN"):
        sending(receiver.port, username="pulp", password=PASSWORD).send()

    receiver.wait_until(lambda: "QUIT" in receiver.commands)
    assert ["EHLO", "QUIT"] == receiver.commands


@pytest.mark.parametrize(
    ("verdict", "reason"), [(b"235 Welcome", "hung up"), (b"535 No", "the login as 'pulp' was refused, 535 No")]
)
def test_a_server_that_knows_only_the_older_login_gets_that(sending, raw_server, verdict, reason):
    """AUTH LOGIN asks for name and password one after the other. This server leaves after the first mail command."""
    heard = []

    def converse(connection):
        replies = (b"220 hi", b"250-hi\r\n250 AUTH LOGIN", b"334 TmFtZTo=", b"334 UGFzczo=", verdict)
        for reply in replies:
            connection.sendall(reply + b"\r\n")
            heard.append(connection.recv(65536))

    notifier = sending(raw_server(converse), username="pulp", password=PASSWORD)

    with pytest.raises(TemporaryFailure, match=reason):
        notifier.send()

    given = [b64encode(text.encode()) + b"\r\n" for text in ("pulp", PASSWORD)]
    assert [b"AUTH LOGIN\r\n", *given] == heard[1:4]


def test_the_receivers_certificate_is_good(certificates):
    """Otherwise the tests above would show nothing."""
    assert ssl.create_default_context(cafile=certificates / "ca.pem").get_ca_certs()
