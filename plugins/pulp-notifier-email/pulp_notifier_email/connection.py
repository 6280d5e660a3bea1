"""One session with a mail server, in which no wait exceeds the time limit of the attempt."""

import contextlib
import io
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pulp_notifiers.errors import PermanentFailure, TemporaryFailure

_CHUNK = 64 * 1024
_LONGEST_REPLY = 64 * 1024
_LONGEST_SHOWN = 300
_FULL_HOST_NAME = re.compile(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")

SETTINGS_AT_FAULT = frozenset({530, 534, 535, 538})
"""Replies that require a login or TLS (RFC 4954, 6; RFC 3207, 4): the settings are wrong, and the mail is not."""


class Deadline:
    """The time when an attempt has to end."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._end = clock() + seconds

    def remaining(self) -> float:
        """Return the seconds that are left.

        :raises TimeoutError: no time is left.
        """
        left = self._end - self._clock()
        if left <= 0:
            raise TimeoutError(f"no answer within {self.seconds:g} s")
        return left

    @property
    def passed(self) -> bool:
        """Whether no time is left."""
        return self._clock() >= self._end


class ConnectionGone(TemporaryFailure):
    """The server ended the session before the mail started, so the mail can go over another session."""


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail with its envelope.

    :ivar utf8: whether its addresses or headers need SMTPUTF8 (RFC 6531).
    """

    sender: str
    recipient: str
    content: bytes
    utf8: bool


class Connection(smtplib.SMTP):
    """A session. The constructor connects and reads the greeting.

    :ivar deadline: limits every wait; each attempt sets its own.
    :ivar reusable: whether the session is ready for another mail.
    :param context: for TLS from the first byte; None without it.
    :raises OSError: no connection could be opened; errors of smtplib and ssl derive from it.
    """

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None, deadline: Deadline) -> None:
        self.deadline = deadline
        self.reusable = False
        self._server_name = host
        self._implicit_tls = context
        super().__init__(host, port, local_hostname="localhost")
        assert self.sock is not None
        self.local_hostname = _own_name(self.sock)
        self.command_encoding = "utf-8"

    def transmit(self, mail: Mail) -> None:
        """Send one mail and return once the server has accepted it.

        :raises ConnectionGone: the session ended before the mail started.
        :raises TemporaryFailure: the server may accept it later.
        :raises PermanentFailure: the server will not accept it.
        """
        self.reusable = False
        try:
            self._send_sender(mail)
            self._command(f"RCPT TO:<{mail.recipient}>", 250, 251)
            self._send_content(mail)
        except (TemporaryFailure, PermanentFailure):
            self._reset_session()
            raise
        self.reusable = True

    def end_session(self, deadline: Deadline) -> None:
        """End the session with QUIT if it still exists, and close the connection."""
        self.deadline = deadline
        with contextlib.suppress(OSError):
            self.quit()
        self.close()

    def getreply(self) -> tuple[int, bytes]:
        """Read a reply within the deadline; smtplib itself would restart the timeout with every byte."""
        if self.file is None:
            self.file = io.BufferedReader(_Replies(self))
        self.file.raw.left = _LONGEST_REPLY
        return super().getreply()

    def send(self, s: Any) -> None:
        """Write within the deadline."""
        data = s.encode(self.command_encoding) if isinstance(s, str) else s
        for start in range(0, len(data), _CHUNK):
            if self.sock is not None:
                self.sock.settimeout(self.deadline.remaining())
            super().send(data[start : start + _CHUNK])

    def _get_socket(self, host: str, port: int, timeout: object) -> socket.socket:
        sock = _connect(host, port, self.deadline)
        if self._implicit_tls is None:
            return sock
        try:
            sock.settimeout(self.deadline.remaining())
            return self._implicit_tls.wrap_socket(sock, server_hostname=host)
        except (OSError, ValueError):
            sock.close()
            raise

    def _send_sender(self, mail: Mail) -> None:
        if mail.utf8 and not self.has_extn("smtputf8"):
            raise PermanentFailure(
                f"Error sending mail. The server {self._server_name} accepts ASCII addresses only (it does not offer "
                f"SMTPUTF8), so it cannot send mail from {mail.sender} to {mail.recipient}; use addresses with ASCII "
                "characters before the @."
            )
        size = f" SIZE={len(mail.content)}" if self.has_extn("size") else ""
        utf8 = " SMTPUTF8 BODY=8BITMIME" if mail.utf8 else ""
        try:
            self._command(f"MAIL FROM:<{mail.sender}>{size}{utf8}", 250)
        except TemporaryFailure as failure:
            if self.sock is None and not self.deadline.passed:
                raise ConnectionGone(failure.reason) from failure
            raise

    def _send_content(self, mail: Mail) -> None:
        try:
            code, text = self.data(mail.content)
        except smtplib.SMTPDataError as error:
            raise self._refusal(error.smtp_code, error.smtp_error, f"DATA for {mail.recipient}") from error
        except OSError as error:
            raise self._lost(f"DATA for {mail.recipient}") from error
        if code != 250:
            raise self._refusal(code, text, f"the mail for {mail.recipient}")

    def _command(self, command: str, *accepted: int) -> None:
        try:
            code, text = self.docmd(command)
        except OSError as error:
            raise self._lost(command) from error
        if code not in accepted:
            raise self._refusal(code, text, command)

    def _lost(self, step: str) -> TemporaryFailure:
        self.close()
        ending = (
            f"did not answer within {self.deadline.seconds:g} s" if self.deadline.passed else "closed the connection"
        )
        return TemporaryFailure(f"Error sending mail. The server {self._server_name} {ending} (after {step}).")

    def _refusal(self, code: int, text: bytes | str, step: str) -> TemporaryFailure | PermanentFailure:
        if code == 421 or not 400 <= code <= 599:
            # The server closes the session, or its replies do not match our commands any more.
            self.close()
        reason = f"Error sending mail. {answer(code, text)} (in answer to {step})"
        if code in SETTINGS_AT_FAULT:
            return TemporaryFailure(f"{reason}: check tls, username and password in [email].")
        return PermanentFailure(reason) if 500 <= code <= 599 else TemporaryFailure(reason)

    def _reset_session(self) -> None:
        if self.sock is None:
            return
        with contextlib.suppress(OSError):  # the caller raises the refusal; a session that fails here is not reused
            self.reusable = self.docmd("RSET")[0] == 250


class _Replies(io.RawIOBase):
    """The server's replies, read within the current deadline and up to a maximum length."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.left = _LONGEST_REPLY

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        sock = self._connection.sock
        if sock is None or self.left <= 0:
            raise ConnectionError("the reply is too long")
        sock.settimeout(self._connection.deadline.remaining())
        count = sock.recv_into(buffer)
        self.left -= count
        return count


def answer(code: int, text: bytes | str) -> str:
    """Return a reply for a message: on one line, printable, and of limited length."""
    reply = text if isinstance(text, str) else text.decode("utf-8", "replace")
    reply = "".join(character if character.isprintable() else " " for character in reply)
    number = str(code) if code >= 0 else "A reply that is not SMTP:"
    return " ".join([number, *reply.split()])[:_LONGEST_SHOWN]


def _connect(host: str, port: int, deadline: Deadline) -> socket.socket:
    addresses = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    failure: OSError = OSError(f"{host} has no address")
    for position, address in enumerate(addresses):
        # Each address gets a share of the time, so that one that drops packets leaves some for the next.
        share = deadline.remaining() / (len(addresses) - position)
        try:
            sock = socket.create_connection((address, port), share)
        except OSError as error:
            failure = error
        else:
            # Otherwise the last part of a larger mail may wait for the server's ACK: 49 instead of 7 ms over TLS.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
    raise failure


def _own_name(sock: socket.socket) -> str:
    """Return the name for EHLO, without a DNS query, which can take seconds.

    It is the host name if that is fully qualified, otherwise the address in brackets, which is always valid (RFC 5321,
    4.1.4).
    """
    name = socket.gethostname()
    if _FULL_HOST_NAME.fullmatch(name):
        return name
    address = sock.getsockname()[0].partition("%")[0]
    return f"[IPv6:{address}]" if ":" in address else f"[{address}]"
