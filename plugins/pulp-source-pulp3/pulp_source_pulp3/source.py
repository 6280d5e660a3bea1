"""The source: watches a server until it has to stop."""

import logging
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from pulp_notifiers.encoding import iso_seconds
from pulp_notifiers.errors import PermanentFailure
from pulp_notifiers.event import utc_now
from pulp_notifiers.source import Check, Intake, Source

from .checks import Inspection, inspect
from .client import Client, Stopped
from .config import Pulp3Config
from .content import ContentNames
from .failures import Hidden, NotFound
from .interest import Interest
from .kinds import Kinds
from .memory import Memory
from .names import Names
from .poll import Poll
from .repository_events import Origin
from .server import Domain, Server
from .tasks import TaskQueries
from .translation import Translator

_DOMAINS_AFTER_SECONDS = 60.0
_RECENT = 200
_RECENT_SECONDS = 300.0

_logger = logging.getLogger(__name__)


class Pulp3Source(Source[Pulp3Config]):
    """Watches the tasks of a Pulp 3 server over its REST API.

    :param seconds: a monotonic clock.
    """

    Config = Pulp3Config

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        # Failed requests by href. After a few, a version is not requested again, so that it cannot block everything.
        self._failed = Counter[str]()

    def check(self, config: Pulp3Config) -> Sequence[Check]:
        """Check connection, version, clock, login, domains and permissions; see :meth:`Source.check`."""
        client = Client(config)
        try:
            return inspect(client, config).checks
        finally:
            client.close()

    def run(self, config: Pulp3Config, intake: Intake) -> None:
        """Watch; see :meth:`Source.run`."""
        client = Client(config, intake.stopping.is_set)
        try:
            self._watch(client, config, intake)
        except Stopped:
            return
        finally:
            client.close()

    def _watch(self, client: Client, config: Pulp3Config, intake: Intake) -> None:
        found = inspect(client, config)
        if found.server is None or not found.domains:
            raise _failure(found)
        watch = Watch(client, config, intake, found.server, self._failed, self._seconds)
        # Even if permissions are missing: what happens from now on is reported once they are granted.
        watch.set_domains(found.domains)
        if found.failure is not None:
            raise found.failure
        _logger.info("Source %s watches %s (pulpcore %s)", intake.source, config.server_name, found.server.version)
        while not intake.stopping.is_set():
            started = self._seconds()
            watch.poll()
            intake.stopping.wait(max(config.interval - (self._seconds() - started), config.interval / 10))


class Watch:
    """The polls of all domains of one server, one after the other, so that at most one request is in flight."""

    def __init__(
        self,
        client: Client,
        config: Pulp3Config,
        intake: Intake,
        server: Server,
        failed: Counter[str],
        seconds: Callable[[], float],
    ) -> None:
        self._client = client
        self._config = config
        self._intake = intake
        self._server = server
        self._failed = failed
        self._seconds = seconds
        self._kinds = Kinds(config)
        self._polls: dict[str, Poll] = {}
        self._hidden: set[str] = set()
        self._lags: deque[tuple[float, float]] = deque(maxlen=_RECENT)
        self._domains_at = seconds()

    def set_domains(self, domains: Sequence[Domain]) -> None:
        """Start to watch new domains, and stop watching those that are gone."""
        remembered = self._intake.remembered() if any(domain.key not in self._polls for domain in domains) else {}
        others = [value["newest"] for key, value in remembered.items() if key.startswith("cursor:")]
        alive = datetime.fromisoformat(max(others)) if others else None
        for domain in domains:
            if domain.key not in self._polls:
                poll = self._new_poll(domain, remembered)
                poll.begin(self._config.since if alive is None else _start_of(domain, alive))
                self._polls[domain.key] = poll
        for key in self._polls.keys() - {domain.key for domain in domains}:
            del self._polls[key]

    def poll(self) -> None:
        """Poll every domain once, and update the status."""
        if self._server.has_domains and self._config.domains == "all":
            self._look_for_domains()
        for key, poll in list(self._polls.items()):
            try:
                poll.poll()
                self._hidden.discard(key)
            except NotFound:
                if not self._was_deleted(key):
                    raise
            except Hidden as hidden:
                self._hide(key, hidden)
            now, seconds = utc_now() + self._offset(), self._seconds()
            lags = (max(0.0, (now - moment).total_seconds()) for moment in poll.figures.change_times)
            self._lags.extend((seconds, lag) for lag in lags)
        while self._lags and self._seconds() - self._lags[0][0] > _RECENT_SECONDS:
            self._lags.popleft()
        self._intake.update_status(**self._facts())

    def _hide(self, key: str, hidden: Hidden) -> None:
        # The domain may just have been quiet until all its tasks were purged, so the others are still watched.
        if key not in self._hidden:
            self._hidden.add(key)
            if self._hidden < self._polls.keys():
                _logger.warning("Source %s sees nothing in one domain: %s", self._intake.source, hidden.reason)
        if self._hidden >= self._polls.keys():
            raise hidden

    def _look_for_domains(self) -> None:
        if self._seconds() - self._domains_at >= _DOMAINS_AFTER_SECONDS:
            self._list_domains()

    def _list_domains(self) -> None:
        self.set_domains(self._server.domains(self._client, self._config))
        self._domains_at = self._seconds()

    def _was_deleted(self, key: str) -> bool:
        # What it remembers is kept: if it was only hidden, its watch continues from there.
        if self._server.has_domains and self._config.domains == "all":
            self._list_domains()
        return key not in self._polls

    def _new_poll(self, domain: Domain, remembered: dict[str, Any]) -> Poll:
        memory = Memory(domain.key, remembered)
        repositories, remotes = (
            Names(self._client, f"{domain.root}{kind}/", self._seconds) for kind in ("repositories", "remotes")
        )
        origin = Origin(
            self._config.origin,
            self._config.public_origin,
            self._config.server_name,
            domain.name,
            self._intake.source,
        )
        translator = Translator(
            origin,
            self._kinds,
            repositories,
            remotes,
            self._client,
            Interest(self._intake, self._config.include),
            self._failed,
            ContentNames(self._client, self._config.content_limit),
        )
        queries = TaskQueries(self._client, domain.tasks)
        return Poll(domain.name, queries, memory, translator, self._kinds, self._intake, self._seconds)

    def _offset(self) -> timedelta:
        # The header has whole seconds only, so a small difference means nothing.
        difference = self._server.clock_difference or timedelta()
        return difference if abs(difference) > timedelta(seconds=2) else timedelta()

    def _facts(self) -> dict[str, Any]:
        polls = list(self._polls.values())
        difference = self._server.clock_difference
        return {
            "version": self._server.version,
            "domains": len(polls),
            "hidden_domains": sorted(self._hidden & self._polls.keys()),
            "last_poll": iso_seconds(utc_now()),
            "lag_seconds": round(median(lag for _, lag in self._lags), 3) if self._lags else None,
            "polls": sum(poll.figures.polls for poll in polls),
            "requests": self._client.requests,
            "tasks": sum(poll.figures.tasks for poll in polls),
            "changes": sum(poll.figures.changes for poll in polls),
            "open_tasks": sum(poll.memory.open_tasks() for poll in polls),
            "vanished": sum(poll.figures.vanished for poll in polls),
            "clock_difference_seconds": None if difference is None else round(difference.total_seconds(), 1),
        }


def _failure(found: Inspection) -> Exception:
    return found.failure or PermanentFailure("The server could not be checked.")


def _start_of(domain: Domain, alive: datetime) -> datetime | None:
    # A domain that was created since is watched from its creation: an older one would have been found soon after the
    # last report. Without a time of creation, the watch starts now.
    return domain.created and max(domain.created, alive - 2 * timedelta(seconds=_DOMAINS_AFTER_SECONDS))
