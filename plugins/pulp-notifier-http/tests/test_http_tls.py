"""Receivers are always verified, with the authorities of the listener or of the system."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from pulp_notifier_http import HttpNotifier

from pulp_notifiers.errors import TemporaryFailure
from pulp_notifiers.event import Event
from pulp_notifiers.testing.http import Answer, HttpReceiver
from pulp_notifiers.testing.plugins import LoadedNotifier

Send = Callable[..., None]


def refusal(send: Send, **config: object) -> str:
    """Return the reason of a temporary failure."""
    with pytest.raises(TemporaryFailure) as raised:
        send(**config)
    return raised.value.reason


def test_a_private_authority_is_trusted_if_the_listener_names_it(send: Send, certificates: Path) -> None:
    """Two events share one verified connection."""
    with HttpReceiver(certificate=certificates / "127.0.0.1.pem") as receiver:
        for _ in range(2):
            send(url=receiver.url, ca_path=str(certificates / "ca.pem"))

        assert [1, 1] == [request.connection for request in receiver.requests]


def test_ca_path_may_be_a_hashed_directory(send: Send, certificates: Path, tmp_path: Path) -> None:
    """Of its files, those with hashed names are used."""
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


def test_a_private_authority_is_not_trusted_by_default(send: Send, certificates: Path) -> None:
    """The message has OpenSSL's reason and the option that helps, and the event is not sent."""
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
    """The system's certificates are OpenSSL's, so those that an administrator added count."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "ca.pem"))
    notifier = LoadedNotifier("http", HttpNotifier())
    with HttpReceiver(certificate=certificates / "127.0.0.1.pem") as receiver:
        notifier.send(event, notifier.parse({"url": receiver.url, "ca_path": ""}), "", 1)
        notifier.close()

        assert 1 == len(receiver.requests)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_bundle_in_the_environment_replaces_the_systems(
    variable: str, send: Send, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pulp 2's library did the same."""
    monkeypatch.setenv(variable, str(certificates / "ca.pem"))
    with HttpReceiver(certificate=certificates / "127.0.0.1.pem") as receiver:
        send(url=receiver.url)

        assert 1 == len(receiver.requests)


def test_only_the_named_authority_is_trusted(send: Send, certificates: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``ca_path`` the system's authorities do not count."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificates / "ca.pem"))
    with HttpReceiver(certificate=certificates / "127.0.0.1.pem") as receiver:
        send(url=receiver.url)
        reason = refusal(send, url=receiver.url, ca_path=str(certificates / "other-ca.pem"))

        assert 1 == len(receiver.requests)
    assert "was refused" in reason


def test_a_connection_with_other_authorities_is_not_reused(send: Send, certificates: Path) -> None:
    """A listener with a wrong authority must not profit from one with the right authority."""
    with HttpReceiver(certificate=certificates / "127.0.0.1.pem") as receiver:
        send(url=receiver.url, ca_path=str(certificates / "ca.pem"))

        assert "was refused" in refusal(send, url=receiver.url)
        assert 1 == len(receiver.requests)


def test_a_certificate_for_another_host_is_refused(send: Send, certificates: Path) -> None:
    """The message says so, and the event is not sent."""
    with HttpReceiver(certificate=certificates / "receiver.example.pem") as receiver:
        reason = refusal(send, url=receiver.url, ca_path=str(certificates / "ca.pem"))

        assert () == receiver.requests
    assert "IP address mismatch, certificate is not valid for '127.0.0.1'; " in reason


def test_tls_to_a_plain_receiver_is_a_failure(send: Send) -> None:
    """Nothing is sent in clear text instead."""
    with HttpReceiver() as receiver:
        reason = refusal(send, url=f"https://127.0.0.1:{receiver.port}/")

        assert () == receiver.requests
    assert f"TLS with 127.0.0.1:{receiver.port} failed: " in reason


def test_plain_http_to_a_tls_receiver_is_a_failure(send: Send, certificates: Path) -> None:
    """It is a temporary one, as for other connections that fail."""
    with HttpReceiver(certificate=certificates / "127.0.0.1.pem") as receiver:
        reason = refusal(send, url=f"http://127.0.0.1:{receiver.port}/")

    assert reason.startswith("HTTP Notification Failed: ")


def test_a_dropped_tls_connection_is_replaced_at_once(send: Send, certificates: Path) -> None:
    """It works as without TLS."""
    with HttpReceiver([200, Answer(drop=True)], certificate=certificates / "127.0.0.1.pem") as receiver:
        for _ in range(2):
            send(url=receiver.url, ca_path=str(certificates / "ca.pem"))

        assert [1, 1, 2] == [request.connection for request in receiver.requests]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is unreadable for root")
def test_an_unreadable_directory_is_a_temporary_failure(send: Send, tmp_path: Path) -> None:
    """OpenSSL alone would only find no authority in it."""
    tmp_path.chmod(0)

    assert "cannot be used" in refusal(send, url="https://127.0.0.1:1/", ca_path=str(tmp_path))


def test_a_corrected_file_is_read_again(send: Send, certificates: Path, tmp_path: Path) -> None:
    """A new authority needs no restart of the service."""
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
