"""Which of the messages that were sent the server has taken or refused, and which it has not answered yet."""

from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

from .form import StreamMessage


class Confirmed(NamedTuple):
    """The messages that the server answered, in the order of its answers.

    :ivar taken: it keeps them, or no queue matches them.
    :ivar refused: it does not keep them, for example because a queue is full.
    """

    taken: list[StreamMessage]
    refused: list[StreamMessage]


class Confirms:
    """The messages sent over one connection, numbered from 1 in the order sent.

    AMQP 0-9-1 numbers them like this (RabbitMQ's publisher confirms); a link of AMQP 1.0 numbers its deliveries itself.
    The server may answer in any order.
    """

    def __init__(self) -> None:
        self._open: deque[StreamMessage] = deque()  # from the oldest that is not answered to the newest
        self._first = 1  # the number of the oldest of them
        self._early: dict[int, bool] = {}  # answered before older ones: whether taken
        self._confirmed = Confirmed([], [])

    def __len__(self) -> int:
        return len(self._open) - len(self._early)

    def sent(self, messages: Iterable[StreamMessage]) -> None:
        """Expect answers to these messages, which get the next numbers."""
        self._open.extend(messages)

    def taken(self, number: int, up_to: bool = False) -> None:
        """Note that the server took a message.

        :param up_to: and all messages before it that it has not answered.
        """
        self._answered(number, up_to, self._confirmed.taken, True)

    def refused(self, number: int, up_to: bool = False) -> None:
        """Note that the server refused a message.

        :param up_to: and all messages before it that it has not answered.
        """
        self._answered(number, up_to, self._confirmed.refused, False)

    def take(self) -> Confirmed:
        """Return the messages answered since the last call; none is returned twice."""
        confirmed, self._confirmed = self._confirmed, Confirmed([], [])
        return confirmed

    def unanswered(self) -> list[StreamMessage]:
        """Return the messages without an answer, in the order sent.

        Those are left out after which the server took a newer message with the same routing key: sent again, they
        would follow it.
        """
        found: list[StreamMessage] = []
        taken: set[str] = set()
        for distance, message in enumerate(reversed(self._open), start=1):
            answer = self._early.get(self._first + len(self._open) - distance)
            if answer:
                taken.add(message.routing_key)
            elif answer is None and message.routing_key not in taken:
                found.append(message)
        return found[::-1]

    def _answered(self, number: int, up_to: bool, answers: list[StreamMessage], taken: bool) -> None:
        if number >= self._first + len(self._open):
            if not up_to:
                return  # it was never sent
            number = self._first + len(self._open) - 1
        if not up_to and number > self._first:
            if number not in self._early:
                self._early[number] = taken
                answers.append(self._open[number - self._first])
            return
        while self._open and self._first <= number:
            self._close_first(answers)
        while self._first in self._early:
            self._close_first(answers)

    def _close_first(self, answers: list[StreamMessage]) -> None:
        message = self._open.popleft()
        if self._early.pop(self._first, None) is None:
            answers.append(message)
        self._first += 1
