"""The sandbox's memory across restarts: one JSON file, written soon after a change and never half."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

DEBOUNCE_S = 0.3  # changes closer together than this are written once
POLL_S = 1.0  # systems that announce no changes are looked at this often
FORMAT = 1  # of the file; another one is refused rather than misread

log = logging.getLogger(__name__)


class SnapshotFile:
    """Keeps the file equal to what `capture` returns, at most `DEBOUNCE_S` late."""

    def __init__(self, path: Path | None, capture: Callable[[], dict[str, Any]]) -> None:
        self._path = path
        self._capture = capture
        self._dirty = asyncio.Event()
        self._written = ""
        self._task: asyncio.Task[None] | None = None

    def touch(self) -> None:
        """Something changed: the file follows after `DEBOUNCE_S`."""
        self._dirty.set()

    def start(self) -> None:
        """The file is kept up to date from now on. Must be called inside the running loop."""
        if self._path is not None:
            self._task = asyncio.create_task(self._keep(), name="sandbox-snapshot")

    async def stop(self) -> None:
        """The last state is on disk and nothing writes any more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None
            self.write()

    def write(self) -> None:
        """The file holds the present state; an interrupted write leaves the former file whole."""
        if self._path is None:
            return
        # ASCII with escapes: half a surrogate pair is legal in JSON, and UTF-8 has no bytes for it.
        text = json.dumps({"format": FORMAT, "systems": self._capture()})
        if text == self._written:
            return
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.draft")
        draft.write_text(text, encoding="utf-8")
        draft.replace(self._path)
        self._written = text

    async def _keep(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._dirty.wait(), POLL_S)
            self._dirty.clear()
            await asyncio.sleep(DEBOUNCE_S)
            try:
                self.write()
            except OSError as exc:  # a full disk passes; what was not written is tried again within POLL_S
                log.warning("snapshot_not_written: %s", exc)


def load_snapshot(path: Path | None) -> dict[str, Any]:
    """The systems' states as last written, by slug; empty when there is no file yet.

    Raises ValueError when the file is not a snapshot of this format.
    """
    if path is None or not path.exists():
        return {}
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as exc:
        raise ValueError(f"{path} is not JSON: {exc}") from exc
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(f"{path} is not a sandbox snapshot of format {FORMAT}; move it away to start afresh.")
    systems = document.get("systems")
    return dict(systems) if isinstance(systems, dict) else {}
