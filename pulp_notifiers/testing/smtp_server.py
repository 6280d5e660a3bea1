"""The server behind :class:`pulp_notifiers.testing.smtp.SmtpReceiver` (owner of aiosmtpd)."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

_Loop = asyncio.AbstractEventLoop


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One mail that was accepted.

    :ivar sender: the address of ``MAIL FROM``.
    :ivar recipients: the addresses of ``RCPT TO``.
    :ivar options: what followed the sender, such as ``SMTPUTF8``.
    :ivar content: the bytes between ``DATA`` and the final dot.
    :ivar connection: number of its connection, from 1.
    :ivar encrypted: whether that connection used TLS.
    :ivar login: the user name with which the client had logged in, or None.
    """

    sender: str
    recipients: tuple[str, ...]
    options: tuple[str, ...]
    content: bytes
    connection: int
    encrypted: bool
    login: str | None

    @property
    def message(self) -> EmailMessage:
        """The content as a parsed message."""
        return message_from_bytes(self.content, policy=policy.default)


@dataclass(slots=True)
class Demand:
    """What a test demands at a step; without a reply the connection is cut."""

    step: str
    reply: str | None
    address: str
    times: int | None

    def applies(self, step: str, argument: str) -> bool:
        """Return whether the demand is for this step and not used up."""
        return self.step == step and self.times != 0 and (not self.address or f"<{self.address}>" in argument)


@dataclass(slots=True)
class Journal:
    """What clients sent and what tests demand, over all starts of a receiver."""

    mails: list[ReceivedMail] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    client_names: list[str] = field(default_factory=list)
    connections: int = 0
    demands: list[Demand] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    @contextmanager
    def writing(self) -> Iterator["Journal"]:
        """Change the journal, and wake the threads that wait for a change."""
        with self.changed:
            yield self
            self.changed.notify_all()

    def demand(self, step: str, argument: str | None = None) -> Demand | None:
        """Return the latest demand for a step, and count its use."""
        with self.changed:
            for demand in reversed(self.demands):
                if demand.applies(step, argument or ""):
                    demand.times = None if demand.times is None else demand.times - 1
                    return demand
        return None


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """How the server behaves.

    :ivar context: certificate and key, or None for clear text only.
    :ivar implicit_tls: TLS from the first byte; otherwise clients must start it if there is a context.
    :ivar login: user name and password that clients must give.
    """

    context: ssl.SSLContext | None
    implicit_tls: bool
    login: tuple[str, str] | None
    smtputf8: bool


class Server:
    """A thread that listens until it is stopped."""

    def __init__(self, listening: socket.socket, options: ServerOptions, journal: Journal) -> None:
        self._listening = listening
        self._options = options
        self._journal = journal
        self._open: set[Conversation] = set()
        self._loop = asyncio.new_event_loop()
        # Tests cut connections, so that writes to them fail; asyncio would print each failure.
        self._loop.set_exception_handler(lambda loop, context: None)
        self._stopping = asyncio.Event()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="SmtpReceiver", daemon=True)
        self._thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """Cut every connection and stop listening."""
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()

    def disconnect(self) -> None:
        """Cut every connection."""
        asyncio.run_coroutine_threadsafe(self._hang_up(), self._loop).result()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        context = self._options.context if self._options.implicit_tls else None
        server = await self._loop.create_server(self._converse, sock=self._listening, ssl=context)
        self._ready.set()
        await self._stopping.wait()
        server.close()
        await self._hang_up()

    async def _hang_up(self) -> None:
        for conversation in tuple(self._open):
            conversation.hang_up()
        while self._open:
            await asyncio.sleep(0)

    def _converse(self) -> "Conversation":
        return Conversation(self._options, self._journal, self._open, self._loop)


class Conversation(SMTP):
    """One connection: aiosmtpd's protocol, which first follows what a test demands at each step."""

    def __init__(
        self, options: ServerOptions, journal: Journal, conversations: "set[Conversation]", loop: _Loop
    ) -> None:
        self._options = options
        self._journal = journal
        self._conversations = conversations
        self._number = 0
        self._greeted = False
        super().__init__(
            self,
            hostname="localhost",
            enable_SMTPUTF8=options.smtputf8,
            tls_context=None if options.implicit_tls else options.context,
            require_starttls=True,
            auth_require_tls=False,  # aiosmtpd does not recognize implicit TLS
            authenticator=self._authenticate_user,
            loop=loop,
        )

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count the connection; aiosmtpd calls this a second time after STARTTLS."""
        super().connection_made(transport)
        if not self._number:
            # aiosmtpd writes its answer to EHLO in pieces, and each would wait 40 ms for the client's ACK.
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._conversations.add(self)
            with self._journal.writing() as journal:
                journal.connections += 1
                self._number = journal.connections

    def connection_lost(self, error: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(error)
        self._conversations.discard(self)

    def hang_up(self) -> None:
        """Cut the connection without a reply."""
        try:
            cast(asyncio.Transport, self._original_transport or self.transport).abort()
        except AttributeError:
            # Python 3.11.2: a TLS transport that was closed twice has no connection left to abort.
            self._conversations.discard(self)

    async def push(self, status: Any) -> None:
        """Send a reply; the first one is the greeting."""
        demand = None if self._greeted else self._journal.demand("greeting")
        self._greeted = True
        if demand is None:
            await super().push(status)
        else:
            await self._follow(demand)
            self._close()

    async def handle_EHLO(  # noqa: N802  aiosmtpd finds its hooks by name
        self, server: SMTP, session: Session, envelope: Envelope, name: str, replies: list[str]
    ) -> list[str]:
        """Offer a login only if one is required."""
        session.host_name = name
        with self._journal.writing() as journal:
            journal.client_names.append(name)
        return [reply for reply in replies if self._options.login or not reply.startswith("250-AUTH")]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail unless it is refused; if the connection is to be cut, cut it after keeping the mail."""
        demand = self._journal.demand("message")
        if demand is not None and demand.reply is not None:
            return demand.reply
        with self._journal.writing() as journal:
            journal.mails.append(self._received(session, envelope))
        if demand is not None:
            self.hang_up()
        return "250 OK"

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802
        await self._step("EHLO", hostname, super().smtp_EHLO)

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802
        await self._step("STARTTLS", arg, super().smtp_STARTTLS)

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802
        await self._step("AUTH", arg, super().smtp_AUTH)

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        await self._step("MAIL", arg, self._mail)

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        await self._step("RCPT", arg, super().smtp_RCPT)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        await self._step("DATA", arg, super().smtp_DATA)

    async def smtp_RSET(self, arg: str) -> None:  # noqa: N802
        await self._step("RSET", arg, super().smtp_RSET)

    async def smtp_NOOP(self, arg: str) -> None:  # noqa: N802
        await self._step("NOOP", arg, super().smtp_NOOP)

    async def smtp_QUIT(self, arg: str) -> None:  # noqa: N802
        await self._step("QUIT", arg, super().smtp_QUIT)

    async def _step(self, command: str, argument: Any, proceed: Callable[[Any], Awaitable[None]]) -> None:
        with self._journal.writing() as journal:
            journal.commands.append(command)
        demand = self._journal.demand(command, argument)
        if demand is None:
            await proceed(argument)
        else:
            await self._follow(demand)

    async def _follow(self, demand: Demand) -> None:
        if demand.reply is None:
            self.hang_up()
            return
        await super().push(demand.reply)
        if demand.reply.startswith("421"):
            self._close()

    def _close(self) -> None:
        if self.transport is not None:
            cast(asyncio.Transport, self.transport).close()

    async def _mail(self, arg: str | None) -> None:
        assert self.session is not None
        if self._options.login and not self.session.authenticated:
            await self.push("530 5.7.0 Authentication required")
        else:
            await super().smtp_MAIL(arg)

    def _authenticate_user(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, given: LoginPassword
    ) -> AuthResult:
        expected = tuple(text.encode() for text in self._options.login or ())
        return AuthResult(success=(given.login, given.password) == expected, handled=False, auth_data=given)

    def _received(self, session: Session, envelope: Envelope) -> ReceivedMail:
        return ReceivedMail(
            sender=envelope.mail_from or "",
            recipients=tuple(envelope.rcpt_tos),
            options=tuple(envelope.mail_options),
            content=envelope.original_content or b"",
            connection=self._number,
            encrypted=self._options.context is not None,
            login=session.auth_data.login.decode() if session.auth_data else None,
        )
