"""Objectives, services, their samples and what these add up to, marks of sources, alerts, plans and actions.

Samples and labels are kept for days (exact percentiles, root causes), minutes for weeks (burn rates), hours for over a
year (long windows, trends): see keeping.py. Samples and labels are parted by day, and go part by part. The key of
samples is also the index that covers percentiles.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from core.db.tables import identifier, instant, stream_table, tenant_table

objectives = tenant_table(
    "sla_objectives",
    identifier("objective_id"),
    Column("service", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("objective", JSONB, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
    identifier("author_id", nullable=True),
    instant("created_at"),
    instant("updated_at"),
    UniqueConstraint("tenant_id", "service", "name"),
    key=("objective_id",),
)

services = tenant_table(
    "sla_services",
    Column("service", Text, nullable=False),
    instant("first_at"),  # of its earliest sample
    instant("last_at"),  # of its latest
    instant("heard_at"),  # when we were last told of any
    key=("service",),
)

samples = stream_table(
    "sla_samples",
    Column("service", Text, nullable=False),
    instant("at"),
    Column("position", BigInteger, autoincrement=True, nullable=False),
    Column("response_time", Double, nullable=False),  # seconds
    Column("success", Boolean, nullable=False),
    key=("service", "at", "position"),
    covering=("response_time",),
    partition_by="RANGE (at)",
)

labels = stream_table(
    "sla_labels",
    Column("service", Text, nullable=False),
    instant("at"),  # the beginning of a minute
    Column("labels", JSONB, nullable=False),  # label -> value -> [how many samples, how many of them failed]
    key=("service", "at"),
    partition_by="RANGE (at)",
)

slices = tenant_table(
    "sla_slices",
    Column("grain", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("minute", Integer, nullable=False),  # its first, from the epoch
    Column("total", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("sketch", LargeBinary, nullable=False),  # of response times
    Column("shares", LargeBinary, nullable=False),  # an hour's minutes: the share of each that succeeded
    CheckConstraint("grain IN ('minute', 'hour')", name="grain"),
    CheckConstraint("failed >= 0 AND failed <= total", name="failed"),
    key=("grain", "service", "minute"),
)

marks = tenant_table(
    "sla_marks",
    Column("source", Text, nullable=False),  # a system that counts operations itself
    Column("service", Text, nullable=False),
    Column("until", Integer, nullable=False),  # minutes before this one, from the epoch, are taken
    key=("source", "service"),
)

alerts = tenant_table(
    "sla_alerts",
    identifier("alert_id"),
    Column("service", Text, nullable=False),
    Column("objective", Text, nullable=False),  # its name
    Column("kind", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("figures", JSONB, nullable=False),
    instant("started_at"),
    instant("changed_at"),
    instant("clear_since", nullable=True),  # from when on nothing has been wrong; NULL: it is now
    instant("resolved_at", nullable=True),
    Column("worst", JSONB, nullable=True),  # kind, severity and words while it was worst; NULL: told of before
    CheckConstraint("state IN ('firing', 'resolved')", name="state"),
    CheckConstraint("severity IN ('critical', 'high', 'medium', 'low')", name="severity"),
    Index(
        "uq_sla_alerts_firing",
        "tenant_id",
        "service",
        "objective",
        unique=True,
        postgresql_where=text("state = 'firing'"),
    ),
    Index("ix_sla_alerts_started", "tenant_id", "started_at"),
    key=("alert_id",),
)

plans = tenant_table(
    "sla_plans",
    identifier("plan_id"),
    Column("number", Integer, nullable=False),
    Column("service", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("findings", JSONB, nullable=False),  # what the data say, a sentence each
    Column("before", JSONB, nullable=False),  # the figures that it was drafted from
    identifier("author_id", nullable=True),
    instant("created_at"),
    instant("adopted_at", nullable=True),
    instant("closed_at", nullable=True),
    Column("note", Text, nullable=False, server_default=""),
    UniqueConstraint("tenant_id", "number"),
    CheckConstraint("state IN ('draft', 'adopted', 'done', 'dropped')", name="state"),
    Index("ix_sla_plans_service", "tenant_id", "service", "number"),
    key=("plan_id",),
)

actions = tenant_table(
    "sla_actions",
    identifier("action_id"),
    identifier("plan_id", nullable=True),
    Column("service", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("why", Text, nullable=False, server_default=""),
    identifier("owner_id", nullable=True),  # NULL: nobody yet, in a draft
    instant("due_at", nullable=True),
    Column("state", Text, nullable=False),
    Column("before", JSONB, nullable=True),  # figures over the time before it was done
    Column("evidence", Text, nullable=False, server_default=""),
    identifier("done_by", nullable=True),
    instant("created_at"),
    instant("done_at", nullable=True),
    CheckConstraint("state IN ('open', 'done', 'dropped')", name="state"),
    ForeignKeyConstraint(["tenant_id", "plan_id"], ["sla_plans.tenant_id", "sla_plans.plan_id"]),
    ForeignKeyConstraint(["tenant_id", "owner_id"], ["users.tenant_id", "users.user_id"]),
    Index("ix_sla_actions_plan", "tenant_id", "plan_id"),
    Index("ix_sla_actions_state", "tenant_id", "state", "due_at"),
    key=("action_id",),
)
