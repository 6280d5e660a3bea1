"""``EventListenerManager``: listeners as documents, as in Pulp 2.7."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..app import App
from ..listeners import listener_document
from ..records import Listener
from .deprecation import deprecated
from .shared_app import shared_app


class EventListenerManager:
    """Registers listeners and returns documents with the seven keys of the REST API (CONTRACT 1.3).

    Secrets are shown as ``*****``; a secret passed as ``*****`` stays unchanged.

    :param app: by default the shared App of this process.
    """

    def __init__(self, app: App | None = None) -> None:
        self._given_app = app

    @deprecated("App.pulp2_listeners.create, or App.listeners.create(ListenerDraft(...))")
    def create(
        self, notifier_type_id: str, notifier_config: Mapping[str, Any] | None, event_types: Sequence[str]
    ) -> dict[str, Any]:
        """Register a listener.

        :raises InvalidValue: a value is not allowed.
        """
        return self._document(self._app.pulp2_listeners.create(notifier_type_id, notifier_config, event_types))

    @deprecated("App.listeners.get")
    def get(self, event_listener_id: object) -> dict[str, Any]:
        """Return one listener.

        :raises NoSuchListener: no listener has this id.
        """
        return self._document(self._app.pulp2_listeners.get(str(event_listener_id)))

    @deprecated("App.listeners.list")
    def list(self) -> Sequence[dict[str, Any]]:
        """Return all listeners, oldest first."""
        return [self._document(listener) for listener in self._app.pulp2_listeners.list()]

    @deprecated("App.pulp2_listeners.update, or App.listeners.update(id, ListenerChange(...))")
    def update(
        self,
        event_listener_id: object,
        notifier_config: Mapping[str, Any] | None = None,
        event_types: Sequence[str] | None = None,
    ) -> dict[str, Any]:
        """Change a listener: merge the config, where None removes a key, and replace the event types.

        :raises NoSuchListener: no listener has this id.
        :raises InvalidValue: a value is not allowed; nothing is changed.
        """
        # As in Pulp 2, a secret stays if the URL changes: code of this process could read it anyway.
        changed = self._app.pulp2_listeners.update(
            str(event_listener_id), notifier_config, event_types, keep_secrets=True
        )
        return self._document(changed)

    @deprecated("App.listeners.delete")
    def delete(self, event_listener_id: object) -> None:
        """Remove a listener.

        :raises NoSuchListener: no listener has this id.
        """
        self._app.pulp2_listeners.delete(str(event_listener_id))

    @property
    def _app(self) -> App:
        return self._given_app or shared_app()

    def _document(self, listener: Listener) -> dict[str, Any]:
        return listener_document(listener, self._app.pulp2_listeners.shown_config(listener, show_urls=True))
