"""Budgets, their periods with the counters, and the requests that were opened about them."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, Numeric, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from core.db.tables import identifier, instant, tenant_table

budgets = tenant_table(
    "budgets",
    identifier("budget_id"),
    Column("number", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("declared", Text, nullable=False, server_default=""),  # its key in the tenant's file
    Column("declared_digest", Text, nullable=False, server_default=""),  # of what the file said when it was last read
    Column("project", Text, nullable=False, server_default=""),  # empty: any
    Column("agent", Text, nullable=False, server_default=""),
    Column("meter_class", Text, nullable=False, server_default=""),
    Column("amount", Numeric, nullable=False),
    Column("currency", Text, nullable=False),
    Column("schemes", JSONB, nullable=False),  # which periods it has, from when on
    Column("roll_over", Text, nullable=False),
    Column("roll_over_cap", Numeric, nullable=True),
    Column("thresholds", ARRAY(Numeric), nullable=False),
    Column("has_forecast", Boolean, nullable=False),
    Column("controls", JSONB, nullable=False),
    Column("owners", ARRAY(UUID(as_uuid=True)), nullable=False, server_default="{}"),
    Column("changed", BigInteger, nullable=False),  # grows with every change of any budget of the tenant
    instant("created_at"),
    instant("updated_at"),
    instant("ended_at", nullable=True),
    CheckConstraint("amount > 0", name="amount"),
    CheckConstraint("roll_over IN ('none', 'carry')", name="roll_over"),
    Index("ix_budgets_number", "tenant_id", "number", unique=True),
    Index("ix_budgets_declared", "tenant_id", "declared", unique=True, postgresql_where=text("declared <> ''")),
    Index("ix_budgets_changed", "tenant_id", "changed"),
    key=("budget_id",),
)

budget_periods = tenant_table(
    "budget_periods",
    identifier("budget_id"),
    instant("starts_at"),
    instant("ends_at"),
    Column("spent", Numeric, nullable=False, server_default="0"),
    Column("charges", BigInteger, nullable=False, server_default="0"),
    Column("carried", Numeric, nullable=False, server_default="0"),
    Column("extra", Numeric, nullable=False, server_default="0"),
    Column("forgiven", Numeric, nullable=False, server_default="0"),
    instant("reset_at", nullable=True),
    Column("alerted", ARRAY(Text), nullable=False, server_default="{}"),
    Column("throttle_per_hour", Integer, nullable=True),
    instant("paced_until", nullable=True),  # written by the gate, under the lock of the tenant's quotas
    instant("spending_paced_until", nullable=True),  # written under the lock of the tenant's reservations
    identifier("acknowledged_by", nullable=True),
    instant("acknowledged_at", nullable=True),
    Column("closed_amount", Numeric, nullable=True),  # the budget's, when the period ended
    instant("closed_at", nullable=True),
    key=("budget_id", "starts_at"),
)

budget_reservations = tenant_table(
    "budget_reservations",
    Column("usage_id", Text, nullable=False),  # under which the usage is told afterwards
    Column("project", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("meter_class", Text, nullable=False),
    Column("amount", Numeric, nullable=False),  # in the currency of the tenant's costs
    instant("expires_at"),
    CheckConstraint("amount > 0", name="amount"),
    key=("usage_id",),
)

budget_requests = tenant_table(
    "budget_requests",
    identifier("request_id"),
    identifier("budget_id"),
    Column("wanted", Numeric, nullable=False),  # the amount that is asked for
    Column("lasts", Text, nullable=False),
    instant("settled_at", nullable=True),
    CheckConstraint("lasts IN ('period', 'always')", name="lasts"),
    Index("ix_budget_requests_budget_id", "tenant_id", "budget_id"),
    key=("request_id",),
)
