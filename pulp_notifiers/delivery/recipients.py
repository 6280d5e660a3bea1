"""Recipients: listeners with their parsed configs, read once for each revision of the listeners."""

from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol

from ..plugin_host import LoadedNotifier
from ..records import Listener

_MOST_REMEMBERED = 2000


class ListenerRows(Protocol):
    """Where listeners are stored (``pulp_notifiers.store``)."""

    def get(self, listener_id: str) -> Listener | None: ...


@dataclass(slots=True)
class Recipient:
    """A listener as attempts need it.

    :ivar revision: the listeners' revision at which it was read, or an older one.
    """

    listener: Listener
    revision: int
    _notifier: LoadedNotifier | None = None
    _config: Any = None

    def config(self, notifier: LoadedNotifier) -> Any:
        """Return the listener's config as the notifier's model: the same object until the listeners change.

        :raises InvalidConfig: the config is wrong.
        :raises NotifierUnavailable: the notifier fails to parse it.
        """
        if self._notifier is not notifier:
            self._config = notifier.parse(self.listener.config)
            self._notifier = notifier
        return self._config


class Recipients:
    """Reads listeners, and remembers those that were read."""

    def __init__(self, listeners: ListenerRows) -> None:
        self._listeners = listeners
        self._known: dict[str, Recipient] = {}
        self._lock = Lock()

    def get(self, listener_id: str, revision: int) -> Recipient | None:
        """Return a listener as it is at a revision of the listeners or later; None if it was deleted.

        :raises StoreUnavailable: it could not be read.
        """
        known = self._known.get(listener_id)
        if known is not None and known.revision >= revision:
            return known
        listener = self._listeners.get(listener_id)
        with self._lock:
            self._known.pop(listener_id, None)
            if listener is None:
                return None
            if len(self._known) >= _MOST_REMEMBERED:
                del self._known[next(iter(self._known))]  # the one that was read first
            recipient = self._known[listener_id] = Recipient(listener, revision)
            return recipient
