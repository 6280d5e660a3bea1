"""Where the server has listeners, and failures in the words of the command line."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import click

from ..failures import FieldsRefused, nothing_named
from ..options import FURTHER_OPTIONS, ConfigOption

_OPTIONS = {
    "event_types": "--event-type",
    "task_id": "--task-id",
    "source_options": "--include",
    "notifier_type": "notifier type",
}


def collection() -> str:
    """Return the path of the list of listeners."""
    from ..client import NOTIFICATIONS

    return f"{NOTIFICATIONS}listeners/"


def listener_path(listener_id: str) -> str:
    """Return the path of a listener.

    :raises NotFound: no path can hold this id, because servers decode a slash before they look at the path.
    """
    from ..client import segment

    if not listener_id.strip(".") or "/" in listener_id:
        raise nothing_named("listener", listener_id)
    return f"{collection()}{segment(listener_id)}/"


@contextmanager
def failures_named(parameters: Iterable[click.Parameter]) -> Iterator[None]:
    """Replace the names of fields that the server refuses by those of the command's options."""
    try:
        yield
    except FieldsRefused as refused:
        options = list(parameters)
        raise FieldsRefused((_option_name(name, options), text) for name, text in refused.problems) from None


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
