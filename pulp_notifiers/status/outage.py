"""What is told of a messaging server that does not take messages: one line when it begins, one when it is over."""

import logging

_logger = logging.getLogger(__name__)


class Outage:
    """Knows whether messages are being lost, and how many were."""

    def __init__(self) -> None:
        self.active = False
        self._dropped_before = 0

    def begin(self, reason: str) -> None:
        """Tell that messages are lost from now on; once per outage."""
        if not self.active:
            self.active = True
            _logger.error("Changes of tasks are not published until this is mended: %s", reason)

    def end(self, dropped: int) -> None:
        """Tell that messages are taken again.

        :param dropped: how many were lost so far, in this outage and before.
        """
        if self.active:
            self.active = False
            lost = dropped - self._dropped_before
            _logger.info("Changes of tasks are published again; %d could not be in the meantime.", lost)
        self._dropped_before = dropped
