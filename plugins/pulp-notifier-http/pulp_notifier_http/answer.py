"""Reads the answer to a request: what counts of it, and whether the connection can carry another request.

The standard library turns each head into an e-mail message, which takes longer than the rest of an exchange. This
module looks only at the fields that matter; its limits are the same.
"""

import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.client import BadStatusLine, HTTPException, LineTooLong, RemoteDisconnected

from .failures import Answer

_LONGEST_LINE = 64 * 1024
_MOST_FIELDS = 100
_MOST_BODY_BYTES = 64 * 1024
"""Of a body, which is only read so that the connection can be reused."""

_STATUS = re.compile(rb"HTTP/(?:(0\.9|1\.0)|1\.\d+)[ \t]+([1-9]\d\d)(?!\S)")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_FIELD = re.compile(rb"\n(connection|content-length|retry-after|transfer-encoding):([^\n]*)", re.IGNORECASE)
_LENGTH = re.compile(rb"\d{1,18}")
_CHUNK = re.compile(rb"([\da-f]{1,15})[ \t]*(?:;[^\n]*)?\r?\n", re.IGNORECASE)


def read_answer(receive: Callable[[], bytes]) -> tuple[Answer, bool]:
    """Return the final answer, which any number of interim ones may precede, and whether the connection is reusable.

    It is reusable if the end of the answer is beyond doubt and nothing follows it.

    :param receive: returns the next bytes; none if the receiver has closed the connection.
    :raises RemoteDisconnected: there was no answer.
    :raises HTTPException: the answer is not HTTP, or has a head that is too long.
    """
    arriving = _Arriving(receive)
    while True:
        head = arriving.take_head()
        start = _STATUS.match(head)
        if start is None:
            raise BadStatusLine("the first line is not one of HTTP/1")
        status = int(start[2])
        if status >= 200 or status == HTTPStatus.SWITCHING_PROTOCOLS:  # RFC 9110, 15.2
            break
    fields: dict[bytes, bytes] = {}
    for name, value in _FIELD.findall(head):
        known = fields.get(name.lower())
        fields[name.lower()] = value.strip() if known is None else known + b", " + value.strip()
    try:
        ends = status >= 200 and arriving.skip_body(status, fields)
    except (HTTPException, OSError):
        ends = False  # only the status counts, which has arrived
    connection = fields.get(b"connection", b"").lower()
    stays = b"keep-alive" in connection if start[1] else b"close" not in connection
    retry_after = fields.get(b"retry-after")
    return Answer(status, None if retry_after is None else retry_after.decode("latin-1")), stays and ends


class _Arriving:
    """The bytes of an answer as they arrive."""

    def __init__(self, receive: Callable[[], bytes]) -> None:
        self._receive = receive
        self._bytes = b""
        self._is_cut = False

    def take_head(self) -> bytes:
        """Return status line and fields; of a head that is cut off, what has arrived."""
        seen = 0
        while not (blank := _BLANK_LINE.search(self._bytes, seen)):
            if len(self._bytes) - self._bytes.rfind(b"\n") > _LONGEST_LINE:
                raise LineTooLong("head")
            self._refuse_many_fields(len(self._bytes))
            seen = max(0, len(self._bytes) - 2)
            try:
                self._take_more()
            except RemoteDisconnected:
                if not self._bytes:
                    raise
                self._is_cut = True
                return self._take(len(self._bytes))
        self._refuse_many_fields(blank.end())
        return self._take(blank.end())

    def skip_body(self, status: int, fields: Mapping[bytes, bytes]) -> bool:
        """Skip the body and return whether it has ended and nothing follows.

        :raises HTTPException: it is not complete, or too long.
        """
        length = fields.get(b"content-length", b"")
        if status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            pass
        elif fields.get(b"transfer-encoding", b"").lower() == b"chunked":
            self._skip_chunks()
        elif b"transfer-encoding" in fields or not _LENGTH.fullmatch(length) or int(length) > _MOST_BODY_BYTES:
            self._skip(_MOST_BODY_BYTES)
            return False
        else:
            self._skip(int(length))
        return not self._is_cut and not self._bytes

    def _skip_chunks(self) -> None:
        left = _MOST_BODY_BYTES
        while size := self._chunk_size():
            left -= size
            if left < 0:
                raise HTTPException("the body is too long")
            self._skip(size)
            if self._take_line().strip():
                raise HTTPException("a chunk is longer than its size")
        for _ in range(_MOST_FIELDS):
            if not self._take_line().strip():
                return
        raise HTTPException("there are too many fields after the body")

    def _chunk_size(self) -> int:
        line = _CHUNK.fullmatch(self._take_line())
        if line is None:
            raise HTTPException("a chunk has no size")
        return int(line[1], 16)

    def _take_line(self) -> bytes:
        while not (end := self._bytes.find(b"\n") + 1):
            if len(self._bytes) > _LONGEST_LINE:
                raise LineTooLong("body")
            self._take_more()
        return self._take(end)

    def _skip(self, count: int) -> None:
        while len(self._bytes) < count:
            self._take_more()
        self._take(count)

    def _take(self, count: int) -> bytes:
        taken, self._bytes = self._bytes[:count], self._bytes[count:]
        return taken

    def _take_more(self) -> None:
        received = self._receive()
        if not received:
            raise RemoteDisconnected("the receiver closed the connection")
        self._bytes += received

    def _refuse_many_fields(self, end: int) -> None:
        # Besides the fields there are a status line and a blank one.
        if self._bytes.count(b"\n", 0, end) > _MOST_FIELDS + 2:
            raise HTTPException("the head has too many fields")
