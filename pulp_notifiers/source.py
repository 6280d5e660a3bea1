"""The contract that a source plugin fulfils: it brings events in.

A plugin is one class named by an entry point in the group ``pulp_notifiers.sources``; the entry point's name is the
source type. Administrators add any number of sources of a type, each with a name and a config; one process at a time
runs each of them.
"""

import inspect
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from .errors import InvalidSource, SourceUnavailable
from .event import Event
from .plugin import config_model, guarded, problems_of, require_parameters
from .secret_options import declared_secrets, scrub, undeclared
from .task import TaskReport


class SourceConfig(BaseModel):
    """Parent of config models: immutable, and an unknown option is an error.

    Mark a secret option with :class:`pydantic.SecretStr`: it is then sealed at rest and masked in every answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


ConfigT = TypeVar("ConfigT", bound=BaseModel)
ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a source looked at before it runs.

    :ivar subject: what was looked at, in a few words.
    :ivar passed: whether it is as the source needs it.
    :ivar finding: what was found; where it did not pass, a sentence that says what mends it.
    """

    subject: str
    passed: bool
    finding: str


class Intake(Protocol):
    """Where one running source hands over what it found, and keeps what it must remember. For its own thread only.

    :ivar source: the source's name.
    :ivar installation: names this installation; the task-status stream marks its own messages with it.
    :ivar stopping: set when the source is to end; :meth:`threading.Event.wait` on it is the way to sleep.
    """

    source: str
    installation: str
    stopping: threading.Event

    def remembered(self) -> dict[str, Any]:
        """Return what :meth:`take` was told to remember, by key, also by an earlier process.

        :raises StoreUnavailable: the database does not answer.
        """

    def wants(self, event_type: str, task_id: str | None = None) -> bool:
        """Tell whether an event is worth making: some listener wants its type, or its task; answered from memory."""

    def included(self, event_type: str) -> frozenset[str]:
        """Return what listeners of a type ask to be told beyond what it always carries, such as ``content``.

        Answered from memory. An event is one and the same for all its listeners, whoever of them asked.
        """

    def take(
        self,
        events: Sequence[Event] = (),
        reports: Sequence[TaskReport] = (),
        remember: Mapping[str, Any] | None = None,
        publish: bool = True,
    ) -> None:
        """Fire events, and those of the tasks reported, and remember values: all of it in one transaction, or nothing.

        The events of the tasks come first. An event whose id was fired before adds nothing.

        :param reports: changes of tasks, oldest first; repeated states fire nothing.
        :param remember: key (1 to 255 characters) to a value with a JSON form; None forgets the key.
        :param publish: also hand the reports to the task-status stream, when they are on disk.
        :raises StoreUnavailable: nothing was written.
        :raises LeaseLost: another process runs this source now, and nothing was written; let it pass.
        """

    def tell(self, **facts: Any) -> None:
        """Replace what the status of this source shows beside its state, such as ``lag_seconds``; costs nothing.

        The names and values have a JSON form. To call it says also that the source works.
        """


class Source(ABC, Generic[ConfigT]):
    """Brings events in. Built once per process without arguments, and called by several threads at once.

    :cvar Config: a pydantic model of the source's options; its JSON Schema feeds REST, CLI and docs.
    """

    Config: ClassVar[type[BaseModel]] = SourceConfig

    @abstractmethod
    def check(self, config: ConfigT) -> Sequence[Check]:
        """Look at everything that :meth:`run` needs, without changing anything; in the order of the looking.

        What could not be looked at, because something before it failed, is left out.
        """

    @abstractmethod
    def run(self, config: ConfigT, intake: Intake) -> None:
        """Bring events in until ``intake.stopping`` is set, then return within ten seconds.

        Whatever else it raises is logged with its traceback, and it is run again; what the intake raises may pass.

        :raises TemporaryFailure: it cannot go on now; it is run again after a growing wait, or ``retry_after``.
        :raises PermanentFailure: it cannot go on until something is changed; it is run again, seldom.
        """

    def close(self) -> None:
        """Release pools and connections; called once, when the process ends."""


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
