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
from .options import Destination
from .task import TaskReport

__all__ = ["Check", "ConfigT", "Destination", "Intake", "Source", "SourceConfig"]


class SourceConfig(BaseModel):
    """Parent of config models: immutable, and an unknown option is an error.

    Mark a secret option with :class:`pydantic.SecretStr`: it is then masked in every answer. Mark the option that
    decides where it is sent with :class:`Destination`, as in ``url: Annotated[str, Destination()]``: a change of the
    destination then removes the stored secret, unless the change gives it again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")


ConfigT = TypeVar("ConfigT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Check:
    """The result of checking one requirement of a source.

    :ivar subject: what was checked, in a few words.
    :ivar passed: whether the requirement is met.
    :ivar finding: what was found; if the check did not pass, a sentence that says how to fix it.
    """

    subject: str
    passed: bool
    finding: str


class Intake(Protocol):
    """Takes the events of one running source and keeps what it remembers. For the source's own thread only.

    :ivar source: the source's name.
    :ivar installation: the id of this installation, with which the task-status stream marks its own messages.
    :ivar stopping: set when the source must end; sleep with :meth:`threading.Event.wait` on it.
    """

    source: str
    installation: str
    stopping: threading.Event

    def remembered(self) -> dict[str, Any]:
        """Return the remembered values by key, including those of an earlier process.

        :raises StoreUnavailable: the database does not answer.
        """

    def wants(self, event_type: str, task_id: str | None = None) -> bool:
        """Return whether a listener matches such an event, or its type is kept; answered from memory.

        Only then it is worth building.
        """

    def included(self, event_type: str) -> frozenset[str]:
        """Return the additional facts that listeners for a type ask for, such as ``content``; answered from memory.

        All listeners get the same event, no matter which of them asked.
        """

    def take(
        self,
        events: Sequence[Event] = (),
        reports: Sequence[TaskReport] = (),
        remember: Mapping[str, Any] | None = None,
        publish: bool = True,
    ) -> None:
        """Fire events and the task events of reports, and remember values, in one transaction: all or nothing.

        The task events come first. An event whose id was fired before adds nothing.

        :param reports: changes of tasks, oldest first; repeated states fire nothing.
        :param remember: key (1 to 255 characters) to a value with a JSON form; None forgets the key.
        :param publish: then also publish the reports to the task-status stream.
        :raises StoreUnavailable: nothing was written.
        :raises LeaseLost: another process runs this source now, and nothing was written; do not catch it.
        """

    def update_status(self, **facts: Any) -> None:
        """Replace the facts in the status of this source, such as ``lag_seconds``, and report that it works.

        Names and values need a JSON form. A call is very cheap.
        """

    def tell(self, **facts: Any) -> None:
        """Call :meth:`update_status`; the older name, kept for plugins that use it."""


class Source(ABC, Generic[ConfigT]):
    """Brings events in. Built once per process without arguments, and called by several threads at once.

    :cvar Config: a pydantic model of the source's options; its JSON Schema feeds REST, CLI and docs.
    """

    Config: ClassVar[type[BaseModel]] = SourceConfig

    @abstractmethod
    def check(self, config: ConfigT) -> Sequence[Check]:
        """Check the requirements of :meth:`run` in order, without changing anything.

        Leave out checks that cannot be made because an earlier one failed.
        """

    @abstractmethod
    def run(self, config: ConfigT, intake: Intake) -> None:
        """Bring events in until ``intake.stopping`` is set, then return within ten seconds.

        If it raises anything else, that is logged with its traceback and the source is run again. Errors of the intake
        need not be caught.

        :raises TemporaryFailure: it cannot continue now; it is run again after a growing wait, or ``retry_after``.
        :raises PermanentFailure: it cannot continue until something is changed; it is run again, but rarely.
        """

    def close(self) -> None:
        """Release pools and connections; called once, when the process ends."""
