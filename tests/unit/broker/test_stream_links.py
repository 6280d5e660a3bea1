"""A stream's messages as AMQP frames, which of them are confirmed, and its connections."""

import struct
from contextlib import contextmanager

import pytest
from kombu.connection import Connection

from pulp_notifiers.broker import Broker, Deadline, StreamForm, StreamLink, StreamMessage, StreamOpener
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


def messages(*keys):
    """Return messages with these routing keys, whose bodies are their numbers."""
    return [StreamMessage(key, b"%d" % number) for number, key in enumerate(keys, start=1)]


@pytest.mark.parametrize(
    ("answers", "each", "left"),
    [
        ([(1, False), (2, False)], [[1], [2]], [3, 4, 5]),
        ([(3, True)], [[1, 2, 3]], [4, 5]),
        ([(5, True), (5, True), (2, False)], [[1, 2, 3, 4, 5], [], []], []),
        ([(2, False), (3, False), (1, False)], [[2], [3], [1]], [4, 5]),
        ([(2, False), (2, False), (4, True)], [[2], [], [1, 3, 4]], [5]),
        ([(4, False), (9, False), (0, False)], [[4], [], []], [1, 2, 3, 5]),
        ([(9, True)], [[1, 2, 3, 4, 5]], []),
    ],
)
@pytest.mark.parametrize("answer", ["taken", "refused"])
def test_each_message_is_confirmed_once(answer, answers, each, left):
    """In whatever order the server answers, one by one or many at a time."""
    sent, confirms = messages("a", "b", "c", "d", "e"), Confirms()
    confirms.sent(sent[:3])
    confirms.sent(sent[3:])
    found = []
    for number, up_to in answers:
        getattr(confirms, answer)(number, up_to)
        confirmed = confirms.take()
        found.append([int(message.body) for message in getattr(confirmed, answer)])
        assert len(found[-1]) == len(confirmed.taken) + len(confirmed.refused)

    assert each == found
    assert len(left) == len(confirms)
    assert left == [int(message.body) for message in confirms.unanswered()]


@pytest.mark.parametrize(
    ("keys", "taken", "refused", "left"),
    [
        ("aab", [2], [], [3]),
        ("aab", [], [2], [1, 3]),
        ("abab", [3], [], [2, 4]),
        ("aaaa", [2], [4], [3]),
        ("abcabc", [4, 5], [], [3, 6]),
        ("aab", [1], [], [2, 3]),
    ],
)
def test_messages_that_a_taken_one_overtook_are_not_sent_again(keys, taken, refused, left):
    """If it has their routing key."""
    confirms = Confirms()
    confirms.sent(messages(*keys))
    for number in taken:
        confirms.taken(number)
    for number in refused:
        confirms.refused(number)

    assert left == [int(message.body) for message in confirms.unanswered()]
    assert len(keys) - len(taken) - len(refused) == len(confirms)


def test_other_transports_of_kombu_confirm_by_accepting():
    """The exchange is declared there too, and the message has the same properties."""
    with Connection("memory://") as listening:
        queue = listening.SimpleQueue("stream-test")
        with stream_link("memory://") as link:
            listening.default_channel.queue_bind("stream-test", "stream.test", "tasks.#")
            sent = [StreamMessage("tasks.1", b"{}"), StreamMessage("tasks.2", b"[]")]
            link.send(sent, Deadline(60))

            assert (sent, []) == link.read_confirms(0)
            assert (0, []) == (link.unconfirmed, link.unanswered())
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
