"""Cost centres and what belongs to them; what people say that agents are worth; what could cost less."""

from sqlalchemy import CheckConstraint, Column, Date, Index, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB

from core.db.tables import identifier, instant, tenant_table

cost_centres = tenant_table(
    "cost_centres",
    Column("code", Text, nullable=False),
    Column("title", Text, nullable=False),
    identifier("author_id", nullable=True),
    instant("created_at"),
    key=("code",),
)

cost_centre_turns = tenant_table(
    "cost_centre_turns",
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False),  # the name of a project or agent
    Column("starts_on", Date, nullable=False),  # until the next turn of the same subject
    Column("code", Text, nullable=False),  # empty: it belongs to none from then on
    identifier("author_id", nullable=True),
    instant("created_at"),
    CheckConstraint("kind IN ('project', 'agent')", name="kind"),
    key=("kind", "subject", "starts_on"),
)

benefits = tenant_table(
    "benefits",
    identifier("benefit_id"),
    Column("agent", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("low", Numeric, nullable=False),
    Column("likely", Numeric, nullable=False),  # hours a month; of other kinds than time_saved, money
    Column("high", Numeric, nullable=False),
    Column("rate", Numeric, nullable=False),  # of an hour; 1 for money
    Column("currency", Text, nullable=False),
    Column("evidence", Text, nullable=False, server_default=""),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date, nullable=True),
    identifier("author_id", nullable=True),
    instant("created_at"),
    instant("withdrawn_at", nullable=True),
    CheckConstraint("kind IN ('time_saved', 'cost_avoided', 'revenue', 'investment')", name="kind"),
    CheckConstraint("low <= likely AND likely <= high", name="order"),
    Index("ix_benefits_agent", "tenant_id", "agent"),
    key=("benefit_id",),
)

recommendations = tenant_table(
    "recommendations",
    identifier("recommendation_id"),
    Column("key", Text, nullable=False),  # the same however often it is found
    Column("kind", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("saving", Numeric, nullable=False),  # a month, as expected
    Column("currency", Text, nullable=False),
    Column("evidence", JSONB, nullable=False),
    instant("found_at"),
    instant("seen_at"),  # when it was last found
    identifier("decided_by", nullable=True),
    instant("decided_at", nullable=True),
    Column("reason", Text, nullable=False, server_default=""),
    identifier("change_id", nullable=True),
    CheckConstraint("state IN ('open', 'accepted', 'dismissed', 'gone')", name="state"),
    Index("ix_recommendations_key", "tenant_id", "key", unique=True),
    key=("recommendation_id",),
)
