"""Reads task reports from the bodies of messages, and classifies bodies that are not task reports."""

from base64 import b64decode

from pulp_notifiers.broker import Received, task_document
from pulp_notifiers.encoding import MAX_DEPTH, is_too_deep, unportable
from pulp_notifiers.task import InvalidRecord, TaskReport

from .amqp_map import value_in_map

MAP_CONTENT_TYPE = "amqp/map"
LARGEST_BODY_BYTES = 16 * 2**20


class Unreadable(ValueError):
    """A message is not a task; the text is a sentence that says why.

    :param kind: one of a few words, by which repeats are recognized.
    """

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


def read(message: Received) -> TaskReport:
    """Return the task report in a message, in any of its forms (CONTRACT 3.2).

    :raises Unreadable: the message is not a task.
    """
    if len(message.body) > LARGEST_BODY_BYTES:
        raise Unreadable("size", f"The body is larger than {LARGEST_BODY_BYTES // 2**20} MB.")
    try:
        document = task_document(_without_map(message))
    except ValueError as problem:
        raise Unreadable("form", str(problem)) from None
    if is_too_deep(document):
        raise Unreadable("depth", f"The body is nested more than {MAX_DEPTH} levels deep.")
    flaw = unportable(document)
    if flaw:
        raise Unreadable("value", flaw)
    try:
        return TaskReport.from_record(document)
    except InvalidRecord as problem:
        raise Unreadable("record", str(problem)) from None


def _without_map(message: Received) -> bytes:
    if message.content_type != MAP_CONTENT_TYPE or message.body.lstrip()[:1] == b"{":
        return message.body
    value = value_in_map(message.body, "body")
    if value is None:
        raise ValueError("The map in the body has no key body.")
    return _decoded(value)


def _decoded(value: bytes) -> bytes:
    if value.lstrip()[:1] == b"{":
        return value
    try:
        return b64decode(value, validate=True)
    except ValueError as error:
        raise ValueError(f"The body in the map is not base64: {error}.") from None
