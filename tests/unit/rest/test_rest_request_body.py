"""The framing of a request's body."""

import pytest

from pulp_notifiers.rest.connections.body import ChunkedBody, PlainBody
from pulp_notifiers.rest.connections.refused import Refused

TRAILERS = 100


def read(sent: bytes, size: int) -> tuple[bytes, bytes, bool]:
    """Return content, what follows, and whether the body is complete, if it arrives in pieces of this size."""
    body = ChunkedBody(TRAILERS)
    content = rest = b""
    for start in range(0, len(sent), size):
        piece = sent[start : start + size]
        if body.complete:
            rest += piece
            continue
        found, rest = body.feed(piece)
        content += found
    return content, rest, body.complete


def test_a_body_of_known_length_ends_after_it() -> None:
    """What follows is handed back."""
    body = PlainBody(5)

    assert (b"ab", b"") == body.feed(b"ab")
    assert not body.complete
    assert (b"cde", b"fg") == body.feed(b"cdefg")
    assert body.complete


def test_an_empty_body_is_complete_at_once() -> None:
    """Nothing needs to be fed."""
    assert PlainBody(0).complete


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
@pytest.mark.parametrize(
    ("sent", "content"),
    [
        (b"0\r\n\r\n", b""),
        (b"3\r\nabc\r\n0\r\n\r\n", b"abc"),
        (b"0003;name=value\r\nabc\r\nA;x\r\n0123456789\r\n000\r\n\r\n", b"abc0123456789"),
        (b"1 ;x\r\n\n\r\n1\r\n\r\r\n0\r\n\r\n", b"\n\r"),
        (b"1\r\na\r\n0\r\nX-Remote-User: admin\r\nB: c\r\n\r\n", b"a"),
    ],
)
def test_the_content_of_chunks_is_the_same_however_they_arrive(sent: bytes, content: bytes, size: int) -> None:
    """Extensions and trailers are not part of it."""
    assert (content, b"GET /", True) == read(sent + b"GET /", size)


@pytest.mark.parametrize("size", [1, 2, 1000])
@pytest.mark.parametrize(
    "sent",
    [
        b"x\r\n",
        b"\r\n",
        b"-1\r\n",
        b"+1\r\n",
        b"0x1\r\n",
        b" 1\r\n",
        b"1_0\r\n",
        b"1\n",
        b"1\r\nab\r\n",
        b"1\r\na\n",
        b"1\r\na0\r\n",
        b"1;\x00\r\n",
        b"1;a\rb\r\n",
        b"1 2\r\n",
        b"f" * 16 + b"\r\n",
        b"1;" + b"x" * 1000,
        b"0" * 1000,
        b"0\r\nA: b\n\r\n",
        b"0\r\nA: " + b"x" * 1000,
        b"0\r\n" + b"A: b\r\n" * 1000,
    ],
)
def test_malformed_or_endless_framing_is_refused(sent: bytes, size: int) -> None:
    """It is refused without waiting for its end."""
    with pytest.raises(Refused) as refused:
        read(sent, size)

    assert refused.value.status == 400
