"""What happened (outbox_events), and what must be done about it (deliveries: one per event and subscriber)."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from core.db.tables import identifier, instant, tenant_table

outbox_events = tenant_table(
    "outbox_events",
    identifier("event_id"),
    Column("position", BigInteger, Identity(always=True), nullable=False),
    Column("subject", Text, nullable=False),  # request:<uuid>; deliveries keep this order
    Column("type", Text, nullable=False),
    Column("data", JSONB, nullable=False),
    instant("occurred_at"),
    instant("routed_at", nullable=True),
    Index("ix_outbox_events_unrouted", "position", postgresql_where=text("routed_at IS NULL")),
    key=("event_id",),
)

deliveries = tenant_table(
    "deliveries",
    identifier("event_id"),
    Column("subscriber", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("subject", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("throttled", Integer, nullable=False, server_default="0"),  # of them: the other side only asked to wait
    instant("due_at"),
    instant("lease_until", nullable=True),
    instant("finished_at", nullable=True),
    Column("last_error", Text, nullable=True),
    CheckConstraint("state IN ('pending', 'done', 'dead')", name="state"),
    Index("ix_deliveries_due", "due_at", postgresql_where=text("state = 'pending'")),
    Index(
        "ix_deliveries_order",
        "tenant_id",
        "subscriber",
        "subject",
        "position",
        postgresql_where=text("state = 'pending'"),
    ),
    key=("event_id", "subscriber"),
)
