"""Receivers are verified, always, and with the authorities that the listener or the system names."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pulp_notifier_http import HttpNotifier

from pulp_notifiers.errors import TemporaryFailure
from pulp_notifiers.event import Event
from pulp_notifiers.plugin_host import LoadedNotifier
from pulp_notifiers.testing.http import Answer, HttpReceiver

Send = Callable[..., None]


def refusal(send: Send, **config: object) -> str:
    """Return why an attempt fails for now."""
    with pytest.raises(TemporaryFailure) as raised:
        send(**config)
    return raised.value.reason


def test_a_private_authority_is_trusted_where_the_listener_names_it(send: Send, certificates: Path) -> None:
    """Two events over one verified connection."""
    with HttpReceiver(certificate=certificates / "127.0.0.1.pem") as receiver:
        for _ in range(2):
            send(url=receiver.url, ca_path=str(certificates / "ca.pem"))

        assert [1, 1] == [request.connection for request in receiver.requests]


def test_a_hashed_directory_does_as_well(send: Send, certificates: Path, tmp_path: Path) -> None:
    """OpenSSL finds authorities there by the hash of their name."""
    certificate = (certificates / "ca.pem").read_text()
    (tmp_path / f"{subject_hash(certificates / 'ca.pem')}.0").write_text(certificate)
    with HttpReceiver(certificate=certificates / "127.0.0.1.pem") as receiver:
        send(url=receiver.url, ca_path=str(tmp_path))

        assert 1 == len(receiver.requests)


def subject_hash(certificate: Path) -> str:
    import hashlib

    from cryptography import x509

    # OpenSSL's X509_NAME_hash: SHA-1 of the name in canonical form (lower-case UTF-8 strings, no outer sequence).
    name = x509.load_pem_x509_certificate(certificate.read_bytes()).subject
    parts = b""
    for attribute in name:
        oid = bytes([0x06, 3, *_oid_octets(attribute.oid.dotted_string)])
        value = " ".join(str(attribute.value).lower().split()).encode()
        pair = oid + bytes([0x0C, len(value)]) + value
        sequence = bytes([0x30, len(pair)]) + pair
        parts += bytes([0x31, len(sequence)]) + sequence
    return f"{int.from_bytes(hashlib.sha1(parts).digest()[:4], 'little'):08x}"


def _oid_octets(dotted: str) -> list[int]:
    first, second, *rest = (int(number) for number in dotted.split("."))
    return [first * 40 + second, *rest]


def test_the_system_does_not_trust_a_private_authority(send: Send, certificates: Path) -> None:
    """The sentence says what OpenSSL found and which option helps; the event has not gone out."""
    with HttpReceiver(certificate=certificates / "127.0.0.1.pem") as receiver:
        reason = refusal(send, url=receiver.url)

        assert () == receiver.requests
    assert reason.startswith(
        f"HTTP Notification Failed: the TLS certificate of 127.0.0.1:{receiver.port} was refused: unable to get local "
        "issuer certificate; "
    )
    assert "ca_path" in reason


def test_an_authority_of_the_system_is_trusted(
    event: Event, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system's certificates are OpenSSL's, so an administrator's additions count."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "ca.pem"))
    notifier = LoadedNotifier("http", HttpNotifier())
    with HttpReceiver(certificate=certificates / "127.0.0.1.pem") as receiver:
        notifier.send(event, notifier.parse({"url": receiver.url, "ca_path": ""}), "", 1)
        notifier.close()

        assert 1 == len(receiver.requests)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_bundle_of_the_environment_stands_for_the_systems(
    variable: str, send: Send, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the library of Pulp 2 had it."""
    monkeypatch.setenv(variable, str(certificates / "ca.pem"))
    with HttpReceiver(certificate=certificates / "127.0.0.1.pem") as receiver:
        send(url=receiver.url)

        assert 1 == len(receiver.requests)


def test_only_the_named_authority_is_trusted(send: Send, certificates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``ca_path`` the system's authorities count no more."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates / "ca.pem"))
    with HttpReceiver(certificate=certificates / "127.0.0.1.pem") as receiver:
        send(url=receiver.url)
        reason = refusal(send, url=receiver.url, ca_path=str(certificates / "other-ca.pem"))

        assert 1 == len(receiver.requests)
    assert "was refused" in reason


def test_a_connection_of_another_trust_is_not_used_again(send: Send, certificates: Path) -> None:
    """A listener with a wrong authority must not profit from one with the right authority."""
    with HttpReceiver(certificate=certificates / "127.0.0.1.pem") as receiver:
        send(url=receiver.url, ca_path=str(certificates / "ca.pem"))

        assert "was refused" in refusal(send, url=receiver.url)
        assert 1 == len(receiver.requests)


def test_a_certificate_for_another_host_is_refused(send: Send, certificates: Path) -> None:
    """The sentence says so."""
    with HttpReceiver(certificate=certificates / "receiver.example.pem") as receiver:
        reason = refusal(send, url=receiver.url, ca_path=str(certificates / "ca.pem"))

        assert () == receiver.requests
    assert "IP address mismatch, certificate is not valid for '127.0.0.1'; " in reason


def test_tls_asked_of_a_plain_receiver_is_told(send: Send) -> None:
    """And nothing is sent in clear text in its place."""
    with HttpReceiver() as receiver:
        reason = refusal(send, url=f"https://127.0.0.1:{receiver.port}/")

        assert () == receiver.requests
    assert f"TLS with 127.0.0.1:{receiver.port} failed: " in reason


def test_plain_http_asked_of_a_tls_receiver_is_told(send: Send, certificates: Path) -> None:
    """The other way round."""
    with HttpReceiver(certificate=certificates / "127.0.0.1.pem") as receiver:
        reason = refusal(send, url=f"http://127.0.0.1:{receiver.port}/")

    assert reason.startswith("HTTP Notification Failed: ")


def test_a_dropped_tls_connection_is_replaced_at_once(send: Send, certificates: Path) -> None:
    """As without TLS."""
    with HttpReceiver([200, Answer(drop=True)], certificate=certificates / "127.0.0.1.pem") as receiver:
        for _ in range(2):
            send(url=receiver.url, ca_path=str(certificates / "ca.pem"))

        assert [1, 1, 2] == [request.connection for request in receiver.requests]


@pytest.mark.parametrize(
    ("name", "why"), [("missing.pem", "No such file or directory"), ("empty.pem", "it holds no PEM certificate")]
)
def test_authorities_that_cannot_be_read_are_told(name: str, why: str, send: Send, tmp_path: Path) -> None:
    """The delivery waits until the file that the sentence names is there."""
    path = tmp_path / name
    (tmp_path / "empty.pem").touch()

    reason = refusal(send, url="https://127.0.0.1:1/", ca_path=str(path))

    assert f"HTTP Notification Failed: the CA certificates in {path} cannot be used: {why}." == reason


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
def test_a_directory_that_may_not_be_read_is_told(send: Send, tmp_path: Path) -> None:
    """OpenSSL alone would only find no authority in it."""
    tmp_path.chmod(0)

    assert "Permission denied" in refusal(send, url="https://127.0.0.1:1/", ca_path=str(tmp_path))


def test_a_file_that_was_mended_is_read_again(send: Send, certificates: Path, tmp_path: Path) -> None:
    """Nobody has to restart the service for a new authority."""
    path = tmp_path / "ca.pem"
    path.write_bytes((certificates / "other-ca.pem").read_bytes())
    with HttpReceiver(certificate=certificates / "127.0.0.1.pem") as receiver:
        assert "was refused" in refusal(send, url=receiver.url, ca_path=str(path))
        path.unlink()
        path.write_bytes((certificates / "ca.pem").read_bytes() + b"\n")

        send(url=receiver.url, ca_path=str(path))

        assert 1 == len(receiver.requests)


def test_authorities_do_not_matter_without_tls(send: Send) -> None:
    """Pulp 2 ignored them too."""
    with HttpReceiver() as receiver:
        send(url=receiver.url, ca_path="/no/such/file")

        assert 1 == len(receiver.requests)
