"""The audit trail (A1, A2): the framework's record, written with the change it records, append-only.

record.py   AuditRecord, categories, canonical bytes
model.py    the table
service.py  record, search
reading.py  the trail read on from a position
guard.py    audited: the frame of every use case
export.py   JSONL and CSV
"""

from core.audit.export import CSV_COLUMNS, to_csv_row, to_json_line
from core.audit.guard import audited
from core.audit.reading import (
    Recorded,
    last_position,
    position_before,
    positions_between,
    records_after,
    records_between,
    records_by_hour,
)
from core.audit.record import AuditCategory, AuditRecord, AuditResult, rfc3339
from core.audit.service import AuditFilter, Entry, record, record_all, search

__all__ = [
    "CSV_COLUMNS",
    "AuditCategory",
    "AuditFilter",
    "AuditRecord",
    "AuditResult",
    "Entry",
    "Recorded",
    "audited",
    "last_position",
    "position_before",
    "positions_between",
    "record",
    "record_all",
    "records_after",
    "records_between",
    "records_by_hour",
    "rfc3339",
    "search",
    "to_csv_row",
    "to_json_line",
]
