"""The task in a message of the stream, in each form in which it is sent."""

import json
from base64 import b64encode
from pathlib import Path

import pytest

from pulp_notifiers.broker import Unreadable, task_document

VECTORS = {
    vector["id"]: vector
    for vector in json.loads((Path(__file__).parents[2] / "legacy/vectors/task_status_messages.json").read_text())[
        "vectors"
    ]
}
NATIVE = [name for name, vector in VECTORS.items() if "amqp091" in vector.get("expect", {})]
ENVELOPED = [name for name in NATIVE if "content" in VECTORS[name]["expect"].get("qpid010", {})]


def in_envelope(body, **properties):
    """Return a body as kombu's transport for Qpid wraps it."""
    envelope = {"body": b64encode(body).decode(), "properties": {"body_encoding": "base64", **properties}}
    return json.dumps(envelope).encode()


@pytest.mark.parametrize("name", NATIVE)
def test_a_native_body_is_the_document(name):
    """Bytes of JSON, the keys in the order in which they were published."""
    expected = VECTORS[name]["expect"]["amqp091"]

    document = task_document(expected["body_exact"].encode())

    assert expected["body_json"] == document
    assert list(json.loads(expected["body_exact"])) == list(document)


@pytest.mark.parametrize("name", NATIVE)
def test_a_text_plain_body_is_the_document(name):
    """The library may have decoded it, as it does what Python 3's producers sent."""
    expected = VECTORS[name]["expect"]["amqp091"]

    assert expected["body_json"] == task_document(expected["body_exact"])


@pytest.mark.parametrize("name", ENVELOPED)
def test_a_base64_envelope_holds_the_document(name):
    """As kombu wrapped it for Qpid, written as JSON."""
    expected = VECTORS[name]["expect"]

    assert expected["amqp091"]["body_json"] == task_document(json.dumps(expected["qpid010"]["content"]).encode())


@pytest.mark.parametrize("binary", [str.encode, str, lambda text: memoryview(text.encode())])
@pytest.mark.parametrize("name", ENVELOPED)
def test_a_map_of_amqp_1_0_holds_the_document(name, binary):
    """As it arrives from a Qpid broker; libraries differ in how they represent its binary body."""
    expected = VECTORS[name]["expect"]
    content = expected["qpid010"]["content"]

    assert expected["amqp091"]["body_json"] == task_document({**content, "body": binary(content["body"])})


def test_the_vectors_hold_both_forms():
    """Otherwise the tests above would test nothing."""
    assert NATIVE
    assert ENVELOPED


def test_an_envelope_without_encoding_holds_text():
    """As kombu writes it for a virtual transport that does not encode bodies."""
    body = json.dumps({"body": '{"task_id": "t"}', "properties": {"body_encoding": "utf-8"}})

    assert {"task_id": "t"} == task_document(body)


def test_a_map_may_hold_the_envelope_as_json():
    """As from a bridge that wraps once more."""
    assert {"task_id": "t"} == task_document({"body": b64encode(in_envelope(b'{"task_id": "t"}'))})


def test_a_map_may_say_that_its_body_is_not_encoded():
    """Also in binary, as clients of AMQP 0-10 write texts."""
    for encoding in (None, "utf-8", b"utf-8"):
        body = {"body": b'{"task_id": "t"}', "properties": {"body_encoding": encoding}}

        assert {"task_id": "t"} == task_document(body)


def test_a_map_may_be_the_task_itself():
    """If a program publishes its fields with types of AMQP; what only AMQP has is written as JSON has it."""
    record = {"task_id": "t", "tags": ["a"], "result": {"count": 3, "ratio": 0.5, "none": None}, "body": "eyJ9"}

    assert record == task_document({**record, "tags": ("a",)})


def test_a_task_with_a_field_called_body_is_no_envelope():
    """Only an object without task_id is unwrapped."""
    assert {"task_id": "t", "body": "eyJ9"} == task_document(b'{"task_id": "t", "body": "eyJ9"}')


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"\x80\x81",
        b"nonsense",
        b"[]",
        b"null",
        b'"text"',
        b"3",
        b"{}",
        b'{"task_id": null}',
        b'{"task_id": 7}',
        b'{"task_id": ""}',
        b'{"task_id": "t", "result": NaN}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"9" * 10_000,
        b'{"body": "not base64!"}',
        b'{"body": 7}',
        b'{"body": "\\u20ac"}',
        b'{"body": ""}',
        in_envelope(b"nonsense"),
        in_envelope(in_envelope(b'{"task_id": "t"}')),
        "\ud800",
        "{",
        {},
        {"body": b"not base64!"},
        {"body": [b"e30="]},
        {"body": b""},
        {"body": b64encode(in_envelope(in_envelope(b'{"task_id": "t"}')))},
        {b"body": b"e30="},
        {"task_id": "t", "result": b"binary"},
        {"task_id": "t", "result": float("nan")},
        {"task_id": "t", b"key": 1},
        {"task_id": b"t"},
        {3: 4},
        Unreadable("The body is too large."),
    ],
    ids=lambda body: repr(body)[:30],
)
def test_a_body_without_a_task_is_refused_with_a_sentence(body):
    """Whatever it is."""
    with pytest.raises(ValueError, match=r"^The body .*\.$"):
        task_document(body)
