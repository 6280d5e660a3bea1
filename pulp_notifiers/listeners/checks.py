"""The rules for listeners of the product's own API; each returns sentences that say what is wrong."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..encoding import unportable
from ..errors import InvalidConfig, NotifierUnavailable
from ..event import (
    ANY_REPOSITORY_EVENT,
    REPO_VERSION_CREATED,
    REPOSITORY_EVENT_TYPES,
    TASK_EVENT_TYPES,
    is_pattern,
    matches_any,
)
from ..options import UNEXPECTED_FIELD, masked_without_stored, scrub
from ..plugin_host import LoadedNotifier

_KNOWN = (*REPOSITORY_EVENT_TYPES, REPO_VERSION_CREATED, *TASK_EVENT_TYPES)
_OWN_FIRST_WORDS = {event_type.partition(".")[0] for event_type in _KNOWN}
_OF_PULP_2 = {ANY_REPOSITORY_EVENT, *REPOSITORY_EVENT_TYPES}

CONTENT = "content"
"""Asks sources to include the names of the content that was added and removed."""
_INCLUDED = re.compile("[a-z_]{1,32}")

Problems = Mapping[str, list[str]]
NO_PROBLEMS: Problems = {}


def pattern_problems(event_types: Sequence[object], task_id: str | None) -> list[str]:
    """Return what is wrong with a listener's event types."""
    if not event_types:
        return ["Name at least one event type."]
    return [problem for each in event_types for problem in _pattern_problems(each, task_id)]


def _pattern_problems(event_type: object, task_id: str | None) -> Iterable[str]:
    if not isinstance(event_type, str) or not is_pattern(event_type):
        yield (
            f"{event_type!r} is not an event type: write words of letters, digits, _ and -, joined by dots; "
            f"* stands for one word and # for any number."
        )
    elif task_id is not None and event_type in _OF_PULP_2:
        # Pulp 2's API would show it like a listener for every task, and its clients would rely on it.
        yield f"{event_type!r} is not about a task: with task_id write types such as task.finished, or task.*."
    elif _looks_known(event_type) and event_type not in _KNOWN:
        yield f"{event_type!r} is not an event type; use one of: {', '.join(_KNOWN)}."


def _looks_known(event_type: str) -> bool:
    words = event_type.split(".")
    return words[0] in _OWN_FIRST_WORDS and not {"*", "#"} & set(words)


def pattern_advice(event_types: Sequence[str]) -> Sequence[str]:
    """Return warnings about patterns that no event can match, such as ``repo.*``: its types have three words."""
    return [
        f"{pattern!r} matches no event type: * stands for one word and # for any number, as in {first}.#."
        for pattern in event_types
        if (first := pattern.partition(".")[0]) in _OWN_FIRST_WORDS
        and not any(matches_any([pattern], known) for known in _KNOWN)
    ]


def include_problems(include: Sequence[object]) -> list[str]:
    """Return what is wrong with what a listener asks sources to include."""
    return [
        f"{name!r} cannot be included: use 1 to 32 lower-case letters or underscores, such as {CONTENT}."
        for name in include
        if not isinstance(name, str) or not _INCLUDED.fullmatch(name)
    ]


def include_advice(include: Sequence[str]) -> Sequence[str]:
    """Return warnings about what a listener asks sources to include."""
    return [
        f"It asks sources to include {name!r}; the bundled sources know only {CONTENT}."
        for name in include
        if name != CONTENT
    ]


def config_problems(notifier: LoadedNotifier, config: Mapping[str, Any], max_targets: int) -> Problems:
    """Return what is wrong with a listener's options, by ``config.NAME``, without the values of secrets."""
    flaw = unportable(config)
    if flaw:
        return {"config": [flaw]}
    secret_options = notifier.secret_options(config)
    found = {f"config.{name}": [UNEXPECTED_FIELD] for name in notifier.unknown_options(config)}
    found |= {f"config.{name}": [problem] for name, problem in masked_without_stored(config, secret_options).items()}
    for name, problem in _refused(notifier, config, max_targets).items():
        field = f"config.{name}" if name else "config"
        found.setdefault(field, []).append(scrub(problem, config, secret_options))
    return found


def _refused(notifier: LoadedNotifier, config: Mapping[str, Any], max_targets: int) -> Mapping[str, str]:
    try:
        parsed = notifier.parse(config)
        targets = notifier.targets(parsed)
        return {**_too_many(len(targets), max_targets), **notifier.problems(parsed)}
    except InvalidConfig as invalid:
        return invalid.problems
    except NotifierUnavailable as unavailable:
        return {"": unavailable.reason}


def _too_many(targets: int, max_targets: int) -> Mapping[str, str]:
    if targets <= max_targets:
        return {}
    # Each event would have that many deliveries.
    return {
        "": f"It has {targets} targets, and a listener may have at most {max_targets}. Use a mailing list, register "
        "several listeners, or raise [notifiers] max_targets."
    }
