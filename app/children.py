"""Python processes that serve for this one and end with it, however it ends."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from core.db.embedded_process import guard

PATIENCE_S: Final = 15  # for one that was told to end


class Children:
    """By name; each writes to `<name>.log` in the folder.

    One that went on after its parent was killed would hold the address that the next start wants, with a database that
    is gone.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._guards: dict[str, subprocess.Popen[bytes]] = {}
        self.running: dict[str, asyncio.subprocess.Process] = {}

    async def start(self, name: str, *arguments: str, environ: Mapping[str, str]) -> None:
        """It runs, with nothing of Countersign in its environment but `environ`."""
        self._dismiss_guard(name)
        base = {key: value for key, value in os.environ.items() if not key.startswith("COUNTERSIGN_")}
        with self.log_of(name).open("ab") as log:
            child = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, env={**base, **environ}, stdout=log, stderr=log, start_new_session=True
            )
        self.running[name] = child
        self._guards[name] = guard(child.pid)

    def log_of(self, name: str) -> Path:
        """Where it writes."""
        return self._logs / f"{name}.log"

    async def stop(self) -> None:
        """All have ended."""
        for child in self.running.values():
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
        for name, child in self.running.items():
            try:
                await asyncio.wait_for(child.wait(), PATIENCE_S)
            except TimeoutError:
                child.kill()
            self._dismiss_guard(name)

    def _dismiss_guard(self, name: str) -> None:
        """The process has ended, and its number may be another's by now."""
        if (watching := self._guards.pop(name, None)) is not None:
            watching.kill()
            watching.communicate()
