"""A source type as the engine calls it."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from ..errors import InvalidSource, SourceUnavailable
from ..options import UNEXPECTED_FIELD, problems_of, scrub
from ..source import Check, Intake
from .calls import require_parameters
from .loaded import LoadedPlugin, built


class LoadedSourceType(LoadedPlugin):
    """A source type, called with stored configs.

    :param source_type: the entry point's name.
    :param plugin: what the entry point names: a class or object that implements the contract of
        :class:`pulp_notifiers.source.Source`.
    :raises TypeError: it does not implement the contract; the text says what is missing.
    """

    noun = "source"

    def __init__(self, source_type: str, plugin: Any) -> None:
        self.source = _as_source(plugin)
        super().__init__(source_type, self.source, "source")

    def parse(self, config: Mapping[str, Any]) -> Any:
        """Return the stored options as the source's config model.

        :raises InvalidSource: lists every problem at once, including unknown options.
        :raises SourceUnavailable: a validator fails in another way.
        """
        try:
            return self._guarded("Config", lambda: self._parsed(config))
        except SourceUnavailable as failed:
            raise self._unavailable(scrub(failed.reason, config, self.secret_options(config))) from failed.__cause__

    def check(self, config: Any) -> tuple[Check, ...]:
        """Return the source's findings; a check that raises is a finding too."""
        try:
            return self._guarded("check", lambda: tuple(self.source.check(config)))
        except SourceUnavailable as failed:
            return (Check("the check itself", False, failed.reason),)

    def run(self, config: Any, intake: Intake) -> None:
        """Bring events in; see :meth:`pulp_notifiers.source.Source.run`."""
        self.source.run(config, intake)

    def _unavailable(self, reason: str) -> SourceUnavailable:
        return SourceUnavailable(self.type, reason)

    def _parsed(self, config: Mapping[str, Any]) -> BaseModel:
        unknown = self.unknown_options(config)
        problems = {f"config.{name}": [UNEXPECTED_FIELD] for name in unknown}
        try:
            parsed = self._config_model.model_validate({k: v for k, v in config.items() if k not in unknown})
        except ValidationError as error:
            secrets = self.secret_options(config)
            for name, problem in problems_of(error).items():
                problems[f"config.{name}" if name else "config"] = [scrub(problem, config, secrets)]
        if problems:
            raise InvalidSource(problems)
        return parsed


def _as_source(plugin: Any) -> Any:
    for name, form in (("check", "check(config)"), ("run", "run(config, intake)")):
        if not callable(getattr(plugin, name, None)):
            raise TypeError(f"{plugin!r} has no {form}")
    source = built(plugin)
    require_parameters(source.check, 1, "check(config)")
    require_parameters(source.run, 2, "run(config, intake)")
    return source
