"""The body of an event: the object that Pulp 2 sent through every notifier (CONTRACT 2.2)."""

from ..encoding import dumps, utc
from ..event import Event


def json_body(event: Event) -> bytes:
    """Return the body as Pulp 2 sent it over HTTP and AMQP: one line of ASCII JSON.

    :raises TypeError: payload or call report contain a value that has no JSON form.
    :raises ValueError: they contain a number that is not finite.
    """
    payload, call_report = event.encoded()
    # The text of json.dumps(event.body()), without parsing and writing what is stored as text.
    return (f'{{"event_type": "{event.type}", "payload": {payload}, "call_report": {call_report or "null"}}}').encode(
        "ascii"
    )


def readable_body(event: Event) -> str:
    """Return the body as Pulp 2 sent it in mails: indented by two spaces.

    :raises TypeError: payload or call report contain a value that has no JSON form.
    :raises ValueError: they contain a number that is not finite.
    """
    return dumps(event.body(), indent=2)


def event_time(event: Event) -> str:
    """Return when an event happened, for a header: RFC 3339 in UTC, such as ``2026-11-30T07:00:00.123456Z``."""
    return utc(event.occurred_at).replace(tzinfo=None).isoformat() + "Z"
