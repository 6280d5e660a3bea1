"""Reads the answer to a request: what counts of it, and whether the connection can carry another request.

The status line is the verdict: once it has arrived, nothing that follows can turn a delivery into a failure. The rest
is read within bounds, for ``Retry-After`` and so that the connection can be reused.

The standard library turns each head into an e-mail message, which takes longer than the rest of an exchange, and
refuses heads that are merely unusual. This module looks only at the fields that matter.
"""

import re
from collections.abc import Callable
from http.client import BadStatusLine, HTTPException, RemoteDisconnected

from .failures import Answer

_LONGEST_STATUS = 64
"""Of version and status; the reason phrase after them does not matter."""

_MOST_HEAD_BYTES = 256 * 1024
"""Of the interim answers together, and again of the fields of the final one."""

_MOST_BODY_BYTES = 64 * 1024
"""Of a body, which is only read so that the connection can be reused."""

_STATUS = re.compile(rb"HTTP/(?:(0\.9|1\.0)|1\.\d+)[ \t]+([1-9]\d\d)(?=\s)")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_FIELD = re.compile(rb"\n(connection|content-length|retry-after|transfer-encoding):([^\n]*)", re.IGNORECASE)
_ODD_LINE = re.compile(rb"\n(?![!#$%&'*+.^_`|~0-9A-Za-z-]+:|\r?\n|\Z)")
"""Not a field, so that readers may differ about what it means."""
_LENGTH = re.compile(rb"\d{1,18}")
_CHUNK = re.compile(rb"([\da-f]{1,15})[ \t]*(?:;.*)?", re.IGNORECASE)


def read_answer(receive: Callable[[], bytes]) -> tuple[Answer, bool]:
    """Return the final answer, which interim ones may precede, and whether the connection is reusable.

    It is reusable if the end of the answer is beyond doubt and nothing follows it.

    :param receive: returns the next bytes; none if the receiver has closed the connection.
    :raises RemoteDisconnected: there was no answer.
    :raises HTTPException: the answer is not HTTP, or too much precedes the final status.
    :raises OSError: ``receive`` raises it before the final status has arrived.
    """
    arriving = _Arriving(receive)
    is_old, status = arriving.take_status()
    while status < 200 and status != 101:  # RFC 9110, 15.2
        arriving.take_head()
        is_old, status = arriving.take_status()
    try:
        head = arriving.take_head(_MOST_HEAD_BYTES)
    except (HTTPException, OSError):
        return Answer(status, _Fields(arriving.complete_lines()).text(b"retry-after")), False
    fields = _Fields(head)
    connection = fields.text(b"connection").lower()
    stays = "keep-alive" in connection if is_old else "close" not in connection and status != 101
    try:
        ends = _ODD_LINE.search(head) is None and _skip_body(arriving, status, fields)
    except (HTTPException, OSError):
        ends = False
    return Answer(status, fields.text(b"retry-after")), stays and ends


def _skip_body(arriving: "_Arriving", status: int, fields: "_Fields") -> bool:
    """Skip the body and return whether it has certainly ended and nothing follows.

    :raises HTTPException: it is not complete, or too long.
    """
    arriving.allow(_MOST_BODY_BYTES)
    coding, lengths = fields.all(b"transfer-encoding"), set(fields.all(b"content-length"))
    if status in (101, 204, 304):
        return not coding and arriving.nothing_left  # some servers send a coded body all the same
    if coding:
        if [each.lower() for each in coding] != [b"chunked"]:
            return False
        arriving.skip_chunks()  # whatever Content-Length says (RFC 9112, 6.3)
        return arriving.nothing_left
    if not lengths:
        arriving.skip(_MOST_BODY_BYTES + 1)  # it ends with the connection
        return False
    length = lengths.pop()
    if lengths or not _LENGTH.fullmatch(length):
        return False  # RFC 9112, 6.3: close the connection
    arriving.skip(int(length))
    return arriving.nothing_left


class _Fields:
    """The fields of a head that matter; a field may occur several times."""

    def __init__(self, head: bytes) -> None:
        self._values: dict[bytes, list[bytes]] = {}
        for name, value in _FIELD.findall(head):
            self._values.setdefault(name.lower(), []).append(value.strip())

    def all(self, name: bytes) -> list[bytes]:
        return self._values.get(name, [])

    def text(self, name: bytes) -> str:
        return b", ".join(self.all(name)).decode("latin-1")


class _Arriving:
    """The bytes of an answer as they arrive."""

    def __init__(self, receive: Callable[[], bytes]) -> None:
        self._receive = receive
        self._bytes = bytearray()
        self._room = _MOST_HEAD_BYTES

    @property
    def nothing_left(self) -> bool:
        """Whether everything that has arrived was taken."""
        return not self._bytes

    def allow(self, count: int) -> None:
        """Set how many bytes may follow, including those that have arrived and were not taken."""
        self._room = count - len(self._bytes)

    def take_status(self) -> tuple[bool, int]:
        """Return whether the answer is of HTTP/1.0 or older, and its status, as soon as they have arrived."""
        while (start := _STATUS.match(self._bytes)) is None:
            if b"\n" in self._bytes or len(self._bytes) > _LONGEST_STATUS:
                raise BadStatusLine("the first line is not one of HTTP/1")
            try:
                self._take_more()
            except RemoteDisconnected:
                if not self._bytes:
                    raise
                self._bytes += b"\n"
        is_old, status = start[1] is not None, int(start[2])
        self._take(start.end())
        return is_old, status

    def take_head(self, most: int | None = None) -> bytes:
        """Return the rest of the status line and the fields.

        :param most: how long it may be; None for what the interim answers before it have left.
        """
        if most is not None:
            self.allow(most)
        seen = 0
        while not (blank := _BLANK_LINE.search(self._bytes, seen)):
            seen = max(0, len(self._bytes) - 2)
            self._take_more()
        return self._take(blank.end())

    def complete_lines(self) -> bytes:
        """Return what has arrived, up to the end of the last complete line."""
        return bytes(self._bytes[: self._bytes.rfind(b"\n") + 1])

    def skip_chunks(self) -> None:
        """Skip a body in chunks, and the fields after it."""
        size = -1
        while size:
            chunk = _CHUNK.fullmatch(self._take_line())
            if chunk is None:
                raise HTTPException("a chunk has no size")
            size = int(chunk[1], 16)
            self.skip(size)
            if size and self._take_line():
                raise HTTPException("a chunk is longer than its size")
        while self._take_line():
            pass  # a field after the body

    def skip(self, count: int) -> None:
        """Skip so many bytes."""
        while len(self._bytes) < count:
            self._take_more()
        self._take(count)

    def _take_line(self) -> bytes:
        seen = 0
        while not (end := self._bytes.find(b"\n", seen) + 1):
            seen = len(self._bytes)
            self._take_more()
        return self._take(end).strip()

    def _take(self, count: int) -> bytes:
        taken = bytes(self._bytes[:count])
        del self._bytes[:count]
        return taken

    def _take_more(self) -> None:
        received = self._receive()
        self._bytes += received
        self._room -= len(received)
        if not received:
            raise RemoteDisconnected("the receiver closed the connection")
        if self._room < 0:
            raise HTTPException("the answer is too long")
