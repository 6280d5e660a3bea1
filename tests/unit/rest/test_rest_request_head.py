"""The head of a request: bounds and form."""

import pytest

from pulp_notifiers.rest.connections.head import Head, HeadReader, inspect
from pulp_notifiers.rest.connections.refused import Refused
from pulp_notifiers.rest.settings import RestSettings

LIMITS = RestSettings(max_request_line_bytes=256, max_head_bytes=1024, max_head_fields=10)
LINE = b"GET /x HTTP/1.1"


def head_of(*lines: bytes) -> Head:
    """Return the accepted head of these lines."""
    found = HeadReader(LIMITS).feed(b"\r\n".join([*lines, b"", b""]))
    assert found is not None
    return found[0]


def refusal_of(sent: bytes) -> int:
    """Return the status with which bytes are refused, however they are cut into pieces."""
    statuses = set()
    for size in (len(sent), 1, 7):
        with pytest.raises(Refused) as refused:
            feed(sent, size)
        statuses.add(int(refused.value.status))
    (status,) = statuses
    return status


def feed(sent: bytes, size: int) -> None:
    """Read bytes in pieces of this size until a head is complete."""
    reader = HeadReader(LIMITS)
    for start in range(0, len(sent), size):
        if reader.feed(sent[start : start + size]) is not None:
            return


def test_a_head_is_complete_at_its_empty_line() -> None:
    """What follows is handed back."""
    sent = LINE + b"\r\nHost: x\r\nA: b\r\n\r\n"

    found = HeadReader(LIMITS).feed(b"\r\n\r\n" + sent + b"rest")

    assert (Head("GET", sent, 0, expects_continue=False), b"rest") == found


def test_a_head_in_single_bytes_is_the_same_head() -> None:
    """It has begun with its first byte that is not an empty line."""
    reader = HeadReader(LIMITS)
    sent = b"\r\n" + LINE + b"\r\nHost: x\r\n\r\n"

    found = [reader.feed(bytes([byte])) for byte in sent]

    assert [None] * (len(sent) - 1) == found[:-1]
    assert (head_of(LINE, b"Host: x"), b"") == found[-1]


def test_empty_lines_do_not_begin_a_head() -> None:
    """So they do not extend a deadline."""
    reader = HeadReader(LIMITS)

    assert reader.feed(b"\r\n" * 1000) is None
    assert not reader.begun


@pytest.mark.parametrize(
    "host", [b"x", b"a.example.", b"a_b.example:8080", b"127.0.0.1:80", b"[::1]", b"[::1]:1", b"x:"]
)
def test_a_host_is_a_name_or_an_address_with_or_without_a_port(host: bytes) -> None:
    """Blanks around it do not count."""
    assert head_of(LINE, b"host:\t" + host + b" ").body_bytes == 0


@pytest.mark.parametrize(
    "host",
    [b"", b"a b", b"a,b", b"a/b", b"u@a", b"a:b", b"a:99999", b"a:1:2", b"::1", b"[x]", b"a\xff", b"http://a", b"*"],
)
def test_other_hosts_are_refused(host: bytes) -> None:
    """Two servers could read them differently."""
    assert refusal_of(LINE + b"\r\nHost: " + host + b"\r\n\r\n") == 400


@pytest.mark.parametrize("count", [0, 2, 3])
def test_http_1_1_needs_exactly_one_host(count: int) -> None:
    """Equal ones are refused too."""
    assert refusal_of(LINE + b"\r\n" + b"Host: x\r\n" * count + b"\r\n") == 400


def test_http_1_0_needs_no_host() -> None:
    """Two are refused."""
    assert head_of(b"GET / HTTP/1.0").method == "GET"
    assert refusal_of(b"GET / HTTP/1.0\r\nHost: x\r\nHost: x\r\n\r\n") == 400


def test_the_host_of_the_request_line_must_be_that_of_the_header() -> None:
    """A proxy and the service could choose different ones."""
    assert head_of(b"GET http://X:1/y HTTP/1.1", b"Host: x:1").method == "GET"
    assert refusal_of(b"GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n") == 400


@pytest.mark.parametrize("method", ["FROB", "get", "CONNECT", "M-SEARCH", "PURGE", "PROPFIND", "X" * 100])
def test_any_token_is_a_method(method: str) -> None:
    """The parser sees one that it knows."""
    head = head_of(method.encode() + b" /x HTTP/1.1", b"Host: x")

    assert method == head.method
    assert head.text == b"POST /x HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize(
    "line",
    [
        b"GET /",
        b"GET / HTTP/0.9",
        b"GET / HTTP/1.2",
        b"GET / HTTP/2.0",
        b"GET / http/1.1",
        b"GET  / HTTP/1.1",
        b"GET / HTTP/1.1 ",
        b" GET / HTTP/1.1",
        b"G@T / HTTP/1.1",
        b"GET /\xff HTTP/1.1",
        b"GET /a b HTTP/1.1",
        b"PRI * HTTP/2.0",
    ],
)
def test_other_request_lines_are_refused(line: bytes) -> None:
    """HTTP/0.9 has no version."""
    assert refusal_of(line + b"\r\nHost: x\r\n\r\n") == 400


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"GET / HTTP/1.1\r\nHost: x\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\rHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: \x00\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\tfolded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nnothing\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,
    ],
)
def test_lines_that_two_servers_could_read_differently_are_refused(sent: bytes) -> None:
    """They are refused before the head is complete."""
    assert refusal_of(sent) == 400


@pytest.mark.parametrize(
    "fields",
    [
        b"Content-Length: 1\r\nTransfer-Encoding: chunked",
        b"Content-Length: 1\r\nContent-Length: 2",
        b"Content-Length: 1\r\nContent-Length: 1",
        b"Content-Length: 1, 1",
        b"Content-Length: +1",
        b"Content-Length: -1",
        b"Content-Length: 0x1",
        b"Content-Length: 1_0",
        b"Content-Length:",
        b"Content-Length: 9999999999999999999",
        b"Content-Length: \xb2",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked, chunked",
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: identity",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding: \x0bchunked",
        b"Transfer-Encoding:",
    ],
)
def test_a_body_whose_length_is_ambiguous_is_refused(fields: bytes) -> None:
    """Whoever reads it otherwise would see another request."""
    assert refusal_of(b"POST / HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n\r\n") == 400


def test_chunks_are_refused_in_http_1_0() -> None:
    """That version has none."""
    assert refusal_of(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400


@pytest.mark.parametrize(("field", "length"), [(b"Content-Length: 12", 12), (b"transfer-encoding: Chunked", None)])
def test_the_length_of_the_body_is_known_from_the_head(field: bytes, length: int | None) -> None:
    """Names and codings are not case-sensitive."""
    assert length == head_of(LINE, b"Host: x", field).body_bytes


def test_the_parser_sees_no_upgrade() -> None:
    """It would take what follows for another protocol, and the body for the next request."""
    head = head_of(LINE, b"Host: x", b"Connection: upgrade", b"UPGRADE: websocket", b"Content-Length: 3")

    assert b"upgrade:" not in head.text.lower()
    assert head.body_bytes == 3


def test_expect_is_known_from_the_head() -> None:
    """Other expectations are ignored."""
    assert head_of(LINE, b"Host: x", b"Expect: 100-Continue").expects_continue
    assert not head_of(LINE, b"Host: x", b"Expect: 200-ok").expects_continue


def test_a_request_line_of_exactly_the_limit_is_accepted() -> None:
    """One byte more is answered 414, also if the line does not end."""
    path = b"/" + b"x" * (256 - len(b"GET / HTTP/1.1"))

    assert head_of(b"GET %b HTTP/1.1" % path, b"Host: x").method == "GET"
    assert refusal_of(b"GET %bx HTTP/1.1\r\nHost: x\r\n\r\n" % path) == 414
    assert refusal_of(b"GET /" + b"x" * 10_000) == 414
    assert refusal_of(b"G" * 10_000) == 414


def test_a_head_of_exactly_the_limit_is_accepted() -> None:
    """One byte more is answered 431, also if the head does not end."""
    start = LINE + b"\r\nHost: x\r\nA: "
    value = b"x" * (1024 - len(start) - 4)

    assert HeadReader(LIMITS).feed(start + value + b"\r\n\r\n") is not None
    assert refusal_of(start + value + b"x\r\n\r\n") == 431
    assert refusal_of(start + b"x" * 100_000) == 431


def test_as_many_header_lines_as_the_limit_are_accepted() -> None:
    """One more is answered 431."""
    lines = [b"Host: x", *[b"A: b"] * 9]

    assert inspect(b"\r\n".join([LINE, *lines]), 10).method == "GET"
    with pytest.raises(Refused) as refused:
        inspect(b"\r\n".join([LINE, *lines, b"A: b"]), 10)
    assert refused.value.status == 431
