"""Merging options, and showing them and texts without their secrets."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .destinations import DestinationOption
from .urls import MASK, has_masked_url, mask_urls, restore_urls, url_secrets

_SHORTEST_SCRUBBED = 4


def mask(config: Mapping[str, Any], secret_options: frozenset[str], show_urls: bool = False) -> dict[str, Any]:
    """Return options as they may be shown: secrets that are set read ``*****``, and so do credentials in URLs.

    :param show_urls: leave URLs as they are.
    """

    def shown(name: str, value: Any) -> Any:
        if name in secret_options:
            return MASK if value is not None else None
        return value if show_urls else mask_urls(value)

    return {name: shown(name, value) for name, value in config.items()}


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

    :ivar dropped: the options whose secrets were removed, because the update sends them elsewhere without giving them.
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
    sent. The same holds for credentials in URLs.
    """
    restored = {name: restore_urls(value, stored.get(name)) for name, value in unmask(patch, secret_options).items()}
    given = {name: value for name, (value, _) in restored.items()}
    cut = [name for name, (_, was_cut) in restored.items() if was_cut]
    merged = merge_config(stored, given)
    lost: list[str] = []
    if any(option.leads_elsewhere(stored, merged) for option in destinations):
        lost = [name for name in stored if name in secret_options and name not in given and stored[name] is not None]
    return Merged({name: value for name, value in merged.items() if name not in lost}, (*cut, *lost))


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
    """Return text without the values of secret options, at any depth, and without credentials in URLs of others.

    The last line of defence behind notifiers that keep secrets out of their reasons. Secrets of less than four
    characters stay, because replacing them would garble ordinary words.
    """
    values = {value for name in secret_options for value in _texts(config.get(name))}
    values.update(
        secret for name, value in config.items() if name not in secret_options for secret in url_secrets(value)
    )
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
    """Return the problem of every secret option that is or contains ``*****``, and of every URL that contains it."""
    sentence = f'{MASK} means "keep the stored secret", but none is stored: enter the secret.'
    inner = (
        f"It contains {MASK} in place of a secret: enter all its values, or send {MASK} alone to keep what is stored."
    )

    def problem(name: str, value: Any) -> str | None:
        if name in secret_options and value != MASK:
            return inner if MASK in _texts(value) else None
        return sentence if name in secret_options or has_masked_url(value) else None

    return {name: found for name, value in sorted(config.items()) if (found := problem(name, value))}
