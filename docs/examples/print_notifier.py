"""A notifier in the form of Pulp 2."""


def handle_event(notifier_config, event):
    """Print the event."""
    print(notifier_config["prefix"], event.event_type, event.payload["repo_id"])
