"""Vega-Lite -> SVG and PNG, in a process of its own.

The renderer is a JavaScript engine that holds Python's lock while it draws: in a thread it would stop every request of
this process, and a time-out could not end it. A process can be killed, and it gets none of our environment.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from asyncio import LimitOverrunError
from asyncio.subprocess import PIPE, Process
from collections import OrderedDict
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import structlog

from core.charts.chart import Chart, Theme
from core.errors import Unavailable

log = structlog.get_logger()

TIMEOUT_S: Final = 10.0  # the first picture takes one second, later ones a twentieth
ANSWER_MAX: Final = 16 * 1024 * 1024  # bytes
CACHED: Final = 128  # pictures; about 20 kB each
PNG_SCALE: Final = 2  # for sharp text where a pixel is small
_WORKER: Final = Path(__file__).with_name("worker.py")
# Vega writes names into expressions, in whose strings these end the line (ECMAScript 5, 7.3): nothing would be drawn.
_BREAKS: Final = {0x2028: " ", 0x2029: " "}


class PictureFormat(StrEnum):
    """How a picture is written."""

    SVG = "svg"
    PNG = "png"

    @property
    def media_type(self) -> str:
        """What HTTP calls it."""
        return "image/svg+xml" if self is PictureFormat.SVG else "image/png"


class PictureFailed(Unavailable):
    """The chart could not be drawn."""

    code = "charts.not_drawn"


class Renderer:
    """Draws one chart at a time and remembers the latest. Its process starts with the first and ends with `close`."""

    def __init__(self, *, timeout_s: float = TIMEOUT_S, worker: Path = _WORKER) -> None:
        self._timeout_s = timeout_s
        self._worker = worker
        self._process: Process | None = None
        self._lock = asyncio.Lock()
        self._cache: OrderedDict[str, bytes] = OrderedDict()

    async def draw(self, chart: Chart, picture: PictureFormat, theme: Theme) -> bytes:
        """The chart as a picture. Raises PictureFailed; after a time-out the process is a new one."""
        spec = json.loads(json.dumps(chart.spec(theme), ensure_ascii=False).translate(_BREAKS))
        order = json.dumps({"spec": spec, "format": picture.value, "scale": PNG_SCALE}, sort_keys=True)
        async with self._lock:
            known = self._cache.get(order)
            if known is not None:
                self._cache.move_to_end(order)
                return known
            drawn = self._read(await self._answer(order))
            self._cache[order] = drawn
            if len(self._cache) > CACHED:
                self._cache.popitem(last=False)
            return drawn

    async def close(self) -> None:
        """The process has ended."""
        async with self._lock:
            await self._end()

    async def _answer(self, order: str) -> bytes:
        try:
            async with asyncio.timeout(self._timeout_s):
                process = await self._running()
                assert process.stdin is not None
                assert process.stdout is not None
                process.stdin.write(order.encode() + b"\n")
                await process.stdin.drain()
                return await process.stdout.readuntil()
        except (TimeoutError, OSError, EOFError, LimitOverrunError) as exc:  # EOFError: it has ended
            await self._end()
            log.warning("chart_not_drawn", reason=type(exc).__name__)
            raise PictureFailed from exc
        except BaseException:  # cancelled: its answer would be taken for the next one's
            await self._end()
            raise

    def _read(self, line: bytes) -> bytes:
        answer: dict[str, Any] = json.loads(line)
        if "picture" not in answer:
            log.warning("chart_not_drawn", reason=answer.get("error"))
            raise PictureFailed
        return base64.b64decode(answer["picture"])

    async def _running(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-I", str(self._worker), stdin=PIPE, stdout=PIPE, env={}, limit=ANSWER_MAX
            )
        return self._process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.communicate()
