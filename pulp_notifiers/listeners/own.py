"""The rules of the product's own API: patterns, task events, single tasks, and only configs that can work."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from ..encoding import unportable
from ..errors import InvalidListener, NameTaken, NotifierUnavailable
from ..options import merge_config, with_dropped
from ..plugin_host import all_problems, not_installed
from ..records import (
    ErrorKind,
    Listener,
    ListenerChange,
    ListenerDraft,
    ListenerErrors,
    description_problem,
    outdated_errors,
)
from .checks import NO_PROBLEMS, Problems, config_problems, include_problems, pattern_advice, pattern_problems
from .conditions import condition_advice, condition_problems
from .local_receivers import LocalReceivers
from .naming import label_problems, name_problems, taken_name
from .registered import Answered, Precondition, RegisteredListeners, not_kept

_INCLUDE = "source_options.include"

TemplateProblems = Callable[[str, str], Sequence[str]]


class Errors(Protocol):
    """What failed on listeners apart from their deliveries (:class:`pulp_notifiers.dispatch.ListenerErrorCounter`)."""

    def of(self, listener_ids: Collection[str], /) -> Sequence[ListenerErrors]: ...
    def forget(self, listener_id: str, kinds: Iterable[ErrorKind], /) -> None: ...


class NoErrors:
    """Stands for them if nobody counts."""

    def of(self, _listener_ids: Collection[str]) -> Sequence[ListenerErrors]:
        """Return nothing."""
        return ()

    def forget(self, _listener_id: str, _kinds: Iterable[ErrorKind]) -> None:
        """Do nothing."""


def no_templates(_notifier_type: str, template: str) -> Sequence[str]:
    """Refuse any template, if there are none."""
    return [f"There is no template named {template!r}."]


class OwnListeners(RegisteredListeners):
    """Registers and changes listeners; reports all problems at once.

    :param local_receivers: the rule for hosts that are the service's own machine; by default they are allowed.
    :param max_targets: how many targets a listener may have when it is registered or its config is changed.
    :param template_problems: returns what is wrong with the choice of a template, from a notifier type and a name.
    :param errors: knows what failed on listeners.
    """

    def __init__(
        self,
        *arguments: Any,
        local_receivers: LocalReceivers | None = None,
        max_targets: int = 1000,
        template_problems: TemplateProblems = no_templates,
        errors: Errors | None = None,
        **options: Any,
    ) -> None:
        super().__init__(*arguments, **options)
        self._template_problems = template_problems
        self._errors = errors or NoErrors()
        self._max_targets = max_targets
        self._local_receivers = local_receivers or LocalReceivers(allowed=True)

    def create(self, draft: ListenerDraft, answer: Answered = not_kept, found: Problems = NO_PROBLEMS) -> Listener:
        """Register a listener; one with a ``task_id`` is removed when the task has ended.

        Options that it lacks are added, if the notifier says so.

        :param found: what the caller found wrong already; then nothing is registered.
        :param answer: returns what to keep in the same transaction, for requests that may be repeated.
        :raises KeyTaken: an answer to the same request is kept already; nothing is written.
        :raises InvalidListener: lists everything that is wrong.
        """
        draft = replace(draft, when=draft.when or None, template=draft.template or None)
        problems = {
            **self._face_problems(draft),
            "when": condition_problems(draft),
            "event_types": pattern_problems(draft.event_types, draft.task_id),
            _INCLUDE: include_problems(draft.include),
        }
        if draft.template:
            problems["template"] = self._unusable_template(draft.notifier_type, draft.template)
        if self._plugins.knows(draft.notifier_type):
            draft = self._with_initial_config(draft)
            problems |= self._local_problems(draft.notifier_type, draft.config)
            problems |= self._config_problems(draft.notifier_type, draft.config)
        else:
            problems["notifier_type"] = [not_installed("notifier", draft.notifier_type)]
        _refuse(all_problems(problems, found))
        try:
            return self._added(replace(draft, include=_once(draft.include)), answer)
        except NameTaken as taken:  # since it was looked up
            raise InvalidListener({"name": taken_name(taken.name)}) from None

    def update(
        self,
        listener_id: str,
        change: ListenerChange,
        precondition: Precondition | None = None,
        found: Problems = NO_PROBLEMS,
    ) -> Listener:
        """Change a listener. A secret that is absent, or given as ``*****``, stays; but not if it would go elsewhere.

        ``dropped_secrets`` of the result names the secrets that were removed for that reason.

        :param found: what the caller found wrong already; then nothing is changed.
        :param precondition: called with the stored listener; if it raises, nothing is changed.
        :raises NoSuchListener: no listener has this id.
        :raises InvalidListener: lists everything that is wrong; nothing is changed.
        """
        # Before the transaction, because it asks the name server and reads further rows.
        stored = self.get(listener_id)
        known = {
            _INCLUDE: include_problems(change.include or ()),
            **self._local_problems_after(stored, change),
            **self._face_problems(change, stored),
        }
        if change.template:
            known["template"] = self._unusable_template(stored.notifier_type, change.template)

        def check(result: Listener) -> None:
            problems = dict(known)
            if change.event_types is not None:
                problems["event_types"] = pattern_problems(result.event_types, result.task_id)
            problems["when"] = _condition_problems_after(result, change)
            if change.config is not None:
                problems |= with_dropped(
                    self._config_problems(result.notifier_type, result.config), result.dropped_secrets
                )
            _refuse(all_problems(problems, found))

        include = None if change.include is None else _once(change.include)
        try:
            changed = self._changed_to(listener_id, replace(change, include=include), check, precondition=precondition)
            self._errors.forget(changed.id, outdated_errors(stored, changed))
            return changed
        except NameTaken as taken:  # since it was looked up
            raise InvalidListener({"name": taken_name(taken.name)}) from None

    def _face_problems(self, given: ListenerDraft | ListenerChange, stored: Listener | None = None) -> Problems:
        """Return what is wrong with name, description, labels and whether it is enabled, as far as they are given."""
        found = {}
        if given.name is not None:
            found["name"] = name_problems(given.name) or self._taken(given.name, stored)
        if given.description is not None:
            problem = description_problem(given.description)
            found["description"] = [] if problem is None else [problem]
        if given.labels is not None:
            found["labels"] = label_problems(given.labels)
        if given.enabled is not None and not isinstance(given.enabled, bool):
            found["enabled"] = ["Write true or false."]
        return found

    def _unusable_template(self, notifier_type: str, template: str) -> list[str]:
        flaw = unportable(template)
        return [flaw] if flaw else [*self._template_problems(notifier_type, template)]

    def _taken(self, name: str, stored: Listener | None) -> list[str]:
        other = self._rows.named(name)
        return [] if other is None or (stored is not None and other.id == stored.id) else taken_name(name)

    def errors(self, *listeners: Listener) -> Mapping[tuple[str, ErrorKind], ListenerErrors]:
        """Return what failed on listeners apart from their deliveries, by id and kind."""
        return {(each.listener_id, each.kind): each for each in self._errors.of([one.id for one in listeners])}

    def warnings(self, listener: Listener) -> Sequence[str]:
        """Return what may not be meant in a listener's event types and condition."""
        return (*pattern_advice(listener.event_types), *condition_advice(listener))

    def _with_initial_config(self, draft: ListenerDraft) -> ListenerDraft:
        try:
            initial = self._plugins.get(draft.notifier_type).initial_config
        except NotifierUnavailable:
            return draft  # another check reports it
        return replace(draft, config={**draft.config, **{k: v for k, v in initial.items() if k not in draft.config}})

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


def _condition_problems_after(result: Listener, change: ListenerChange) -> list[str]:
    """Return what is wrong with the condition of a changed listener, if the change can make it wrong."""
    if change.when is None and change.event_types is None and change.labels is None:
        return []
    return condition_problems(result)


def _refuse(problems: Problems) -> None:
    found = {field: sentences for field, sentences in problems.items() if sentences}
    if found:
        raise InvalidListener(found)


def _once(include: tuple[str, ...]) -> tuple[str, ...]:
    # The checks refuse whatever is not text, and that may not be hashable.
    return tuple(dict.fromkeys(include)) if all(isinstance(name, str) for name in include) else include
