"""The REST service on a real socket, with its own database."""

import http.client
import json
import socket
import sqlite3
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pulp_notifiers.access.passwords import Cost, hash_password
from pulp_notifiers.app import App
from pulp_notifiers.records import Listener, Operation, User
from pulp_notifiers.rest import RestServer
from pulp_notifiers.settings import Settings
from pulp_notifiers.store import Store, Vault
from tests.support.migrated import new_postgresql, new_state

EVENTS = "/pulp/api/v2/events/"
OWN = "/pulp/api/v3/notifications/"
CHEAP = Cost(n=2, r=1, p=1)
TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """The answer to a request."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


class RestService:
    """A running service, and requests to it."""

    def __init__(self, app: App, server: RestServer) -> None:
        self.app = app
        self.server = server

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        login: str | None = "admin",
    ) -> Answer:
        """Send a request on a new connection and return the answer.

        :param body: bytes are sent as they are, anything else as JSON; None for no body.
        :param login: a user whose password equals the login; None for no credentials.
        """
        sent = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        credentials = {} if login is None else {"Authorization": basic(login, login)}
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=TIMEOUT_SECONDS)
        try:
            connection.request(method, path, sent, {**credentials, **(headers or {})})
            return answer_of(connection.getresponse())
        finally:
            connection.close()

    def talk(self, sent: bytes) -> bytes:
        """Send bytes and return all that the server sends until it closes."""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=TIMEOUT_SECONDS) as connection:
            connection.sendall(sent)
            connection.shutdown(socket.SHUT_WR)
            received = b""
            while chunk := connection.recv(65536):
                received += chunk
            return received

    def add_user(self, login: str, password: str | None = None, super_user: bool = False) -> None:
        """Add a user with a cheap hash, by default with the login as password."""
        user = User(login, hash_password(password or login, CHEAP), super_user)
        assert self.app.store.users.add_user(user)

    def grant(self, login: str, resource: str, *operations: str) -> None:
        """Grant operations on a resource."""
        self.app.accounts.grant(login, resource, [Operation(operation) for operation in operations])

    def add_listener(self, listener_id: str = "5f0c1e2d3a4b5c6d7e8f9012", **document: Any) -> Listener:
        """Add a listener with a known id."""
        listener = Listener(
            document.get("notifier_type_id", "http"),
            document.get("notifier_config", {"url": "http://x.example/", "username": "u", "password": "p"}),
            tuple(document.get("event_types", ["repo.sync.start"])),
            id=listener_id,
        )
        self.app.store.listeners.add(listener)
        return listener

    def stored(self) -> tuple[list[Listener], int, list[User]]:
        """Return everything that a request could change."""
        deliveries, _ = self.app.deliveries.list()
        return list(self.app.listeners.list()), deliveries, self.app.accounts.users()

    def clear(self) -> None:
        """Delete all listeners and all users except a super-user ``admin``."""
        for listener in self.app.listeners.list():
            self.app.listeners.delete(listener.id)
        for user in self.app.accounts.users():
            self.app.accounts.delete(user.login)
        self.add_user("admin", super_user=True)

    def execute(self, *statements: str) -> None:
        """Damage the SQLite database in a way that the product never does."""
        connection = sqlite3.connect(self.app.own.state_directory / "notifiers.db")
        with connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()


@contextmanager
def rest_service(
    directory: Path,
    messaging: Mapping[str, str] | None = None,
    rest: Mapping[str, str] | None = None,
    email: Mapping[str, str] | None = None,
    **settings: str,
) -> Iterator[RestService]:
    """Run the service with settings of ``[notifiers]``, and a super-user ``admin`` whose password is ``admin``."""
    own = {"state_directory": str(directory), "bind": "127.0.0.1:0", **settings}
    if "database_url" in settings:
        upgrade(settings["database_url"], directory)
    elif not (directory / "notifiers.db").exists():
        new_state(directory)
    sections = {"notifiers": own, "messaging": messaging or {}, "rest": rest or {}, "email": email or {}}
    with App(Settings(sections)) as app, RestServer(app) as server:
        service = RestService(app, server)
        service.add_user("admin", super_user=True)
        yield service


def upgrade(database_url: str, directory: Path) -> None:
    """Upgrade a database to the newest schema, as ``pulp-notifiers db upgrade`` does."""
    store = Store(database_url, lambda sealed: Vault.from_file(directory / "secret.key", may_create=not sealed))
    store.upgrade()
    store.close()


def database_settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """Return the settings for the database that the parameter of a fixture names."""
    if request.param == "sqlite":
        return {}
    return {"database_url": new_postgresql(request.getfixturevalue("postgresql"))}


def basic(login: str, password: str) -> str:
    """Return the value of an ``Authorization`` header."""
    return "Basic " + b64encode(f"{login}:{password}".encode()).decode("ascii")


def answer_of(response: http.client.HTTPResponse) -> Answer:
    """Return the answer, with header names in lower case."""
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, response.reason, headers, response.read())
