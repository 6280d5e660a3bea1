"""What a config model declares: its options, and which of them are secret."""

import dataclasses
import inspect
import re
import typing
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import AliasChoices, AliasPath, BaseModel, Secret, SecretBytes, SecretStr, ValidationError
from pydantic.fields import FieldInfo

SECRET_NAME = re.compile(r"passw|secret|token|credential|api_?key", re.IGNORECASE)
"""Matches the name of an option that is probably secret."""

_SECRET_TYPES = (SecretStr, SecretBytes, Secret)

UNEXPECTED_FIELD = "Unexpected field"
"""The problem of an option or property that is not known, worded as in Pulp 3."""


def declared_secrets(model: type[BaseModel]) -> frozenset[str]:
    """Return the options that contain secrets, by every name that a config may use for them."""
    secret = {name: field for name, field in model.model_fields.items() if holds_secret(field.annotation)}
    return frozenset(given for name, field in secret.items() for given in names_of(name, field))


def undeclared(model: type[BaseModel], given: Iterable[str]) -> list[str]:
    """Return the given options that a model does not declare; none if the model accepts any."""
    if model.model_config.get("extra") == "allow":
        return []
    known = {name for field_name, field in model.model_fields.items() for name in names_of(field_name, field)}
    return [name for name in given if name not in known]


def holds_secret(annotation: Any) -> bool:
    """Return whether values of a type contain a secret, at any depth."""
    return any(inspect.isclass(part) and issubclass(part, _SECRET_TYPES) for part in parts_of(annotation))


def parts_of(annotation: Any) -> Iterator[Any]:
    """Yield a type, and the types and marks (``Annotated``) of which it consists, at any depth."""
    # By identity, because a type may contain itself, and not every annotation is hashable.
    seen: dict[int, Any] = {}
    waiting = [annotation]
    while waiting:
        part = waiting.pop()
        if id(part) in seen:
            continue
        seen[id(part)] = part
        yield part
        waiting.extend(_parts(part))


def problems_of(error: ValidationError) -> dict[str, str]:
    """Return the problems by option, without the values, which may be secret."""
    found: dict[str, str] = {}
    for problem in error.errors(include_url=False, include_input=False):
        raised = problem.get("ctx", {}).get("error")
        found[".".join(map(str, problem["loc"]))] = str(raised) if raised is not None else problem["msg"]
    return found


def config_model(plugin: Any, owner: str) -> type[BaseModel]:
    """Return the model of a plugin's options.

    :param owner: what has the options, for people: a listener or a source.
    :raises TypeError: the plugin has no model.
    """
    model = getattr(plugin, "Config", None)
    if not (inspect.isclass(model) and issubclass(model, BaseModel)):
        raise TypeError(f"{plugin!r} has no Config, a pydantic model of the {owner}'s options")
    return model


def _parts(annotation: Any) -> Iterable[Any]:
    if typing.get_origin(annotation) is not None:
        return typing.get_origin(annotation), *typing.get_args(annotation)
    if not inspect.isclass(annotation):
        # What a type alias and a NewType stand for.
        return [getattr(annotation, name) for name in ("__value__", "__supertype__") if hasattr(annotation, name)]
    if issubclass(annotation, BaseModel):
        fields = annotation.model_fields.values()
        return [part for field in fields for part in (field.annotation, *field.metadata)]
    if dataclasses.is_dataclass(annotation) or hasattr(annotation, "__required_keys__"):  # a TypedDict has the latter
        return _hints(annotation)
    return ()


def _hints(annotation: type) -> Iterable[Any]:
    try:
        return typing.get_type_hints(annotation, include_extras=True).values()
    except NameError:
        return (SecretStr,)  # a type that cannot be examined counts as secret


def names_of(name: str, field: FieldInfo) -> Iterator[str]:
    """Yield every name that a config may use for an option."""
    yield name
    for alias in (field.alias, field.validation_alias):
        for choice in alias.choices if isinstance(alias, AliasChoices) else (alias,):
            head = choice.path[0] if isinstance(choice, AliasPath) else choice
            if isinstance(head, str):
                yield head
