"""Reference text about events, generated from the catalogue; functions return lines of reStructuredText."""

from collections.abc import Iterable

from reference_text import table_lines

from pulp_notifiers.event_types import ABOUT_SCHEMA, Field, event_type, fields, known_types

PARTS = {"payload": "payload", "report": "call_report"}


def event_type_lines() -> list[str]:
    """Return the table of the event types."""
    rows = ((f"``{known.name}``", known.description, str(len(known.samples))) for known in known_types())
    return table_lines("26 62 12", [("Type", "Fired when", "Samples"), *rows])


def event_field_lines(name: str, part: str) -> list[str]:
    """Return the table of the fields of ``payload`` or ``report`` in events of a type."""
    schema = event_type(name).schema["properties"][PARTS[part]]
    return _field_table(fields(schema, part))


def about_lines() -> list[str]:
    """Return the table of the fields of ``about``."""
    return _field_table(fields(ABOUT_SCHEMA, "about"))


def _field_table(found: Iterable[Field]) -> list[str]:
    rows = ((f"``{field.path}``", field.kind, field.description) for field in found)
    return table_lines("34 18 48", [("Field", "Type", "Meaning"), *rows])
