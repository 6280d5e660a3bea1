"""A listener as Pulp 2 showed it over REST and in Python (CONTRACT 1.3)."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..records import Listener

LISTENERS = "/pulp/api/v2/events/"
"""The path of the listeners in Pulp 2's API."""


def listener_href(listener: "Listener") -> str:
    """Return the path of a listener."""
    return f"{LISTENERS}{listener.id}/"


def listener_document(listener: "Listener", shown_config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of a listener.

    :param shown_config: its options as they may be shown.
    """
    return {
        "_href": listener_href(listener),
        "_id": {"$oid": listener.id},
        "_ns": "event_listeners",
        "id": listener.id,
        "notifier_type_id": listener.notifier_type,
        "notifier_config": dict(shown_config),
        "event_types": [*listener.event_types],
    }
