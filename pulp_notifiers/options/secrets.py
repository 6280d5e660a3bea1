"""Merging options, and showing them and texts without their secrets."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .destinations import DestinationOption

MASK = "*****"
"""Replaces a secret in every answer; sent back, it means unchanged. Pulp 2.7 used the same five asterisks."""

_SHORTEST_SCRUBBED = 4


def mask(config: Mapping[str, Any], secret_options: frozenset[str]) -> dict[str, Any]:
    """Return options as they may be shown: secrets that are set read ``*****``."""
    return {name: MASK if name in secret_options and value is not None else value for name, value in config.items()}


def unmask(patch: Mapping[str, Any], secret_options: frozenset[str]) -> dict[str, Any]:
    """Return an update without the secrets that came back masked, which means unchanged."""
    return {name: value for name, value in patch.items() if not (name in secret_options and value == MASK)}


def merge_config(stored: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return the config of a listener or source after an update (CONTRACT 1.5).

    Shallow: a key with None is removed, every other key overwrites, nested objects are replaced whole.
    """
    merged = {**stored, **patch}
    return {key: value for key, value in merged.items() if key not in patch or value is not None}


@dataclass(frozen=True, slots=True)
class Merged:
    """A config after an update.

    :ivar dropped: the secret options that were removed, because the update sends them elsewhere without giving them.
    """

    config: Mapping[str, Any]
    dropped: tuple[str, ...] = ()


def merge_safely(
    stored: Mapping[str, Any],
    patch: Mapping[str, Any],
    secret_options: frozenset[str],
    destinations: Iterable[DestinationOption],
) -> Merged:
    """Return a config after an update by somebody who may not know its secrets.

    A secret that is absent from the update, or ``*****`` in it, stays; but not if the update changes where secrets are
    sent.
    """
    given = unmask(patch, secret_options)
    merged = merge_config(stored, given)
    if not any(option.leads_elsewhere(stored, merged) for option in destinations):
        return Merged(merged)
    dropped = tuple(
        name for name in stored if name in secret_options and name not in given and stored[name] is not None
    )
    return Merged({name: value for name, value in merged.items() if name not in dropped}, dropped)


def dropped_sentence(names: Iterable[str]) -> str:
    """Return the sentence for people about secrets that an update removed."""
    listed = ", ".join(names)
    return (
        f"The stored secret of {listed} was removed, because the change sends it elsewhere (scheme, host or port): "
        f"enter it again if the new destination needs it."
    )


def with_dropped(problems: Mapping[str, list[str]], dropped: Iterable[str]) -> dict[str, list[str]]:
    """Return the problems of a changed config, with the secrets that it lacks because the change removed them."""
    if not problems:
        return {}
    return {**problems, **{f"config.{name}": [dropped_sentence([name])] for name in dropped}}


def scrub(text: str, config: Mapping[str, Any], secret_options: frozenset[str]) -> str:
    """Return text without the values of secret options, at any depth.

    The last line of defence behind notifiers that keep secrets out of their reasons. Secrets of less than four
    characters stay, because replacing them would garble ordinary words.
    """
    values = {value for name in secret_options for value in _texts(config.get(name))}
    # The longest first, so that the end of a secret does not remain if another is its beginning.
    secrets = sorted((value for value in values if len(value) >= _SHORTEST_SCRUBBED), key=len, reverse=True)
    return re.sub("|".join(map(re.escape, secrets)), MASK, text) if secrets else text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping | list | tuple):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)


def masked_without_stored(config: Mapping[str, Any], secret_options: frozenset[str]) -> dict[str, str]:
    """Return the problem of every secret option of a new config that is ``*****``."""
    sentence = f'{MASK} means "keep the stored secret", but none is stored: enter the secret.'
    return {name: sentence for name in sorted(secret_options) if config[name] == MASK}
