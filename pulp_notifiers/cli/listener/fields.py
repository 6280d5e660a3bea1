"""Options for a listener's own fields, and the document that is made of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import click

from ... import listener_fields
from ..labels import Label

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_SHORTHANDS = {
    "only_failures": "only_failures",
    "only_changes": "only_changes",
    "repo": "repositories",
    "domain": "domains",
    "server": "servers",
}
"""Option to what :class:`.Shorthands` calls it."""


@dataclass(frozen=True, slots=True)
class ListenerFields:
    """What a command line says about a listener, apart from its notifier; None and empty for what it does not say.

    :ivar labels: an empty value removes a label in an update.
    :ivar when: the further condition beside the shorthands; empty text removes the condition in an update.
    :ivar shorthands: those that are given, with the names of :class:`.Shorthands`.
    """

    event_types: tuple[str, ...]
    labels: Mapping[str, str]
    include: tuple[str, ...]
    when: str | None
    shorthands: Mapping[str, Any]
    others: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, given: dict[str, Any]) -> "ListenerFields":
        """Return the fields among a command's arguments, which are removed there."""
        return cls(
            event_types=given.pop("event_types"),
            labels=dict(given.pop("labels")),
            include=given.pop("include"),
            when=given.pop("when"),
            shorthands={name: value for option, name in _SHORTHANDS.items() if (value := given.pop(option))},
            others={name: given.pop(name) for name in ("name", "description", "template", "enabled")},
        )

    def document(self) -> dict[str, Any]:
        """Return the fields of a new listener.

        :raises UsageError: it is not said which events it gets.
        """
        event_types, when = self._events(self.event_types)
        if not event_types:
            raise click.UsageError(
                "Missing option '--event-type'. Give the event types, or --only-failures or --only-changes."
            )
        return {
            "event_types": list(event_types),
            **({"when": when} if when else {}),
            **({"labels": dict(self.labels)} if self.labels else {}),
            **self._source_options(),
            **{name: value for name, value in self.others.items() if value is not None},
        }

    def needs_stored(self) -> bool:
        """Return whether a change depends on the listener as it is."""
        return bool(self.labels) or (bool(self.shorthands) and not self.event_types)

    def changes(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """Return the changes of a listener.

        :param stored: the listener as it is; not read unless :meth:`needs_stored`.
        """
        found = {name: value for name, value in self.others.items() if value is not None}
        if found.get("template") == "":
            found["template"] = None
        if self.event_types:
            found["event_types"] = list(self.event_types)
        if self.shorthands or self.when is not None:
            found["when"] = self._events(self.event_types or stored.get("event_types", ()))[1]
        if self.labels:
            labels = {**stored["labels"], **self.labels}
            removed = [key for key, value in self.labels.items() if not value]
            found["labels"] = {key: value for key, value in labels.items() if key not in removed}
        return {**found, **self._source_options()}

    def made(self, when: str | None) -> str | None:
        """Return the condition that was sent, if the shorthands made it and nobody has seen it."""
        return when if self.shorthands else None

    def _events(self, event_types: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
        """Return event types and condition."""
        when = self.when if self.when and self.when.strip() else None
        if not self.shorthands:
            return tuple(event_types), when
        from .shorthands import InvalidShorthand, Shorthands

        try:
            return Shorthands(**self.shorthands).applied(tuple(event_types), when)
        except InvalidShorthand as problem:
            raise click.UsageError(str(problem)) from None

    def _source_options(self) -> dict[str, Any]:
        return {"source_options": {"include": [name for name in self.include if name]}} if self.include else {}


def field_options(command: FunctionT) -> FunctionT:
    """Add the options from which :class:`ListenerFields` are made."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "event_types",
        "--event-type",
        multiple=True,
        help=f"{listener_fields.EVENT_TYPES} May be given several times.",
    ),
    click.option(
        "--only-failures",
        is_flag=True,
        help="Only syncs, publications and tasks that failed; without --event-type, failed syncs and publications.",
    ),
    click.option(
        "--only-changes",
        is_flag=True,
        help="Only syncs that changed something, publications, and new versions; without --event-type, syncs and new "
        "versions. With --only-failures, either.",
    ),
    click.option(
        "--repo",
        metavar="GLOB",
        multiple=True,
        help="Only of this repository, or of those that match, such as 'prod-*'. May be given several times.",
    ),
    click.option(
        "--domain",
        metavar="GLOB",
        multiple=True,
        help="Only in this domain of Pulp 3, or in those that match. May be given several times.",
    ),
    click.option(
        "--server",
        metavar="NAME",
        multiple=True,
        help="Only of this server, as events and mails name it. May be given several times.",
    ),
    click.option(
        "--when",
        metavar="EXPRESSION",
        help=f'{listener_fields.WHEN} Such as "{listener_fields.CONDITION}". What the options above ask must be true '
        "too. In an update, an empty one removes the condition.",
    ),
    click.option("--name", help=listener_fields.NAME),
    click.option("--description", help=listener_fields.DESCRIPTION),
    click.option(
        "labels",
        "--label",
        type=Label(),
        multiple=True,
        help=f"{listener_fields.LABELS} May be given several times. In an update, KEY= removes a label.",
    ),
    click.option("--template", metavar="NAME", help=f"{listener_fields.TEMPLATE} In an update, an empty one is that."),
    click.option("--enabled/--disabled", default=None, help=listener_fields.ENABLED),
    click.option(
        "--include",
        metavar="NAME",
        multiple=True,
        help=f"{listener_fields.INCLUDE} May be given several times; an empty one includes nothing.",
    ),
)
