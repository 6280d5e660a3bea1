"""Names of listeners: how they differ from ids, and one made up from what a listener does."""

import re
from collections.abc import Iterable, Sequence

from ..event import ANY_REPOSITORY_EVENT
from .naming import MAX_NAME_LENGTH, is_name

ID_PATTERN = "[0-9a-fA-F]{24}"

_ID = re.compile(ID_PATTERN)
_NOT_IN_NAMES = re.compile("[^A-Za-z0-9._-]+")

_ROOM_FOR_A_NUMBER = 8
_MAX_TYPES = 2


def is_listener_id(text: str) -> bool:
    """Return whether a text has the form of a listener's id: 24 hex digits, in upper or lower case."""
    return _ID.fullmatch(text) is not None


def is_listener_name(text: str) -> bool:
    """Return whether a text can be a listener's name. An id cannot, so that either can be given in one place."""
    return is_name(text) and not is_listener_id(text)


def made_up_name(notifier_type: str, event_types: Sequence[str], task_id: str | None = None) -> str:
    """Return a name that says what a listener does, such as ``email-sync-finish``.

    It leaves room for a number behind it (:func:`numbered_name`), because others may do the same.
    """
    named = list(dict.fromkeys(map(_words, event_types)))
    shown = named if len(named) <= _MAX_TYPES else [named[0], f"and-{len(named) - 1}-more"]
    task = [] if task_id is None else [f"task-{task_id[:8]}"]
    return _fitting((notifier_type, *shown, *task))


def numbered_name(name: str, number: int) -> str:
    """Return a made-up name with a number."""
    return f"{name}-{number}"


def _words(event_type: str) -> str:
    if event_type == ANY_REPOSITORY_EVENT:
        return "repo-events"
    words = [word for word in event_type.split(".") if word not in ("*", "#")]
    # A table has little room for names, and most events are about repositories.
    return "-".join(words[1:] if words[:1] == ["repo"] and len(words) > 1 else words) or "all-events"


def _fitting(parts: Iterable[str]) -> str:
    text = _NOT_IN_NAMES.sub("-", "-".join(parts)).lstrip("-._")
    text = text[: MAX_NAME_LENGTH - _ROOM_FOR_A_NUMBER].rstrip("-._")
    return text if is_listener_name(text) else f"listener-{text}".rstrip("-")
