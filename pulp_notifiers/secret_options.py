"""Which options a config model has, which of them are secret, and how a config is shown without secrets."""

import dataclasses
import inspect
import re
import typing
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import AliasChoices, AliasPath, BaseModel, Secret, SecretBytes, SecretStr
from pydantic.fields import FieldInfo

from .records import MASK

SECRET_NAME = re.compile(r"passw|secret|token|credential|api_?key", re.IGNORECASE)
"""Found in the name of an option that is probably secret."""

_SHORTEST_SCRUBBED = 4


def declared_secrets(model: type[BaseModel]) -> frozenset[str]:
    """Return the options that hold secrets, under each name by which a config may give them."""
    secret = {name: field for name, field in model.model_fields.items() if holds_secret(field.annotation)}
    return frozenset(given for name, field in secret.items() for given in _names(name, field))


def undeclared(model: type[BaseModel], given: Iterable[str]) -> list[str]:
    """Return the options given that a model does not have; one that takes any has them all."""
    if model.model_config.get("extra") == "allow":
        return []
    known = {name for field_name, field in model.model_fields.items() for name in _names(field_name, field)}
    return [name for name in given if name not in known]


def holds_secret(annotation: Any) -> bool:
    """Tell whether values of a type contain a secret, at whatever depth."""
    # By identity, because a type may contain itself, and not every annotation can be hashed.
    seen: dict[int, Any] = {}
    waiting = [annotation]
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen[id(part)] = part
        if inspect.isclass(part) and issubclass(part, SecretStr | SecretBytes | Secret):
            return True
        waiting.extend(_parts(part))
    return False


def mask(config: Mapping[str, Any], secret_options: frozenset[str]) -> dict[str, Any]:
    """Return options as they may be shown: secrets that are set read ``*****``."""
    return {name: MASK if name in secret_options and value is not None else value for name, value in config.items()}


def unmask(patch: Mapping[str, Any], secret_options: frozenset[str]) -> dict[str, Any]:
    """Return an update without the secrets that came back masked, which means unchanged."""
    return {name: value for name, value in patch.items() if not (name in secret_options and value == MASK)}


def scrub(text: str, config: Mapping[str, Any], secret_options: frozenset[str]) -> str:
    """Return text without the values of secret options, at whatever depth they stand.

    The last line of defence behind notifiers that keep secrets out of their reasons. Secrets of less than four
    characters stay, since replacing them would garble ordinary words.
    """
    values = {value for name in secret_options for value in _texts(config.get(name))}
    # The longest first, so that no rest of one remains where another is its beginning.
    secrets = sorted((value for value in values if len(value) >= _SHORTEST_SCRUBBED), key=len, reverse=True)
    return re.sub("|".join(map(re.escape, secrets)), MASK, text) if secrets else text


def _parts(annotation: Any) -> Iterable[Any]:
    if typing.get_origin(annotation) is not None:
        return typing.get_origin(annotation), *typing.get_args(annotation)
    if not inspect.isclass(annotation):
        # What a type alias and a NewType stand for.
        return [getattr(annotation, name) for name in ("__value__", "__supertype__") if hasattr(annotation, name)]
    if issubclass(annotation, BaseModel):
        return [field.annotation for field in annotation.model_fields.values()]
    if dataclasses.is_dataclass(annotation) or hasattr(annotation, "__required_keys__"):  # the latter of a TypedDict
        return _hints(annotation)
    return ()


def _hints(annotation: type) -> Iterable[Any]:
    try:
        return typing.get_type_hints(annotation).values()
    except NameError:
        return (SecretStr,)  # what cannot be looked into is better masked


def _names(name: str, field: FieldInfo) -> Iterator[str]:
    yield name
    for alias in (field.alias, field.validation_alias):
        for choice in alias.choices if isinstance(alias, AliasChoices) else (alias,):
            head = choice.path[0] if isinstance(choice, AliasPath) else choice
            if isinstance(head, str):
                yield head


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping | list | tuple):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
