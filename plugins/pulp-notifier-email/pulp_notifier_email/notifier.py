"""The notifier ``email``."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from email.message import EmailMessage
from importlib.resources import files
from typing import Any, ClassVar

from pulp_notifiers.errors import SwitchedOff
from pulp_notifiers.event import Event, utc_now
from pulp_notifiers.event_types import about
from pulp_notifiers.notifier import Notifier, PackagedTemplate, PartForm, SendContext, packaged_template

from .connection import Connection, ConnectionGone, Deadline, Mail
from .identity import Identity
from .mailbox import parse_mailbox, strict_problem
from .message import render
from .options import EmailConfig, EmailSettings
from .pool import Pool
from .readable import render_readable
from .server import MailServer

SWITCHED_OFF = "E-mail is switched off ([email] enabled is false); nothing was sent."
NOT_YET = "E-mail is switched off ([email] enabled is false); this listener sends nothing until that is changed."

DEFAULT_TEMPLATE = "email"

_MOST_SHOWN = 5


class EmailNotifier(Notifier[EmailConfig]):
    """Sends one mail to each address of a listener; a burst of mails shares connections.

    :param idle_seconds: how long an idle connection is kept for another mail.
    :param clock: returns the current time, for the date of a mail that is late.
    """

    Config = EmailConfig
    initial_config: ClassVar[Mapping[str, Any]] = {"format": "html"}
    template_parts: ClassVar[Mapping[str, PartForm]] = {
        "subject": PartForm.LINE,
        "text": PartForm.TEXT,
        "html": PartForm.HTML,
    }
    Settings = EmailSettings
    settings_section = "email"

    def __init__(self, idle_seconds: float = 5.0, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock
        self._pool = Pool(idle_seconds)
        self.configure(EmailSettings.model_validate({}))

    def configure(self, settings: EmailSettings) -> None:
        """Use the settings in the section ``[email]``."""
        self._settings = settings
        self._server = MailServer(settings)

    def targets(self, config: EmailConfig) -> Sequence[str]:
        """Return the addresses."""
        return config.addresses

    def problems(self, config: EmailConfig) -> Mapping[str, str]:
        """Return which addresses cannot be addresses, and which options have values that mean nothing."""
        found = list(filter(None, map(strict_problem, config.addresses)))
        more = [f"and {len(found) - _MOST_SHOWN} more"] if len(found) > _MOST_SHOWN else []
        addresses = {"addresses": "; ".join([*found[:_MOST_SHOWN], *more])} if found else {}
        return {**addresses, **config.ignored()}

    def advice(self, config: EmailConfig) -> Sequence[str]:
        """Remark on mail that is switched off, which is the default, and on invalid addresses."""
        return (*(() if self._settings.enabled else (NOT_YET,)), *_invalid(config.addresses))

    def packaged_templates(self) -> Mapping[str, PackagedTemplate]:
        """Return the template of the mails that people read."""
        return {DEFAULT_TEMPLATE: packaged_template(files(__package__) / "templates" / DEFAULT_TEMPLATE)}

    def default_template(self, config: EmailConfig) -> str | None:
        """Return the template's name; the format ``legacy`` has none."""
        return None if config.format == "legacy" else DEFAULT_TEMPLATE

    def template_problems(self, parts: Mapping[str, Any]) -> Mapping[str, str]:
        """Return that the text is missing, if it is: not every mail program shows HTML."""
        return {} if "text" in parts else {"text": "Add the text of the mails; html alone is not shown everywhere."}

    def send(self, event: Event, config: EmailConfig, target: str, *, context: SendContext | None = None) -> None:
        """Send the mail to one address and return once the mail server has accepted it.

        :param context: which delivery it is, and the rendered parts of the template. In the format ``legacy`` there are
            only parts if the listener names a template, which is then used. Without parts the mail has the event as
            JSON.
        :raises SwitchedOff: ``[email] enabled`` is false; no connection was opened.
        :raises PermanentFailure: the address is invalid, or the server will not accept the mail.
        """
        if not self._settings.enabled:
            raise SwitchedOff(SWITCHED_OFF)
        message = self._message(event, config, target, context)
        sender, recipient = parse_mailbox(self._settings.sender).address, parse_mailbox(target).address
        utf8 = not (sender + recipient).isascii()
        self._deliver(Mail(sender, recipient, message.as_bytes(), utf8))

    def close(self) -> None:
        """End the idle connections."""
        self._pool.close()

    def _message(self, event: Event, config: EmailConfig, target: str, context: SendContext | None) -> EmailMessage:
        sender = self._settings.sender
        context = context or SendContext()
        if config.format == "legacy" and context.rendered is None and context.problem is None:
            return render(event, config, target, sender)
        listener = context.listener
        identity = Identity(event, str(context.delivery_id), listener.id, listener.name, about(event))
        return render_readable(
            context.rendered or {}, identity, config, target, sender, now=self._clock(), problem=context.problem
        )

    def _deliver(self, mail: Mail) -> None:
        deadline = Deadline(self._settings.timeout_seconds)
        idle = self._pool.take()
        if idle is not None:
            idle.deadline = deadline
            try:
                self._transmit(idle, mail)
                return
            except ConnectionGone:
                # The server closed the idle session, or was restarted; it has not seen this mail.
                pass
        self._transmit(self._server.connect(deadline), mail)

    def _transmit(self, connection: Connection, mail: Mail) -> None:
        try:
            connection.transmit(mail)
        finally:
            self._pool.put_back(connection)


def _invalid(addresses: Sequence[str]) -> Iterator[str]:
    for address in addresses:
        try:
            parse_mailbox(address)
        except ValueError as error:
            yield f"One of the addresses gets no mail: {error}; correct it."
