"""Templates, and the forms of their parts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


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
class Template:
    """Named texts from which messages are rendered.

    :ivar parts: name of a part, as the notifier declares it, to its text; a JSON value if the part's form is ``json``,
        and an object of texts if it is ``lines``.
    :ivar created_at: None unless it is stored; the same for ``changed_at``.
    """

    name: str
    notifier_type: str
    parts: Mapping[str, Any]
    description: str = ""
    created_at: datetime | None = None
    changed_at: datetime | None = None
    origin: TemplateOrigin = field(default=TemplateOrigin.STORED)
