"""Fire an event from Python, and deliver it in the same process."""

from pulp_notifiers.app import App
from pulp_notifiers.event import REPO_SYNC_FINISH, Event

with App.from_settings() as app:
    app.worker.start()
    deliveries = app.fire(Event(REPO_SYNC_FINISH, {"repo_id": "zoo", "result": "success"}))
    print(f"{deliveries} deliveries are on disk")
