"""The ticket that a request needs; a row is there for each request whose policy asks for one."""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from core.db.tables import identifier, instant, tenant_table

named_tickets = tenant_table(
    "named_tickets",
    identifier("request_id"),
    Column("system", Text, nullable=False, server_default=""),
    Column("number", Text, nullable=False, server_default=""),
    Column("standing", Text, nullable=False),
    Column("reasons", ARRAY(Text), nullable=False, server_default="{}"),
    Column("facts", JSONB, nullable=True),  # as its system showed it last
    instant("holds_from", nullable=True),
    instant("holds_until", nullable=True),
    instant("checked_at", nullable=True),
    instant("accepted_at", nullable=True),
    instant("stood_until", nullable=True),  # the end of its window when it last stood
    instant("at_most_until", nullable=True),  # named after people had decided: not beyond what they saw
    CheckConstraint("standing IN ('missing', 'asked', 'holds', 'refused')", name="standing"),
    CheckConstraint("(standing = 'missing') = (number = '')", name="named"),
    ForeignKeyConstraint(["tenant_id", "request_id"], ["requests.tenant_id", "requests.request_id"]),
    Index("ix_named_tickets_number", "tenant_id", "system", "number"),
    key=("request_id",),
)
