"""The templates that there are: stored ones, those in files, and those of the notifiers."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Protocol

from ..errors import NoSuchTemplate, NotifierUnavailable
from ..plugin_host import InstalledPlugin, LoadedNotifier
from ..records import Template, is_name
from .shelf import Files, packaged_template

_NEAREST = 3
_MOST_NAMED = 10


class StoredTemplates(Protocol):
    """Stored templates (``pulp_notifiers.store``)."""

    def all(self) -> list[Template]: ...
    def get(self, name: str, /) -> Template | None: ...


class Notifiers(Protocol):
    """The installed notifiers (:class:`pulp_notifiers.plugin_host.NotifierRegistry`)."""

    def get(self, plugin_type: str, /) -> LoadedNotifier: ...
    def knows(self, plugin_type: str, /) -> bool: ...
    def installed(self) -> list[InstalledPlugin]: ...


class Catalogue:
    """Looks templates up by name. A stored one comes before one in files, and that before a notifier's own."""

    def __init__(self, stored: StoredTemplates, files: Files, notifiers: Notifiers) -> None:
        self._stored = stored
        self._files = files
        self._notifiers = notifiers

    def all(self) -> Sequence[Template]:
        """Return the templates that names mean, in the order of the names."""
        found = {**self.packaged(), **self._files.all(), **{each.name: each for each in self._stored.all()}}
        return [found[name] for name in sorted(found)]

    def get(self, name: str) -> Template:
        """Return the template that a name means.

        :raises NoSuchTemplate: there is none.
        """
        found = (self.stored(name) or self.beneath(name)) if is_name(name) else None
        if found is None:
            raise NoSuchTemplate(name)
        return found

    def stored(self, name: str) -> Template | None:
        """Return a stored template."""
        # No other name is looked for: PostgreSQL refuses some characters.
        return self._stored.get(name) if is_name(name) else None

    def beneath(self, name: str) -> Template | None:
        """Return the template that a name means if none is stored under it."""
        return self._files.get(name) or self.packaged().get(name)

    def packaged(self) -> Mapping[str, Template]:
        """Return the templates of the notifiers; of two with the same name, that of the first notifier."""
        found: dict[str, Template] = {}
        for plugin in self._notifiers.installed():
            try:
                notifier = self._notifiers.get(plugin.type)
                templates = [packaged_template(notifier, name) for name in notifier.packaged_templates()]
            except NotifierUnavailable:
                continue  # the list of notifiers says why
            for template in templates:
                if template is not None:
                    found.setdefault(template.name, template)
        return found

    def choice_problem(self, name: str, notifier_type: str) -> str | None:
        """Return why a listener of a notifier type cannot choose a template; None if it can."""
        wanted = self.present_type(notifier_type)
        known = self.all()
        of_type = [each.name for each in known if each.notifier_type == wanted]
        found = next((each for each in known if each.name == name), None)
        if found is None:
            return f"There is no template {name!r}.{_meant(name, of_type)}"
        if found.notifier_type != wanted:
            other = f"The template {name!r} is for the notifier {found.notifier_type}, not {wanted}."
            return f"{other}{_meant(name, of_type)}"
        return None

    def present_type(self, notifier_type: str) -> str:
        """Return a notifier's type; it may have been renamed since a listener was registered."""
        try:
            return self._notifiers.get(notifier_type).type
        except NotifierUnavailable:
            return notifier_type


def _meant(name: str, known: Sequence[str]) -> str:
    nearest = get_close_matches(name, known, _NEAREST, 0.6)
    if nearest:
        return f" Did you mean {' or '.join(nearest)}?"
    if not known:
        return " This notifier has none: create one first."
    return f" It can be {', '.join(known[:_MOST_NAMED])}{' and others' if len(known) > _MOST_NAMED else ''}."
