"""Merging options, and showing them and texts without their secrets."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

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
