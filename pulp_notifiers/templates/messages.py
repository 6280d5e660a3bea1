"""What attempts need of templates: the rendered message, or the default with a line that says why."""

import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol

from ..event import Event
from ..notifier import SendContext
from ..plugin_host import LoadedNotifier
from ..records import ErrorKind, Listener, OwedDelivery, Template, TemplateOrigin
from ..templating import without_known_names
from .compiled import CompiledTemplate
from .facts import facts_of, info_of, stop_command
from .problems import InvalidParts, RenderFailed
from .shelf import Shelf, packaged_template

_MOST_REMEMBERED = 5000
_LONGEST_PROBLEM = 500

_logger = logging.getLogger(__name__)


class Errors(Protocol):
    """Counts and logs errors of listeners (:class:`pulp_notifiers.dispatch.ListenerErrorCounter`)."""

    def count(self, kind: ErrorKind, listener: Listener, event: Event, problem: str, /) -> None: ...


class Messages:
    """Renders messages from templates. Nothing that a template does makes an attempt fail.

    :param errors: counts what failed.
    """

    def __init__(self, shelf: Shelf, errors: Errors) -> None:
        self._shelf = shelf
        self._errors = errors
        self._counted: OrderedDict[int, None] = OrderedDict()
        self._lock = Lock()

    def prepare(self, listener: Listener, notifier: LoadedNotifier, config: Any, revision: int) -> "Prepared":
        """Return what renders the messages of a listener.

        :param config: the listener's parsed config.
        :param revision: the listener is as it is at this revision; templates at this or a later one.
        :raises StoreUnavailable: the template could not be read.
        :raises NotifierUnavailable: the notifier fails to say which templates it has.
        """
        default = notifier.default_template(config)
        name = listener.template or default
        if name is None or not notifier.takes_context:
            return Prepared(self, listener, notifier)
        fallback = self._default(notifier, default)
        template = self._shelf.find(name, notifier, revision)
        if template is None:
            return Prepared(self, listener, notifier, None, fallback, f"There is no template {name}.")
        if template.notifier_type != notifier.type:
            problem = f"It is for the notifier {template.notifier_type}, not {notifier.type}."
            return Prepared(self, listener, notifier, None, fallback, problem, name)
        try:
            usable = _Usable(template, self._shelf.compile(template, notifier))
        except InvalidParts as invalid:
            return Prepared(self, listener, notifier, None, fallback, _sentence(invalid), name)
        return Prepared(self, listener, notifier, usable, fallback, None, name)

    def templates_of(self, listener: Listener, notifier: LoadedNotifier, revision: int) -> list[Template]:
        """Return the templates that a listener's attempts may need, except the notifier's own.

        :raises StoreUnavailable: they could not be read.
        :raises NotifierUnavailable: the notifier fails to say which templates it has.
        """
        names = [listener.template] if listener.template else [*notifier.packaged_templates()]
        found = [self._shelf.find(name, notifier, revision) for name in names]
        return [each for each in found if each is not None and each.origin is not TemplateOrigin.PACKAGED]

    def _default(self, notifier: LoadedNotifier, name: str | None) -> "_Usable | None":
        packaged = None if name is None else packaged_template(notifier, name)
        if packaged is None:
            return None
        try:
            return _Usable(packaged, self._shelf.compile(packaged, notifier))
        except InvalidParts as invalid:
            _logger.debug("The %s notifier's own template %s cannot be used: %s", notifier.type, name, invalid)
            return None

    def failed(self, listener: Listener, delivery: OwedDelivery, problem: str) -> None:
        """Count that a listener's template failed for a delivery; a repeated attempt is not counted again."""
        with self._lock:
            if delivery.id in self._counted:
                return
            self._counted[delivery.id] = None
            while len(self._counted) > _MOST_REMEMBERED:
                self._counted.popitem(last=False)
        self._errors.count(ErrorKind.TEMPLATE, listener, delivery.event, problem)


@dataclass(frozen=True, slots=True)
class _Usable:
    """A template that can be rendered."""

    template: Template
    compiled: CompiledTemplate


class Prepared:
    """What renders the messages of one listener.

    :param usable: its template; None if it has none, or one that cannot be used.
    :param fallback: the notifier's own default.
    :param problem: why the template cannot be used.
    :param name: the template's name.
    """

    def __init__(
        self,
        messages: Messages,
        listener: Listener,
        notifier: LoadedNotifier,
        usable: _Usable | None = None,
        fallback: _Usable | None = None,
        problem: str | None = None,
        name: str | None = None,
    ) -> None:
        self._messages = messages
        self._listener = listener
        self._info = info_of(listener)
        self._notifier = notifier
        self._usable = usable
        self._fallback = fallback
        self._problem = problem
        self._name = name

    def context(self, delivery: OwedDelivery, target: str) -> SendContext:
        """Return the context of the next attempt of a delivery."""
        attempt = delivery.attempts + 1
        rendered, problem = None, self._problem
        facts: dict[str, Any] | None = None
        if self._usable is not None:
            facts = facts_of(delivery.event, self._info, target, attempt)
            rendered, problem = self._rendered(self._usable, facts)
        if problem is not None:
            which = f"Template {self._name}: " if self._name else ""
            problem = f"{which}{without_known_names(problem)}"[:_LONGEST_PROBLEM]
            self._messages.failed(self._listener, delivery, problem)
            problem = f"The template of this listener failed, so this is the default. {problem}"
            if self._fallback is not None and (
                self._usable is None or self._usable.template != self._fallback.template
            ):
                facts = facts or facts_of(delivery.event, self._info, target, attempt)
                rendered, _ = self._rendered(self._fallback, facts)
        return SendContext(delivery.id, attempt, self._info, rendered, problem, stop_command(self._info))

    def _rendered(self, usable: _Usable, facts: Mapping[str, Any]) -> tuple[dict[str, Any] | None, str | None]:
        try:
            rendered = usable.compiled.render(facts)
        except RenderFailed as failed:
            return None, str(failed)
        problem = self._notifier.rendered_problem(rendered)
        return (rendered, None) if problem is None else (None, problem)


def _sentence(invalid: InvalidParts) -> str:
    return " ".join(map(str, invalid.found))
