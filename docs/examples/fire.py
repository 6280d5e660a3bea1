"""Fire an event and deliver it in the same process."""

import pulp_notifiers
from pulp_notifiers.event import REPO_SYNC_FINISH

with pulp_notifiers.App.from_settings() as app:
    app.worker.start()
    deliveries = app.fire(pulp_notifiers.Event(REPO_SYNC_FINISH, {"repo_id": "zoo", "result": "success"}))
    print(f"{deliveries} deliveries are on disk")
