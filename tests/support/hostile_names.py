"""Answers of the REST API with names that no terminal should see as they are, and that few encodings have."""

NAME = "B\u00e4r \u2013 \u65e5\u672c\u2026 \U0001f4e6"
CONTROLS = "\x1b[31m\x07\x9b2J\ud800\u202e\r"
HOSTILE = NAME + CONTROLS
ID = "6923c1e02f0b4a579c1e6b7e"

LISTENER = {
    "id": ID,
    "pulp_href": f"/pulp/api/v3/notifications/listeners/{ID}/",
    "notifier_type": HOSTILE,
    "event_types": [HOSTILE],
    "task_id": None,
    "source_options": {"include": [HOSTILE]},
    "config": {"url": HOSTILE, HOSTILE: [HOSTILE]},
    "name": HOSTILE,
    "description": HOSTILE,
    "enabled": True,
    "labels": {HOSTILE: HOSTILE},
    "when": HOSTILE,
    "condition_errors": {"count": 1, "last_event": HOSTILE, "last_at": HOSTILE, "last_error": HOSTILE},
    "warnings": [HOSTILE],
}
DELIVERY = {
    "pulp_href": f"/pulp/api/v3/notifications/deliveries/{ID}/",
    "state": "dead",
    "event_type": HOSTILE,
    "listener": ID,
    "notifier_type": HOSTILE,
    "target": HOSTILE,
    "attempt_count": 1,
    "due_at": None,
    "last_error": HOSTILE,
}
SOURCE = {
    "name": HOSTILE,
    "type": HOSTILE,
    "state": HOSTILE,
    "facts": {HOSTILE: HOSTILE},
    "config": {HOSTILE: HOSTILE},
    "problem": HOSTILE,
}
SCHEMA = {
    "properties": {"url": {"type": "string", "description": HOSTILE}, "b\u00e4r": {"default": HOSTILE}},
    "required": ["url"],
}
TYPE = {"type": "http", "distribution": HOSTILE, "version": HOSTILE, "schema": SCHEMA, "problem": None}
BROKEN_TYPE = {"type": HOSTILE, "distribution": HOSTILE, "version": HOSTILE, "schema": None, "problem": HOSTILE}
STATUS = {
    "version": HOSTILE,
    "database": {"dialect": HOSTILE, "reachable": True},
    "worker": {"running": False, "threads": 0},
    "stream": {
        "enabled": True,
        "connected": False,
        "outage_since": HOSTILE,
        "published": 0,
        "late": 0,
        "dropped": 0,
        "remembered": 0,
        "last_error": HOSTILE,
    },
    "backlog": {"pending": 0, "dead": 0, "oldest_pending_seconds": None},
    "sources": [{"name": HOSTILE, "state": HOSTILE, "lag_seconds": None}],
    "templates": [{"name": HOSTILE, "problem": HOSTILE}],
}
FIELD = {"type": HOSTILE, "description": HOSTILE}
PART = {"properties": {HOSTILE: FIELD}}
EVENT_TYPE = {
    "name": HOSTILE,
    "description": HOSTILE,
    "schema": {"properties": {"payload": PART, "call_report": PART}},
    "samples": [{"name": HOSTILE, "description": HOSTILE, "body": {HOSTILE: HOSTILE}}],
}
PULP_2_LISTENER = {"id": ID, "notifier_config": {HOSTILE: HOSTILE}, "event_types": [HOSTILE]}


def page(*documents):
    """Return a page of a list, as the REST API sends it."""
    return {"count": len(documents), "next": None, "results": list(documents)}


ANSWERS = {
    "/pulp/api/v2/events/": [PULP_2_LISTENER],
    "/pulp/api/v3/notifications/listeners/": page(LISTENER),
    f"/pulp/api/v3/notifications/listeners/{ID}/": LISTENER,
    "/pulp/api/v3/notifications/notifiers/": page(TYPE, BROKEN_TYPE),
    "/pulp/api/v3/notifications/deliveries/": page(DELIVERY),
    f"/pulp/api/v3/notifications/deliveries/{ID}/": {
        **DELIVERY,
        "attempts": [{"number": 1, "started_at": HOSTILE, "finished_at": None, "error": HOSTILE}],
    },
    "/pulp/api/v3/notifications/sources/": page(SOURCE),
    "/pulp/api/v3/notifications/sources/x/": SOURCE,
    "/pulp/api/v3/notifications/source-types/": page(TYPE, BROKEN_TYPE),
    "/pulp/api/v3/notifications/event-types/": page(EVENT_TYPE),
    "/pulp/api/v3/notifications/event-types/x/": EVENT_TYPE,
    "/pulp/api/v3/notifications/status/": STATUS,
    "/pulp/api/v3/notifications/events/": {"id": HOSTILE, "deliveries": 0},
}
