"""What attempts get beside event, config and target; rendered messages come from a part that knows templates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..notifier import ListenerInfo, SendContext
from ..plugin_host import LoadedNotifier
from ..records import Listener, OwedDelivery, Template


class Contexts(Protocol):
    """The contexts of one listener's attempts (:class:`pulp_notifiers.templates.Prepared`)."""

    def context(self, delivery: OwedDelivery, target: str, /) -> SendContext: ...


class Messages(Protocol):
    """Renders messages (:class:`pulp_notifiers.templates.Messages`)."""

    def prepare(self, listener: Listener, notifier: LoadedNotifier, config: Any, revision: int, /) -> Contexts: ...
    def templates_of(self, listener: Listener, notifier: LoadedNotifier, revision: int, /) -> Sequence[Template]: ...
    def failed(self, listener: Listener, delivery: OwedDelivery, problem: str, /) -> None: ...


class Unrendered:
    """Contexts without anything rendered: notifiers send what they send without templates."""

    def templates_of(self, _listener: Listener, _notifier: LoadedNotifier, _revision: int) -> Sequence[Template]:
        """Return no template."""
        return ()

    def failed(self, listener: Listener, delivery: OwedDelivery, problem: str) -> None:
        """Count nothing, because nothing can fail."""

    def prepare(self, listener: Listener, _notifier: LoadedNotifier, _config: Any, _revision: int) -> "_Bare":
        """Return the contexts of a listener."""
        return _Bare(ListenerInfo(listener.id, listener.name or listener.id, listener.description, listener.labels))


@dataclass(frozen=True, slots=True)
class _Bare:
    listener: ListenerInfo

    def context(self, delivery: OwedDelivery, _target: str) -> SendContext:
        return SendContext(delivery.id, delivery.attempts + 1, self.listener)
