"""``EventFireManager``: the four repository events, as Pulp 2.7 fired them."""

from collections.abc import Mapping
from typing import Any

from ..app import App
from ..event import REPO_PUBLISH_FINISH, REPO_PUBLISH_START, REPO_SYNC_FINISH, REPO_SYNC_START, Event
from ..task import publish_payload, sync_payload
from .current_task import Report, call_report_of
from .deprecation import deprecated
from .shared_app import shared_app


class EventFireManager:
    """Fires events; a failed delivery never raises in the caller.

    Without ``call_report``, the event has that of :func:`current_task`, or null outside a task.

    :param app: by default the shared App of this process.
    """

    def __init__(self, app: App | None = None) -> None:
        self._app = app

    @deprecated("App.fire(Event('repo.sync.start', {'repo_id': ...}))")
    def fire_repo_sync_started(self, repo_id: str, *, call_report: Report | None = None) -> None:
        """Fire ``repo.sync.start``.

        :raises StoreUnavailable: the event could not be stored.
        """
        self._fire(REPO_SYNC_START, {"repo_id": repo_id}, call_report)

    @deprecated("App.fire(Event('repo.sync.finish', sync_payload(...)))")
    def fire_repo_sync_finished(self, sync_result: Mapping[str, Any], *, call_report: Report | None = None) -> None:
        """Fire ``repo.sync.finish``.

        :param sync_result: the sync's history record; it is not modified.
        :raises StoreUnavailable: the event could not be stored.
        """
        self._fire(REPO_SYNC_FINISH, sync_payload(sync_result), call_report)

    @deprecated("App.fire(Event('repo.publish.start', {'repo_id': ..., 'distributor_id': ...}))")
    def fire_repo_publish_started(
        self, repo_id: str, distributor_id: str, *, call_report: Report | None = None
    ) -> None:
        """Fire ``repo.publish.start``.

        :raises StoreUnavailable: the event could not be stored.
        """
        self._fire(REPO_PUBLISH_START, {"repo_id": repo_id, "distributor_id": distributor_id}, call_report)

    @deprecated("App.fire(Event('repo.publish.finish', publish_payload(...)))")
    def fire_repo_publish_finished(
        self, publish_result: Mapping[str, Any], *, call_report: Report | None = None
    ) -> None:
        """Fire ``repo.publish.finish``.

        :param publish_result: the publish's history record; it is not modified.
        :raises StoreUnavailable: the event could not be stored.
        """
        self._fire(REPO_PUBLISH_FINISH, publish_payload(publish_result), call_report)

    def _fire(self, event_type: str, payload: Mapping[str, Any], call_report: Report | None) -> None:
        event = Event(event_type, payload, call_report_of(call_report))
        (self._app or shared_app()).fire(event)
