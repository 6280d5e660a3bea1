"""The rules by which qpidd turns AMQP 1.0 messages into those of AMQP 0-10, on messages of Proton."""

from uuid import UUID

import pytest

from tests.support.qpidd_translation import translated

proton = pytest.importorskip("proton", reason="python-qpid-proton is not installed (pip install pulp-notifiers[qpid])")


def test_a_map_is_encoded_as_in_amqp_0_10():
    """Byte for byte as codec010.py of qpid-python reads it: size, count, then key, type and value of each entry."""
    message = proton.Message(body={"n": 1, "s": "\xe9", "b": b"\xff", "m": {}, "v": None, "t": True})

    transfer = translated(message.encode())

    entries = (
        b"\x01n\x31" + bytes(7) + b"\x01"
        b"\x01s\x95\x00\x02\xc3\xa9"
        b"\x01b\x90\x00\x01\xff"
        b"\x01m\xa8\x00\x00\x00\x04\x00\x00\x00\x00"
        b"\x01v\xf0"
        b"\x01t\x08\x01"
    )
    assert (len(entries) + 4).to_bytes(4) + b"\x00\x00\x00\x06" + entries == transfer.body
    assert "amqp/map" == transfer.content_type
    assert {"n": 1, "s": "\xe9", "b": b"\xff", "m": {}, "v": None, "t": True} == transfer.content


@pytest.mark.parametrize(("size", "code"), [(0, "vbin16"), (65535, "vbin16"), (65536, "vbin32")])
def test_the_type_of_binary_data_depends_on_its_length(size, code):
    """A client sees the same bytes."""
    transfer = translated(proton.Message(body={"body": b"x" * size}).encode())

    assert {"body": code} == transfer.encodings
    assert {"body": b"x" * size} == transfer.content


def test_a_long_text_cannot_be_translated():
    """So bodies must be binary."""
    with pytest.raises(AssertionError, match="too long"):
        translated(proton.Message(body={"body": "x" * 65536}).encode())


def test_a_content_type_hides_a_map():
    """It replaces amqp/map, and the client sees bytes."""
    transfer = translated(proton.Message(body={"a": 1}, content_type="application/data").encode())

    assert "application/data" == transfer.content_type
    assert isinstance(transfer.content, bytes)


def test_a_data_section_is_the_body():
    """Without a content type, unless the message has one."""
    plain = proton.Message(body=b"{}", inferred=True, subject="s", durable=True, priority=0)
    typed = proton.Message(body=b"{}", inferred=True, content_type="application/json")

    transfer = translated(plain.encode())

    assert (b"{}", None, "s", 2, 0) == (
        transfer.body,
        transfer.content_type,
        transfer.routing_key,
        transfer.delivery_mode,
        transfer.priority,
    )
    assert {"qpid.subject": "s"} == transfer.application_headers
    assert "application/json" == translated(typed.encode()).content_type


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        (UUID(int=5), UUID(int=5)),
        (str(UUID(int=5)), UUID(int=5)),
        ("sixteen letters.", UUID(bytes=b"sixteen letters.")),
        ("event-1", None),
        (7, None),
    ],
)
def test_only_a_uuid_is_kept_as_message_id(sent, received):
    """AMQP 0-10 has no other ids."""
    assert received == translated(proton.Message(id=sent, body=b"").encode()).message_id
