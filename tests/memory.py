"""Where tests keep what neither a copy nor a commit shall wait for a disk with."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - no name in it is guessed: the folder below is made for us alone
ROOM_BYTES: Final = 2 * 1024**3


@contextmanager
def folder_in_memory(otherwise: Path) -> Iterator[Path]:
    """A folder that is gone afterwards: in memory where there is room, else in `otherwise`."""
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    with TemporaryDirectory(dir=MEMORY if has_room else otherwise) as folder:
        yield Path(folder)
