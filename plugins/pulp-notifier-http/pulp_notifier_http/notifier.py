"""The notifier ``http``: posts the event to the listener's URL and reads the status of the answer."""

import os
import threading
from collections.abc import Sequence

from pulp_notifiers.event import Event
from pulp_notifiers.notifier import Notifier

from .config import HttpConfig
from .failures import answer_failure
from .request import TIMEOUT_SECONDS, render
from .trust import TrustStores
from .wire import Wire


class HttpNotifier(Notifier[HttpConfig]):
    """Posts events to a URL.

    :param timeout_seconds: for one exchange as a whole.
    """

    Config = HttpConfig

    def __init__(self, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._timeout_seconds = timeout_seconds
        self._trust = TrustStores()
        # By process as well, because a fork copies the connections of threads that it does not copy. The number of
        # a thread that ended may come again; then its connections are used again.
        self._wires: dict[tuple[int, int], Wire] = {}

    def advice(self, config: HttpConfig) -> Sequence[str]:
        """Say when one of username and password is missing."""
        if (config.username is None) == (config.password is None):
            return ()
        given, missing = ("username", "password") if config.password is None else ("password", "username")
        return (f"The http listener has a {given} but no {missing}, so it authenticates as nobody; set both.",)

    def send(self, event: Event, config: HttpConfig, target: str, *, attempt: int = 1) -> None:
        """Post an event; see :meth:`pulp_notifiers.notifier.Notifier.send`."""
        request = render(event, config, attempt, self._timeout_seconds)
        failure = answer_failure(self._wire().post(request), request)
        if failure:
            raise failure

    def close(self) -> None:
        """Close every connection that is kept open."""
        for process, thread in list(self._wires):
            if process == os.getpid():
                self._wires.pop((process, thread)).close()

    def _wire(self) -> Wire:
        owner = (os.getpid(), threading.get_ident())
        wire = self._wires.get(owner)
        if wire is None:
            wire = self._wires[owner] = Wire(self._trust)
        return wire
