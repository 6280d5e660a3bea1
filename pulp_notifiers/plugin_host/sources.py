"""A source type as the engine calls it."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ..errors import InvalidSource, SourceUnavailable
from ..options import config_model, declared_secrets, problems_of, scrub, undeclared
from ..source import Check, Intake
from .calls import guarded, require_parameters

ResultT = TypeVar("ResultT")


class LoadedSource:
    """A source type as the engine calls it: by name, with stored configs.

    :param source_type: the entry point's name.
    :param plugin: what the entry point names: a class or object with the contract of :class:`Source`.
    :raises TypeError: it has no such contract; the text says what is missing.
    """

    def __init__(self, source_type: str, plugin: Any) -> None:
        self.type = source_type
        self.source = _as_source(plugin)
        self._config_model = config_model(self.source, "source")
        self._declared_secrets = declared_secrets(self._config_model)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the source's options."""
        return self._config_model.model_json_schema()

    def parse(self, config: Mapping[str, Any]) -> Any:
        """Return the stored options as the source's config model.

        :raises InvalidSource: with every problem at once, unknown options included.
        :raises SourceUnavailable: a validator fails in another way.
        """
        try:
            return self._guarded("Config", lambda: self._parsed(config))
        except SourceUnavailable as failed:
            reason = scrub(failed.reason, config, self.secret_options(config))
            raise SourceUnavailable(self.type, reason) from failed.__cause__

    def check(self, config: Any) -> tuple[Check, ...]:
        """Return what the source found; that it failed to look is a finding too."""
        try:
            return self._guarded("check", lambda: tuple(self.source.check(config)))
        except SourceUnavailable as failed:
            return (Check("the check itself", False, failed.reason),)

    def run(self, config: Any, intake: Intake) -> None:
        """Bring events in; see :meth:`Source.run`."""
        self.source.run(config, intake)

    def close(self) -> None:
        """Release what the source holds.

        :raises SourceUnavailable: the source cannot.
        """
        self._guarded("close", getattr(self.source, "close", lambda: None))

    def secret_options(self, config: Mapping[str, Any]) -> frozenset[str]:
        """Return which of the options given are secret."""
        return self._declared_secrets & config.keys()

    def _parsed(self, config: Mapping[str, Any]) -> BaseModel:
        unknown = undeclared(self._config_model, config)
        problems = {f"config.{name}": ["Unexpected field"] for name in unknown}
        try:
            parsed = self._config_model.model_validate({k: v for k, v in config.items() if k not in unknown})
        except ValidationError as error:
            secrets = self.secret_options(config)
            for name, problem in problems_of(error).items():
                problems[f"config.{name}" if name else "config"] = [scrub(problem, config, secrets)]
        if problems:
            raise InvalidSource(problems)
        return parsed

    def _guarded(self, name: str, work: Callable[[], ResultT]) -> ResultT:
        return guarded(work, f"The {self.type} source's {name}", lambda reason: SourceUnavailable(self.type, reason))


def _as_source(plugin: Any) -> Any:
    for name, form in (("check", "check(config)"), ("run", "run(config, intake)")):
        if not callable(getattr(plugin, name, None)):
            raise TypeError(f"{plugin!r} has no {form}")
    source: Any = plugin() if inspect.isclass(plugin) else plugin
    require_parameters(source.check, 1, "check(config)")
    require_parameters(source.run, 2, "run(config, intake)")
    return source
