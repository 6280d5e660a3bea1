"""The certificate files of a listener: those that cannot be used, and client certificates."""

import os
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from test_http_tls import subject_hash
from unsuitable_files import UNSUITABLE, unsuitable_file

from pulp_notifiers.errors import TemporaryFailure
from pulp_notifiers.event import Event
from pulp_notifiers.testing.http import HttpReceiver
from pulp_notifiers.testing.plugins import LoadedNotifier

Send = Callable[..., None]


def refusal(send: Send, **config: object) -> str:
    """Return the reason of a temporary failure."""
    with pytest.raises(TemporaryFailure) as raised:
        send(**config)
    return raised.value.reason


@pytest.mark.parametrize("kind", UNSUITABLE)
def test_a_missing_file_and_an_unsuitable_one_have_the_same_reason(
    kind: str, send: Send, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The delivery waits until the file is there; nothing blocks, and only the log says what is wrong, once."""
    path = unsuitable_file(kind, tmp_path)

    for _ in range(2):
        reason = refusal(send, url="https://127.0.0.1:1/", ca_path=path)
        expected = f"HTTP Notification Failed: the CA certificates in {path} cannot be used; check ca_path. "
        assert f"{expected}The service's log says why." == reason

    (warning,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert warning.startswith(f"A certificate file of http listeners cannot be used: {path[:300]}: ")


def test_a_pipe_that_takes_the_place_of_a_certificate_during_the_handshake_blocks_nothing(
    send: Send, certificates: Path, tmp_path: Path
) -> None:
    """OpenSSL would open a file of a directory only then, without a time limit."""
    authority = tmp_path / f"{subject_hash(certificates / 'ca.pem')}.0"
    authority.write_bytes((certificates / "ca.pem").read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "127.0.0.1.pem")
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            connection, _ = listening.accept()
            os.mkfifo(tmp_path / "pipe")
            (tmp_path / "pipe").rename(authority)
            with context.wrap_socket(connection, server_side=True) as accepted:
                accepted.recv(65536)
                accepted.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

        server = threading.Thread(target=answer, daemon=True)
        server.start()
        url = f"https://127.0.0.1:{listening.getsockname()[1]}/"
        sender = threading.Thread(target=send, kwargs={"url": url, "ca_path": str(tmp_path)}, daemon=True)
        sender.start()
        sender.join(60)
        server.join(60)

        assert not sender.is_alive()
        assert not server.is_alive()


def test_a_certificate_that_is_replaced_behind_a_link_of_a_directory_is_used_at_once(
    send: Send, certificates: Path, tmp_path: Path
) -> None:
    """The directory itself does not change then."""
    target = tmp_path / "ca.pem"
    target.write_bytes((certificates / "client.pem").read_bytes())
    hashed = tmp_path / "hashed"
    hashed.mkdir()
    (hashed / f"{subject_hash(certificates / 'ca.pem')}.0").symlink_to(target)
    with HttpReceiver(certificate=certificates / "127.0.0.1.pem") as receiver:
        refusal(send, url=receiver.url, ca_path=str(hashed))
        target.write_bytes((certificates / "ca.pem").read_bytes())
        send(url=receiver.url, ca_path=str(hashed))

        assert 1 == len(receiver.requests)


@pytest.mark.parametrize("option", ["cert", "key"])
@pytest.mark.parametrize("kind", UNSUITABLE)
def test_an_unsuitable_client_certificate_has_one_reason(
    kind: str, option: str, send: Send, certificates: Path, tmp_path: Path
) -> None:
    """It is the same for the certificate and for its key."""
    files = {"cert": str(certificates / "client.pem"), "key": str(certificates / "client.pem")}
    files[option] = unsuitable_file(kind, tmp_path)

    reason = refusal(send, url="https://127.0.0.1:1/", **files)

    what = f"the client certificate in {files['cert']}, or its key, cannot be used; check cert and key. "
    assert f"HTTP Notification Failed: {what}The service's log says why." == reason


def test_a_certificate_and_a_key_that_do_not_match_cannot_be_used(
    send: Send, certificates: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says so."""
    cert, key = str(certificates / "client.pem"), str(certificates / "other-client.pem")

    assert "cannot be used; check cert and key" in refusal(send, url="https://127.0.0.1:1/", cert=cert, key=key)
    assert "it does not match its key" in caplog.text


def test_a_key_with_a_passphrase_cannot_be_used(
    send: Send, certificates: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody is asked for it at a terminal."""
    key = serialization.load_pem_private_key((certificates / "client.pem").read_bytes(), None)
    encrypted = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    )
    (tmp_path / "key.pem").write_bytes(encrypted)

    refusal(send, url="https://127.0.0.1:1/", cert=str(certificates / "client.pem"), key=str(tmp_path / "key.pem"))

    assert "the key has a passphrase; store it without one" in caplog.text


def test_files_outside_of_the_allowed_directories_are_not_used(
    limited_send: Send, certificates: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither by a link nor by two dots."""
    outside = tmp_path / "ca.pem"
    outside.write_bytes((certificates / "ca.pem").read_bytes())
    link = certificates / "link.pem"
    link.symlink_to(outside)
    with HttpReceiver(certificate=certificates / "127.0.0.1.pem") as receiver:
        limited_send(url=receiver.url, ca_path=str(certificates / "ca.pem"))
        for path in (outside, link, certificates / ".." / tmp_path.name / "ca.pem"):
            assert "cannot be used; check ca_path" in refusal(limited_send, url=receiver.url, ca_path=str(path))

        assert 1 == len(receiver.requests)
    link.unlink()
    assert "it is not in one of the directories that the settings allow" in caplog.text


def demanding(certificates: Path, version: ssl.TLSVersion) -> ssl.SSLContext:
    """Return the context of a receiver that demands a client certificate of the authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "127.0.0.1.pem")
    context.load_verify_locations(certificates / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = version
    return context


VERSIONS = [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]


@pytest.mark.parametrize("in_one_file", [True, False])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_client_certificate_is_presented(
    version: ssl.TLSVersion, in_one_file: bool, send: Send, certificates: Path, tmp_path: Path
) -> None:
    """Key and certificate may be in one file or in two."""
    files = {"cert": str(certificates / "client.pem")}
    if not in_one_file:
        files = {"cert": str(tmp_path / "cert.pem"), "key": str(tmp_path / "key.pem")}
        text = (certificates / "client.pem").read_text()
        start = text.index("-----BEGIN CERTIFICATE-----")
        Path(files["key"]).write_text(text[:start])
        Path(files["cert"]).write_text(text[start:])
    with HttpReceiver(context=demanding(certificates, version)) as receiver:
        for _ in range(2):
            send(url=receiver.url, ca_path=str(certificates / "ca.pem"), **files)

        assert [1, 1] == [request.connection for request in receiver.requests]


@pytest.mark.parametrize("event_size", [10, 1_000_000])
@pytest.mark.parametrize("version", VERSIONS)
def test_a_receiver_that_demands_a_client_certificate_gets_a_reason_that_says_so(
    version: ssl.TLSVersion, event_size: int, loaded: LoadedNotifier, certificates: Path
) -> None:
    """With TLS 1.3 it refuses only when the request has been sent."""
    event = Event("repo.sync.finish", {"text": "x" * event_size})
    with HttpReceiver(context=demanding(certificates, version)) as receiver:
        config = loaded.parse({"url": receiver.url, "ca_path": str(certificates / "ca.pem")})
        with pytest.raises(TemporaryFailure, match="client certificate, set cert and key|client certificate; set cert"):
            loaded.send(event, config, "", 1)

        assert () == receiver.requests


@pytest.mark.parametrize("version", VERSIONS)
def test_a_receiver_that_refuses_the_client_certificate_gets_a_reason_that_says_so(
    version: ssl.TLSVersion, send: Send, certificates: Path
) -> None:
    """Another authority signed it."""
    with HttpReceiver(context=demanding(certificates, version)) as receiver:
        reason = refusal(
            send,
            url=receiver.url,
            ca_path=str(certificates / "ca.pem"),
            cert=str(certificates / "other-client.pem"),
        )

        assert () == receiver.requests
    assert f"127.0.0.1:{receiver.port} refused the listener's client certificate (unknown ca); check cert" in reason


def test_a_connection_with_a_client_certificate_is_not_used_for_others(send: Send, certificates: Path) -> None:
    """A listener without a certificate, or with another one, must not profit from it."""
    with HttpReceiver(context=demanding(certificates, ssl.TLSVersion.TLSv1_3)) as receiver:
        trusted = {"url": receiver.url, "ca_path": str(certificates / "ca.pem")}
        send(**trusted, cert=str(certificates / "client.pem"))
        refusal(send, **trusted)
        refusal(send, **trusted, cert=str(certificates / "other-client.pem"))

        assert 1 == len(receiver.requests)


def test_a_renewed_client_certificate_is_read_again(send: Send, certificates: Path, tmp_path: Path) -> None:
    """A renewal needs no restart of the service."""
    cert = tmp_path / "client.pem"
    cert.write_bytes((certificates / "other-client.pem").read_bytes())
    with HttpReceiver(context=demanding(certificates, ssl.TLSVersion.TLSv1_2)) as receiver:
        options = {"url": receiver.url, "ca_path": str(certificates / "ca.pem"), "cert": str(cert)}
        refusal(send, **options)
        (tmp_path / "new.pem").write_bytes((certificates / "client.pem").read_bytes())
        (tmp_path / "new.pem").replace(cert)

        send(**options)

        assert 1 == len(receiver.requests)
