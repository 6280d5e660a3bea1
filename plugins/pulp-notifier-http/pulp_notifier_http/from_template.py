"""What a template makes of a request: its body, and further headers and query parameters."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from pulp_notifiers.encoding import dumps
from pulp_notifiers.event import Event
from pulp_notifiers.notifier import PartForm, SendContext
from pulp_notifiers.outbound import json_body

from .custom_headers import MOST_HEADERS, name_problem, value_problem

PARTS = {"body": PartForm.TEXT, "json": PartForm.JSON, "headers": PartForm.LINES, "query": PartForm.LINES}

PROBLEM_HEADER = "Pulp-Template-Problem"
"""Why the body is Pulp 2's although the listener has a template."""

MOST_PARAMETERS = 50

_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Message:
    """The parts of a request that templates can change; without one they are Pulp 2's.

    :ivar headers: those that the template adds.
    :ivar query: parameters that are added to the URL, encoded.
    """

    body: bytes = field(repr=False)
    content_type: str = _JSON
    headers: tuple[tuple[str, str], ...] = ()
    query: str = ""


def message(event: Event, context: SendContext, own_headers: Mapping[str, object]) -> Message:
    """Return the message for an event.

    :param own_headers: the headers in the listener's options, which come before those of a template.
    """
    rendered: Mapping[str, Any] = context.rendered or {}
    given = {name: text for name, text in rendered.get("headers", {}).items() if text}
    content_type = next((text for name, text in given.items() if name.lower() == "content-type"), None)
    taken = {"content-type", *map(str.lower, own_headers)}
    headers = [(name, text) for name, text in given.items() if name.lower() not in taken]
    if context.problem is not None:
        headers.append((PROBLEM_HEADER, _ascii_line(context.problem)))
    query = "&".join(
        f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in rendered.get("query", {}).items() if text
    )
    if "json" in rendered:
        body, usual_type = dumps(rendered["json"]).encode("ascii"), _JSON
    elif "body" in rendered:
        body, usual_type = rendered["body"].encode("utf-8"), _TEXT
    else:
        body, usual_type = json_body(event), _JSON
    return Message(body, content_type or usual_type, tuple(headers), query)


def template_problems(parts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield which parts of a template cannot be sent, and why."""
    if "body" in parts and "json" in parts:
        yield "json", "A request has one body: write body or json, not both."
    headers = parts.get("headers", {})
    if len(headers) > MOST_HEADERS:
        yield "headers", f"There are {len(headers)} headers, and at most {MOST_HEADERS} are sent."
    elif len(set(map(str.lower, headers))) < len(headers):
        yield "headers", "Two headers have the same name; upper and lower case do not differ."
    for name in headers:
        if name.lower() == "authorization":
            yield (
                f"headers.{name}",
                "Authorization cannot come from a template; use the listener's token, username or headers.",
            )
        elif name.lower() != "content-type" and (problem := name_problem(name)):
            yield f"headers.{name}", f"{problem}."
    if len(parts.get("query", {})) > MOST_PARAMETERS:
        yield "query", f"There are {len(parts['query'])} parameters, and at most {MOST_PARAMETERS} are sent."


def rendered_problem(rendered: Mapping[str, Any]) -> str | None:
    """Return why rendered parts cannot be sent; None if they can."""
    for name, text in rendered.get("headers", {}).items():
        if problem := value_problem(name, text):
            return f"headers.{name}: {problem}."
    return None


def _ascii_line(text: str) -> str:
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)
