"""What both rule books have in common: looking up, showing, storing and deleting registered listeners."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from ..errors import InvalidConfig, NoSuchListener, NotifierUnavailable
from ..options import Merged, dropped_sentence, scrub
from ..plugin_host import LoadedNotifier, Registrar
from ..records import (
    KeptAnswer,
    Listener,
    ListenerChange,
    ListenerDraft,
    is_listener_id,
    is_listener_name,
    made_up_name,
)
from .checks import include_advice, pattern_advice
from .conditions import condition_advice

_SHORTEST = timedelta(microseconds=1)

Answered = Callable[[Listener], KeptAnswer | None]
"""Returns the answer to keep for the request that adds a listener; called in the transaction that does."""

Precondition = Callable[[Listener], None]
"""Raises unless the stored listener may be changed; called in the transaction that changes it."""

_logger = logging.getLogger(__name__)


def not_kept(_listener: Listener) -> None:
    """Return no answer: the request has no key."""


class Rows(Protocol):
    """Stores listeners (``pulp_notifiers.store``)."""

    def all(self) -> tuple[int, list[Listener]]: ...
    def get(self, listener_id: str) -> Listener | None: ...
    def named(self, name: str) -> Listener | None: ...
    def add(self, listener: Listener, name_like: str | None = None, answer: Answered = ...) -> Listener: ...
    def change(self, listener_id: str, change: Callable[[Listener], Listener]) -> Listener | None: ...
    def delete(
        self, listener_id: str, now: datetime, precondition: Callable[[Listener], None] | None = None
    ) -> bool: ...


class Notifiers(Protocol):
    """The installed notifiers (:class:`pulp_notifiers.plugin_host.NotifierRegistry`)."""

    def knows(self, plugin_type: str, /) -> bool: ...
    def get(self, plugin_type: str, /) -> LoadedNotifier: ...


class RegisteredListeners(Registrar[Rows, Notifiers]):
    """The registered listeners; the rule books that accept and change them are subclasses."""

    def get(self, listener_id: str) -> Listener:
        """Return one listener.

        :raises NoSuchListener: no listener has this id.
        """
        found = self._rows.get(_key(listener_id))
        if found is None or found.ended:
            raise NoSuchListener(listener_id)
        return found

    def find(self, id_or_name: str) -> Listener:
        """Return the listener with an id or a name; no name has the form of an id.

        :raises NoSuchListener: no listener has it.
        """
        if is_listener_id(id_or_name):
            return self.get(id_or_name)
        found = self._rows.named(id_or_name) if is_listener_name(id_or_name) else None
        if found is None:
            raise NoSuchListener(id_or_name, "name")
        return found

    def list(self) -> Sequence[Listener]:
        """Return all listeners in the order of their creation."""
        return self._rows.all()[1]

    def delete(self, listener_id: str, precondition: Precondition | None = None) -> None:
        """Delete a listener; its pending deliveries become dead letters.

        :raises NoSuchListener: no listener has this id.
        """
        if precondition is not None:
            self._load_plugin(listener_id)
        if not self._rows.delete(_key(listener_id), self._clock(), precondition):
            raise NoSuchListener(listener_id)
        self._changed()

    def shown_config(self, listener: Listener, show_urls: bool = False) -> dict[str, Any]:
        """Return a listener's config as it may be shown: with ``*****`` for secrets unless they are revealed.

        :param show_urls: leave credentials in URLs as they are.
        """
        return self._shown(listener.notifier_type, listener.config, show_urls)

    def _added(self, draft: ListenerDraft, answer: Answered = not_kept) -> Listener:
        name = made_up_name(draft.notifier_type, draft.event_types, draft.task_id)
        return self._kept(self._rows.add(Listener.of(draft, self._new_id(), self._clock()), name, answer))

    def _changed_to(
        self,
        listener_id: str,
        change: ListenerChange,
        check: Callable[[Listener], None] = lambda _listener: None,
        keep_secrets: bool = False,
        precondition: Precondition | None = None,
    ) -> Listener:
        """Apply a change in one transaction; nothing is written if ``check`` refuses the result."""
        self._load_plugin(listener_id)
        now = self._clock()

        def apply(found: Listener) -> Listener:
            if precondition is not None:
                precondition(found)
            merged = Merged(found.config)
            if change.config is not None:
                merged = self._merged(found.notifier_type, found.config, change.config, keep_secrets)
            # Later in any case, because the entity tag of a listener depends on it, and clocks are set back.
            changed_at = max(now, (found.changed_at or now) + _SHORTEST)
            result = change.applied_to(found, merged.config, merged.dropped, changed_at)
            check(result)
            return result

        listener = self._rows.change(_key(listener_id), apply)
        if listener is None:
            raise NoSuchListener(listener_id)
        return self._kept(listener)

    def _load_plugin(self, listener_id: str) -> None:
        # Before the transaction, which must not hold up others for as long as an import takes.
        self._secret_options(self.get(listener_id).notifier_type, {})

    def _kept(self, listener: Listener) -> Listener:
        self._changed()
        self._log_remarks(listener)
        return listener

    def _log_remarks(self, listener: Listener) -> None:
        try:
            notifier = self._plugins.get(listener.notifier_type)
            remarks = notifier.advice(notifier.parse(listener.config))
        except (InvalidConfig, NotifierUnavailable) as problem:
            remarks = (f"{str(problem).rstrip('.')}. Nothing will be delivered until that is corrected.",)
        if listener.dropped_secrets:
            remarks = (*remarks, dropped_sentence(listener.dropped_secrets))
        secret_options = self._secret_options(listener.notifier_type, listener.config)
        own = (*include_advice(listener.include), *pattern_advice(listener.event_types), *condition_advice(listener))
        for remark in (*remarks, *own):
            _logger.warning("Listener %s: %s", listener.id, scrub(remark, listener.config, secret_options))


def _key(listener_id: str) -> str:
    # Pulp 2 read ids as ObjectIds, which are case-insensitive.
    if not is_listener_id(listener_id):
        raise NoSuchListener(listener_id)
    return listener_id.lower()
