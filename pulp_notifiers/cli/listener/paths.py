"""Where the server has listeners, and failures in the words of the command line."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from ..failures import FieldsRefused, nothing_named
from ..options import FURTHER_OPTIONS, ConfigOption

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])

_GIVEN_ID = f"{__name__}.given_id"
_OPTIONS = {
    "event_types": "--event-type",
    "task_id": "--task-id",
    "source_options": "--include",
    "notifier_type": "notifier type",
    "name": "--name",
    "description": "--description",
    "labels": "--label",
    "template": "--template",
    "when": "--when",
    "enabled": "--enabled",
}


def collection() -> str:
    """Return the path of the list of listeners."""
    from ..client import NOTIFICATIONS

    return f"{NOTIFICATIONS}listeners/"


def listener_path(listener: str) -> str:
    """Return the path of a listener with an id or a name.

    :raises NotFound: no path can hold it, because servers decode a slash before they look at the path.
    """
    from ..client import segment

    if not listener.strip(".") or "/" in listener:
        raise nothing_named("listener", listener)
    return f"{collection()}{segment(listener)}/"


def listener_argument(command: FunctionT) -> FunctionT:
    """Add the id or name of a listener, as an argument or as ``--listener-id``, which the command gets as one."""
    for option in (
        click.option(
            "--listener-id",
            metavar="ID",
            expose_value=False,
            is_eager=True,
            callback=_remember_id,
            help="The same as ID|NAME.",
        ),
        click.argument("listener", metavar="ID|NAME", required=False, callback=_chosen),
    ):
        command = option(command)
    return command


def _remember_id(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    context.meta[_GIVEN_ID] = value


def _chosen(context: click.Context, parameter: click.Parameter, value: str | None) -> str:
    listener_id = context.meta.get(_GIVEN_ID)
    if (value is None) == (listener_id is None) and not context.resilient_parsing:
        raise click.UsageError("Give the id or the name of one listener, as listener list shows it.", context)
    return value or listener_id or ""


@contextmanager
def failures_named(parameters: Iterable[click.Parameter], made: str | None) -> Iterator[None]:
    """Replace the names of fields that the server refuses by those of the command's options.

    :param made: the condition that was made of shorthands; the server's sentence is about its text.
    """
    try:
        yield
    except FieldsRefused as refused:
        options = list(parameters)
        whole = f" The whole condition is: {made}" if made else ""
        raise FieldsRefused(
            (_option_name(name, options), f"{text}{whole}" if name == "when" else text)
            for name, text in refused.problems
        ) from None


def _option_name(field: str, parameters: list[click.Parameter]) -> str:
    first, _, rest = field.partition(".")
    if first != "config":
        return _OPTIONS.get(first, field)
    fitting = [one for one in parameters if isinstance(one, ConfigOption) and f"{rest}.".startswith(f"{one.key}.")]
    if fitting:
        option = max(fitting, key=lambda one: len(one.key))
        place = rest[len(option.key) + 1 :]
        return f"{option.opts[0]} ({place})" if place else option.opts[0]
    if any(one.name == FURTHER_OPTIONS for one in parameters):
        return f"--{FURTHER_OPTIONS} {rest}".rstrip()
    return field
