"""Work logs that are written once: each of ours carries a mark of its key as its summary, by which it is looked for."""

from __future__ import annotations

import hashlib
from typing import Final

from connectors.itsm.answers import shortened
from connectors.itsm.remedy.client import RemedyClient
from connectors.itsm.remedy.mapping import DESCRIPTION_MAX_CHARS
from connectors.itsm.remedy.qualification import both, compare
from connectors.itsm.remedy.wire import Form, text

MARK_HEX_CHARS: Final = 16  # 64 bits: logs of one ticket are few
SUMMARY: Final = "Description"
DETAILS: Final = "Detailed Description"
ACCESS: Final = "View Access"


def mark(key: str) -> str:
    """The summary of a log with this key. Equality finds it: in LIKE, brackets and the like are wildcards."""
    return f"Countersign {hashlib.sha256(key.encode()).hexdigest()[:MARK_HEX_CHARS]}"


async def write_once(client: RemedyClient, form: Form, number: str, note: str, *, key: str) -> None:
    """The ticket has this work log exactly once, however often this is called with the same key."""
    if not note or await _is_written(client, form, number, mark(key)):
        return
    values = {
        form.number: number,
        SUMMARY: mark(key),
        DETAILS: shortened(note, DESCRIPTION_MAX_CHARS),
        "Work Log Type": "General Information",
        ACCESS: "Internal",
    }
    await client.create(form.log, values)


async def _is_written(client: RemedyClient, form: Form, number: str, marked: str) -> bool:
    asked = both(compare(form.number, "=", number), compare(SUMMARY, "=", marked))
    page = await client.select(form.log, asked, fields=(form.number, SUMMARY), limit=2)
    return any(text(row[SUMMARY]) == marked and text(row[form.number]) == number for row in page.rows)
