"""One client's connection: greeting, SASL, and Proton's engine."""

import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from proton import Collector, Condition, Connection, Event, Link, Transport, TransportException, symbol

from . import sasl
from .behaviour import GREETINGS, Behaviour
from .links import AttachRefused, IncomingLink, OutgoingLink, refuse
from .nodes import Exchanges

_AMQP = b"AMQP\x00\x01\x00\x00"
_HUGE_FRAME = b"\x7f\xff\xff\xff\x02\x00\x00\x00"  # its header says that 2 GiB follow
_GARBAGE = b"\x00\x00\x00\x03\xff\xff\xff\xff" * 8  # shorter than a frame can be


class Client:
    """A connection, read and written by one thread.

    :param received: is called with each message.
    """

    def __init__(
        self,
        connection: socket.socket,
        behaviour: Behaviour,
        exchanges: Exchanges,
        received: Callable[[dict[str, Any]], None],
    ) -> None:
        self.socket = connection
        self._behaviour, self._exchanges, self._received = behaviour, exchanges, received
        self._input, self._output = bytearray(), bytearray()
        self._stage = "greeting"
        self._ends = False  # once the output is sent
        self.closed = False
        self.user: str | None = None
        self._links: dict[tuple[str, bool], IncomingLink | OutgoingLink] = {}
        self._messages = 0
        self._read_next = 0.0

    @property
    def wants_to_read(self) -> bool:
        """Return whether it is time to read."""
        return not self._ends and time.monotonic() >= self._read_next

    @property
    def wants_to_write(self) -> bool:
        """Return whether there is something to write."""
        return bool(self._output) or self._ends

    def read(self) -> None:
        """Read what has arrived and deal with it."""
        try:
            data = self.socket.recv(65536)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError:
            data = b""
        if self._behaviour.pause_seconds:
            self._read_next = time.monotonic() + self._behaviour.pause_seconds
        if not data:
            self.close()
            return
        self._input += data
        while self._advance() and not self._ends:
            pass

    def write(self) -> None:
        """Write what can be written."""
        try:
            if self._output:
                del self._output[: self.socket.send(self._output)]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError:
            self.close()
            return
        if self._ends and not self._output:
            self.close()

    def close(self) -> None:
        """Close the socket, and delete what belonged to the connection."""
        if not self.closed:
            self.closed = True
            self.socket.close()
            for link in self._links.values():
                link.end()

    def work(self, now: float) -> None:
        """Do what is due: idle frames, deliveries to the client, answers, credit."""
        if self._stage != "open" or self.closed or self._ends:
            return
        for link in list(self._links.values()):
            if isinstance(link, OutgoingLink):
                link.deliver()
            else:
                link.answer()
                link.grant_credit()
        self._transport.tick(now)
        self._pump()

    def fail(self, fault: str) -> None:
        """Do to the client what a fault of :class:`Behaviour` says."""
        self._fail(fault)
        if self._stage == "open":
            self._pump()

    def _fail(self, fault: str) -> None:
        match fault:
            case "garbage" | "huge":
                self._send_encoded()  # what was to be sent before
                self._output += _GARBAGE if fault == "garbage" else _HUGE_FRAME + bytes(1000)
            case "cut":
                self._ends = True
            case _ if self._stage == "open":
                self._end(fault, *self._behaviour.condition)

    def _end(self, fault: str, name: str, description: str) -> None:
        if fault.startswith("detach"):
            error = (name, description) if fault == "detach-error" else ()
            for link in self._links.values():
                link.detach(*error)
        else:
            for endpoint in self._sessions if fault == "end" else [self._connection]:
                endpoint.condition = Condition(name, description)
                endpoint.close()

    def _advance(self) -> bool:
        """Deal with the next part of the input; return whether there may be more."""
        match self._stage:
            case "greeting":
                return self._greet()
            case "sasl":
                return self._authenticate()
        self._feed()
        return False

    def _greet(self) -> bool:
        if len(self._input) < len(_AMQP):
            return False
        header = bytes(self._input[: len(_AMQP)])
        greeting = self._behaviour.greeting
        if greeting == "silence":
            self._input.clear()
            return False
        if greeting != "1.0":
            self._output += GREETINGS[greeting]
            self._ends = True
        elif header == sasl.HEADER:
            del self._input[: len(header)]
            self._output += sasl.HEADER + sasl.mechanisms(self._behaviour.mechanisms)
            self._stage = "sasl"
        elif header == _AMQP and not self._behaviour.auth:
            self._begin()
        else:  # of another protocol, or without the SASL layer that is required
            self._output += sasl.HEADER if self._behaviour.auth else _AMQP
            self._ends = True
        return True

    def _authenticate(self) -> bool:
        init = sasl.take_init(self._input)
        if init is None:
            return False
        self.user = self._user(*init)
        self._output += sasl.outcome(sasl.REFUSED if self.user is None else sasl.OK)
        if self.user is None:
            self._ends = True
        else:
            self._begin()
        return True

    def _user(self, mechanism: str, response: bytes) -> str | None:
        if mechanism not in self._behaviour.mechanisms:
            return None
        match mechanism:
            case "ANONYMOUS":
                return "anonymous"
            case "PLAIN":
                _, user, password = (part.decode() for part in response.split(b"\0"))
                return user if self._behaviour.users.get(user) == password else None
            case "EXTERNAL":
                certificate: Any = self.socket.getpeercert() if isinstance(self.socket, ssl.SSLSocket) else None
                names = [value for part in (certificate or {}).get("subject", ()) for _, value in part]
                return names[-1] if names else None
        return None

    def _begin(self) -> None:
        self._stage = "open"
        self._connection, self._transport, self._collector = Connection(), Transport(Transport.SERVER), Collector()
        self._connection.collect(self._collector)
        self._sessions: list[Any] = []
        self._opened: list[Link] = []  # referred to, so that their contexts stay
        if self._behaviour.idle_seconds:
            self._transport.idle_timeout = self._behaviour.idle_seconds
        self._transport.bind(self._connection)

    def _feed(self) -> None:
        try:
            while self._input and not self._ends and (room := self._transport.capacity()) > 0:
                piece = bytes(self._input[:room])
                del self._input[: len(piece)]
                self._transport.push(piece)
                self._pump()
        except TransportException:
            self._pump()
            self._ends = True

    def _pump(self) -> None:
        while (event := self._collector.peek()) is not None:
            self._on(event)
            self._collector.pop()
        self._send_encoded()

    def _send_encoded(self) -> None:
        if self._stage != "open":
            return
        while (size := self._transport.pending()) > 0:
            self._output += self._transport.peek(size) or b""
            self._transport.pop(size)
        if self._transport.pending() < 0:
            self._ends = True

    def _on(self, event: Event) -> None:
        kind = event.type
        if kind == Event.CONNECTION_REMOTE_OPEN:
            self._open()
        elif kind == Event.SESSION_REMOTE_OPEN:
            event.session.open()
            self._sessions.append(event.session)
        elif kind == Event.LINK_REMOTE_OPEN:
            self._attach(event.link)
        elif kind == Event.DELIVERY:
            self._receive(event)
        elif kind in (Event.LINK_REMOTE_CLOSE, Event.LINK_REMOTE_DETACH):
            if (link := self._links.pop(_key(event.link), None)) is not None:
                link.end()
            event.link.close()
        elif kind == Event.SESSION_REMOTE_CLOSE:
            event.session.close()
        elif kind == Event.CONNECTION_REMOTE_CLOSE:
            self._connection.close()

    def _open(self) -> None:
        connection = self._connection
        connection.container = "imitation-of-qpidd"
        product, version = self._behaviour.product, self._behaviour.version
        connection.properties = {symbol("product"): product, symbol("version"): version}
        connection.offered_capabilities = symbol("ANONYMOUS-RELAY")
        if not self._behaviour.idle_seconds and self._transport.remote_idle_timeout:
            self._transport.idle_timeout = self._transport.remote_idle_timeout * 2
        connection.open()

    def _attach(self, link: Link) -> None:
        self._opened.append(link)
        try:
            if link.is_receiver:
                self._links[_key(link)] = IncomingLink(link, self._behaviour)
            else:
                self._links[_key(link)] = OutgoingLink(link, self._behaviour, self._exchanges)
        except AttachRefused as refused:
            refuse(link, refused)

    def _receive(self, event: Event) -> None:
        link = None if self._ends else self._links.get(_key(event.link))
        if isinstance(link, IncomingLink):
            if self._behaviour.fault and not self._behaviour.fault_after:
                self._fail(self._behaviour.fault)
                return
            message = link.receive(event.delivery, self._exchanges)
            if message is not None:
                self._received(message)
                self._messages += 1
                if self._behaviour.fault and self._messages == self._behaviour.fault_after:
                    self._fail(self._behaviour.fault)
        elif event.delivery.updated:
            event.delivery.settle()


def _key(link: Link) -> tuple[str, bool]:
    return link.name, link.is_sender  # a name may be used once in each direction
