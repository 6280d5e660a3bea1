"""What the messaging server did with the messages that it was sent."""

import logging
from collections.abc import Sequence
from typing import cast

from ..broker import Confirmed, StreamMessage
from .document import TaskMessage

_logger = logging.getLogger(__name__)


class Outcomes:
    """Counts messages; of those that the server does not take, the first of each kind is logged.

    :ivar published: taken.
    :ivar late: taken after they had been remembered.
    :ivar dropped: not taken.
    """

    def __init__(self) -> None:
        self.published = self.late = self.dropped = 0
        self._one_by_one = 0
        self._refusal_logged = self._fault_logged = False

    @property
    def one_by_one(self) -> bool:
        """Return whether to send messages singly, to find out because of which the server closes connections."""
        return self._one_by_one > 0

    def confirmed(self, confirmed: Confirmed) -> None:
        """Count the messages that the server answered."""
        late = sum(message.late for message in cast(Sequence[TaskMessage], confirmed.taken))
        self.published += len(confirmed.taken) - late
        self.late += late
        self.dropped += len(confirmed.refused)
        if confirmed.refused and not self._refusal_logged:
            self._refusal_logged = True
            _logger.warning(
                "The messaging server refused a task change, perhaps because a queue bound to pulp.api.v2 is full; "
                "further refusals are only counted."
            )

    def sent_singly(self) -> None:
        """Note that one message was sent by itself."""
        self._one_by_one -= 1

    def unacceptable(self, unanswered: list[StreamMessage], remembered: int, reason: str) -> list[StreamMessage]:
        """Note that the server closed the connection because of one of these messages; return those to send again.

        :param remembered: how many others may be sent before these.
        """
        if len(unanswered) != 1:
            self._one_by_one = len(unanswered) + remembered
            return unanswered
        if not self._fault_logged:
            self._fault_logged = True
            _logger.warning(
                "The messaging server closed the connection because of a task change of %d bytes (%s), which is "
                "dropped; further ones are only counted: %s",
                len(unanswered[0].body),
                unanswered[0].routing_key,
                reason,
            )
        return []
