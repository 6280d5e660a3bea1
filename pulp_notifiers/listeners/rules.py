"""Registering, changing and showing listeners.

``create`` and ``update`` follow the rules of Pulp 2 (CONTRACT 1.4 and 1.5), ``register`` and ``amend`` those of the
product's own API, which knows patterns and tasks and takes no config that cannot work.
"""

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from ..encoding import unportable
from ..errors import InvalidConfig, InvalidListener, InvalidValue, NoSuchListener, NotifierUnavailable
from ..event import ANY_REPOSITORY_EVENT, REPOSITORY_EVENT_TYPES, utc_now
from ..ids import ObjectIds
from ..options import mask, merge_config, scrub, unmask
from ..plugin_host import LoadedNotifier
from ..records import Listener
from .checks import Problems, config_problems, include_advice, include_problems, pattern_problems

_ID = re.compile(r"[0-9a-fA-F]{24}")
_INCLUDE = "source_options.include"
_ACCEPTED_EVENT_TYPES = frozenset((*REPOSITORY_EVENT_TYPES, ANY_REPOSITORY_EVENT))

_logger = logging.getLogger(__name__)


class Rows(Protocol):
    """Where listeners are kept (:class:`pulp_notifiers.store.listeners.ListenerRows`)."""

    def all(self) -> tuple[int, list[Listener]]: ...
    def get(self, listener_id: str) -> Listener | None: ...
    def add(self, listener: Listener) -> None: ...
    def change(self, listener_id: str, change: Callable[[Listener], Listener]) -> Listener | None: ...
    def delete(self, listener_id: str, now: datetime) -> bool: ...


class Notifiers(Protocol):
    """Which notifiers are installed (:class:`pulp_notifiers.plugin_host.registry.Registry`)."""

    def knows(self, notifier_type: str) -> bool: ...
    def get(self, notifier_type: str) -> LoadedNotifier: ...


class Listeners:
    """The registered listeners.

    :param rows: where they are kept.
    :param notifiers: what may be registered, and which of its options are secret.
    :param reveal_secrets: show secrets in :meth:`shown_config`, as Pulp 2 did.
    :param changed: called after each change.
    """

    def __init__(
        self,
        rows: Rows,
        notifiers: Notifiers,
        reveal_secrets: bool = False,
        new_id: Callable[[], str] | None = None,
        clock: Callable[[], datetime] = utc_now,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._rows = rows
        self._notifiers = notifiers
        self._reveal_secrets = reveal_secrets
        self._new_id = new_id or ObjectIds(clock)
        self._clock = clock
        self._changed = changed

    def create(self, notifier_type: object, config: object, event_types: object) -> Listener:
        """Register a listener.

        An incomplete config is accepted, because Pulp 2's clients rely on it; the log says what is wrong with it.

        :param config: an object, or None for an empty one.
        :raises InvalidValue: the event types, the notifier type or the config cannot be accepted, in that order.
        """
        chosen = _checked_event_types(event_types)
        if not isinstance(notifier_type, str) or not self._notifiers.knows(notifier_type):
            raise InvalidValue(["notifier_type_id"], f"No notifier {notifier_type!r} is installed.")
        return self._added(Listener(self._new_id(), notifier_type, _checked_config(config), chosen))

    def register(
        self,
        notifier_type: str,
        config: Mapping[str, Any],
        event_types: Sequence[str],
        task_id: str | None = None,
        include: Sequence[str] = (),
    ) -> Listener:
        """Register a listener that can work.

        :param event_types: types or topic patterns.
        :param task_id: only events of this task; the listener removes itself when the task ends.
        :param include: what sources are asked to tell beyond what such events always carry, such as ``content``.
        :raises InvalidListener: with everything that is wrong.
        """
        problems = {"event_types": pattern_problems(event_types, task_id), _INCLUDE: include_problems(include)}
        if self._notifiers.knows(notifier_type):
            problems |= self._config_problems(notifier_type, config)
        else:
            problems["notifier_type"] = [f"No notifier {notifier_type!r} is installed."]
        _refuse(problems)
        made = Listener(self._new_id(), notifier_type, config, tuple(event_types), task_id, include=_once(include))
        return self._added(made)

    def amend(
        self,
        listener_id: str,
        config: Mapping[str, Any] | None = None,
        event_types: Sequence[str] | None = None,
        include: Sequence[str] | None = None,
    ) -> Listener:
        """Change a listener's config by a delta, and replace its lists; the result must be able to work.

        :param config: options to overwrite, or with None to remove; None leaves all as they are.
        :param event_types: the new types, or None to leave them.
        :param include: what sources are now asked to include, or None to leave that.
        :raises NoSuchListener: there is none of this id.
        :raises InvalidListener: with everything that is wrong; nothing is changed.
        """

        def change(found: Listener) -> Listener:
            patch = unmask(config or {}, self._secret_options(found, config or {}))
            merged = merge_config(found.config, patch)
            chosen = found.event_types if event_types is None else tuple(event_types)
            problems = {_INCLUDE: include_problems(include or ())}
            if event_types is not None:
                problems["event_types"] = pattern_problems(chosen, found.task_id)
            if config is not None:
                problems |= self._config_problems(found.notifier_type, merged)
            _refuse(problems)
            included = found.include if include is None else _once(include)
            return replace(found, config=merged, event_types=chosen, include=included)

        return self._amended(listener_id, change)

    def update(self, listener_id: str, config: object, event_types: object) -> Listener:
        """Change a listener's config by a delta, and replace its event types.

        :param config: an object to merge, or None to leave the config.
        :param event_types: the new types, or None to leave them.
        :raises NoSuchListener: there is none of this id.
        :raises InvalidValue: a value cannot be accepted; nothing is changed.
        """

        stored = self.get(listener_id)
        delta = _checked_config(config)
        patch = unmask(delta, self._secret_options(stored, {**delta, **stored.config}))
        chosen = None if event_types is None else _checked_event_types(event_types)

        def change(found: Listener) -> Listener:
            return replace(found, config=merge_config(found.config, patch), event_types=chosen or found.event_types)

        return self._amended(stored.id, change)

    def get(self, listener_id: str) -> Listener:
        """Return one listener.

        :raises NoSuchListener: there is none of this id, or it has not the form of one.
        """
        found = self._rows.get(_key(listener_id))
        if found is None or found.ended:
            raise NoSuchListener(listener_id)
        return found

    def list(self) -> Sequence[Listener]:
        """Return all listeners in the order of their creation."""
        return self._rows.all()[1]

    def delete(self, listener_id: str) -> None:
        """Remove a listener; what it is still owed becomes dead letters.

        :raises NoSuchListener: there is none of this id.
        """
        if not self._rows.delete(_key(listener_id), self._clock()):
            raise NoSuchListener(listener_id)
        self._changed()

    def shown_config(self, listener: Listener) -> dict[str, Any]:
        """Return a listener's config as it may leave the house: secrets read ``*****``."""
        if self._reveal_secrets:
            return dict(listener.config)
        return mask(listener.config, self._secret_options(listener, listener.config))

    def _added(self, listener: Listener) -> Listener:
        self._rows.add(listener)
        self._changed()
        self._remark(listener)
        return listener

    def _amended(self, listener_id: str, change: Callable[[Listener], Listener]) -> Listener:
        listener = self._rows.change(_key(listener_id), change)
        if listener is None:
            raise NoSuchListener(listener_id)
        self._changed()
        self._remark(listener)
        return listener

    def _config_problems(self, notifier_type: str, config: Mapping[str, Any]) -> Problems:
        try:
            return config_problems(self._notifiers.get(notifier_type), config)
        except NotifierUnavailable as unavailable:
            return {"notifier_type": [unavailable.reason]}

    def _secret_options(self, listener: Listener, config: Mapping[str, Any]) -> frozenset[str]:
        try:
            return self._notifiers.get(listener.notifier_type).secret_options(config)
        except NotifierUnavailable:
            # Nobody can say which options are secret, so all are.
            return frozenset(config)

    def _remark(self, listener: Listener) -> None:
        try:
            notifier = self._notifiers.get(listener.notifier_type)
            remarks = notifier.advice(notifier.parse(listener.config))
        except (InvalidConfig, NotifierUnavailable) as problem:
            remarks = (f"{str(problem).rstrip('.')}. Nothing will be delivered until that is corrected.",)
        secret_options = self._secret_options(listener, listener.config)
        for remark in (*remarks, *include_advice(listener.include)):
            _logger.warning("Listener %s: %s", listener.id, scrub(remark, listener.config, secret_options))


def _refuse(problems: Problems) -> None:
    found = {field: sentences for field, sentences in problems.items() if sentences}
    if found:
        raise InvalidListener(found)


def _once(include: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(include))


def _key(listener_id: str) -> str:
    # As an ObjectId it was read without regard to case; what has not its form is not even looked for.
    if not _ID.fullmatch(listener_id):
        raise NoSuchListener(listener_id)
    return listener_id.lower()


def _checked_event_types(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise InvalidValue(["event_types"], "event_types must be a list of at least one event type.")
    for item in value:
        if not isinstance(item, str) or item not in _ACCEPTED_EVENT_TYPES:
            allowed = ", ".join((*REPOSITORY_EVENT_TYPES, ANY_REPOSITORY_EVENT))
            raise InvalidValue(["event_types"], f"{item!r} is not an event type; there are: {allowed}.")
    return tuple(value)


def _checked_config(value: object) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise InvalidValue(["notifier_config"], "notifier_config must be an object.")
    flaw = unportable(value)
    if flaw:
        raise InvalidValue(["notifier_config"], flaw)
    return value
