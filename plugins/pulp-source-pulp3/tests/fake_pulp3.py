"""A Pulp 3 for tests: a real HTTP server on loopback whose tasks, clock and troubles a test controls."""

import base64
import binascii
import json
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import format_datetime
from http.cookies import SimpleCookie
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pulp3_documents
import pulp3_queries
import pulp3_recorded
from pulp3_queries import Query, Refused
from pulp3_troubles import Spoil, Trouble
from pulp3_world import World, shown

from pulp_notifiers.testing.http import Answer, HttpReceiver, ReceivedRequest

_JSON = {"Content-Type": "application/json", "Vary": "Accept, Cookie", "Server": "gunicorn"}
_API = re.compile(r"/pulp/(?:(?P<domain>[^/]+)/)?api/v3/(?P<rest>.*)")
_VERSION = re.compile(r"repositories/[^/]+/[^/]+/(?P<id>[^/]+)/(?:versions/(?P<number>\d+)/)?")
_LONGEST_REQUEST_LINE = 4094
_NO_CREDENTIALS = {"detail": "Authentication credentials were not provided."}
EVERYTHING = frozenset({"tasks", "repositories", "remotes", "content", "domains"})


@dataclass(frozen=True)
class User:
    """A user who may log in.

    :ivar sees: kinds of resources that the user's roles allow; lists of others are empty, and single ones not found.
    :ivar token: a bearer token that the server accepts for the user.
    """

    name: str
    password: str
    sees: frozenset[str] = EVERYTHING
    token: str | None = None


ADMIN = User("admin", "admin's")
VIEWER = User("notifier", "viewer's", EVERYTHING - {"domains"}, "viewer's token")
NOBODY = User("nobody", "nobody's", frozenset())


@dataclass(frozen=True)
class Seen:
    """A request as the server understood it.

    :ivar rest: the path below the API's root.
    :ivar auth: how the sender was authenticated: ``basic``, ``session``, ``bearer``, or ``none``.
    """

    method: str
    domain: str | None
    rest: str
    query: Query
    auth: str
    status: int


class FakePulp3:
    """A server that runs between ``with FakePulp3() as pulp:`` and the end of the block.

    :param certificate: PEM file; serves HTTPS when given.
    :ivar world: its tasks and repositories.
    :ivar users: who may log in.
    :ivar requests: the requests, in order.
    :ivar most_in_flight: the most requests that it worked on at once; one that its sender gave up counts until its
        answer is ready.
    :ivar before: called with each request before it is answered, so that a test can change things while they are read.
    :raises Exception: at the end of the block, if a request needs something that the fake lacks, such as a filter.
    """

    def __init__(
        self,
        world: World | None = None,
        users: Sequence[User] = (ADMIN, VIEWER, NOBODY),
        certificate: str | Path | None = None,
        key: str | Path | None = None,
    ) -> None:
        self.world = world or World()
        self.users = {user.name: user for user in users}
        self.requests: list[Seen] = []
        self.most_in_flight = 0
        self.before: Callable[[ReceivedRequest], None] = lambda _: None
        self._sessions: dict[str, str] = {}
        self._troubles: list[Trouble] = []
        self._in_flight = 0
        self._counting = threading.Lock()
        self._receiver = HttpReceiver(self._answer, certificate=certificate, key=key)

    def __enter__(self) -> Self:
        self._receiver.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._receiver.__exit__(kind, error, trace)

    @property
    def url(self) -> str:
        """The URL of the server, without a slash at its end."""
        return self._receiver.url.rstrip("/")

    def close(self) -> None:
        """Stop listening and cut every connection, like a server that goes down."""
        self._receiver.close()

    def expire_sessions(self) -> None:
        """End all sessions."""
        self._sessions.clear()

    def misbehave(
        self,
        spoil: Spoil,
        path: str = "",
        times: int = 1,
        until: threading.Event | None = None,
        seconds: float = 0.0,
    ) -> None:
        """Let something go wrong with the next requests; several troubles come one after the other.

        :param spoil: one of those in :mod:`pulp3_troubles`.
        :param path: part of the paths that it affects.
        :param until: the answer waits for this event.
        :param seconds: the answer waits for this long.
        """
        with self._counting:
            self._troubles.append(Trouble(spoil, path, times, until, seconds))

    def asked(self, rest: str) -> list[Seen]:
        """Return the requests for one path below the API's root."""
        return [seen for seen in self.requests if seen.rest == rest]

    def _answer(self, request: ReceivedRequest) -> Answer:
        with self._counting:
            self._in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self._in_flight)
            trouble = next((each for each in self._troubles if each.times and each.path in request.path), None)
            if trouble:
                trouble.times -= 1
        try:
            self.before(request)
            return self._spoiled(self._right_answer(request), trouble)
        finally:
            with self._counting:
                self._in_flight -= 1

    def _spoiled(self, answer: Answer, trouble: Trouble | None) -> Answer:
        if trouble is None:
            return answer
        closing = self._receiver.closing
        while trouble.until and not trouble.until.wait(0.02) and not closing.is_set():
            continue
        closing.wait(trouble.seconds)
        return trouble.spoil(answer)

    def _right_answer(self, request: ReceivedRequest) -> Answer:
        if len(f"{request.method} {request.path} HTTP/1.1") > _LONGEST_REQUEST_LINE:
            return Answer(400, {"Content-Type": "text/html"}, b"<html><body><h1>Bad Request</h1></body></html>")
        url = urlsplit(request.path)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        place = _API.fullmatch(url.path)
        user, auth = self._sender(request)
        domain, rest = (place["domain"], place["rest"]) if place else (None, url.path)
        with self.world.lock:
            answer = self._routed(request.method, domain, rest, query, user, auth)
        with self._counting:
            self.requests.append(Seen(request.method, domain, rest, query, auth, answer.status))
        date = {"Date": format_datetime(self.world.clock(), usegmt=True)}
        return Answer(answer.status, {**_JSON, **date, **answer.headers}, answer.body)

    def _sender(self, request: ReceivedRequest) -> tuple[User | None, str]:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            return self._with_password(given), "basic"
        if scheme.lower() == "bearer":
            return next((user for user in self.users.values() if user.token == given), None), "bearer"
        session = SimpleCookie(request.headers.get("Cookie", "")).get("sessionid")
        name = self._sessions.get(session.value) if session else None
        return (self.users.get(name), "session") if name else (None, "none")

    def _with_password(self, given: str) -> User | None:
        try:
            name, _, password = base64.b64decode(given).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        user = self.users.get(name)
        return user if user and user.password == password else None

    def _routed(self, method: str, domain: str | None, rest: str, query: Query, user: User | None, auth: str) -> Answer:
        if rest == "status/" and domain is None:
            return _json(self._status())
        if (domain is not None) != self.world.domain_enabled or domain not in {None, *self.world.domains}:
            return Answer(404, {"Content-Type": "text/html"}, b"<h1>Not Found</h1>")
        if user is None:
            known = auth in ("basic", "bearer")
            body = {"detail": "Invalid username/password."} if known else _NO_CREDENTIALS
            return _json(body, 401, {"WWW-Authenticate": 'Basic realm="api"'})
        if rest == "login/":
            return self._login(user, method)
        if method != "GET":
            raise NotImplementedError(f"{method} {rest}: the source changes nothing")
        try:
            return self._read(domain or "default", rest, query, user)
        except Refused as refused:
            return _json(refused.body, 400)

    def _login(self, user: User, method: str) -> Answer:
        number = list(self.users).index(user.name) + 1
        body = {"pulp_href": f"/pulp/api/v3/users/{number}/", "prn": f"prn:auth.user:{number}", "username": user.name}
        if method == "GET":
            return _json(body)
        session = uuid4().hex
        self._sessions[session] = user.name
        return _json(body, 201, {"Set-Cookie": f"sessionid={session}; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax"})

    def _read(self, domain: str, rest: str, query: Query, user: User) -> Answer:
        kind, _, key = rest.partition("/")
        if kind == "users":
            return self._users(user)
        sees = kind in user.sees
        if key == "" or kind == "content":
            return self._list(kind, domain, rest, query, sees)
        if kind == "tasks":
            task = self.world.tasks.get(key.rstrip("/")) if sees else None
            found = task.document() if task and task.domain == domain else None
        elif kind == "repositories" and (place := _VERSION.fullmatch(rest)):
            found = self._repository_or_version(place["id"], place["number"], domain) if sees else None
        else:
            raise NotImplementedError(rest)
        noun = {"tasks": "Task", "repositories": "Repository"}[kind]
        if found is None:
            return _json({"detail": f"No {noun} matches the given query."}, 404)
        return _json(pulp3_queries.trimmed(found, query))

    def _users(self, user: User) -> Answer:
        if user.sees != EVERYTHING:
            return _json({"detail": "You do not have permission to perform this action."}, 403)
        found = [{"username": name} for name in self.users]
        return _json({"count": len(found), "next": None, "previous": None, "results": found})

    def _list(self, kind: str, domain: str, rest: str, query: Query, sees: bool) -> Answer:
        world = self.world
        address = f"{self.url}{world.root(domain)}{rest}"
        if kind == "tasks":
            own = [task for task in world.tasks.values() if task.domain == domain] if sees else []
            chosen = pulp3_queries.select(own, query)
            return _json(pulp3_queries.page(address, query, chosen, lambda task: task.document()))
        repositories = [each for each in world.repositories.values() if each.domain == domain] if sees else []
        if kind == "repositories":
            items = [pulp3_documents.of_repository(each) for each in repositories]
        elif kind == "remotes":
            items = [pulp3_documents.of_remote(each) for each in repositories]
        elif kind == "domains":
            items = [{"name": name, "prn": f"prn:core.domain:{key}"} for name, key in world.domains.items() if sees]
        elif kind == "content":
            items = pulp3_documents.of_content(repositories, query)
        else:
            raise NotImplementedError(rest)
        wanted = pulp3_documents.named(
            items, {name: value for name, value in query.items() if "repository_version" not in name}
        )
        return _json(pulp3_queries.page(address, query, wanted, lambda item: item))

    def _repository_or_version(self, key: str, number: str | None, domain: str) -> Any:
        found = [each for each in self.world.repositories.values() if each.id == key and each.domain == domain]
        if not found or int(number or 0) > len(found[0].added):
            return None
        return (
            pulp3_documents.of_repository(found[0])
            if number is None
            else pulp3_documents.of_version(found[0], int(number))
        )

    def _status(self) -> Any:
        status = pulp3_recorded.document("status")
        now = shown(self.world.clock())
        for program in (*status["online_workers"], *status["online_api_apps"], *status["online_content_apps"]):
            program["last_heartbeat"] = now
        return status | {"domain_enabled": self.world.domain_enabled}


def _json(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    return Answer(status, headers or {}, json.dumps(body, separators=(",", ":")).encode())
