"""The status of the service."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field
from starlette.responses import Response

from ... import __version__
from ...app import App
from ...errors import StoreUnavailable
from ...event import utc_now
from ...records import SourceState
from ..http.shared_answer import SharedAnswer
from ..paths import OWN
from ..routes import Routes


class DatabaseStatus(BaseModel):
    """The database."""

    dialect: str
    reachable: Annotated[bool, Field(description="Whether it can be read, and events can be written.")]


class WorkerStatus(BaseModel):
    """The worker of this process; other processes may deliver too."""

    running: bool
    threads: int


class BacklogStatus(BaseModel):
    """Pending deliveries and dead letters."""

    pending: int
    dead: int
    oldest_pending_seconds: Annotated[float | None, Field(description="Age of the oldest pending delivery.")]


class SourceLag(BaseModel):
    """The public part of a source's status; ``sources/`` has the rest."""

    name: str
    state: SourceState
    lag_seconds: Annotated[float | None, Field(description="How far it is behind; null if it does not report it.")]
    problem: Annotated[
        str | None,
        Field(description="What to correct in its options or its plugin before it can work; null if it is not that."),
    ]


class UnusableNotifier(BaseModel):
    """A notifier that cannot be used; deliveries of its listeners wait."""

    type: str
    problem: Annotated[str, Field(description="What to correct or to install, as found when it was last used.")]


class UnusableListener(BaseModel):
    """A listener whose stored options cannot be decrypted; its deliveries wait."""

    id: str
    problem: Annotated[str, Field(description="What to do.")]


class UnusableTemplate(BaseModel):
    """A template in files that is wrong; what was read before is used."""

    name: Annotated[str, Field(description="Empty for the folder itself.")]
    problem: Annotated[str, Field(description="What to correct.")]


class StreamStatus(BaseModel):
    """The task-status stream of this process; other processes have their own connections and counts."""

    enabled: bool
    connected: Annotated[bool, Field(description="Whether a connection to the messaging server is open.")]
    outage_since: Annotated[
        datetime | None, Field(description="Since when changes cannot be published in time; null if they can.")
    ]
    problem: Annotated[
        str | None,
        Field(description="The setting to correct before anything can be published, and how; null if there is none."),
    ]
    published: Annotated[int, Field(description="Changes that a messaging server confirmed.")]
    late: Annotated[int, Field(description="Changes that it confirmed after an outage.")]
    dropped: Annotated[int, Field(description="Changes that a newer one of the task replaced, or that were lost.")]
    remembered: Annotated[int, Field(description="Last states of tasks, to be published after the outage.")]
    unrenderable: Annotated[int, Field(description="Changes that cannot be written as JSON.")]


class StatusDocument(BaseModel):
    """The status of the service."""

    version: str
    database: DatabaseStatus
    worker: WorkerStatus
    stream: StreamStatus
    notifiers: Annotated[list[UnusableNotifier], Field(description="Those that cannot be used.")]
    listeners: Annotated[list[UnusableListener], Field(description="Those that cannot be used.")]
    templates: Annotated[list[UnusableTemplate], Field(description="Those in files that are wrong.")]
    backlog: Annotated[BacklogStatus | None, Field(description="Null if the database cannot be read.")]
    sources: Annotated[list[SourceLag] | None, Field(description="By name; null if the database cannot be read.")]


@dataclass(frozen=True, slots=True)
class _Found:
    """What takes longer to find out: what cannot be used, and what the database says."""

    notifiers: list[UnusableNotifier]
    listeners: list[UnusableListener]
    templates: list[UnusableTemplate]
    reachable: bool
    backlog: BacklogStatus | None
    sources: list[SourceLag] | None


class StatusV3:
    """The route ``status/``, which needs no credentials."""

    def __init__(self, app: App, clock: Callable[[], datetime] = utc_now) -> None:
        self._app = app
        self._clock = clock
        # It needs no credentials, so anybody may ask at any rate.
        self._found = SharedAnswer(self._find)

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add_public(
            f"{OWN}status/",
            self._read,
            name="status_read",
            summary="Show the status of the service",
            responses={503: {"model": StatusDocument, "description": "The database cannot be read or written."}},
        )

    async def _read(self, response: Response) -> StatusDocument:
        found = await self._found.get()
        if not found.reachable:
            response.status_code = 503
        return StatusDocument(
            version=__version__,
            database=DatabaseStatus(dialect=self._app.database_dialect, reachable=found.reachable),
            worker=WorkerStatus(running=self._app.worker.running, threads=self._app.own.worker_threads),
            stream=self._stream(),
            notifiers=found.notifiers,
            listeners=found.listeners,
            templates=found.templates,
            backlog=found.backlog,
            sources=found.sources,
        )

    def _find(self) -> _Found:
        notifiers = [UnusableNotifier(type=name, problem=why) for name, why in self._app.unusable_notifiers().items()]
        listeners = [UnusableListener(id=name, problem=why) for name, why in self._app.unusable_listeners().items()]
        templates = [UnusableTemplate(name=name, problem=why) for name, why in self._app.unusable_templates().items()]
        # The database logs why it fails.
        try:
            backlog, sources = self._backlog(), list(self._sources())
        except StoreUnavailable:
            return _Found(notifiers, listeners, templates, False, None, None)
        try:
            self._app.check_database()
        except StoreUnavailable:
            return _Found(notifiers, listeners, templates, False, backlog, sources)
        return _Found(notifiers, listeners, templates, True, backlog, sources)

    def _stream(self) -> StreamStatus:
        stream = self._app.stream
        return StreamStatus(**asdict(stream.health), **asdict(stream.counts))

    def _backlog(self) -> BacklogStatus:
        found, oldest_pending_seconds = self._app.deliveries.backlog(self._clock())
        return BacklogStatus(pending=found.pending, dead=found.dead, oldest_pending_seconds=oldest_pending_seconds)

    def _sources(self) -> Iterator[SourceLag]:
        statuses = self._app.sources.statuses()
        failing = any(status.state is SourceState.FAILING for status in statuses.values())
        problems = self._app.sources.misconfigured() if failing else {}
        for name, status in statuses.items():
            lag = status.facts.get("lag_seconds")
            known = type(lag) in (int, float)  # a plugin may report anything
            yield SourceLag(
                name=name, state=status.state, lag_seconds=lag if known else None, problem=problems.get(name)
            )
