"""Objectives, services, their samples and what these add up to, and alerts.

Samples are kept for days (exact percentiles), minutes for a week (burn rates), hours for over a year (long windows,
trends): see keeping.py. The key of samples is also the index that covers percentiles.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from core.db.tables import identifier, instant, tenant_table

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

samples = tenant_table(
    "sla_samples",
    Column("service", Text, nullable=False),
    instant("at"),
    Column("position", BigInteger, Identity(always=True), nullable=False),
    Column("response_time", Double, nullable=False),  # seconds
    Column("success", Boolean, nullable=False),
    key=("service", "at", "position"),
    covering=("response_time",),
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
