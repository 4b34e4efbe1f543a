"""Answers kept for repeated calls: HTTP POSTs with an Idempotency-Key, and chat interactions delivered twice."""

from sqlalchemy import Column, Index, Integer, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB

from core.db.tables import identifier, instant, tenant_table

idempotency_keys = tenant_table(
    "idempotency_keys",
    Column("actor", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("status", Integer, nullable=True),  # NULL while the first call is under way
    Column("headers", JSONB, nullable=True),
    Column("body", LargeBinary, nullable=True),
    Column("carried_out", Text, nullable=True),  # what the call did, written with what it did
    identifier("carried_out_subject", nullable=True),
    identifier("attempt", nullable=True),  # which of the calls under this key has it
    instant("started_at"),
    instant("expires_at"),
    Index("ix_idempotency_keys_expiry", "expires_at"),
    key=("actor", "key"),
)
