"""Every error of the product; the tree says what to do about each.

::

    PulpNotifiersError             anything below
    ├── TemporaryFailure           attempt the delivery again later
    ├── PermanentFailure           give the delivery up, keep it as a dead letter
    │   ├── InvalidConfig          correct the listener's options
    │   └── SwitchedOff            nothing was sent because an administrator disabled it
    ├── InvalidValue               correct the named properties of the request
    ├── InvalidListener            correct every field that is named
    ├── NameTaken                  choose another name
    ├── NoSuchListener             create it, or look at the list for the right id
    ├── PluginUnavailable          install or repair the plugin, or choose another type
    │   ├── NotifierUnavailable    of a notifier
    │   │   └── NotifierMisconfigured    correct its settings, then start again
    │   └── SourceUnavailable      of a source
    ├── InvalidTemplate            correct every part that is named
    ├── NoSuchTemplate             look at the list for the right name
    ├── TemplateInUse              change or delete the listeners that use it first
    ├── InvalidSource              correct every field that is named
    ├── NoSuchSource               add it, or look at the list for the right name
    ├── InvalidExpression          correct the condition or template at the named place
    ├── ExpressionFailed           correct the condition or template, or look at what the event holds
    ├── LeaseLost                  do nothing: another process does it now
    ├── EventIdTaken               fire the event with a new id
    ├── KeyTaken                   use the answer that the other request got
    ├── InvalidSetting             correct the configuration file or environment, then start again
    │   └── WrongUser              run the command as the user to whom the database belongs
    └── StoreUnavailable           repair the database; nothing was written
        └── PartlyWritten          then fire the event again, with the same id
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from uuid import UUID


class PulpNotifiersError(Exception):
    """Parent of every error that this product raises on purpose, including those of REST and CLI."""


NotifierError = PulpNotifiersError
"""The older name, kept for code that catches it."""


class TemporaryFailure(PulpNotifiersError):
    """Raised by a notifier if another attempt may succeed.

    :param reason: a sentence for the administrator, without secrets.
    :param retry_after: seconds that the receiver asked for, or None to use the backoff.
    """

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after


class PermanentFailure(PulpNotifiersError):
    """Raised by a notifier if no further attempt can succeed.

    :param reason: a sentence for the administrator, without secrets.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class InvalidConfig(PermanentFailure):
    """A listener's options do not fit its notifier.

    :param problems: option name to what is wrong with it; the empty name means all options together.
    """

    def __init__(self, notifier_type: str, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        found = "; ".join(f"{name}: {problem}" if name else problem for name, problem in self.problems.items())
        super().__init__(f"The listener's {notifier_type} options are not valid: {found}")


class SwitchedOff(PermanentFailure):
    """A setting switches the notifier off, so nothing was sent."""


class InvalidValue(PulpNotifiersError):
    """Properties of a request have values that are not allowed.

    :param property_names: the offending properties, in the order in which they were checked.
    """

    def __init__(self, property_names: list[str], reason: str) -> None:
        super().__init__(reason)
        self.property_names = property_names
        self.reason = reason


class InvalidListener(PulpNotifiersError):
    """A listener, or a change of one, breaks a rule.

    :param problems: field, or option as ``config.NAME``, to sentences that say what is wrong.
    """

    def __init__(self, problems: Mapping[str, list[str]]) -> None:
        super().__init__(f"The listener cannot be accepted: {_by_field(problems)}")
        self.problems = dict(problems)


class NameTaken(PulpNotifiersError):
    """Another listener has this name; nothing was written."""

    def __init__(self, name: str) -> None:
        super().__init__(f"A listener named {name!r} already exists: choose another name.")
        self.name = name


class NoSuchListener(PulpNotifiersError):
    """No listener has this id or name.

    :param noun: what was given, ``id`` or ``name``.
    """

    def __init__(self, listener_id: str, noun: str = "id") -> None:
        super().__init__(f"No listener has the {noun} {listener_id!r}: list the listeners to find the right {noun}.")
        self.listener_id = listener_id


class PluginUnavailable(PulpNotifiersError):
    """A type is not installed, or its plugin cannot be used.

    :param reason: a sentence that says what is wrong with the plugin.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotifierUnavailable(PluginUnavailable):
    """A notifier type is not installed, or its plugin cannot be used.

    :param notifier_type: the entry point's name.
    """

    def __init__(self, notifier_type: str, reason: str) -> None:
        super().__init__(reason)
        self.notifier_type = notifier_type


class NotifierMisconfigured(NotifierUnavailable):
    """A notifier's section of the settings is wrong, so it sends nothing until they are corrected."""


class SourceUnavailable(PluginUnavailable):
    """A source type is not installed, or its plugin cannot be used.

    :param source_type: the entry point's name.
    """

    def __init__(self, source_type: str, reason: str) -> None:
        super().__init__(reason)
        self.source_type = source_type


class InvalidTemplate(PulpNotifiersError):
    """A template, or a change of one, breaks a rule.

    :param problems: field, or part as ``parts.NAME``, to sentences that say what is wrong.
    """

    def __init__(self, problems: Mapping[str, list[str]]) -> None:
        super().__init__(f"The template cannot be accepted: {_by_field(problems)}")
        self.problems = dict(problems)


class NoSuchTemplate(PulpNotifiersError):
    """No template has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"No template has the name {name!r}: list the templates to find the right name.")
        self.name = name


class TemplateInUse(PulpNotifiersError):
    """Listeners use a template that is to be deleted; nothing was changed.

    :param listeners: their names.
    """

    def __init__(self, name: str, listeners: Sequence[str]) -> None:
        shown = ", ".join(listeners[:10]) + (f" and {len(listeners) - 10} more" if len(listeners) > 10 else "")
        them = "listeners" if len(listeners) > 1 else "listener"
        super().__init__(
            f"The template {name!r} is used by the {them} {shown}: give the {them} another template, or delete the "
            f"{them}, first."
        )
        self.name = name
        self.listeners = tuple(listeners)


class InvalidSource(PulpNotifiersError):
    """A source, or a change of one, breaks a rule.

    :param problems: field, or option as ``config.NAME``, to sentences that say what is wrong.
    """

    def __init__(self, problems: Mapping[str, list[str]]) -> None:
        super().__init__(f"The source cannot be accepted: {_by_field(problems)}")
        self.problems = dict(problems)


class NoSuchSource(PulpNotifiersError):
    """No source has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"No source has the name {name!r}: list the sources to find the right name.")
        self.name = name


class InvalidExpression(PulpNotifiersError):
    """A condition or template cannot be accepted.

    :param sentence: what is wrong, and what would be right.
    :param line: where, counted from 1.
    :param column: where in the line, counted from 1.
    """

    def __init__(self, sentence: str, line: int, column: int) -> None:
        super().__init__(f"Line {line}, column {column}: {sentence}")
        self.sentence = sentence
        self.line = line
        self.column = column


class ExpressionFailed(PulpNotifiersError):
    """A condition or template could not be evaluated with the facts of an event.

    :param sentence: why; it names facts and never quotes their values.
    :param line: where in the template, counted from 1; None for a condition or if no place is to blame.
    """

    def __init__(self, sentence: str, line: int | None = None) -> None:
        super().__init__(sentence if line is None else f"Line {line}: {sentence}")
        self.sentence = sentence
        self.line = line


class LeaseLost(PulpNotifiersError):
    """Another process has taken over what this one was working on; nothing was written."""


class EventIdTaken(PulpNotifiersError):
    """An event with other content has this id; nothing was written.

    :param digest: that of the stored event (:meth:`pulp_notifiers.event.Event.digest`).
    """

    def __init__(self, event_id: UUID, digest: str) -> None:
        super().__init__(
            f"Another event has the id {event_id}; the SHA-256 of its content is {digest}. Fire this one with a new "
            "id. A repeat must have the same type, payload and call report."
        )
        self.event_id = event_id
        self.digest = digest


class KeyTaken(PulpNotifiersError):
    """Another request with the same idempotency key was carried out a moment ago; nothing was written."""


class InvalidSetting(PulpNotifiersError):
    """A setting has a value that is not allowed; the text names file, section, key and what is allowed."""


class WrongUser(InvalidSetting):
    """This process would create files that the owner of the database could not open.

    :param file: the database.
    :param owner: the user to whom it, or its folder, belongs; ``#`` and a number if that user has no name here.
    :param current: the user of this process.
    :param exists: whether there is a database, and not only its folder.
    """

    def __init__(self, file: Path, owner: str, current: str, exists: bool = True) -> None:
        belongs = (
            f"The database {file} belongs to the user {owner}"
            if exists
            else f"The folder of the new database {file} belongs to the user {owner}"
        )
        # A folder that is mounted into a container has an owner of the machine outside.
        hint = f" (a container: with --user {owner[1:]})" if owner.startswith("#") else ""
        super().__init__(
            f"{belongs}, and this process runs as {current}: it would create files there that lock the service of "
            f"{owner} out. Run it as {owner}{hint}; or, if the service is to run as {current}, run first: "
            f"chown {'-R ' if exists else ''}{current} {quote(str(file.parent))}"
        )
        self.file = file
        self.owner = owner


class StoreUnavailable(PulpNotifiersError):
    """The database refused or lost a transaction; nothing was written."""


class PartlyWritten(StoreUnavailable):
    """The database failed after a part of the very many deliveries of an event was written.

    Those are made. Firing the event again, with the same id, adds the missing ones.
    """

    def __init__(self, event_id: UUID, reason: StoreUnavailable) -> None:
        super().__init__(
            f"The database failed when only a part of the deliveries of event {event_id} was written. Fire the event "
            f"again with the same id: only the missing ones are added. {reason}"
        )
        self.event_id = event_id


def _by_field(problems: Mapping[str, list[str]]) -> str:
    return "; ".join(f"{field}: {' '.join(sentences)}" for field, sentences in problems.items())
