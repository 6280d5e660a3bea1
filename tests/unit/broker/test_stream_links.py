"""A stream's messages as AMQP frames, which of them are confirmed, and its connections."""

import struct
from contextlib import contextmanager

import pytest
from kombu.connection import Connection

from pulp_notifiers.broker import Broker, Deadline, StreamForm, StreamLink, StreamOpener
from pulp_notifiers.broker.stream.confirms import Confirms
from pulp_notifiers.broker.stream.message_frames import MessageFrames
from pulp_notifiers.errors import TemporaryFailure

FORM = StreamForm("stream.test", "application/data", "binary", 2, 0)


@contextmanager
def stream_link(url):
    """Open a connection for the duration of a block."""
    link = StreamLink(Broker([url]).connect(Deadline(60)), FORM, Deadline(60))
    try:
        yield link
    finally:
        link.abandon()
        link.close(1)


def parsed(data):
    """Return type, channel and payload of each frame."""
    frames = []
    while data:
        kind, channel, size = struct.unpack_from(">BHI", data)
        payload, end, data = data[7 : 7 + size], data[7 + size], data[8 + size :]
        assert 0xCE == end
        frames.append((kind, channel, payload))
    return frames


@pytest.mark.parametrize("size", [0, 1, 92, 93, 1000])
def test_a_body_is_split_into_frames_that_the_server_accepts(size):
    """They follow the method and the header, which holds the size of the body."""
    body = bytes(size)

    method, header, *pieces = parsed(b"".join(MessageFrames(7, 100, "stream", b"properties").of("key", body)))

    assert (1, 7, b"\x00\x3c\x00\x28\x00\x00\x06stream\x03key\x00") == method
    assert (2, 7, struct.pack(">HHQ", 60, 0, size) + b"properties") == header
    assert body == b"".join(payload for kind, channel, payload in pieces if (3, 7) == (kind, channel))
    assert all(0 < len(payload) + 8 <= 100 for _, _, payload in pieces)


def test_a_routing_key_longer_than_amqp_allows_is_refused():
    """It would change the meaning of the bytes after it."""
    with pytest.raises(ValueError, match="255 bytes"):
        MessageFrames(1, 4096, "stream", b"").of("é" * 128, b"")


@pytest.mark.parametrize(
    ("answers", "each", "left"),
    [
        ([(1, False), (2, False)], [1, 1], 3),
        ([(3, True)], [3], 2),
        ([(5, True), (5, True), (2, False)], [5, 0, 0], 0),
        ([(2, False), (3, False), (1, False)], [1, 1, 1], 2),
        ([(2, False), (2, False), (4, True)], [1, 0, 3], 1),
        ([(4, False), (9, False)], [1, 0], 4),
    ],
)
def test_each_message_is_counted_once(answers, each, left):
    """In whatever order the server confirms, one by one or many at a time."""
    confirms = Confirms()
    confirms.sent(3)
    confirms.sent(2)

    assert each == [confirms.answered(tag, multiple) for tag, multiple in answers]
    assert left == len(confirms)


def test_other_transports_of_kombu_confirm_by_accepting():
    """The exchange is declared there too, and the message has the same properties."""
    with Connection("memory://") as listening:
        queue = listening.SimpleQueue("stream-test")
        with stream_link("memory://") as link:
            listening.default_channel.queue_bind("stream-test", "stream.test", "tasks.#")
            link.send([("tasks.1", b"{}"), ("tasks.2", b"[]")], Deadline(60))

            assert (2, 0) == link.read_confirms(0)
            assert 0 == link.unconfirmed
        first = queue.get(timeout=60)
        assert (b"{}", "application/data", "binary") == (
            bytes(first.body),
            first.content_type,
            first.content_encoding,
        )
        assert ("stream.test", "tasks.1") == (
            first.delivery_info["exchange"],
            first.delivery_info["routing_key"],
        )
        queue.close()


def test_every_server_is_tried():
    """The failure names the reason of each."""
    opener = StreamOpener(Broker(["amqp://127.0.0.1:1//", "amqp://127.0.0.1:2//"]), FORM)

    with pytest.raises(TemporaryFailure) as raised:
        opener()

    assert ":1//: " in raised.value.reason
    assert ":2//: " in raised.value.reason
