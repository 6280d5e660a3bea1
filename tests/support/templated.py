"""A notifier with templates, and the parts around it, for tests of templates."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pulp_notifiers.errors import NotifierUnavailable
from pulp_notifiers.event import Event
from pulp_notifiers.notifier import Notifier, NotifierConfig, PackagedTemplate, PartForm, SendContext
from pulp_notifiers.plugin_host import InstalledPlugin, LoadedNotifier
from pulp_notifiers.records import Listener, Template

LISTENER = Listener("post", {}, ("#",), name="nights", labels={"team": "ops"}, id="5f0c1e2d3a4b5c6d7e8f9012")


class Post(Notifier[NotifierConfig]):
    """Has a part of every form, and a default template."""

    Config = NotifierConfig
    template_parts = {
        "subject": PartForm.LINE,
        "text": PartForm.TEXT,
        "html": PartForm.HTML,
        "json": PartForm.JSON,
        "headers": PartForm.LINES,
    }

    def __init__(self) -> None:
        self.sent: list[tuple[Event, str, SendContext]] = []

    def packaged_templates(self) -> Mapping[str, PackagedTemplate]:
        """Return the default."""
        return {"post": PackagedTemplate({"subject": "default {{ event.type }}"}, "The default.")}

    def default_template(self, config: Any) -> str | None:
        """Return the default's name."""
        return "post"

    def template_problems(self, parts: Mapping[str, Any]) -> Mapping[str, str]:
        """Refuse two bodies."""
        return {"json": "Write text or json."} if {"text", "json"} <= {*parts} else {}

    def rendered_problem(self, rendered: Mapping[str, Any]) -> str | None:
        """Refuse an empty subject."""
        return "The subject is empty." if rendered.get("subject") == "" else None

    def send(self, event: Event, config: Any, target: str, *, context: SendContext) -> None:
        """Keep what was sent."""
        self.sent.append((event, target, context))


class Plain(Notifier[NotifierConfig]):
    """Has no templates."""

    Config = NotifierConfig

    def send(self, event: Event, config: Any, target: str) -> None:
        """Send nothing."""


class Bare(Post):
    """Has templates, and no default."""

    def packaged_templates(self) -> Mapping[str, PackagedTemplate]:
        """Return none."""
        return {}

    def default_template(self, config: Any) -> str | None:
        """Return none."""
        return None


class Notifiers:
    """Loaded notifiers by type."""

    def __init__(self, **notifiers: type[Notifier[Any]]) -> None:
        given = notifiers or {"post": Post, "plain": Plain, "bare": Bare}
        self.loaded = {name: LoadedNotifier(name, notifier) for name, notifier in given.items()}

    def get(self, plugin_type: str) -> LoadedNotifier:
        """Return one."""
        if plugin_type not in self.loaded:
            raise NotifierUnavailable(plugin_type, f"No notifier {plugin_type!r} is installed.")
        return self.loaded[plugin_type]

    def knows(self, plugin_type: str) -> bool:
        """Return whether there is one."""
        return plugin_type in self.loaded

    def installed(self) -> list[InstalledPlugin]:
        """Return all."""
        return [InstalledPlugin(name, "tests", "1", "", None) for name in self.loaded]


class TemplateTable:
    """Stores templates in memory, as the database would.

    :ivar users: names of the listeners that use a template.
    :ivar reads: the names that were read.
    """

    def __init__(self, *templates: Template) -> None:
        self.rows = {each.name: each for each in templates}
        self.users: dict[str, Sequence[str]] = {}
        self.reads: list[str] = []

    def all(self) -> list[Template]:
        """Return all by name."""
        return [self.rows[name] for name in sorted(self.rows)]

    def get(self, name: str) -> Template | None:
        """Return a copy of one."""
        self.reads.append(name)
        found = self.rows.get(name)
        return None if found is None else replace(found)

    def add(self, template: Template, answer: object = None) -> bool:
        """Store a new one."""
        if template.name in self.rows:
            return False
        self.rows[template.name] = template
        return True

    def change(self, name, change):
        """Replace one."""
        if name not in self.rows:
            return None
        self.rows[name] = change(self.rows[name])
        return self.rows[name]

    def delete(self, name, check):
        """Delete one."""
        if name not in self.rows:
            return False
        check(self.rows[name], self.users.get(name, ()))
        del self.rows[name]
        return True
