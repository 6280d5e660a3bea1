"""The wiring: turns settings into running parts, and closes them in reverse order."""

import logging
import os
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from .access import Accounts
from .backoff import Backoff
from .broker import StreamPublisherSettings
from .delivery import AttemptRunner, Deliveries, Trial, Worker, WorkerOptions
from .dispatch import Dispatcher, Events, ListenerErrorCounter, TaskEvents
from .event import KEPT_EVENT_TYPES, Event
from .idempotency import IdempotentRequests
from .listeners import LocalReceivers, OwnListeners, Pulp2Listeners, TopicListeners
from .plugin_host import NotifierRegistry, SourceTypeRegistry
from .records import Template
from .settings import Settings
from .sources import Engine, RunOptions, SourceRunner, Sources
from .task import TaskReport
from .task_stream import StatusPublisher, stream_of
from .templates import FileTemplates, Messages, Previews, Shelf, Templates
from .wiring import open_accounts, open_store, upgrade_database

__all__ = ["App", "open_accounts", "open_store", "upgrade_database"]

_logger = logging.getLogger(__name__)


class App:
    """Everything that one process needs to fire events, register listeners and deliver.

    ::

        with App.from_settings() as app:
            app.fire(Event("repo.sync.finish", {"repo_id": "zoo"}))
            app.task_changed(TaskReport.from_record(record))

    The worker does not run until :meth:`Worker.start` is called, because another process may deliver. Sources do not
    run until :meth:`SourceRunner.start` is called.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.own = settings.own()
        with ExitStack() as closing:
            self.store = open_store(self.own)
            closing.callback(self.store.close)
            self.registry = NotifierRegistry(settings.section)
            closing.callback(self.registry.close)
            self.deliveries = Deliveries(self.store.history)
            self.idempotent_requests = IdempotentRequests(self.store.answers)
            self._kept_types = KEPT_EVENT_TYPES if self.own.keep_events_days else ()
            self.events = Events(
                self.store.events,
                self.store.listeners,
                self._kept_types,
                timedelta(days=self.own.keep_delivered_days),
                self.store.clock,
            )
            self.accounts = Accounts(
                self.store.users,
                self.own.credential_cache_seconds,
                hashes_at_once=self.own.password_hashes_at_once,
            )
            self.listener_errors = ListenerErrorCounter(self.store.listener_errors, self.store.clock)
            closing.callback(self.listener_errors.close)
            self.template_files = FileTemplates(self.own.template_dir, self._template_problem)
            self.worker = self._worker()
            closing.callback(self._stop_worker)
            self._dispatcher = self._new_dispatcher()
            self.stream = self._new_stream()
            closing.callback(self.stream.close)
            self._task_events = TaskEvents(
                self._dispatcher.wants, self._dispatcher.fire_derived, self._dispatcher.stored
            )
            self.source_registry = SourceTypeRegistry()
            closing.callback(self.source_registry.close)
            self.source_runner = SourceRunner(
                self.store.sources, self.source_registry, self._engine, self._run_options(), self.store.clock
            )
            closing.callback(self.source_runner.stop)
            self.sources = Sources(
                self.store.sources,
                self.source_registry,
                self.own.reveal_secrets,
                changed=self.source_runner.wake,
                clock=self.store.clock,
            )
            rules: dict[str, Any] = {
                "rows": self.store.listeners,
                "plugins": self.registry,
                "reveal_secrets": self.own.reveal_secrets,
                "clock": self.store.clock,
                "changed": self._listeners_changed,
            }
            self.templates = Templates(
                self.store.templates,
                self.template_files,
                self.registry,
                self.store.clock,
                self._listeners_changed,
            )
            self.previews = Previews(self.registry, self._stored_event)
            self.listeners = OwnListeners(
                **rules,
                local_receivers=LocalReceivers(self.own.resolved_allow_local_receivers()),
                max_targets=self.own.max_targets,
                template_problems=self.templates.choice_problems,
                errors=self.listener_errors,
            )
            self.pulp2_listeners = Pulp2Listeners(**rules)
            self._topic_listeners = TopicListeners(self.store.listeners, self.store.clock)
            self._closing = closing.pop_all()

    @classmethod
    def from_settings(cls, settings: Settings | None = None, environ: Mapping[str, str] = os.environ) -> Self:
        """Return an app for these settings, or for those of the configuration file and environment.

        A mistake in the settings of the task-status stream or of a notifier is logged and stops nothing else: every
        task change is dropped, or deliveries of that notifier stay pending, until it is corrected and the process
        starts again.

        :raises InvalidSetting: a setting in the section ``[notifiers]`` is wrong.
        :raises StoreUnavailable: the database does not answer.
        """
        return cls(settings or Settings.load(environ))

    @property
    def database_dialect(self) -> str:
        """The kind of database: ``sqlite`` or ``postgresql``."""
        return self.store.dialect

    def log_problems(self) -> None:
        """Log which notifiers cannot be used, and which are missing although listeners need them."""
        self.registry.log_problems(self._needed_notifiers())

    def unusable_notifiers(self) -> Mapping[str, str]:
        """Return what to correct or to install before notifiers can be used, by type."""
        return self.registry.problems(self._needed_notifiers())

    def unusable_listeners(self) -> Mapping[str, str]:
        """Return what to correct before listeners can be used whose stored options cannot be read, by id."""
        listeners = self._dispatcher.known_listeners()
        return {each.id: each.unreadable for each in listeners if each.unreadable is not None}

    def unusable_templates(self) -> Mapping[str, str]:
        """Return what to correct in the files of templates, by name; the empty name is their folder."""
        return self.template_files.problems()

    def check_database(self) -> None:
        """Check that events can be stored, by storing one and deleting it again.

        :raises StoreUnavailable: they cannot.
        """
        self.store.require_writable()

    def fire(self, event: Event) -> int:
        """Fire an event; return how many deliveries it has, once they are on disk.

        Firing it again adds nothing and returns the same number.

        :raises EventIdTaken: another event is stored under this id; nothing was written.
        :raises PartlyWritten: some of very many deliveries were written; fire the same event again.
        :raises StoreUnavailable: otherwise, nothing was written.
        :raises TypeError: payload or call report contain a value that has no JSON form.
        :raises ValueError: they contain a number that is not finite.
        """
        return self._dispatcher.fire(event)

    def publish_to_topic(self, event: Event, exchange: str = "") -> None:
        """Publish an event to a topic exchange, whatever listeners are registered.

        It becomes a delivery of the amqp notifier: on disk when this returns, and attempted until the broker confirms
        it. Each call is one message, with an id of its own, because the same event may have been fired or published
        before, and firing an id again adds nothing.

        :param exchange: empty for ``[messaging] topic_exchange``.
        :raises StoreUnavailable: nothing was written.
        """
        message = replace(event, id=uuid4())
        # Again if its listener is deleted between the two steps.
        while not self._dispatcher.fire_to(self._topic_listeners.of(exchange).id, message):
            pass

    def task_changed(self, report: TaskReport) -> int:
        """Report a task's change to the task-status stream, if it is enabled, and to listeners of the task's new state.

        Costs microseconds if no listener matches, and a transaction if one does. The stream is best effort and raises
        nothing.

        :return: how many deliveries it has; 0 also for progress, and for a state that was reported before.
        :raises StoreUnavailable: a listener matches, and nothing was written; report it again.
        """
        self.stream.publish(report)
        return self._task_events.changed(report)

    def close(self) -> None:
        """Stop sources and worker, close plugins and database. Closing twice is harmless."""
        self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _needed_notifiers(self) -> set[str]:
        return {listener.notifier_type for listener in self._dispatcher.known_listeners()}

    def _new_dispatcher(self) -> Dispatcher:
        return Dispatcher(
            self.store.listeners,
            self.store.outbox,
            self.registry,
            worker=self.worker,
            clock=self.store.clock,
            check_seconds=self.own.poll_seconds,
            errors=self.listener_errors,
            kept_types=self._kept_types,
        )

    def _new_stream(self) -> StatusPublisher:
        return stream_of(lambda: self.settings.section("messaging", StreamPublisherSettings), self.store.installation())

    def _engine(self) -> Engine:
        self._dispatcher.learn()
        return Engine(
            installation=self.store.installation(),
            dispatcher=self._dispatcher,
            task_events=self._task_events,
            memory=self.store.sources.memory,
            publish=self.stream.publish,
        )

    def _listeners_changed(self) -> None:
        self._dispatcher.look_again()
        self.worker.wake()  # attempts use the changed listener at once

    def _run_options(self) -> RunOptions:
        lease = timedelta(seconds=self.own.source_lease_seconds)
        return RunOptions(lease=lease, poll=min(lease / 4, RunOptions().poll))

    def _worker(self) -> Worker:
        own = self.own
        backoff = Backoff(own.backoff_first_seconds, own.backoff_longest_seconds, own.max_attempts)
        options = WorkerOptions(
            threads=own.worker_threads,
            lease=timedelta(seconds=own.lease_seconds),
            poll=timedelta(seconds=own.poll_seconds),
            attempt_limit=timedelta(seconds=own.attempt_limit_seconds),
            keep_delivered=timedelta(days=own.keep_delivered_days),
            keep_dead=timedelta(days=own.keep_dead_days),
            keep_events=timedelta(days=own.keep_events_days),
        )
        attempts = AttemptRunner(
            self.store.listeners,
            self.registry,
            backoff,
            self.store.clock,
            max_crashes=own.max_crashes,
            trial=Trial(self.settings.portable(), options.attempt_limit),
            messages=self._messages(),
        )
        return Worker(self.store.claims, self.store.pruning, attempts, options, self.store.clock)

    def _messages(self) -> Messages:
        return Messages(Shelf(self.store.templates.get, self.template_files), self.listener_errors)

    def _template_problem(self, template: Template) -> str | None:
        return self.templates.file_problem(template)

    def _stored_event(self, event_id: str) -> Event | None:
        found = self.store.events.get(event_id)
        return None if found is None else found[1]

    def _stop_worker(self) -> None:
        if self.worker.running and not self.worker.stop():
            _logger.warning("Attempts were still running at shutdown; the next worker repeats their deliveries.")
