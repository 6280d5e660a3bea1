"""The event types that are known, with schema and samples; read from the package when they are first asked for."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from uuid import UUID

from ..event import Event, matches_any
from .descriptions import DESCRIPTIONS
from .schemas import schema_of


class UnknownEventType(LookupError):
    """The catalogue has no such event type, or the type has no such sample."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A recorded event.

    :ivar name: unique among those of its type, such as ``pulp3-failed-404``.
    :ivar description: what is special about it.
    """

    name: str
    description: str
    event: Event


@dataclass(frozen=True, slots=True)
class EventType:
    """A type of events that the product's own sources fire.

    :ivar description: when it is fired.
    """

    name: str
    description: str

    @property
    def schema(self) -> Mapping[str, Any]:
        """JSON Schema of the body that receivers get (CONTRACT 2.2)."""
        return schema_of(self.name)

    @property
    def samples(self) -> Sequence[Sample]:
        """Recorded events, the most common one first."""
        return _samples(self.name)


def known_types() -> Sequence[EventType]:
    """Return all event types of the catalogue."""
    return tuple(EventType(name, description) for name, description in DESCRIPTIONS.items())


def event_type(name: str) -> EventType:
    """Return the event type with a name.

    :raises UnknownEventType: the catalogue does not have it.
    """
    if name not in DESCRIPTIONS:
        raise UnknownEventType(f"{name} is not in the catalogue of event types. It has {', '.join(DESCRIPTIONS)}.")
    return EventType(name, DESCRIPTIONS[name])


def matching(patterns: Iterable[str]) -> Sequence[EventType]:
    """Return the known event types that at least one of a listener's patterns matches."""
    given = list(patterns)
    return tuple(known for known in known_types() if matches_any(given, known.name))


def sample(type_name: str, name: str | None = None) -> Sample:
    """Return a sample of an event type; by default the most common one.

    :raises UnknownEventType: there is no such type or sample.
    """
    found = event_type(type_name).samples
    if name is None:
        return found[0]
    for one in found:
        if one.name == name:
            return one
    raise UnknownEventType(f"{type_name} has no sample {name}. It has {', '.join(one.name for one in found)}.")


@cache
def _samples(type_name: str) -> Sequence[Sample]:
    text = files(__package__).joinpath("samples", f"{type_name}.json").read_text(encoding="utf-8")
    return tuple(_read(entry) for entry in json.loads(text))


def _read(entry: Mapping[str, Any]) -> Sample:
    body = entry["body"]
    occurred_at = datetime.fromisoformat(entry["occurred_at"])
    event = Event(
        body["event_type"], body["payload"], body["call_report"], UUID(entry["id"]), occurred_at, entry["source"]
    )
    return Sample(entry["name"], entry["description"], event)
