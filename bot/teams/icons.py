"""The app's two icons, drawn: a countersigned line, a tick over it. PNG (ISO/IEC 15948) without a library."""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Final

COLOR_PX: Final = 192  # Microsoft, "App manifest": icons.color
OUTLINE_PX: Final = 32  # icons.outline: white and transparent alone
GROUND: Final = (0x1F, 0x1B, 0x3A)
WHITE: Final = (0xFF, 0xFF, 0xFF)

Point = tuple[float, float]
Shade = Callable[[float, float], tuple[int, int, int, int]]  # of a point in the unit square

_TICK: Final[Sequence[Point]] = ((0.27, 0.47), (0.43, 0.63), (0.74, 0.28))
_LINE: Final[Sequence[Point]] = ((0.25, 0.79), (0.75, 0.79))


def color_icon() -> bytes:
    """White on our ground, which fills the square."""

    def shade(x: float, y: float) -> tuple[int, int, int, int]:
        ink = _ink(x, y, COLOR_PX, tick=0.085, line=0.05)
        red, green, blue = (round(low + (high - low) * ink) for low, high in zip(GROUND, WHITE, strict=True))
        return red, green, blue, 255

    return _png(COLOR_PX, shade)


def outline_icon() -> bytes:
    """White on nothing."""

    def shade(x: float, y: float) -> tuple[int, int, int, int]:
        return (*WHITE, round(255 * _ink(x, y, OUTLINE_PX, tick=0.11, line=0.075)))

    return _png(OUTLINE_PX, shade)


def _ink(x: float, y: float, size: int, *, tick: float, line: float) -> float:
    """How much of the pixel is drawn on: 1 within a stroke, 0 outside, softly between."""
    drawn = max(tick / 2 - _distance(x, y, _TICK), line / 2 - _distance(x, y, _LINE))
    return min(max(drawn * size + 0.5, 0.0), 1.0)


def _distance(x: float, y: float, path: Sequence[Point]) -> float:
    return min(_to_segment(x, y, *ends) for ends in pairwise(path))


def _to_segment(x: float, y: float, start: Point, end: Point) -> float:
    (ax, ay), (bx, by) = start, end
    along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2)
    along = min(max(along, 0.0), 1.0)
    return math.hypot(x - ax - along * (bx - ax), y - ay - along * (by - ay))


def _png(size: int, shade: Shade) -> bytes:
    rows = bytearray()
    for row in range(size):
        rows.append(0)  # no filter
        for column in range(size):
            rows += bytes(shade((column + 0.5) / size, (row + 0.5) / size))
    header = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)  # 8 bits of red, green, blue and alpha each
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", zlib.compress(bytes(rows), 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
