"""Register a listener, change it, and list the newest deliveries."""

import pulp_notifiers
from pulp_notifiers import ListenerChange, ListenerDraft

with pulp_notifiers.App.from_settings() as app:
    config = {"url": "https://receiver.example.com/hook", "username": "pulp", "password": "secret"}
    listener = app.listeners.create(ListenerDraft("http", config, ("repo.sync.finish",)))
    app.listeners.update(listener.id, ListenerChange({"username": "zoo"}, ("repo.sync.finish", "task.error")))

    total, newest = app.deliveries.list(limit=20)
    print(f"{listener.notifier_type} listener registered, {total} deliveries so far")
