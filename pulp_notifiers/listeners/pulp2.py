"""Pulp 2's rules for listeners: three properties, and any config is accepted (CONTRACT 1.4 and 1.5)."""

from collections.abc import Mapping
from typing import Any

from ..encoding import unportable
from ..errors import InvalidValue
from ..event import ANY_REPOSITORY_EVENT, REPOSITORY_EVENT_TYPES
from ..plugin_host import not_installed
from ..records import Listener, ListenerChange, ListenerDraft
from .registered import RegisteredListeners

_ACCEPTED_EVENT_TYPES = frozenset((*REPOSITORY_EVENT_TYPES, ANY_REPOSITORY_EVENT))


class Pulp2Listeners(RegisteredListeners):
    """Registers and changes listeners from values of any type, as found in JSON; reports the first problem."""

    def create(self, notifier_type: object, config: object, event_types: object) -> Listener:
        """Register a listener.

        An incomplete config is accepted, because Pulp 2's clients rely on that; the log says what is wrong.

        :param config: an object; None means an empty one.
        :raises InvalidValue: the event types, the notifier type or the config cannot be accepted, in that order.
        """
        chosen = _checked_event_types(event_types)
        if not isinstance(notifier_type, str) or not self._plugins.knows(notifier_type):
            raise InvalidValue(["notifier_type_id"], not_installed("notifier", notifier_type))
        return self._added(ListenerDraft(notifier_type, _checked_config(config), chosen))

    def update(self, listener_id: str, config: object, event_types: object, keep_secrets: bool = False) -> Listener:
        """Change a listener: merge its config, replace its event types.

        Secrets that would go elsewhere are removed, as by the product's own rules; not with ``reveal_secrets``.

        :param config: an object to merge; None leaves the config unchanged.
        :param event_types: the new types; None leaves them unchanged.
        :param keep_secrets: keep them wherever they go, for callers that could read them anyway.
        :raises NoSuchListener: no listener has this id.
        :raises InvalidValue: a value cannot be accepted; nothing is changed.
        """
        stored = self.get(listener_id)
        patch = _checked_config(config)
        chosen = None if event_types is None else _checked_event_types(event_types)
        # reveal_secrets asks for Pulp 2's behaviour: whatever a change does not name stays, wherever it is sent.
        keep_secrets = keep_secrets or self._reveal_secrets
        return self._changed_to(stored.id, ListenerChange(patch, chosen), keep_secrets=keep_secrets)


def _checked_event_types(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not value:
        raise InvalidValue(["event_types"], "event_types must be a list of at least one event type.")
    for item in value:
        if not isinstance(item, str) or item not in _ACCEPTED_EVENT_TYPES:
            allowed = ", ".join((*REPOSITORY_EVENT_TYPES, ANY_REPOSITORY_EVENT))
            raise InvalidValue(["event_types"], f"{item!r} is not an event type; use one of: {allowed}.")
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
