"""Which of the messages that were sent the server has neither taken nor refused yet."""

from collections import deque


class Confirms:
    """The delivery tags of one channel, which count up from 1 (RabbitMQ's publisher confirms)."""

    def __init__(self) -> None:
        self._sent = 0
        self._open: deque[int] = deque()
        self._early: set[int] = set()  # answered before older ones

    def __len__(self) -> int:
        return len(self._open) - len(self._early)

    def sent(self, count: int) -> None:
        """Expect answers to the next messages."""
        self._open.extend(range(self._sent + 1, self._sent + count + 1))
        self._sent += count

    def answered(self, tag: int, multiple: bool) -> int:
        """Note an ack or nack, and return how many messages it answers; none is counted twice.

        :param multiple: it answers all messages up to this one.
        """
        before = len(self)
        if not multiple and self._open and tag > self._open[0]:
            if tag <= self._sent:
                self._early.add(tag)
        else:
            self._close_up_to(tag)
        while self._early and self._open[0] in self._early:
            self._early.remove(self._open.popleft())
        return before - len(self)

    def _close_up_to(self, tag: int) -> None:
        while self._open and self._open[0] <= tag:
            self._early.discard(self._open.popleft())
