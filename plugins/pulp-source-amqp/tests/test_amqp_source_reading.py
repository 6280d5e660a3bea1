"""Bodies of messages are task reports, or are reported as unreadable."""

import json
import struct
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulp_source_amqp.reading import LARGEST_BODY_BYTES, MAP_CONTENT_TYPE, Unreadable, read

from pulp_notifiers.broker import Received
from pulp_notifiers.task import TaskReport

VECTORS = Path(__file__).parents[3] / "tests" / "legacy" / "vectors" / "task_status_messages.json"
RECORDED = [vector for vector in json.loads(VECTORS.read_text())["vectors"] if "amqp091" in vector.get("expect", ())]
RECORD = {"_id": {"$oid": "57238b2aaca4886d97990601"}, "task_id": "3f2a9c1e", "state": "running"}


def message(body: bytes, content_type: str | None = "application/data") -> Received:
    return Received(1, "tasks.3f2a9c1e", body, content_type)


def encoded_map(values: dict[str, Any]) -> bytes:
    """Return a map as AMQP 0-10 encodes it, with the types that kombu's transport for Qpid used."""
    items = b"".join(bytes((len(key),)) + key.encode() + _encoded(value) for key, value in values.items())
    return struct.pack(">II", len(items) + 4, len(values)) + items


def _encoded(value: Any) -> bytes:
    if isinstance(value, bytes):
        return b"\xa0" + struct.pack(">I", len(value)) + value
    if isinstance(value, str):
        return b"\x95" + struct.pack(">H", len(value)) + value.encode()
    if isinstance(value, int):
        return b"\x31" + struct.pack(">q", value)
    inner = encoded_map(value)
    return b"\xa8" + inner


@pytest.mark.parametrize("vector", RECORDED, ids=lambda vector: vector["id"])
def test_every_form_of_a_message_is_the_same_report(vector: Any) -> None:
    """The forms are native, text of Python 3, and kombu's envelope as JSON and as an AMQP 0-10 map."""
    expected = vector["expect"]
    native = expected["amqp091"]["body_exact"].encode()
    content = expected.get("qpid010", {}).get("content") or {"body": b64encode(native).decode(), "properties": {}}
    in_map = {**content, "body": content["body"].encode()}

    reports = [
        read(message(native)),
        read(message(native, "text/plain")),
        read(message(json.dumps(content).encode(), "application/json")),
        read(message(json.dumps(content).encode(), MAP_CONTENT_TYPE)),
        read(message(encoded_map(in_map), MAP_CONTENT_TYPE)),
    ]

    assert [TaskReport.from_record(vector["given"]["task_status"])] * 5 == reports


@pytest.mark.parametrize(
    ("kind", "body", "content_type"),
    [
        ("size", b" " * (LARGEST_BODY_BYTES + 1), None),
        ("form", b"", None),
        ("form", b"\xff\xfe\x00", None),
        ("form", b"[]", None),
        ("form", b"{}", None),
        ("form", b"[" * 100_000, None),
        ("form", b"", MAP_CONTENT_TYPE),
        ("form", b"\xff" * 100, MAP_CONTENT_TYPE),
        ("form", encoded_map({}), MAP_CONTENT_TYPE),
        ("form", encoded_map({"body": 7}), MAP_CONTENT_TYPE),
        ("form", encoded_map({"other": {"body": b"e30="}}), MAP_CONTENT_TYPE),
        ("form", encoded_map({"body": b"no base64!"}), MAP_CONTENT_TYPE),
        ("form", encoded_map({"body": b64encode(b"{}")})[:-1], MAP_CONTENT_TYPE),
        ("depth", json.dumps({**RECORD, "result": None}).replace("null", "[" * 200 + "]" * 200).encode(), None),
        ("value", json.dumps({**RECORD, "result": "\0"}).encode(), None),
        ("value", json.dumps({**RECORD, "result": 2**70}).encode(), None),
        ("value", json.dumps({**RECORD, "result": 0}).replace(": 0}", ": 1e999}").encode(), None),
        ("record", json.dumps({**RECORD, "state": "asleep"}).encode(), None),
        ("record", json.dumps({**RECORD, "tags": {"a": 1}}).encode(), None),
        ("record", json.dumps({"task_id": "3f2a9c1e", "state": "running"}).encode(), None),
    ],
)
def test_a_body_that_is_not_a_task_is_classified(kind: str, body: bytes, content_type: str | None) -> None:
    """The text is a sentence."""
    with pytest.raises(Unreadable, match=r"\.$") as raised:
        read(message(body, content_type))

    assert kind == raised.value.kind


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)
records = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys((*RECORD, "id", "tags", "spawned_tasks", "start_time", "group_id", "body"), json_values),
)


@given(st.binary() | records.map(lambda record: json.dumps({**RECORD, **record}).encode()), st.booleans())
def test_any_body_is_a_report_or_unreadable(body: bytes, as_map: bool) -> None:
    """No other exception is raised."""
    try:
        report = read(message(body, MAP_CONTENT_TYPE if as_map else None))
    except Unreadable:
        return

    assert report.task_id
    assert json.dumps(report.call_report(), allow_nan=False)
