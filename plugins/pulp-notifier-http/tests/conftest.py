"""Fixtures for the tests of the http notifier."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from pulp_notifier_http import HttpNotifier

from pulp_notifiers.event import Event
from pulp_notifiers.settings import Settings
from pulp_notifiers.testing.plugins import LoadedNotifier

Send = Callable[..., None]


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "no-such-netrc"))


@pytest.fixture
def event() -> Event:
    """Return an event of Pulp 2."""
    return Event("repo.sync.finish", {"repo_id": "zoo"}, {"task_id": "3f2a9c1e-6b7d-4e8f-9a0b-1c2d3e4f5a6b"})


@pytest.fixture
def loaded() -> Iterator[LoadedNotifier]:
    """Return the notifier as the engine calls it, with the real time limit."""
    notifier = LoadedNotifier("http", HttpNotifier)
    yield notifier
    notifier.close()


@pytest.fixture
def send(loaded: LoadedNotifier, event: Event) -> Send:
    """Return a function that makes one attempt as the engine does: ``send(url="...")``."""
    return sender(loaded, event)


@pytest.fixture
def impatient_send(event: Event) -> Iterator[Send]:
    """Return a function like ``send`` with a time limit of 0.4 s."""
    notifier = LoadedNotifier("http", HttpNotifier(timeout_seconds=0.4))
    yield sender(notifier, event)
    notifier.close()


@pytest.fixture
def limited_send(event: Event, certificates: Path) -> Iterator[Send]:
    """Return a function like ``send``; certificate files are allowed only in the folder of ``certificates``."""
    settings = Settings({"http": {"certificate_dirs": f"/no/such/directory, {certificates}"}})
    notifier = LoadedNotifier("http", HttpNotifier, settings.section)
    yield sender(notifier, event)
    notifier.close()


def sender(notifier: LoadedNotifier, event: Event) -> Send:
    """Return a function that makes one attempt with the options given."""

    def send(attempt: int = 1, **config: Any) -> None:
        parsed = notifier.parse(config)
        (target,) = notifier.targets(parsed)
        notifier.send(event, parsed, target, attempt)

    return send


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Return a private certificate authority."""
    return trustme.CA()


@pytest.fixture(scope="session")
def certificates(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the certificates of two authorities, and with those of servers and clients.

    They are ``ca.pem``, ``other-ca.pem``, ``127.0.0.1.pem``, ``receiver.example.pem``, ``client.pem`` and, of the other
    authority, ``other-client.pem``.
    """
    folder, other = tmp_path_factory.mktemp("certificates"), trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    other.cert_pem.write_to_path(str(folder / "other-ca.pem"))
    issued = {name: authority.issue_cert(name) for name in ("127.0.0.1", "receiver.example", "client")}
    for name, pair in {**issued, "other-client": other.issue_cert("client")}.items():
        pair.private_key_and_cert_chain_pem.write_to_path(str(folder / f"{name}.pem"))
    return folder
