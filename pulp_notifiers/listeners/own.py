"""The rules of the product's own API: patterns, task events, single tasks, and only configs that can work."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..errors import InvalidListener, NotifierUnavailable
from ..options import merge_config, with_dropped
from ..plugin_host import not_installed
from ..records import Listener, ListenerChange, ListenerDraft
from .checks import Problems, config_problems, include_problems, pattern_problems
from .local_receivers import LocalReceivers
from .registered import Precondition, RegisteredListeners

_INCLUDE = "source_options.include"


class OwnListeners(RegisteredListeners):
    """Registers and changes listeners; reports all problems at once.

    :param local_receivers: the rule for hosts that are the service's own machine; by default they are allowed.
    :param max_targets: how many targets a listener may have when it is registered or its config is changed.
    """

    def __init__(
        self,
        *arguments: Any,
        local_receivers: LocalReceivers | None = None,
        max_targets: int = 1000,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self._max_targets = max_targets
        self._local_receivers = local_receivers or LocalReceivers(allowed=True)

    def create(self, draft: ListenerDraft) -> Listener:
        """Register a listener; one with a ``task_id`` is removed when the task has ended.

        :raises InvalidListener: lists everything that is wrong.
        """
        problems = {
            "event_types": pattern_problems(draft.event_types, draft.task_id),
            _INCLUDE: include_problems(draft.include),
        }
        if self._plugins.knows(draft.notifier_type):
            problems |= self._local_problems(draft.notifier_type, draft.config)
            problems |= self._config_problems(draft.notifier_type, draft.config)
        else:
            problems["notifier_type"] = [not_installed("notifier", draft.notifier_type)]
        _refuse(problems)
        return self._added(replace(draft, include=_once(draft.include)))

    def update(self, listener_id: str, change: ListenerChange, precondition: Precondition | None = None) -> Listener:
        """Change a listener. A secret that is absent, or given as ``*****``, stays; but not if it would go elsewhere.

        ``dropped_secrets`` of the result names the secrets that were removed for that reason.

        :param precondition: called with the stored listener; if it raises, nothing is changed.
        :raises NoSuchListener: no listener has this id.
        :raises InvalidListener: lists everything that is wrong; nothing is changed.
        """
        # Before the transaction, because it may ask the name server.
        local = self._local_problems_after(self.get(listener_id), change)

        def check(result: Listener) -> None:
            problems = {_INCLUDE: include_problems(change.include or ()), **local}
            if change.event_types is not None:
                problems["event_types"] = pattern_problems(result.event_types, result.task_id)
            if change.config is not None:
                problems |= with_dropped(
                    self._config_problems(result.notifier_type, result.config), result.dropped_secrets
                )
            _refuse(problems)

        include = None if change.include is None else _once(change.include)
        return self._changed_to(listener_id, replace(change, include=include), check, precondition=precondition)

    def _local_problems_after(self, stored: Listener, change: ListenerChange) -> Problems:
        if change.config is None:
            return {}
        return self._local_problems(stored.notifier_type, merge_config(stored.config, change.config))

    def _local_problems(self, notifier_type: str, config: Mapping[str, Any]) -> Problems:
        try:
            return self._local_receivers.problems(self._plugins.get(notifier_type), config)
        except NotifierUnavailable:
            return {}  # another check reports it

    def _config_problems(self, notifier_type: str, config: Mapping[str, Any]) -> Problems:
        try:
            return config_problems(self._plugins.get(notifier_type), config, self._max_targets)
        except NotifierUnavailable as unavailable:
            return {"notifier_type": [unavailable.reason]}


def _refuse(problems: Problems) -> None:
    found = {field: sentences for field, sentences in problems.items() if sentences}
    if found:
        raise InvalidListener(found)


def _once(include: tuple[str, ...]) -> tuple[str, ...]:
    # The checks refuse whatever is not text, and that may not be hashable.
    return tuple(dict.fromkeys(include)) if all(isinstance(name, str) for name in include) else include
