"""Reads the answer to a request: what counts of it, and whether the connection can carry another request.

The standard library turns each head into an e-mail message, which takes longer than the rest of an exchange. This
module looks only at the fields that matter.
"""

import re
from collections.abc import Callable
from http.client import BadStatusLine, HTTPException, RemoteDisconnected

from .failures import Answer

_MOST_LINES = 102
"""Of a head: its status, 100 fields like the standard library, and a blank line."""

_MOST_HEAD_BYTES = 100 * 64 * 1024
_MOST_BODY_BYTES = 64 * 1024
"""Of a body, which is only read so that the connection can be reused."""

_STATUS = re.compile(rb"HTTP/(?:(0\.9|1\.0)|1\.\d+)[ \t]+([1-9]\d\d)(?!\S)")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_FIELD = re.compile(rb"\n(connection|content-length|retry-after|transfer-encoding):([^\n]*)", re.IGNORECASE)
_LENGTH = re.compile(rb"\d{1,18}")
_CHUNK = re.compile(rb"([\da-f]{1,15})[ \t]*(?:;.*)?", re.IGNORECASE)


def read_answer(receive: Callable[[], bytes]) -> tuple[Answer, bool]:
    """Return the final answer, which any number of interim ones may precede, and whether the connection is reusable.

    It is reusable if the end of the answer is beyond doubt and nothing follows it.

    :param receive: returns the next bytes; none if the receiver has closed the connection.
    :raises RemoteDisconnected: there was no answer.
    :raises HTTPException: the answer is not HTTP, or its head is too long.
    """
    arriving = _Arriving(receive)
    status = 0
    while status < 200 and status != 101:  # RFC 9110, 15.2
        head = arriving.take_head()
        start = _STATUS.match(head)
        if start is None:
            raise BadStatusLine("the first line is not one of HTTP/1")
        is_old, status = start[1] is not None, int(start[2])
    fields: dict[bytes, bytes] = {}
    for name, value in _FIELD.findall(head):
        known = fields.get(name.lower())
        fields[name.lower()] = value.strip() if known is None else known + b", " + value.strip()
    connection = fields.get(b"connection", b"").lower()
    stays = b"keep-alive" in connection if is_old else b"close" not in connection and status != 101
    try:
        ends = arriving.skip_body(status, fields.get(b"transfer-encoding"), fields.get(b"content-length", b""))
    except (HTTPException, OSError):
        ends = False  # only the status counts, which has arrived
    return Answer(status, fields.get(b"retry-after", b"").decode("latin-1")), stays and ends


class _Arriving:
    """The bytes of an answer as they arrive."""

    def __init__(self, receive: Callable[[], bytes]) -> None:
        self._receive = receive
        self._bytes = b""
        self._room = _MOST_HEAD_BYTES

    def take_head(self) -> bytes:
        """Return status line and fields; of a head that is cut off, what has arrived."""
        seen = 0
        while not (blank := _BLANK_LINE.search(self._bytes, seen)):
            seen = max(0, len(self._bytes) - 2)
            try:
                self._take_more()
            except RemoteDisconnected:
                if not self._bytes:
                    raise
                self._bytes += b"\n\n\n"  # one line more than a head has, so that the connection is not reused
        head = self._take(blank.end())
        if head.count(b"\n") > _MOST_LINES:
            raise HTTPException("the head has too many fields")
        return head

    def skip_body(self, status: int, coding: bytes | None, length: bytes) -> bool:
        """Skip the body and return whether it has certainly ended and nothing follows.

        :raises HTTPException: it is not complete, or too long.
        """
        self._room = _MOST_BODY_BYTES - len(self._bytes)
        if status in (101, 204, 304):
            return coding is None and not self._bytes  # some servers send a coded body all the same
        if coding is not None and coding.lower() == b"chunked":
            self._skip_chunks()
        elif coding is None and _LENGTH.fullmatch(length):
            self._skip(int(length))
        else:
            self._skip(_MOST_BODY_BYTES + 1)  # it ends with the connection
        return not self._bytes

    def _skip_chunks(self) -> None:
        size = -1
        while size:
            chunk = _CHUNK.fullmatch(self._take_line())
            if chunk is None:
                raise HTTPException("a chunk has no size")
            size = int(chunk[1], 16)
            self._skip(size)
            if size and self._take_line():
                raise HTTPException("a chunk is longer than its size")
        while self._take_line():
            pass  # a field after the body

    def _take_line(self) -> bytes:
        while not (end := self._bytes.find(b"\n") + 1):
            self._take_more()
        return self._take(end).strip()

    def _skip(self, count: int) -> None:
        while len(self._bytes) < count:
            self._take_more()
        self._take(count)

    def _take(self, count: int) -> bytes:
        taken, self._bytes = self._bytes[:count], self._bytes[count:]
        return taken

    def _take_more(self) -> None:
        received = self._receive()
        self._bytes += received
        self._room -= len(received)
        if not received:
            raise RemoteDisconnected("the receiver closed the connection")
        if self._room < 0:
            raise HTTPException("the answer is too long")
