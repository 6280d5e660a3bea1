"""Fixtures for the tests of the e-mail notifier: a mail server, a certificate authority, a notifier that uses them."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import trustme
from pulp_notifier_email import EmailNotifier

from pulp_notifiers.event import Event
from pulp_notifiers.settings import Settings
from pulp_notifiers.testing.plugins import LoadedNotifier
from pulp_notifiers.testing.smtp import SmtpReceiver


@dataclass(frozen=True)
class Sending:
    """A notifier as the engine has it, for one mail server."""

    loaded: LoadedNotifier

    def send(self, address: str = "a@example.com", subject: str = "hi", event: Event | None = None) -> None:
        config = self.loaded.parse({"subject": subject, "addresses": [address]})
        [target] = self.loaded.targets(config)
        self.loaded.send(event or an_event(), config, target, attempt=1)


def an_event(**payload: Any) -> Event:
    return Event(
        "repo.sync.finish",
        payload or {"repo_id": "zoo"},
        id=UUID("00000000-1111-2222-3333-444444444444"),
        occurred_at=datetime(2024, 2, 29, 23, 59, 58, 700_000, tzinfo=UTC),
    )


class RawServer:
    """Runs a function for each connection, for servers that do not speak proper SMTP."""

    def __init__(self, converse: Callable[[socket.socket], None]) -> None:
        self._converse = converse
        self._connections: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def _run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self._connections.append(connection)
                with connection, contextlib.suppress(OSError):
                    self._converse(connection)


@pytest.fixture
def event() -> Event:
    return an_event()


@pytest.fixture
def make_event() -> Callable[..., Event]:
    return an_event


@pytest.fixture
def receiver() -> Iterator[SmtpReceiver]:
    with SmtpReceiver() as receiver:
        yield receiver


@pytest.fixture
def sending() -> Iterator[Callable[..., Sending]]:
    """Make notifiers for a port and further settings of the section [email], as text."""
    with contextlib.ExitStack() as stack:

        def make(port: int, idle_seconds: float = 60.0, **settings: str) -> Sending:
            section = {"enabled": "true", "host": "127.0.0.1", "port": str(port), **settings}
            loaded = LoadedNotifier("email", EmailNotifier(idle_seconds), Settings({"email": section}).section)
            stack.callback(loaded.close)
            return Sending(loaded)

        yield make


@pytest.fixture
def raw_server() -> Iterator[Callable[[Callable[[socket.socket], None]], int]]:
    """Start servers that run a function for each connection, and return their ports."""
    with contextlib.ExitStack() as stack:

        def start(converse: Callable[[socket.socket], None]) -> int:
            server = RawServer(converse)
            stack.callback(server.close)
            return server.port

        yield start


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``server.pem`` (certificate and key for 127.0.0.1), ``ca.pem``, and ``other-ca.pem``."""
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1", "localhost").private_key_and_cert_chain_pem.write_to_path(folder / "server.pem")
    authority.issue_cert("mail.example.com").private_key_and_cert_chain_pem.write_to_path(folder / "other-name.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    trustme.CA().cert_pem.write_to_path(folder / "other-ca.pem")
    return folder
