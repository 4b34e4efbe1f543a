"""The audit table: searchable columns beside the canonical bytes (RFC 8785) of the whole record.

The application's role may insert and select, nothing else; the migration grants no more.
"""

from sqlalchemy import BigInteger, Column, Identity, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY

from core.db.tables import identifier, instant, tenant_table

audit_events = tenant_table(
    "audit_events",
    identifier("event_id"),
    Column("position", BigInteger, Identity(always=True), nullable=False),
    instant("occurred_at"),
    Column("category", Text, nullable=False),
    Column("user_id", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("resource", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("compliance_tags", ARRAY(Text), nullable=False),
    identifier("subject_id", nullable=True),
    Column("record", Text, nullable=False),
    Index("ix_audit_events_position", "tenant_id", "position"),
    Index("ix_audit_events_subject", "tenant_id", "subject_id", "position"),
    key=("event_id",),
)
