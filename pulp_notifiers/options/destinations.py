"""Which options decide where the secrets of a config are sent, and whether a change sends them elsewhere."""

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import AnyUrl, BaseModel
from pydantic.fields import FieldInfo

from .model import names_of, parts_of
from .places import places_in

_DESTINATION_NAME = re.compile(
    r"ur[il]s?$|url|endpoint|host|server|broker|proxy|bootstrap|address|domain|(^|_)dsn$|(^|_)port$|(^|_)scheme$",
    re.IGNORECASE,
)
_URL = re.compile(r"[a-z][a-z0-9+.-]{0,30}://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Destination:
    """Marks an option that decides who receives the secrets of its config::

        url: Annotated[str, Destination()]
        verify: Annotated[bool, Destination(exact=True)] = True

    A change of it drops the stored secrets, unless they are given again: whoever may change a listener or source may
    not thereby read its secrets.

    :ivar exact: every change counts, as of a switch that turns the verification of certificates off. Otherwise a change
        counts if it names another place: scheme, host or port of a URL, or any other text.
    """

    exact: bool = False


@dataclass(frozen=True, slots=True)
class DestinationOption:
    """An option that decides where secrets are sent.

    :ivar name: what to call it.
    :ivar names: every name that a config may use for it.
    :ivar default: its value if a config has none.
    """

    name: str
    names: tuple[str, ...]
    default: Any = None
    exact: bool = False

    def leads_elsewhere(self, stored: Mapping[str, Any], changed: Mapping[str, Any]) -> bool:
        """Return whether the changed config names a place that the stored one does not."""
        return not self._places(changed) <= self._places(stored)

    def _places(self, config: Mapping[str, Any]) -> frozenset[Hashable]:
        values = [config[name] for name in self.names if config.get(name) is not None] or [self.default]
        if self.exact:
            return frozenset(repr(value) for value in values)
        return frozenset(place for value in values for place in places_in(value))


def declared_destinations(model: type[BaseModel]) -> tuple[DestinationOption, ...]:
    """Return the options of a model that decide where secrets are sent.

    They are those with the mark :class:`Destination`, at any depth, and those of pydantic's type ``AnyUrl``. If there
    are none, the names decide, because a plugin may be older than the mark.
    """
    marked = [option for name, field in model.model_fields.items() for option in _marked(name, field)]
    return tuple(marked or _named(model))


def guessed_destinations(*configs: Mapping[str, Any]) -> tuple[DestinationOption, ...]:
    """Return the options that seem to decide where secrets are sent, if no model declares them.

    Those are options with a name such as ``url`` or ``host``, and those that contain a URL.
    """
    names = dict.fromkeys(name for config in configs for name in config)
    return tuple(
        DestinationOption(name, (name,))
        for name in names
        if _DESTINATION_NAME.search(name) or any(_holds_url(config.get(name)) for config in configs)
    )


def _marked(name: str, field: FieldInfo) -> Iterator[DestinationOption]:
    marks = [*_marks(field.metadata), *_marks(parts_of(field.annotation))]
    if marks:
        yield _option(name, field, exact=any(mark.exact for mark in marks))


def _marks(parts: Iterable[Any]) -> Iterator[Destination]:
    for part in parts:
        if isinstance(part, Destination):
            yield part
        elif isinstance(part, type) and issubclass(part, AnyUrl):
            yield Destination()


def _named(model: type[BaseModel]) -> Iterator[DestinationOption]:
    for name, field in model.model_fields.items():
        if any(map(_DESTINATION_NAME.search, names_of(name, field))):
            yield _option(name, field, exact=False)


def _option(name: str, field: FieldInfo, exact: bool) -> DestinationOption:
    default = None if field.is_required() else field.get_default()
    return DestinationOption(name, tuple(dict.fromkeys(names_of(name, field))), default, exact)


def _holds_url(value: Any) -> bool:
    if isinstance(value, Mapping | list | tuple):
        return any(map(_holds_url, value.values() if isinstance(value, Mapping) else value))
    return isinstance(value, str) and _URL.search(value) is not None
