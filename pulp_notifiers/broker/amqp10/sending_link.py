"""A link over which messages are sent, and the server's answer to each."""

from collections import deque
from typing import NamedTuple
from uuid import uuid4

from proton import Data, Delivery, Endpoint, Terminus, symbol

from ..deadline import Deadline
from ..errors import LinkLost
from .addresses import RABBITMQ, Target
from .conditions import address_text, condition_of, is_ended, name_of, text_of
from .connection import Amqp10Connection

_Sent = tuple[int, Delivery, int]
"""A message that was not answered: its number, the delivery, and its size in bytes."""

_USE = "publish to"
_NOT_FOUND = "amqp:not-found"
_NAMES: dict[int, str] = {Delivery.REJECTED: "rejected", Delivery.RELEASED: "released", Delivery.MODIFIED: "modified"}


class Refusal(NamedTuple):
    """Why a server did not take a message.

    :ivar name: of the error; empty if it names none.
    :ivar text: for people.
    """

    name: str
    text: str


class LinkEnded(LinkLost):
    """The server ended the link or its session, or refused it; the connection may still be open.

    :param name: of the error; empty if the server names none.
    """

    def __init__(self, reason: str, name: str) -> None:
        super().__init__(reason)
        self.name = name


class SendingLink:
    """An open link to one exchange, for one thread at a time.

    :param durable: of the exchange, if the server creates it now.
    :ivar most_bytes: of a message; 0 if the server names no limit.
    :raises LinkEnded: the server refused it.
    :raises LinkLost: the connection broke, or the server did not answer in time.
    """

    def __init__(
        self, connection: Amqp10Connection, exchange: str, target: Target, durable: bool, deadline: Deadline
    ) -> None:
        self._connection = connection
        self._exchange = exchange
        self._open: deque[_Sent] = deque()
        # RabbitMQ 4 releases a message that no queue is bound for (rabbit_amqp_session:process_routing_confirm).
        self._unroutable = Delivery.RELEASED if connection.product == RABBITMQ else None
        # If the address is in each message, a server looks for the exchange with each message, not when it attaches.
        self._looks_late = target.address is None
        self._missing: LinkEnded | None = None
        self._session = connection.session()
        self._link = self._session.sender(f"pulp-notifiers-{uuid4()}")
        self._link.snd_settle_mode = self._link.SND_UNSETTLED
        self._describe(target, durable)
        self._link.open()
        try:
            connection.wait_until(self._is_attached, deadline)
        except LinkEnded:
            self.close()
            raise
        self.most_bytes = self._link.remote_max_message_size

    @property
    def is_open(self) -> bool:
        """Return whether the server has ended neither the link nor its session, and has not missed the exchange."""
        return self._missing is None and not is_ended(self._link) and not is_ended(self._session)

    @property
    def waits_for_server(self) -> bool:
        """Return whether messages wait because the server allows no more for now.

        It grants the link no credit, or its session no transfers, as RabbitMQ 4 while it is short of memory or disk
        space (rabbit_amqp_session: handle_cast conserve_resources).
        """
        return bool(self._link.queued)

    def send(self, number: int, message: bytes) -> None:
        """Hand over a message, which is sent as soon as the server allows it and the connection is worked on.

        :param number: for :meth:`answers`; greater than those before.
        """
        link = self._link
        delivery = link.delivery(str(number))
        link.stream(message)
        link.advance()
        self._open.append((number, delivery, len(message)))

    def answers(self) -> list[tuple[int, Refusal | None]]:
        """Return the messages that the server took (None) or refused since the last call, as far as was read."""
        found = []
        waiting = self._open
        while waiting and (answer := self._answer(waiting[0])) is not None:
            waiting.popleft()
            found.append(answer)
        if waiting and not found:
            # Perhaps answered in another order.
            left: deque[_Sent] = deque()
            for sent in waiting:
                answer = self._answer(sent)
                if answer is None:
                    left.append(sent)
                else:
                    found.append(answer)
            self._open = left
        return found

    def largest(self) -> int | None:
        """Return the number of the largest message that was not answered, None if all were."""
        return max(self._open, key=lambda sent: sent[2])[0] if self._open else None

    def require_open(self) -> None:
        """Raise LinkEnded if the server ended the link or its session, or has no such exchange."""
        if self._missing is not None:
            raise self._missing
        for endpoint in (self._link, self._session):
            if is_ended(endpoint):
                condition = condition_of(endpoint)
                raise LinkEnded(address_text(condition, self._exchange, _USE), name_of(condition))

    def close(self) -> None:
        """End the link and its session; what was not answered is forgotten.

        The engine keeps a little of it until the connection ends. It is not freed before: in python-qpid-proton 0.40
        that corrupts the memory when the garbage collector finds its deliveries later (double free).
        """
        self._open.clear()
        self._session.close()

    def _describe(self, target: Target, durable: bool) -> None:
        local = self._link.target
        local.type = Terminus.TARGET
        if target.address is not None:
            local.address = target.address
        capabilities = local.capabilities
        capabilities.put_array(False, Data.SYMBOL)
        capabilities.enter()
        for name in target.capabilities:
            capabilities.put_symbol(symbol(name))
        capabilities.exit()
        if target.creates and durable:
            local.properties.put_dict({symbol("durable"): True})

    def _is_attached(self) -> bool:
        self.require_open()
        # A server that refuses a link attaches it without a target first, and then detaches it with the reason.
        return bool(self._link.state & Endpoint.REMOTE_ACTIVE) and self._link.remote_target.type == Terminus.TARGET

    def _answer(self, sent: _Sent) -> tuple[int, Refusal | None] | None:
        number, delivery, _ = sent
        state = delivery.remote_state
        if state == Delivery.ACCEPTED or (state and state == self._unroutable):
            delivery.settle()
            return number, None
        if state in _NAMES or delivery.settled:
            # Settled without a state, a message counts as refused: nothing says that the server keeps it.
            condition = condition_of(delivery.remote)
            if self._looks_late and name_of(condition) == _NOT_FOUND:
                self._missing = self._missing or LinkEnded(address_text(condition, self._exchange, _USE), _NOT_FOUND)
                return None
            refusal = Refusal(name_of(condition), text_of(condition) or _NAMES.get(state, "settled without an answer"))
            delivery.settle()
            return number, refusal
        return None
