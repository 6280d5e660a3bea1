"""The contract that a notifier plugin fulfils.

A plugin is one small class::

    class Config(NotifierConfig):
        path: str

    class FileNotifier(Notifier[Config]):
        Config = Config

        def send(self, event: Event, config: Config, target: str) -> None:
            ...

named by an entry point in the group ``pulp_notifiers.notifiers``; the entry point's name is the notifier type.
Subclassing :class:`Notifier` is convenient, not required. Pulp 2's form is accepted too: a function
``handle_event(notifier_config, event)``, or a module that has one.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from .event import Event
from .options import Destination

__all__ = ["ONE_TARGET", "ConfigT", "Destination", "Notifier", "NotifierConfig"]

ONE_TARGET = ""
"""The target of a config that has only one."""


class NotifierConfig(BaseModel):
    """Parent of config models: immutable, and unknown options are ignored, as in Pulp 2 (CONTRACT 1.4).

    Mark a secret option with :class:`pydantic.SecretStr`: it is then masked in every answer and log line. Mark the
    option that decides where it is sent with :class:`Destination`, as in ``url: Annotated[str, Destination()]``: a
    change of the destination then removes the stored secret, unless the change gives it again.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")


ConfigT = TypeVar("ConfigT", bound=BaseModel)


class Notifier(ABC, Generic[ConfigT]):
    """Carries events out. Built once per process without arguments, and called by several threads at once.

    :cvar Config: a pydantic model of the listener's options; its JSON Schema feeds REST, CLI and docs.
    :cvar Settings: a pydantic model of the section of the configuration file that this notifier reads, or None.
    :cvar settings_section: the name of that section.
    """

    Config: ClassVar[type[BaseModel]] = NotifierConfig
    Settings: ClassVar[type[BaseModel] | None] = None
    settings_section: ClassVar[str] = ""

    def configure(self, settings: Any) -> None:
        """Take the validated ``Settings``; called once, before anything else, and only if ``Settings`` is set.

        If the section is wrong, neither this nor :meth:`send` is called, but the other methods are.
        """

    def targets(self, config: ConfigT) -> Sequence[str]:
        """Return the destinations of a config; each gets its own delivery, attempts and order."""
        return (ONE_TARGET,)

    def problems(self, config: ConfigT) -> Mapping[str, str]:
        """Return why a listener with a valid config would deliver nothing: option to a sentence that says what to do.

        The product's own API and the command line refuse such a listener. Pulp 2's API accepts it (CONTRACT 1.4), and
        :meth:`send` fails.
        """
        return {}

    def hosts(self, config: ConfigT) -> Mapping[str, str]:
        """Return the hosts that a config names for :meth:`send` to connect to, by option.

        Unless the setting ``allow_local_receivers`` is on, the product's own API refuses a listener that names the
        service's own machine.
        """
        return {}

    def advice(self, config: ConfigT) -> Sequence[str]:
        """Return warnings to log when a listener is registered with a config that is valid but questionable."""
        return ()

    @abstractmethod
    def send(self, event: Event, config: ConfigT, target: str) -> None:
        """Carry one event to one target and return when the receiver has accepted it.

        If the signature has a further keyword parameter ``attempt: int``, it gets the number of the attempt, from 1.

        :raises TemporaryFailure: another attempt may succeed.
        :raises PermanentFailure: no attempt can succeed.
        """

    def close(self) -> None:
        """Release pools and connections; called once, when the process ends."""
