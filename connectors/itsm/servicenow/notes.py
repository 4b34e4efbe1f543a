"""Work notes that are written once. ServiceNow appends at every write, so each of ours ends with a mark of its key."""

from __future__ import annotations

import hashlib
from typing import Final

from connectors.itsm.base import Refused
from connectors.itsm.servicenow.client import ServiceNowClient
from connectors.itsm.servicenow.mapping import NOTE_MAX_CHARS, shortened
from connectors.itsm.servicenow.wire import condition, identity, query

MARK_HEX_CHARS: Final = 16  # 64 bits: notes of one record are few


def mark(key: str) -> str:
    """What a note with this key ends with."""
    return f"[countersign:{hashlib.sha256(key.encode()).hexdigest()[:MARK_HEX_CHARS]}]"


async def write_once(client: ServiceNowClient, table: str, sys_id: str, text: str, *, key: str) -> None:
    """The record has this work note exactly once, however often this is called with the same key."""
    identity(sys_id)
    if not text or await _is_written(client, table, sys_id, mark(key)):
        return
    body = shortened(text, NOTE_MAX_CHARS)
    await client.patch(table, sys_id, {"work_notes": f"{body}\n{mark(key)}"})


async def _is_written(client: ServiceNowClient, table: str, sys_id: str, marked: str) -> bool:
    asked = query(condition("element_id", "=", sys_id), condition("value", "LIKE", marked))
    try:
        page = await client.select("sys_journal_field", asked, fields=("element_id", "value"), limit=1)
    except Refused:
        # Many instances close the journal's table to ordinary accounts; the record shows its notes as one text.
        return marked in await client.shown(table, sys_id, "work_notes")
    if page.rows:
        return page.rows[0]["element_id"] == sys_id and marked in str(page.rows[0]["value"])
    # Entries hidden from us are missing from the rows but count: the record's own text decides.
    return page.total > 0 and marked in await client.shown(table, sys_id, "work_notes")
