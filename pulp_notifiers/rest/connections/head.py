"""The head of a request: its bounds, and everything about it that two servers could read differently (RFC 9112).

The parser behind it, llhttp, checks the head again; a request passes only if both accept it.
"""

import re
from dataclasses import dataclass
from http import HTTPStatus

from ..settings import RestSettings
from .refused import Refused, bad_request

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_REQUEST_LINE = re.compile(rb"(%b) ([\x21-\x7e]+)(?: HTTP/(\d)\.(\d))?" % _TOKEN)
_FIELD = re.compile(rb"(%b):[ \t]*(.*?)[ \t]*" % _TOKEN, re.DOTALL)
_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|(?<!\r)\n|\r(?=[^\n])")
_START = re.compile(rb"%b(?: |\r|$)" % _TOKEN)
_LENGTH = re.compile(rb"\d{1,18}")
_HOST = re.compile(rb"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~-]+)(?::(\d{0,5}))?")
_AUTHORITY = re.compile(rb"https?://([^/?#]*)", re.IGNORECASE)
_HIGHEST_PORT = 65535
_END = b"\r\n\r\n"

_KNOWN_METHODS = {b"GET", b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE"}
# llhttp refuses methods that it does not know and gives CONNECT a meaning of its own. It sees this one instead.
_STAND_IN = b"POST"


@dataclass(frozen=True, slots=True)
class Head:
    """A head that was accepted.

    :ivar method: as the client sent it.
    :ivar text: for the parser. It has a method that the parser knows, and no ``Upgrade``: the service offers none, and
        the parser would take what follows for another protocol.
    :ivar body_bytes: the length of the body; None if it comes in chunks.
    :ivar expects_continue: whether the client waits for ``100 Continue`` before it sends the body.
    """

    method: str
    text: bytes
    body_bytes: int | None
    expects_continue: bool


class HeadReader:
    """Collects the head of one request."""

    def __init__(self, limits: RestSettings) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._checked = 0

    @property
    def begun(self) -> bool:
        """Return whether the head has begun; empty lines before it do not count (RFC 9112, 2.2)."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> tuple[Head, bytes] | None:
        """Return the head and the bytes after it, or None if it is incomplete.

        :raises Refused: the head is malformed or larger than allowed.
        """
        if not self._buffer:
            data = data.lstrip(b"\r\n")
            if data and not _START.match(data[: self._limits.max_request_line_bytes + 1]):
                # Often the handshake of TLS; no use to wait for the end of a line.
                raise bad_request("This is not an HTTP request. If it is HTTPS, use http:// instead.")
        self._buffer += data
        end = self._buffer.find(_END, max(0, self._checked - len(_END)))
        forbidden = _FORBIDDEN.search(self._buffer, max(0, self._checked - 1), len(self._buffer) if end < 0 else end)
        self._require_bounds(end)
        if forbidden:
            raise bad_request("The head of the request has a control character, or a line that does not end in CRLF.")
        self._checked = len(self._buffer)
        if end < 0:
            return None
        return inspect(bytes(self._buffer[:end]), self._limits.max_head_fields), bytes(self._buffer[end + len(_END) :])

    def _require_bounds(self, end: int) -> None:
        line = self._buffer.find(b"\r\n", 0, self._limits.max_request_line_bytes + 2)
        if line < 0 and len(self._buffer) > self._limits.max_request_line_bytes + 1:
            raise Refused(
                HTTPStatus.REQUEST_URI_TOO_LONG,
                f"The request line is longer than the {self._limits.max_request_line_bytes} bytes that this server "
                f"accepts.",
            )
        if (len(self._buffer) if end < 0 else end + len(_END)) > self._limits.max_head_bytes:
            raise Refused(
                HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
                f"The head of the request is longer than the {self._limits.max_head_bytes} bytes that this server "
                f"accepts.",
            )


def inspect(text: bytes, max_fields: int) -> Head:
    """Return the head whose text, without the empty line at its end, this is.

    :raises Refused: it is malformed, or ambiguous.
    """
    line, *field_lines = text.split(b"\r\n")
    method, target, version = _request_line(line)
    if len(field_lines) > max_fields:
        raise Refused(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            f"The request has more than the {max_fields} header lines that this server accepts.",
        )
    found: dict[bytes, list[bytes]] = {}
    kept = [line if method in _KNOWN_METHODS else b" ".join([_STAND_IN, line.partition(b" ")[2]])]
    for field_line in field_lines:
        field = _FIELD.fullmatch(field_line)
        if field is None:
            raise bad_request("A header line is folded or has no valid name.")
        name = field[1].lower()
        found.setdefault(name, []).append(field[2])
        if name != b"upgrade":
            kept.append(field_line)
    _require_host(found.get(b"host", []), target, version)
    return Head(
        method.decode("ascii"),
        b"\r\n".join(kept) + _END,
        _body_bytes(found.get(b"content-length", []), found.get(b"transfer-encoding", []), version),
        [value.lower() for value in found.get(b"expect", [])] == [b"100-continue"],
    )


def _request_line(line: bytes) -> tuple[bytes, bytes, tuple[int, int]]:
    found = _REQUEST_LINE.fullmatch(line)
    if found is None:
        raise bad_request("The request line is not METHOD PATH VERSION.")
    if found[3] is None:
        raise bad_request("HTTP/0.9 is not supported; use HTTP/1.1.")
    version = (int(found[3]), int(found[4]))
    if version not in ((1, 0), (1, 1)):
        raise bad_request("This version of HTTP is not supported; use HTTP/1.1.")
    return found[1], found[2], version


def _require_host(hosts: list[bytes], target: bytes, version: tuple[int, int]) -> None:
    if len(hosts) > 1:
        raise bad_request("The request has more than one Host header.")
    if not hosts:
        if version == (1, 0):
            return
        raise bad_request("The request has no Host header.")
    valid = _HOST.fullmatch(hosts[0])
    if valid is None or int(valid[1] or 0) > _HIGHEST_PORT:
        raise bad_request("The Host header is not a host name or address, with or without a port.")
    authority = _AUTHORITY.match(target)
    if authority and authority[1].lower() != hosts[0].lower():
        raise bad_request("The request line names another host than the Host header.")


def _body_bytes(lengths: list[bytes], encodings: list[bytes], version: tuple[int, int]) -> int | None:
    if encodings:
        if lengths:
            raise bad_request("The request has both Content-Length and Transfer-Encoding.")
        if version == (1, 0) or [encoding.lower() for encoding in encodings] != [b"chunked"]:
            raise bad_request("The only Transfer-Encoding that this server accepts is chunked, in HTTP/1.1.")
        return None
    if len(lengths) > 1:
        raise bad_request("The request has more than one Content-Length.")
    if lengths and not _LENGTH.fullmatch(lengths[0]):
        raise bad_request("The Content-Length is not a number of bytes.")
    return int(lengths[0]) if lengths else 0
