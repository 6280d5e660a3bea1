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
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from .event import Event
from .options import Destination
from .records import PackagedTemplate, PartForm
from .template_files import read_template

__all__ = [
    "ONE_TARGET",
    "ConfigT",
    "Destination",
    "ListenerInfo",
    "Notifier",
    "NotifierConfig",
    "PackagedTemplate",
    "PartForm",
    "SendContext",
    "packaged_template",
]

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


@dataclass(frozen=True, slots=True)
class ListenerInfo:
    """The listener to which a message is owed, as its receiver may see it."""

    id: str = ""
    name: str = ""
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SendContext:
    """What else is known about an attempt.

    :ivar delivery_id: the delivery's number; the same in all its attempts.
    :ivar attempt: the number of the attempt, from 1.
    :ivar rendered: the parts of the listener's template, rendered from the event: text for each, the JSON value of a
        part of the form ``json``, and an object of texts for ``lines``. None if the listener has no template and the
        notifier no default: send what is sent without templates.
    :ivar problem: if the listener's template failed, one line that says so; ``rendered`` is then the packaged default,
        or None. The message must show it.
    :ivar stop_command: the command with which an administrator ends these messages.
    """

    delivery_id: int = 0
    attempt: int = 1
    listener: ListenerInfo = field(default_factory=ListenerInfo)
    rendered: Mapping[str, Any] | None = None
    problem: str | None = None
    stop_command: str = ""


def packaged_template(folder: Traversable) -> PackagedTemplate:
    """Return the template whose files are in a folder of a plugin's package.

    :param folder: such as ``importlib.resources.files(__package__) / "templates" / "short"``.
    :raises InvalidTemplate: a file is not as it must be.
    """
    found = read_template(folder)
    return PackagedTemplate(found["parts"], found["description"])


class Notifier(ABC, Generic[ConfigT]):
    """Carries events out. Built once per process without arguments, and called by several threads at once.

    :cvar Config: a pydantic model of the listener's options; its JSON Schema feeds REST, CLI and docs.
    :cvar initial_config: options that a new listener gets if it is created without them. Listeners of Pulp 2's API do
        not get them, so an option's default in ``Config`` can keep Pulp 2's meaning.
    :cvar Settings: a pydantic model of the section of the configuration file that this notifier reads, or None.
    :cvar settings_section: the name of that section.
    :cvar template_parts: the parts that a template of this notifier may have, each with its form.
    """

    Config: ClassVar[type[BaseModel]] = NotifierConfig
    initial_config: ClassVar[Mapping[str, Any]] = {}
    Settings: ClassVar[type[BaseModel] | None] = None
    settings_section: ClassVar[str] = ""
    template_parts: ClassVar[Mapping[str, PartForm]] = {}

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

    def packaged_templates(self) -> Mapping[str, PackagedTemplate]:
        """Return the templates of this distribution by name; called once."""
        return {}

    def default_template(self, config: ConfigT) -> str | None:
        """Return the name of the template for listeners that choose none; None to send what has no template.

        It is one of :meth:`packaged_templates`. A template of that name which an administrator made comes first.
        """
        return None

    def template_problems(self, parts: Mapping[str, Any]) -> Mapping[str, str]:
        """Return what is wrong with a template's parts beside what their forms demand: part to a sentence.

        Such a template is refused when it is saved.
        """
        return {}

    def rendered_problem(self, rendered: Mapping[str, Any]) -> str | None:
        """Return why these rendered parts cannot be sent, such as a header that is not ASCII; None if they can.

        Such a template has failed for that event: the default goes out instead.
        """
        return None

    @abstractmethod
    def send(self, event: Event, config: ConfigT, target: str) -> None:
        """Carry one event to one target and return when the receiver has accepted it.

        If the signature has a further keyword parameter ``attempt: int``, it gets the number of the attempt, from 1. If
        it has ``context: SendContext``, it gets what else is known about the attempt, the rendered template above all.

        :raises TemporaryFailure: another attempt may succeed.
        :raises PermanentFailure: no attempt can succeed.
        """

    def close(self) -> None:
        """Release pools and connections; called once, when the process ends."""
