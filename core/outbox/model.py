"""What happened (outbox_events), what is to be done about it (deliveries), and how those that it goes to are."""

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
    # Deliveries of one line that go as one: fixed at the first attempt, so that a repetition is the same over there.
    identifier("batch", nullable=True),
    Column("told_as", Text, nullable=True),  # the key of the note over there that tells of it, once that is there
    Column("dismissed_by", Text, nullable=True),  # of a dead one that nobody wants delivered any more
    Column("dismissed_because", Text, nullable=True),
    CheckConstraint("state IN ('pending', 'done', 'dead', 'dismissed')", name="state"),
    Index(
        "ix_deliveries_waiting",
        "tenant_id",
        "subscriber",
        "due_at",
        "position",
        postgresql_where=text("state = 'pending'"),
    ),
    Index(
        "ix_deliveries_leased",
        "tenant_id",
        "subscriber",
        postgresql_where=text("state = 'pending' AND lease_until IS NOT NULL"),
    ),
    Index("ix_deliveries_finished", "tenant_id", "subscriber", "finished_at", postgresql_where=text("state = 'done'")),
    Index("ix_deliveries_dead", "tenant_id", "subscriber", "event_id", postgresql_where=text("state = 'dead'")),
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

# One subscriber for one tenant: whether it takes deliveries now. Written only when something is wrong, or right again.
destinations = tenant_table(
    "destinations",
    Column("subscriber", Text, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row
    instant("failing_since", nullable=True),
    instant("paused_until", nullable=True),
    instant("last_failed_at", nullable=True),
    Column("last_error", Text, nullable=True),
    key=("subscriber",),
)

# When the next call to a destination may begin: its pace, shared by every process.
call_turns = tenant_table(
    "call_turns", Column("destination", Text, nullable=False), instant("next_at"), key=("destination",)
)

# What a destination took last for each subject, secrets struck out: what a dead letter is compared with.
last_sent = tenant_table(
    "last_sent",
    Column("subscriber", Text, nullable=False),
    Column("subject", Text, nullable=False),
    identifier("event_id"),
    Column("payload", JSONB, nullable=False),
    instant("sent_at"),
    key=("subscriber", "subject"),
)
