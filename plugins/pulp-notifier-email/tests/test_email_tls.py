"""TLS and login."""

import ssl
from base64 import b64encode

import pytest

from pulp_notifiers.errors import TemporaryFailure
from pulp_notifiers.testing.smtp import SmtpReceiver

PASSWORD = "hünter22:<x>"


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_mail_is_sent_over_tls(sending, certificates, tls):
    """A burst shares one connection here too."""
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
def test_an_untrusted_server_gets_neither_mail_nor_password(sending, certificates, tls, certificate, trusted, reason):
    """The failure is temporary, because certificates are renewed."""
    with SmtpReceiver(tls, certificate=certificates / certificate, login=("u", PASSWORD)) as receiver:
        cacert = str(certificates / trusted) if trusted else ""
        notifier = sending(receiver.port, tls=tls, cacert=cacert, username="u", password=PASSWORD)

        with pytest.raises(TemporaryFailure, match=f"its certificate is not trusted, .*{reason}"):
            notifier.send()

        assert {"AUTH", "MAIL"}.isdisjoint(receiver.commands)


def test_nothing_is_sent_in_clear_text_without_starttls(receiver, sending):
    """Somebody in between may hide the server's offer of STARTTLS."""
    notifier = sending(receiver.port, tls="starttls", username="u", password=PASSWORD)

    with pytest.raises(TemporaryFailure, match="it does not offer STARTTLS, which .* requires; nothing was sent"):
        notifier.send()

    receiver.wait_until(lambda: "QUIT" in receiver.commands)
    assert ["EHLO", "QUIT"] == receiver.commands


def test_a_refused_starttls_is_a_temporary_failure(sending, certificates):
    """The failure has the server's reply."""
    with SmtpReceiver("starttls", certificate=certificates / "server.pem") as receiver:
        receiver.refuse("STARTTLS", "454 4.7.0 TLS not available")

        with pytest.raises(TemporaryFailure, match=r"SMTP connection failed to .*: 454 4\.7\.0 TLS not available\."):
            sending(receiver.port, tls="starttls", cacert=str(certificates / "ca.pem")).send()


def test_tls_to_a_server_that_speaks_clear_text_is_a_temporary_failure(receiver, sending):
    """The usual cause is a mix-up of ports 465 and 587."""
    with pytest.raises(TemporaryFailure, match="TLS failed, WRONG_VERSION_NUMBER"):
        sending(receiver.port, tls="tls").send()


def test_a_server_that_requires_tls_is_a_failure_that_names_the_setting(sending, certificates):
    """The failure has the server's reply and the setting to check."""
    receiver = SmtpReceiver("starttls", certificate=certificates / "server.pem")

    with receiver, pytest.raises(TemporaryFailure, match=r"530 Must issue a STARTTLS command first.*check tls"):
        sending(receiver.port).send()


@pytest.mark.parametrize("tls", ["none", "starttls", "tls"])
def test_a_burst_logs_in_once(sending, certificates, tls):
    """The password may contain any character."""
    with SmtpReceiver(tls, certificate=certificates / "server.pem", login=("pulp", PASSWORD)) as receiver:
        notifier = sending(
            receiver.port, tls=tls, cacert=str(certificates / "ca.pem"), username="pulp", password=PASSWORD
        )

        notifier.send("a@example.com")
        notifier.send("b@example.com")

        assert ["pulp", "pulp"] == [mail.login for mail in receiver.wait_for(2)]
        assert 1 == receiver.commands.count("AUTH")


def test_a_wrong_password_is_a_temporary_failure(sending):
    """The mail goes once an administrator has corrected the password."""
    with SmtpReceiver(login=("pulp", "right")) as receiver:
        with pytest.raises(TemporaryFailure) as caught:
            sending(receiver.port, username="pulp", password=PASSWORD).send()

        place = f"SMTP connection failed to 127.0.0.1 on {receiver.port}"
        assert f"{place}: the login as 'pulp' was refused, 535 5.7.8 Authentication credentials invalid." == (
            caught.value.reason
        )
        receiver.wait_until(lambda: "QUIT" in receiver.commands)
        assert 1 == receiver.commands.count("AUTH")


@pytest.mark.parametrize(
    "echo", [PASSWORD, b64encode(PASSWORD.encode()).decode(), b64encode(f"\0pulp\0{PASSWORD}".encode()).decode()]
)
def test_a_password_in_a_reply_is_masked(sending, echo):
    """It is masked in each of the forms in which it was sent."""
    with SmtpReceiver(login=("pulp", "right")) as receiver:
        receiver.refuse("AUTH", f"535 No: {echo}")

        with pytest.raises(TemporaryFailure) as caught:
            sending(receiver.port, username="pulp", password=PASSWORD).send()

    assert echo not in str(caught.value)
    assert "535 No: *****" in str(caught.value)


def test_a_server_that_refuses_auth_login_does_not_get_the_username(sending, raw_server):
    """The failure has the server's reply."""

    def converse(connection):
        for reply in (b"220 hi", b"250-hi\r\n250 AUTH LOGIN", b"504 5.5.4 Unrecognized"):
            connection.sendall(reply + b"\r\n")
            connection.recv(65536)

    with pytest.raises(TemporaryFailure, match=r"the login as 'pulp' was refused, 504 5\.5\.4 Unrecognized"):
        sending(raw_server(converse), username="pulp", password=PASSWORD).send()


def test_a_server_without_auth_gets_no_password(receiver, sending):
    """A login that is set up is never skipped silently."""
    with pytest.raises(TemporaryFailure, match="it offers neither AUTH PLAIN nor AUTH LOGIN"):
        sending(receiver.port, username="pulp", password=PASSWORD).send()

    receiver.wait_until(lambda: "QUIT" in receiver.commands)
    assert ["EHLO", "QUIT"] == receiver.commands


@pytest.mark.parametrize(
    ("verdict", "reason"),
    [(b"235 Welcome", "closed the connection"), (b"535 No", "the login as 'pulp' was refused, 535 No")],
)
def test_auth_login_is_used_if_the_server_offers_nothing_else(sending, raw_server, verdict, reason):
    """It asks for name and password in turn; this server closes the connection after the first mail command."""
    commands = []

    def converse(connection):
        replies = (b"220 hi", b"250-hi\r\n250 AUTH LOGIN", b"334 TmFtZTo=", b"334 UGFzczo=", verdict)
        for reply in replies:
            connection.sendall(reply + b"\r\n")
            commands.append(connection.recv(65536))

    notifier = sending(raw_server(converse), username="pulp", password=PASSWORD)

    with pytest.raises(TemporaryFailure, match=reason):
        notifier.send()

    given = [b64encode(text.encode()) + b"\r\n" for text in ("pulp", PASSWORD)]
    assert [b"AUTH LOGIN\r\n", *given] == commands[1:4]


def test_the_receivers_certificate_authority_can_be_loaded(certificates):
    """Otherwise the tests above would prove nothing."""
    assert ssl.create_default_context(cafile=certificates / "ca.pem").get_ca_certs()
