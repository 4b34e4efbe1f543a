"""Comments that are written once: each of ours ends with a mark of its key, by which it is looked for."""

from __future__ import annotations

import hashlib
import re
from typing import Final

from connectors.itsm.answers import shortened
from connectors.itsm.custom.client import CustomClient
from connectors.itsm.custom.paths import text_at
from connectors.itsm.custom.spec import Spec

NOTE_MAX_CHARS: Final = 16_000  # our own measure: a comment takes more, a reader does not
MARK: Final = re.compile(r"\[countersign:[0-9a-f]{16}\]")


def mark(key: str) -> str:
    """What a comment with this key ends with."""
    return f"[countersign:{hashlib.sha256(key.encode()).hexdigest()[:16]}]"


async def write_once(spec: Spec, client: CustomClient, names: dict[str, str], text: str, *, key: str) -> None:
    """The ticket has this comment exactly once; where no `comment` is declared, there is nowhere to write it."""
    if not text or spec.comment is None:
        return
    body = shortened(text, NOTE_MAX_CHARS)
    if spec.comments is not None:
        rows = await client.ask_list(spec.comments.request, names)
        texts = [text_at(row, spec.comments.text) for row in rows]
        if any(mark(key) in one for one in texts):
            return
        body = f"{body}\n{mark(key)}"
    await client.ask(spec.comment, {**names, "text": body, "note_key": key})
