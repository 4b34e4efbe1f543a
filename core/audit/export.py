"""Audit records as JSON Lines and CSV (A4). Both are streams: one record in, one line out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from typing import Any, Final

from core.cells import no_formula

CSV_COLUMNS: Final = (
    "timestamp",
    "tenant_id",
    "user_id",
    "action",
    "resource",
    "result",
    "category",
    "ip_address",
    "user_agent",
    "compliance_tags",
    "details",
    "event_id",
)


def to_json_line(record: Mapping[str, Any]) -> str:
    """The record as one line of JSON."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"


def to_csv_row(record: Mapping[str, Any] | None) -> str:
    """The record as one CSV line in the order of CSV_COLUMNS; the header for None.

    Cells that a spreadsheet would take for a formula are led by an apostrophe (OWASP, CSV injection).
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(CSV_COLUMNS if record is None else [_cell(record[column]) for column in CSV_COLUMNS])
    return buffer.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ";".join(str(item) for item in value)
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else str(value)
    return no_formula(text)
