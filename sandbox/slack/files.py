"""Uploaded files: what the workspace keeps of them, and which of them a block may show.

Slack looks a file through after its upload is complete (type, malware); until then a block cannot show it. Here that
takes no time, unless `file_processing_s` says so.
"""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.slack.blockkit import elements

Json = dict[str, Any]

KEPT = 200  # files; the oldest go first
SIZE_MAX = 3 * 1024**2  # bytes, of this sandbox; Slack's own is a gigabyte
PICTURES = ("image/png", "image/jpeg", "image/gif")  # Slack, "Slack file object": what a block can show
_MAGIC = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"%PDF": "application/pdf",
}


@dataclass(slots=True)
class File:
    """One file, from the moment at which its upload was announced. `content` is base64, empty until uploaded."""

    id: str
    name: str
    length: int  # bytes, as announced
    token: str  # of its upload address
    alt_txt: str = ""
    title: str = ""
    content: str = ""
    created: int = 0
    completed: float | None = None

    @property
    def data(self) -> bytes:
        """The bytes."""
        return base64.b64decode(self.content)

    @property
    def mimetype(self) -> str:
        """What the bytes say they are."""
        head = self.data[:8]
        return next((kind for magic, kind in _MAGIC.items() if head.startswith(magic)), "application/octet-stream")


class Files:
    """Every file of the workspace. `now` tells seconds."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self.by_id: dict[str, File] = {}
        self.processing_s = 0.0

    def announce(self, name: str, length: int, alt_txt: str) -> File:
        """A file that is about to be uploaded."""
        file = File(
            f"F{secrets.token_hex(5).upper()}",
            name,
            length,
            secrets.token_urlsafe(24),
            alt_txt,
            created=int(self._now()),
        )
        self.by_id[file.id] = file
        for old in list(self.by_id)[:-KEPT]:
            del self.by_id[old]
        return file

    def of_token(self, token: str) -> File | None:
        """The file that is to be uploaded at this address."""
        return next((file for file in self.by_id.values() if file.token == token and not file.completed), None)

    def complete(self, file: File, title: str) -> None:
        """The upload is done; the file is looked through."""
        file.title, file.completed = title or file.name, file.completed or self._now()

    def is_ready(self, file: File) -> bool:
        """Whether the file has been looked through."""
        return file.completed is not None and self._now() >= file.completed + self.processing_s

    def picture(self, reference: Mapping[str, Any], base_url: str) -> File | None:
        """The picture that a block means by `id` or `url`, if it can be shown now."""
        word = str(reference.get("id") or reference.get("url"))
        found = [file for file in self.by_id.values() if word in (file.id, *addresses(file, base_url).values())]
        return found[0] if found and self.is_ready(found[0]) and found[0].mimetype in PICTURES else None

    def snapshot(self) -> list[Json]:
        """All of them as JSON values."""
        return [asdict(file) for file in self.by_id.values()]

    def restore(self, rows: list[Json]) -> None:
        """They are as they were."""
        self.by_id = {row["id"]: File(**row) for row in rows}


def addresses(file: File, base_url: str) -> dict[str, str]:
    """Where the file is fetched, and where people look at it."""
    return {
        "url_private": f"{base_url}/files-pri/{file.id}/{file.name}",
        "permalink": f"{base_url.removesuffix('/slack')}/page/file/{file.id}",
    }


def file_json(file: File, base_url: str, user: str, *, is_ready: bool) -> Json:
    """A file as Slack shows it; what it is, is not known before it has been looked through."""
    kind = file.mimetype if is_ready else ""
    return {
        "id": file.id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": kind,
        "filetype": kind.partition("/")[2],
        "user": user,
        "size": file.length,
        "mode": "hosted",
        "is_external": False,
        "alt_txt": file.alt_txt,
        **addresses(file, base_url),
    }


def slack_files(blocks: list[Json]) -> Iterator[tuple[str, Json]]:
    """(JSON pointer within the blocks, slack_file) of each picture that shows an uploaded file."""
    for number, block in enumerate(blocks):
        if block.get("type") == "image" and isinstance(block.get("slack_file"), dict):
            yield f"/{number}/slack_file", block["slack_file"]
        for item in elements(block):
            if item.get("type") == "image" and isinstance(item.get("slack_file"), dict):
                yield f"/{number}", item["slack_file"]


def files_errors(files: Files, blocks: list[Json], at: str, base_url: str) -> list[str]:
    """What Slack would refuse of the uploaded pictures in these blocks, in its own words."""
    return [
        f"[ERROR] invalid slack file [json-pointer:{at}{pointer}]"
        for pointer, reference in slack_files(blocks)
        if files.picture(reference, base_url) is None
    ]
