"""Rows that were touched since an instant, although more are touched while they are read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from connectors.itsm.servicenow.client import PAGE_ROWS, Row, ServiceNowClient
from connectors.itsm.servicenow.wire import TIME_FORMAT, condition, instant, query, text

TOUCHED: Final = "sys_updated_on"


async def touched_rows(
    client: ServiceNowClient, table: str, ours: str, *, fields: Sequence[str], since: datetime
) -> list[Row]:
    """Each row of `table` that meets the condition and was touched since then, as it was last seen; oldest first.

    Pages follow the time, not an offset: what is touched meanwhile moves to the end, and what stood behind it would
    stand one place before where the next page begins. `fields` hold sys_id and sys_updated_on.
    """
    rows: dict[str, Row] = {}
    at, offset = since, 0
    while True:
        later = condition(TOUCHED, ">=", at.strftime(TIME_FORMAT))
        asked = query(ours, later, f"ORDERBY{TOUCHED}", "ORDERBYsys_id")
        page = await client.select(table, asked, fields=fields, limit=PAGE_ROWS, offset=offset)
        for row in page.rows:
            rows.pop(text(row["sys_id"]), None)
            rows[text(row["sys_id"])] = row
        # Not by the length: a page is short, or empty, when rows of it are hidden from us.
        if not page.has_more:
            return list(rows.values())
        reached = max((when for row in page.rows if (when := instant(row[TOUCHED])) is not None), default=at)
        at, offset = (reached, 0) if reached > at else (at, offset + PAGE_ROWS)
