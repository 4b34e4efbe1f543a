"""Rollouts, and what their checks came to."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKeyConstraint, Index, Integer, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from core.db.tables import identifier, instant, tenant_table

rollouts = tenant_table(
    "rollouts",
    identifier("rollout_id"),
    Column("kind", Text, nullable=False),
    identifier("subject_id"),  # the change, or the drill's plan
    Column("reference", Text, nullable=False),  # CHG-7; DRILL-3
    Column("title", Text, nullable=False),
    Column("resources", ARRAY(Text), nullable=False),
    Column("environment", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False),
    Column("known", Text, nullable=False, server_default="begun"),  # of the platform
    Column("progress", Integer, nullable=False, server_default="0"),  # per cent
    Column("message", Text, nullable=False, server_default=""),  # the platform's last words
    Column("metrics", JSONB, nullable=False, server_default="{}"),
    Column("plan", JSONB, nullable=False),
    Column("reasons", ARRAY(Text), nullable=False, server_default="{}"),  # why it is undone or has failed
    Column("ordered_by", Text, nullable=False),
    instant("moved_at"),  # since when it is in this state
    instant("heard_at"),  # when the platform last answered
    instant("told_silent_at", nullable=True),
    instant("created_at"),
    instant("ended_at", nullable=True),
    CheckConstraint("kind IN ('change', 'drill')", name="kind"),
    CheckConstraint(
        "state IN ('starting', 'running', 'watching', 'succeeded', 'rolling_back', 'recovering', 'rolled_back',"
        " 'failed')",
        name="state",
    ),
    CheckConstraint("known IN ('nothing', 'begun', 'undoing', 'undone')", name="known"),
    CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
    Index("ix_rollouts_subject", "tenant_id", "subject_id", "created_at"),
    Index("ix_rollouts_kind", "tenant_id", "kind", "rollout_id"),
    key=("rollout_id",),
)

checks = tenant_table(
    "rollout_checks",
    identifier("rollout_id"),
    instant("at"),
    Column("name", Text, nullable=False),
    Column("state", Text, nullable=False),  # of the rollout when it was made: watching or recovering
    Column("passed", Boolean, nullable=False),
    Column("value", Text, nullable=False),
    ForeignKeyConstraint(["tenant_id", "rollout_id"], ["rollouts.tenant_id", "rollouts.rollout_id"]),
    key=("rollout_id", "at", "name"),
)
