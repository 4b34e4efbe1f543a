"""The ledger of what usage cost, append-only and parted by month; what is summed up of it; which ids are known."""

from sqlalchemy import BigInteger, Boolean, Column, Date, Index, Integer, LargeBinary, Numeric, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from core.db.tables import identifier, instant, stream_table, tenant_table

usage_ledger = stream_table(
    "usage_ledger",
    instant("at"),  # when it was used
    identifier("line_id"),
    Column("usage_id", Text, nullable=False),
    Column("is_reversal", Boolean, nullable=False),  # takes back the line of the same usage id
    Column("project", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("meter", Text, nullable=False),
    Column("meter_class", Text, nullable=False),
    Column("quantity", Numeric, nullable=False),
    Column("amount", Numeric, nullable=False),  # exact, in `currency`
    Column("currency", Text, nullable=False),
    Column("priced_amount", Numeric, nullable=False),  # as the rate card has it, in `priced_currency`
    Column("priced_currency", Text, nullable=False),
    instant("recorded_at"),
    key=("at", "line_id"),
    partition_by="RANGE (at)",
)

# Every id that was told, so that usage counts once however often it is told, and in whichever month.
usage_keys = stream_table(
    "usage_keys",
    Column("usage_id", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    instant("at"),
    Column("corrected_by", Text, nullable=True),
    key=("usage_id",),
)

# How much of a meter with tiers was used in a month under one price: what the next unit costs depends on it.
usage_months = tenant_table(
    "usage_months",
    Column("meter", Text, nullable=False),
    Column("month", Date, nullable=False),
    Column("since", Date, nullable=False),  # of the price
    Column("quantity", Numeric, nullable=False),
    key=("meter", "month", "since"),
)

cost_rollups = tenant_table(
    "cost_rollups",
    Column("day", Date, nullable=False),  # UTC
    Column("project", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("meter", Text, nullable=False),
    Column("meter_class", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("quantity", Numeric, nullable=False),
    Column("amount", Numeric, nullable=False),
    Column("events", BigInteger, nullable=False),
    Index("ix_cost_rollups_project", "tenant_id", "project", "day"),
    key=("day", "project", "agent", "meter", "meter_class", "currency"),
)

cost_checks = tenant_table(
    "cost_checks",
    identifier("check_id"),
    instant("checked_at"),
    Column("lines", BigInteger, nullable=False),
    Column("differing", Integer, nullable=False),
    Column("repaired", Boolean, nullable=False),
    Column("differences", JSONB, nullable=False),  # the first of them
    Column("months", ARRAY(Text), nullable=False, server_default="{}"),  # that were read; none: all
    key=("check_id",),
)

# What the sums of a month were when they last agreed with the ledger.
cost_month_checks = tenant_table(
    "cost_month_checks",
    Column("month", Date, nullable=False),
    Column("digest", Text, nullable=False),
    Column("lines", BigInteger, nullable=False),
    instant("compared_at"),
    key=("month",),
)
