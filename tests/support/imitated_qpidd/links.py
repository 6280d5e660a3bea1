"""What qpidd does with a link: attach, messages, credit, answers (Session.cpp, Incoming.cpp, Outgoing.cpp)."""

from collections.abc import Iterable
from typing import Any

from proton import Condition, Data, Delivery, Described, Link, Message, Terminus, symbol

from .behaviour import Behaviour
from .nodes import Exchanges, Subscription

TOPIC_BINDING = "apache.org:legacy-amqp-topic-binding:string"
_TOPIC_BINDINGS = {TOPIC_BINDING, 0x0000468C00000001}
_DIRECT_BINDINGS = {"apache.org:legacy-amqp-direct-binding:string", 0x0000468C00000000}
_OUTCOMES = {
    "accepted": Delivery.ACCEPTED,
    "released": Delivery.RELEASED,
    "modified": Delivery.MODIFIED,
    "rejected": Delivery.REJECTED,
}


class AttachRefused(Exception):
    """The node does not exist or may not be used; the arguments are the condition's name and description."""


class IncomingLink:
    """A client's sender."""

    def __init__(self, link: Link, behaviour: Behaviour) -> None:
        self._link, self._behaviour = link, behaviour
        self.address = link.remote_target.address or ""
        granted = _resolve(self.address, link.remote_target, behaviour)
        link.source.copy(link.remote_source)
        link.target.copy(link.remote_target)
        _replace(link.target.capabilities, granted)
        if behaviour.max_message_size:
            link.max_message_size = behaviour.max_message_size
        link.snd_settle_mode = link.remote_snd_settle_mode
        link.open()
        self._unanswered: list[Delivery] = []
        self.grant_credit()

    def grant_credit(self) -> None:
        """Top the credit up, if it has fallen to half."""
        missing = self._behaviour.credit - self._link.credit
        if missing > 0 and self._link.credit <= self._behaviour.credit // 2:
            self._link.flow(missing)

    def receive(self, delivery: Delivery, exchanges: Exchanges) -> dict[str, Any] | None:
        """Take a complete message, route it and answer it when it is time; return what arrived."""
        if delivery.partial or not delivery.readable:
            return None
        encoded = self._link.recv(delivery.pending)
        self._link.advance()
        behaviour = self._behaviour
        if self.address in behaviour.read_only:
            self.detach("amqp:unauthorized-access", f"nobody can publish to {self.address}")
            return None
        if behaviour.max_message_size and len(encoded) > behaviour.max_message_size:
            self.detach("amqp:link:message-size-exceeded", f"{len(encoded)} bytes")
            return None
        message = Message()
        message.decode(encoded)
        if behaviour.answer == "accepted":
            kind = behaviour.exchanges.get(self.address, "topic")
            exchanges.publish(self.address, kind, message.subject or "", encoded)
        self._unanswered.append(delivery)
        if behaviour.answer != "none" and len(self._unanswered) >= behaviour.answer_each:
            self.answer()
        self.grant_credit()
        return _described(self.address, message, encoded)

    def answer(self) -> None:
        """Answer what was received, unless there are to be no answers."""
        behaviour = self._behaviour
        if behaviour.answer == "none":
            return
        waiting, self._unanswered = self._unanswered, []
        for delivery in reversed(waiting) if behaviour.answer_backwards else waiting:
            if delivery.settled:
                delivery.settle()
                continue
            if behaviour.answer == "rejected":
                delivery.local.condition = Condition(*behaviour.condition)
            delivery.update(_OUTCOMES[behaviour.answer])
            delivery.settle()

    def detach(self, name: str = "", description: str = "") -> None:
        """Close the link, with an error if it has a name."""
        detach(self._link, name, description)

    def end(self) -> None:
        """The link has ended."""


class OutgoingLink:
    """A client's receiver: a queue of its own, bound to the exchange with the subject filter."""

    def __init__(self, link: Link, behaviour: Behaviour, exchanges: Exchanges) -> None:
        self._link, self._exchanges = link, exchanges
        self.address = link.remote_source.address or ""
        granted = _resolve(self.address, link.remote_source, behaviour)
        asked = _subject_filter(link.remote_source.filter, behaviour.exchanges.get(self.address))
        self._subscription = Subscription(self.address, asked[1].value if asked else "#")
        exchanges.subscriptions.append(self._subscription)
        link.source.copy(link.remote_source)
        link.target.copy(link.remote_target)
        _replace(link.source.capabilities, granted)
        _replace(link.source.filter, {asked[0]: asked[1]} if asked else {symbol("default-subject-filter"): "#"})
        # A subscription's messages are settled, unless the client asks for unsettled ones.
        self._settles = link.remote_snd_settle_mode != Link.SND_UNSETTLED
        link.snd_settle_mode = link.remote_snd_settle_mode
        link.open()
        self._sent = 0

    def deliver(self) -> None:
        """Send what waits, as far as there is credit."""
        waiting = self._subscription.waiting
        while waiting and self._link.credit > 0 and self._link.state & self._link.REMOTE_ACTIVE:
            self._sent += 1
            delivery = self._link.delivery(str(self._sent))
            self._link.send(waiting.popleft())
            self._link.advance()
            if self._settles:
                delivery.settle()

    def detach(self, name: str = "", description: str = "") -> None:
        """Close the link, with an error if it has a name."""
        detach(self._link, name, description)
        self.end()

    def end(self) -> None:
        """Delete the queue."""
        if self._subscription in self._exchanges.subscriptions:
            self._exchanges.subscriptions.remove(self._subscription)


def refuse(link: Link, refused: AttachRefused) -> None:
    """Answer an attach without source and target, and detach with the error."""
    link.source.type = link.target.type = Terminus.UNSPECIFIED
    link.open()
    detach(link, *refused.args)


def detach(link: Link, name: str = "", description: str = "") -> None:
    """Close a link, with an error if it has a name."""
    if name:
        link.condition = Condition(name, description)
    link.close()


def _resolve(address: str, terminus: Terminus, behaviour: Behaviour) -> list[str]:
    """Return the requested capabilities that hold.

    :raises AttachRefused: there is no such exchange, or it may not be used.
    """
    asked = list(_symbols(terminus.capabilities))
    if address in behaviour.hidden:
        raise AttachRefused(
            "amqp:unauthorized-access", f"ACL denied exchange access request from the user to {address}"
        )
    if address not in behaviour.exchanges:
        if not (behaviour.creates and {"create-on-demand", "topic"} <= {*asked}):
            raise AttachRefused("amqp:not-found", f"Node not found: {address}")
        behaviour.exchanges[address] = "topic"
    is_topic = behaviour.exchanges[address] == "topic"
    held = {"create-on-demand", "topic", "durable", "shared"} | ({"legacy-amqp-topic-binding"} if is_topic else set())
    return [name for name in asked if name in held]


def _subject_filter(filters: Data, kind: str | None) -> tuple[Any, Described] | None:
    """Return key and filter of the first one that becomes a binding."""
    found = _object(filters)
    known = _TOPIC_BINDINGS if kind == "topic" else _DIRECT_BINDINGS
    for key, value in (found or {}).items():
        if isinstance(value, Described) and value.descriptor in known:
            return key, value
    return None


def _symbols(data: Data) -> Iterable[str]:
    found = _object(data)
    if found is None:
        return []
    return [str(found)] if isinstance(found, str) else map(str, found.elements)


def _object(data: Data) -> Any:
    data.rewind()
    return data.get_object() if data.next() is not None else None


def _replace(data: Data, value: list[str] | dict[Any, Any]) -> None:
    data.clear()
    if isinstance(value, dict):
        data.put_object(value)
    elif value:
        data.put_array(False, Data.SYMBOL)
        data.enter()
        for name in value:
            data.put_symbol(symbol(name))
        data.exit()


def _described(address: str, message: Message, encoded: bytes) -> dict[str, Any]:
    body = message.body
    text = body.get("body", b"") if isinstance(body, dict) else b""
    return {
        "address": address,
        "subject": message.subject,
        "durable": message.durable,
        "body": bytes(text).decode("latin-1") if isinstance(text, (bytes, memoryview)) else str(text),
        "encoded": encoded.hex(),
    }
