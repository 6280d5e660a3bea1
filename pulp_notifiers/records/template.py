"""Templates, and the forms of their parts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

ANY_TYPE = "#"
"""The pattern that matches every event type."""


class PartForm(StrEnum):
    """What the text of a template's part becomes."""

    TEXT = "text"
    """Text of any number of lines."""
    HTML = "html"
    """HTML; values are escaped."""
    LINE = "line"
    """One line, such as a subject or a routing key."""
    JSON = "json"
    """A JSON document whose texts, except keys, are templates."""
    LINES = "lines"
    """An object of names, such as those of headers, each with the template of a line."""


class TemplateOrigin(StrEnum):
    """Where a template comes from; the first of these that has a name is used."""

    STORED = "stored"
    FILE = "file"
    """A folder in ``[notifiers] template_dir``."""
    PACKAGED = "packaged"
    """The notifier's own."""


@dataclass(frozen=True, slots=True)
class PackagedTemplate:
    """A template that belongs to a notifier's distribution.

    :ivar parts: as in :class:`Template`.
    """

    parts: Mapping[str, Any]
    description: str = ""


@dataclass(frozen=True, slots=True)
class TemplateDraft:
    """A template that is to be created.

    :ivar parts: name of a part, as the notifier declares it, to its text; a JSON value if the part's form is ``json``,
        and an object of texts if it is ``lines``.
    :ivar event_types: types or patterns of the events for which it is written: those against whose samples it is
        checked.
    """

    name: str
    notifier_type: str
    parts: Mapping[str, Any]
    description: str = ""
    event_types: tuple[str, ...] = (ANY_TYPE,)


@dataclass(frozen=True, slots=True)
class Template(TemplateDraft):
    """Named texts from which messages are rendered.

    :ivar created_at: None unless it is stored; the same for ``changed_at``.
    """

    origin: TemplateOrigin = field(default=TemplateOrigin.STORED, kw_only=True)
    created_at: datetime | None = field(default=None, kw_only=True)
    changed_at: datetime | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class TemplateChange:
    """A change of a template; None leaves a field unchanged.

    :ivar parts: parts to replace; one with None is removed.
    """

    parts: Mapping[str, Any] | None = None
    description: str | None = None
    event_types: tuple[str, ...] | None = None

    def parts_of(self, template: TemplateDraft) -> dict[str, Any]:
        """Return the parts after the change."""
        changed = {**template.parts, **(self.parts or {})}
        return {name: value for name, value in changed.items() if value is not None}
