"""Makes pictures of screens small: their colours in a palette, as PNG (ISO/IEC 15948)."""

import struct
import zlib
from collections import Counter
from collections.abc import Iterator

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = 64


def with_palette(png: bytes) -> bytes:
    """Return a picture of 8 bits for each of red, green and blue with its commonest colours only.

    Letters on a screen have many shades of few colours; each is replaced by the nearest that is kept. Transparency is
    dropped.
    """
    width, height, channels = _head(png)
    rows = [_without_alpha(row, channels) for row in _rows(png, width, height, channels)]
    counted = Counter(pixel for row in rows for pixel in row)
    palette = [colour for colour, _ in counted.most_common(_COLOURS)]
    number = {colour: palette.index(_nearest(colour, palette)) for colour in counted}
    lines = b"".join(b"\0" + bytes(number[pixel] for pixel in row) for row in rows)
    return _SIGNATURE + b"".join(
        (
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", bytes(part for colour in palette for part in colour)),
            _chunk(b"IDAT", zlib.compress(lines, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _head(png: bytes) -> tuple[int, int, int]:
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", png[16:29])
    if not png.startswith(_SIGNATURE) or depth != 8 or kind not in (2, 6) or interlaced:
        raise ValueError("This is not a PNG of 8 bits for each of red, green and blue.")
    return width, height, 3 if kind == 2 else 4


def _rows(png: bytes, width: int, height: int, channels: int) -> Iterator[bytes]:
    data = zlib.decompress(b"".join(content for kind, content in _chunks(png) if kind == b"IDAT"))
    stride = width * channels
    above = bytes(stride)
    for start in range(0, height * (stride + 1), stride + 1):
        above = _unfiltered(data[start], data[start + 1 : start + 1 + stride], above, channels)
        yield above


def _unfiltered(kind: int, line: bytes, above: bytes, channels: int) -> bytes:
    found = bytearray(line)
    for i in range(len(found)):
        left = found[i - channels] if i >= channels else 0
        corner = above[i - channels] if i >= channels else 0
        found[i] = (found[i] + _predicted(kind, left, above[i], corner)) & 0xFF
    return bytes(found)


def _predicted(kind: int, left: int, above: int, corner: int) -> int:
    if kind == 4:
        guess = left + above - corner
        return min((left, above, corner), key=lambda value: abs(guess - value))
    return (0, left, above, (left + above) // 2)[kind]


def _without_alpha(row: bytes, channels: int) -> list[tuple[int, ...]]:
    return [tuple(row[i : i + 3]) for i in range(0, len(row), channels)]


def _nearest(colour: tuple[int, ...], palette: list[tuple[int, ...]]) -> tuple[int, ...]:
    return min(palette, key=lambda other: sum((a - b) ** 2 for a, b in zip(colour, other, strict=True)))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        [length] = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
