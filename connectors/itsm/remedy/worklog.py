"""Work logs that are written once: each of ours carries a mark of its key as its summary, by which it is looked for."""

from __future__ import annotations

import hashlib
from typing import Final

from connectors.itsm.answers import shortened
from connectors.itsm.base import TicketFile
from connectors.itsm.remedy.client import RemedyClient
from connectors.itsm.remedy.mapping import DESCRIPTION_MAX_CHARS
from connectors.itsm.remedy.qualification import both, compare
from connectors.itsm.remedy.wire import Form, identity, text

MARK_HEX_CHARS: Final = 16  # 64 bits: logs of one ticket are few
SUMMARY: Final = "Description"
DETAILS: Final = "Detailed Description"
ACCESS: Final = "View Access"
FILE: Final = "z2AF Work Log01"  # the first of a log's three places for files


def mark(key: str) -> str:
    """The summary of a log with this key. Equality finds it: in LIKE, brackets and the like are wildcards."""
    return f"Countersign {hashlib.sha256(key.encode()).hexdigest()[:MARK_HEX_CHARS]}"


async def attach_once(client: RemedyClient, form: Form, number: str, file: TicketFile) -> None:
    """The ticket has one work log that holds this file, known by the file's name. Both are written in one call."""
    marked = mark(f"file:{file.name}")
    if not await _is_written(client, form, number, marked):
        values = _values(form, number, marked, f"Attached: {file.name}")
        await client.create_with_file(form.log, {**values, FILE: file.name}, FILE, file)


async def write_once(client: RemedyClient, form: Form, number: str, note: str, *, key: str) -> None:
    """The ticket has this work log exactly once, however often this is called with the same key."""
    if not note or await _is_written(client, form, number, mark(key)):
        return
    await client.create(form.log, _values(form, number, mark(key), shortened(note, DESCRIPTION_MAX_CHARS)))


def _values(form: Form, number: str, marked: str, details: str) -> dict[str, str]:
    return {
        form.number: number,
        SUMMARY: marked,
        DETAILS: details,
        "Work Log Type": "General Information",
        ACCESS: "Internal",
    }


async def _is_written(client: RemedyClient, form: Form, number: str, marked: str) -> bool:
    asked = both(compare(form.number, "=", identity(number)), compare(SUMMARY, "=", marked))
    page = await client.select(form.log, asked, fields=(form.number, SUMMARY), limit=2)
    return any(text(row[SUMMARY]) == marked and text(row[form.number]) == number for row in page.rows)
