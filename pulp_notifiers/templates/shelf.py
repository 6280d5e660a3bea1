"""Which template a name means: a stored one, else one in files, else the notifier's own."""

from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Protocol

from ..plugin_host import LoadedNotifier
from ..records import Template, TemplateOrigin
from .compiled import CompiledTemplate
from .parts import compile_parts
from .problems import InvalidParts, PartProblem

_MOST_REMEMBERED = 1000


class Notifiers(Protocol):
    """The installed notifiers (:class:`pulp_notifiers.plugin_host.NotifierRegistry`)."""

    def get(self, plugin_type: str, /) -> LoadedNotifier: ...


class Files(Protocol):
    """Templates in files (:class:`.files.FileTemplates`)."""

    def all(self) -> Mapping[str, Template]: ...
    def get(self, name: str, /) -> Template | None: ...


def packaged_template(notifier: LoadedNotifier, name: str) -> Template | None:
    """Return a template of a notifier's distribution.

    :raises NotifierUnavailable: the notifier fails to return its templates.
    """
    found = notifier.packaged_templates().get(name)
    if found is None:
        return None
    return Template(name, notifier.type, found.parts, found.description, origin=TemplateOrigin.PACKAGED)


def compiled(parts: Mapping[str, Any], notifier: LoadedNotifier) -> CompiledTemplate:
    """Return the parts of a template compiled for a notifier, with the notifier's own rules.

    :raises InvalidParts: lists everything that is wrong.
    :raises NotifierUnavailable: the notifier declares its parts wrongly, or fails to judge them.
    """
    made = compile_parts(parts, notifier.template_parts())
    problems = notifier.template_problems(parts)
    if problems:
        raise InvalidParts([PartProblem(part, said) for part, said in problems.items()])
    return made


class Shelf:
    """Finds templates for attempts, and remembers what was read and compiled.

    :param stored: returns a stored template by name.
    """

    def __init__(self, stored: Callable[[str], Template | None], files: Files) -> None:
        self._stored = stored
        self._files = files
        self._read: dict[str, tuple[int, Template | None]] = {}
        self._compiled: dict[tuple[str, str, TemplateOrigin], tuple[Template, CompiledTemplate | InvalidParts]] = {}
        self._lock = Lock()

    def find(self, name: str, notifier: LoadedNotifier, revision: int) -> Template | None:
        """Return the template that a name means for a notifier; None if there is none.

        One for another notifier does not count, unless there is no other.

        :param revision: stored templates are used as they are at this revision of the listeners, or later.
        :raises StoreUnavailable: it could not be read.
        :raises NotifierUnavailable: the notifier fails to return its own templates.
        """
        stored, in_file = self._stored_at(name, revision), self._files.get(name)
        for found in (stored, in_file):
            if found is not None and found.notifier_type == notifier.type:
                return found
        return packaged_template(notifier, name) or stored or in_file

    def compile(self, template: Template, notifier: LoadedNotifier) -> CompiledTemplate:
        """Return a template compiled, once for each change of it.

        :raises InvalidParts: it cannot be used: it was written for another release, or stored by other means.
        :raises NotifierUnavailable: as for :func:`compiled`.
        """
        key = notifier.type, template.name, template.origin
        known = self._compiled.get(key)
        if known is None or known[0] != template:
            known = template, self._tried(template, notifier)
            with self._lock:
                if len(self._compiled) >= _MOST_REMEMBERED:
                    del self._compiled[next(iter(self._compiled))]
                self._compiled[key] = known
        if isinstance(known[1], InvalidParts):
            raise known[1].with_traceback(None)
        return known[1]

    def _tried(self, template: Template, notifier: LoadedNotifier) -> CompiledTemplate | InvalidParts:
        try:
            return compiled(template.parts, notifier)
        except InvalidParts as invalid:
            return invalid

    def _stored_at(self, name: str, revision: int) -> Template | None:
        known = self._read.get(name)
        if known is not None and known[0] >= revision:
            return known[1]
        found = self._stored(name)
        with self._lock:
            self._read.pop(name, None)
            if len(self._read) >= _MOST_REMEMBERED:
                del self._read[next(iter(self._read))]
            self._read[name] = revision, found
        return found
