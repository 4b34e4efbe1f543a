"""Everything that must be looked at again, and when. A row here is the only memory of a timer."""

from sqlalchemy import Column, Index, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB

from core.db.tables import identifier, instant, tenant_table

deadlines = tenant_table(
    "deadlines",
    identifier("subject_id"),
    Column("kind", Text, nullable=False),  # approvals.timeout
    Column("part", Text, nullable=False, server_default=""),  # the stage, where a subject has several
    instant("due_at"),
    Column("data", JSONB, nullable=False, server_default="{}"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("last_error", Text, nullable=True),
    Index("ix_deadlines_due", "due_at"),
    key=("subject_id", "kind", "part"),
)
