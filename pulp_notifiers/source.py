"""The contract that a source plugin fulfils: it brings events in.

A plugin is one class named by an entry point in the group ``pulp_notifiers.sources``; the entry point's name is the
source type. Administrators add any number of sources of a type, each with a name and a config; one process at a time
runs each of them.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict

from .event import Event
from .task import TaskReport


class SourceConfig(BaseModel):
    """Parent of config models: immutable, and an unknown option is an error.

    Mark a secret option with :class:`pydantic.SecretStr`: it is then sealed at rest and masked in every answer.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


ConfigT = TypeVar("ConfigT", bound=BaseModel)


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

    def update_status(self, **facts: Any) -> None:
        """Replace the facts that the status of this source shows beside its state, such as ``lag_seconds``.

        Names and values need a JSON form. A call also means that the source works. It costs next to nothing.
        """

    def tell(self, **facts: Any) -> None:
        """Do as :meth:`update_status`; the older name, kept for the plugins that use it."""


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
