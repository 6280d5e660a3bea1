"""A real SMTP server on a loopback port, for tests of everything that sends mail."""

import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from .smtp_server import Demand, Journal, ReceivedMail, Server, ServerOptions

__all__ = ["ReceivedMail", "SmtpReceiver"]

Step = Literal["greeting", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "message", "RSET", "NOOP", "QUIT"]
"""The steps at which the receiver can misbehave; ``message`` is the end of the mail, after its final dot."""


class SmtpReceiver:
    """Accepts mails and keeps them; as a context manager it listens inside the block.

    ::

        with SmtpReceiver() as receiver:
            receiver.refuse("RCPT", "550 5.1.1 No such user", address="nobody@example.com")
            ...  # send mail to receiver.host, receiver.port
            [mail] = receiver.wait_for(1)

    :param tls: ``starttls`` requires clients to start TLS, ``tls`` uses TLS from the first byte.
    :param certificate: PEM file with the certificate chain, for TLS.
    :param key: PEM file with its key, unless the first file holds it too.
    :param login: user name and password that clients must give.
    :param smtputf8: whether addresses outside ASCII are accepted (RFC 6531).
    """

    host = "127.0.0.1"

    def __init__(
        self,
        tls: Literal["none", "starttls", "tls"] = "none",
        *,
        certificate: Path | None = None,
        key: Path | None = None,
        login: tuple[str, str] | None = None,
        smtputf8: bool = True,
    ) -> None:
        self.port = 0
        context = None if tls == "none" else _server_context(certificate, key)
        self._options = ServerOptions(context, implicit_tls=tls == "tls", login=login, smtputf8=smtputf8)
        self._journal = Journal()
        self._server: Server | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; after :meth:`stop`, on the same port as before."""
        if self._server is None:
            listening = socket.create_server((self.host, self.port))
            self.port = listening.getsockname()[1]
            self._server = Server(listening, self._options, self._journal)

    def stop(self) -> None:
        """Cut every connection and refuse new ones; what was received is kept."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def disconnect(self) -> None:
        """Cut the connections that are open now, and continue to listen."""
        if self._server is not None:
            self._server.disconnect()

    @property
    def mails(self) -> list[ReceivedMail]:
        """The mails accepted so far, oldest first."""
        with self._journal.changed:
            return list(self._journal.mails)

    @property
    def connections(self) -> int:
        """How many connections were opened so far; over TLS, those whose handshake was completed."""
        return self._journal.connections

    @property
    def commands(self) -> list[str]:
        """The commands received so far over all connections, in order, without arguments."""
        with self._journal.changed:
            return list(self._journal.commands)

    @property
    def client_names(self) -> list[str]:
        """The names that clients gave in EHLO."""
        with self._journal.changed:
            return list(self._journal.client_names)

    def refuse(self, step: Step, reply: str, *, address: str = "", times: int | None = None) -> None:
        """Answer a step with this reply, such as ``451 4.7.1 Try again later``; 421 also closes the connection.

        :param address: only for this sender or recipient.
        :param times: how often; None means until :meth:`behave`.
        """
        with self._journal.changed:
            self._journal.demands.append(Demand(step, reply, address, times))

    def drop(self, step: Step, *, times: int | None = None) -> None:
        """Cut the connection instead of answering a step; at ``message`` the mail is kept, its answer is not sent."""
        with self._journal.changed:
            self._journal.demands.append(Demand(step, None, "", times))

    def behave(self) -> None:
        """Forget every :meth:`refuse` and :meth:`drop`."""
        with self._journal.changed:
            self._journal.demands.clear()

    def wait_for(self, count: int, timeout_seconds: float = 60.0) -> list[ReceivedMail]:
        """Return all mails as soon as there are ``count``.

        :raises AssertionError: there were fewer when the time was up.
        """
        self.wait_until(lambda: len(self._journal.mails) >= count, timeout_seconds)
        return self.mails

    def wait_until(self, condition: Callable[[], bool], timeout_seconds: float = 60.0) -> None:
        """Wait until a condition on this receiver is true; it is checked whenever something is received.

        :raises AssertionError: it was not true when the time was up.
        """
        journal = self._journal
        with journal.changed:
            if not journal.changed.wait_for(condition, timeout_seconds):
                raise AssertionError(
                    f"Not within {timeout_seconds:g} s; received so far: {len(journal.mails)} mails over "
                    f"{journal.connections} connections, commands {' '.join(journal.commands)}"
                )


def _server_context(certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    if certificate is None:
        raise ValueError("A receiver with TLS needs a certificate.")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    return context
