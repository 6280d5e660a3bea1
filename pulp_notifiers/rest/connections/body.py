"""Where the body of a request ends, and its content without the framing of chunks (RFC 9112, 6 and 7)."""

import re
from typing import Protocol

from .refused import bad_request

_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[\t\x20-\x7e\x80-\xff]*)?")
_MAX_CHUNK_LINE_BYTES = 512


class Body(Protocol):
    """A body that arrives in pieces."""

    complete: bool

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return the content in these bytes, and what follows the body; sets ``complete`` at its end.

        :raises Refused: the body is malformed.
        """


class PlainBody:
    """A body of known length."""

    def __init__(self, length: int) -> None:
        self._left = length
        self.complete = not length

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """See :class:`Body`."""
        content, rest = data[: self._left], data[self._left :]
        self._left -= len(content)
        self.complete = not self._left
        return content, rest


class ChunkedBody:
    """A body in chunks. Extensions and trailers are dropped: as headers, trailers could pass a proxy unchecked.

    :param max_trailer_bytes: bound of all trailers together.
    """

    def __init__(self, max_trailer_bytes: int) -> None:
        self._line = bytearray()
        self._left = 0
        self._trailer_bytes_left = max_trailer_bytes
        self._next = self._size_line
        self.complete = False

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """See :class:`Body`."""
        content = bytearray()
        at = 0
        while at < len(data) and not self.complete:
            if self._left:
                piece = data[at : at + self._left]
                content += piece
                at += len(piece)
                self._left -= len(piece)
            else:
                end = data.find(b"\n", at) + 1
                self._line += data[at : end or len(data)]
                at = end or len(data)
                self._require_bounds()
                if end:
                    self._take_line()
        return bytes(content), data[at:]

    def _require_bounds(self) -> None:
        if self._next == self._trailer:
            if len(self._line) > self._trailer_bytes_left:
                raise bad_request("The trailers of the body are longer than this server accepts.")
        elif len(self._line) > _MAX_CHUNK_LINE_BYTES:
            raise bad_request("A line between the chunks of the body is longer than this server accepts.")

    def _take_line(self) -> None:
        line = bytes(self._line)
        self._line.clear()
        if not line.endswith(b"\r\n"):
            raise bad_request("A line between the chunks of the body does not end in CRLF.")
        self._next(line.removesuffix(b"\r\n"))

    def _size_line(self, line: bytes) -> None:
        found = _CHUNK_SIZE.fullmatch(line)
        if found is None:
            raise bad_request("The size of a chunk of the body is not a hexadecimal number.")
        self._left = int(found[1], 16)
        self._next = self._end_of_chunk if self._left else self._trailer

    def _end_of_chunk(self, line: bytes) -> None:
        if line:
            raise bad_request("A chunk of the body is longer than its size.")
        self._next = self._size_line

    def _trailer(self, line: bytes) -> None:
        self._trailer_bytes_left -= len(line)
        self.complete = not line
