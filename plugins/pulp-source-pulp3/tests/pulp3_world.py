"""The data of a fake Pulp 3: domains, repositories with their versions, and tasks that a test controls."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pulp3_recorded

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
_BETWEEN_INSERTS = timedelta(microseconds=1)


def shown(time: datetime | None) -> str | None:
    """Return a time as Pulp shows it."""
    return None if time is None else time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class ScriptedClock:
    """A clock that stands still until a test advances it."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass; a negative number sets the clock back."""
        self.now += timedelta(seconds=seconds)


@dataclass(slots=True)
class FakeRepository:
    """A repository and its remote.

    :ivar added: the names that each version added, from version 1.
    :ivar removed: the names that each version removed, from version 1.
    """

    name: str
    app: str
    domain: str
    root: str
    id: str = field(default_factory=lambda: str(uuid4()))
    remote_id: str = field(default_factory=lambda: str(uuid4()))
    added: list[Sequence[str]] = field(default_factory=list)
    removed: list[Sequence[str]] = field(default_factory=list)

    @property
    def prn(self) -> str:
        """Its PRN."""
        return f"prn:{self.app}.{self.app}repository:{self.id}"

    @property
    def href(self) -> str:
        """Its href."""
        return f"{self.root}repositories/{self.app}/{self.app}/{self.id}/"

    @property
    def remote_prn(self) -> str:
        """The PRN of its remote."""
        return f"prn:{self.app}.{self.app}remote:{self.remote_id}"

    def version_href(self, number: int) -> str:
        """Return the href of a version."""
        return f"{self.href}versions/{number}/"

    def present(self, number: int) -> list[str]:
        """Return the names in a version."""
        names: dict[str, None] = {}
        for added, removed in zip(self.added[:number], self.removed[:number], strict=True):
            names = {name: None for name in [*names, *added] if name not in set(removed)}
        return list(names)

    def summary(self, number: int) -> dict[str, Any]:
        """Return the content summary of a version."""
        kinds = {"added": "_added", "removed": "_removed", "present": ""}
        names = {kind: self.content(number, kind) for kind in kinds}
        address = f"{self.root}content/{self.app}/files/?repository_version"
        return {
            kind: {
                f"{self.app}.file": {"count": len(names[kind]), "href": f"{address}{end}={self.version_href(number)}"}
            }
            if names[kind]
            else {}
            for kind, end in kinds.items()
        }

    def content(self, number: int, kind: str) -> Sequence[str]:
        """Return names in a version: those added, removed or present."""
        if kind == "present":
            return self.present(number)
        listed = self.added if kind == "added" else self.removed
        return listed[number - 1] if number else ()


@dataclass(slots=True)
class FakeTask:
    """A task that ends as in a recorded document.

    :ivar kind: the name of that document, such as ``sync.completed``.
    :ivar number: of the repository version that it creates or is about.
    :ivar changes: fields that differ from the recorded ones once it has ended; ``name`` differs at any time.
    """

    kind: str
    domain: str
    domain_id: str
    root: str
    created: datetime
    repository: FakeRepository | None
    changes: dict[str, Any]
    id: str = field(default_factory=lambda: str(uuid4()))
    cid: str = field(default_factory=lambda: uuid4().hex)
    publication: str = field(default_factory=lambda: str(uuid4()))
    state: str = "waiting"
    unblocked: datetime | None = None
    started: datetime | None = None
    finished: datetime | None = None
    number: int | None = None

    @property
    def prn(self) -> str:
        """Its PRN."""
        return f"prn:core.task:{self.id}"

    @property
    def href(self) -> str:
        """Its href."""
        return f"{self.root}tasks/{self.id}/"

    @property
    def name(self) -> str:
        """Its name: the function that runs."""
        app = self.repository.app if self.repository else "file"
        recorded = pulp3_recorded.document(self.kind)["name"].replace("pulp_file.app", f"pulp_{app}.app")
        return str(self.changes.get("name", recorded))

    def document(self) -> dict[str, Any]:
        """Return the document that the server shows now."""
        repository = self.repository
        instead = {"task": self.id, "domain": self.domain_id, "cid": self.cid, "publication": self.publication}
        if repository:
            instead |= {"repository": repository.id, "remote": repository.remote_id}
        app = repository.app if repository else "file"
        found: dict[str, Any] = pulp3_recorded.rewritten(self.kind, instead, app, self.number, self._own_root())
        if self.finished:
            if repository and self.number and (found["result"] or {}).get("content_summary"):
                found["result"]["content_summary"] = repository.summary(self.number)
            found |= self.changes
        else:
            found |= {"error": None, "result": None, "progress_reports": []}
            found |= {"created_resources": [], "created_resource_prns": []}
        times = {"pulp_created": self.created, "pulp_last_updated": self.created, "unblocked_at": self.unblocked}
        times |= {"started_at": self.started, "finished_at": self.finished}
        return found | {"state": self.state, "name": self.name} | {key: shown(time) for key, time in times.items()}

    def _own_root(self) -> str:
        return "" if self.root == "/pulp/api/v3/" else self.root


class World:
    """The data of one fake server. It may be changed while the server answers.

    :param clock: the database's clock, which gives the time of creation of a task.
    :param domain_enabled: whether tasks and repositories belong to domains.
    :ivar worker_ahead: how far the workers' clocks, which give start and end of a task, are ahead of it.
    """

    def __init__(self, clock: Callable[[], datetime] | None = None, domain_enabled: bool = False) -> None:
        self.clock = clock or ScriptedClock()
        self.domain_enabled = domain_enabled
        self.worker_ahead = timedelta()
        self.lock = threading.RLock()
        self.domains = {"default": str(uuid4())}
        self.repositories: dict[str, FakeRepository] = {}
        self.tasks: dict[str, FakeTask] = {}
        self._last_created = datetime.min.replace(tzinfo=UTC)

    def root(self, domain: str) -> str:
        """Return the path of a domain's API."""
        return f"/pulp/{domain}/api/v3/" if self.domain_enabled else "/pulp/api/v3/"

    def add_domain(self, name: str) -> None:
        """Add a domain."""
        with self.lock:
            self.domains[name] = str(uuid4())

    def add_repository(self, name: str, app: str = "file", domain: str = "default") -> FakeRepository:
        """Add a repository with a remote and version 0."""
        repository = FakeRepository(name, app, domain, self.root(domain))
        with self.lock:
            self.repositories[repository.prn] = repository
        return repository

    def remove_repository(self, repository: FakeRepository) -> None:
        """Remove a repository and its remote."""
        with self.lock:
            del self.repositories[repository.prn]

    def dispatch(
        self,
        kind: str = "sync.completed",
        repository: FakeRepository | None = None,
        domain: str = "default",
        created: datetime | None = None,
        **changes: Any,
    ) -> FakeTask:
        """Create a waiting task that will end like a recorded one.

        :param created: time of creation; by default the clock's.
        :param changes: fields that differ from the recorded ones, such as ``name`` and ``error``.
        """
        domain = repository.domain if repository else domain
        with self.lock:
            moment = created or self._next_moment()
            task = FakeTask(kind, domain, self.domains[domain], self.root(domain), moment, repository, changes)
            self.tasks[task.id] = task
        return task

    def start(self, task: FakeTask) -> FakeTask:
        """Let a waiting task run."""
        with self.lock:
            task.unblocked = task.started = self._worker_time()
            task.state = "running"
        return task

    def cancel(self, task: FakeTask) -> FakeTask:
        """Request that a task is canceled; :meth:`finish` ends it."""
        with self.lock:
            task.state = "canceling"
        return task

    def finish(
        self,
        task: FakeTask,
        added: Sequence[str] = ("f0.iso",),
        removed: Sequence[str] = (),
        at: datetime | None = None,
    ) -> FakeTask:
        """Let a task end as recorded, or as canceled if that was requested.

        :param added: names that the repository version adds, if the task creates one.
        :param at: the time that the worker records; by default now.
        """
        with self.lock:
            if task.state == "canceling":
                name = task.name
                task.kind = "sync.canceled.from-running" if task.started else "sync.canceled.from-waiting"
                task.changes["name"] = name
            recorded = pulp3_recorded.document(task.kind)
            self._number(task, recorded, added, removed)
            task.state = task.changes.get("state", recorded["state"])
            task.finished = at or self._worker_time()
        return task

    def run(self, kind: str = "sync.completed", repository: FakeRepository | None = None, **changes: Any) -> FakeTask:
        """Create a task that has already ended when it becomes visible."""
        with self.lock:
            return self.finish(self.start(self.dispatch(kind, repository, **changes)))

    def purge(self, *tasks: FakeTask) -> None:
        """Delete tasks."""
        with self.lock:
            for task in tasks:
                del self.tasks[task.id]

    def _next_moment(self) -> datetime:
        now = self.clock()
        if now <= self._last_created < now + timedelta(seconds=1):
            now = self._last_created + _BETWEEN_INSERTS
        self._last_created = now
        return now

    def _worker_time(self) -> datetime:
        return self.clock() + self.worker_ahead

    @staticmethod
    def _number(task: FakeTask, recorded: dict[str, Any], added: Sequence[str], removed: Sequence[str]) -> None:
        repository = task.repository
        if repository is None:
            return
        if any("/versions/" in href for href in recorded["created_resources"]):
            repository.added.append(added)
            repository.removed.append(removed)
        task.number = len(repository.added)
