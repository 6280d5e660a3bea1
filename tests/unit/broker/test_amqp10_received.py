"""Messages of AMQP 1.0 as they were received, in every form in which programs publish."""

import gc
import struct

import pytest

from pulp_notifiers.broker import Unreadable, task_document

proton = pytest.importorskip("proton", reason="python-qpid-proton is not installed")
received = pytest.importorskip("pulp_notifiers.broker.amqp10.received")

TASK = b'{"task_id": "t"}'
WRAPPED = b"eyJ0YXNrX2lkIjogInQifQ=="
VALUE, DATA = b"\x00\x53\x77", b"\x00\x53\x75"


def nested(levels, empty, wrap):
    """Return an encoded value that contains others, so many levels deep."""
    for _ in range(levels):
        empty = wrap(empty)
    return empty


@pytest.mark.parametrize(
    ("body", "inferred"),
    [
        ({"body": WRAPPED, "headers": {}, "properties": {"delivery_mode": 2, "body_encoding": "base64"}}, False),
        ({"body": WRAPPED.decode()}, False),
        ({proton.symbol("body"): WRAPPED}, False),
        (TASK, True),
        (TASK, False),
        (TASK.decode(), False),
        ({"task_id": "t"}, False),
    ],
    ids=["kombu's map", "a map with text", "symbols as keys", "data", "binary value", "text", "the fields"],
)
def test_a_task_is_found_in_each_form(body, inferred):
    """Also when proton has freed the memory to which its binaries point."""
    message = received.received_message(proton.Message(body=body, subject="tasks.t", inferred=inferred).encode())
    gc.collect()

    assert "tasks.t" == message.subject
    assert {"task_id": "t"} == task_document(message.body)


def test_data_sections_are_joined():
    """A body may have several; a message with very many is not read."""
    section = DATA + b"\xa0\x02{}"
    properties = b"\x00\x53\x73\xc0\x0d\x04\x40\x40\x40\xa1\x07tasks.t"

    assert b"{}{}" == received.received_message(properties + section * 2).body
    assert section * 2 == received.received_message(VALUE + b"\xa0\x0e" + section * 2).body
    assert "The message has more than 32 sections." == received.received_message(section * 33).body.reason


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"not AMQP",
        VALUE + b"\x45",
        VALUE + b"\x41",
        VALUE + b"\x00\x53\x01\xa1\x01a",
        b"\x00\x53\x76\x45",
        DATA + b"\xb0" + struct.pack(">I", 0xFFFFFFF0) + b"x",
        VALUE + b"\xa1\x02\xff\xfe",
        VALUE + b"\xf0" + struct.pack(">II", 5, 0xFFFFFFFF) + b"\x40",
        VALUE + nested(20_000, b"\x45", lambda inner: b"\xd0" + struct.pack(">II", 4 + len(inner), 1) + inner),
        VALUE
        + nested(1000, b"\x40", lambda inner: b"\xd1" + struct.pack(">II", 7 + len(inner), 2) + b"\xa1\x01k" + inner),
    ],
    ids=lambda encoded: repr(encoded)[:30],
)
def test_anything_else_is_unreadable(encoded):
    """Bytes that are no message, and bodies that are no task, of whatever size and depth."""
    body = received.received_message(encoded).body

    assert isinstance(body, Unreadable)
    assert body.reason.startswith("The ")
    assert body.reason.endswith(".")


def test_a_map_whose_keys_are_no_text_holds_no_task():
    """Versions of proton differ in what they make of it."""
    encoded = VALUE + b"\xc1\x0a\x02\xa0\x02kk\xa1\x02vv"

    with pytest.raises(ValueError, match=r"^The .*\.$"):
        task_document(received.received_message(encoded).body)


def test_a_subject_of_another_type_is_no_subject():
    """The message is read nevertheless."""
    properties = b"\x00\x53\x73\xc0\x06\x04\x40\x40\x40\x54\x05"

    assert received.received_message(properties + VALUE + b"\xa1\x02{}").subject is None


def test_what_stands_for_a_large_message_says_the_limit():
    """Its bytes were not kept."""
    assert "The message is larger than 32 MB." == received.too_large(32 * 2**20).body.reason
