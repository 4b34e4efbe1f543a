"""What is kept of rules: who has paused one, what each did, and the state of what it does."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from core.db.tables import identifier, instant, tenant_table

# A row for each rule that was ever concerned. Whoever lets a rule act holds it, so that its limits are exact.
automation_rules = tenant_table(
    "automation_rules",
    Column("rule", Text, nullable=False),
    instant("paused_at", nullable=True),
    Column("paused_by", Text, nullable=False, server_default=""),
    instant("limit_told_at", nullable=True),  # administrators were told that it is suppressed
    Column("stop_told_version", Text, nullable=False, server_default=""),  # the same that it goes round in a circle
    key=("rule",),
)

# What became of a rule that an event concerned.
automation_runs = tenant_table(
    "automation_runs",
    identifier("run_id"),
    Column("rule", Text, nullable=False),
    Column("version", Text, nullable=False),
    identifier("event_id"),
    Column("event_type", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("chain", ARRAY(Text), nullable=False, server_default="{}"),  # rules that led to the event
    instant("ran_at"),
    UniqueConstraint("tenant_id", "rule", "event_id"),
    CheckConstraint("result IN ('fired', 'rehearsed', 'unclear', 'suppressed', 'stopped')", name="result"),
    Index("ix_automation_runs_recent", "tenant_id", "rule", "ran_at"),
    key=("run_id",),
)

# One thing that a rule does, with everything filled in. `delivery_id` is the outbox event that carries it.
automation_effects = tenant_table(
    "automation_effects",
    identifier("effect_id"),
    identifier("run_id"),
    Column("position", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("system", Text, nullable=False, server_default=""),
    Column("filled", JSONB, nullable=False),  # the values; of written fields also what was there before
    identifier("delivery_id", nullable=True),  # NULL: its rule only rehearsed
    instant("done_at", nullable=True),
    Column("outcome", Text, nullable=False, server_default=""),
    Index("ix_automation_effects_run", "tenant_id", "run_id"),
    key=("effect_id",),
)
