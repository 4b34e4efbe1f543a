"""Receipts as they were handed out, and the keys that sign them.

The keys belong to the installation, so their table has no tenant; row-level security opens it to the system scope
alone, and no tenant's transaction can read it.
"""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, LargeBinary, Table, Text

from core.db.tables import identifier, instant, metadata, tenant_table
from core.vault import SealedColumn

receipts = tenant_table(
    "receipts",
    identifier("receipt_id"),
    identifier("request_id"),
    Column("key_id", Text, nullable=False),
    instant("issued_at"),
    instant("expires_at"),
    Column("token", Text, nullable=False),  # what was signed, to the last byte
    ForeignKeyConstraint(["tenant_id", "request_id"], ["requests.tenant_id", "requests.request_id"]),
    Index("ix_receipts_request", "tenant_id", "request_id", "issued_at"),
    key=("receipt_id",),
)

receipt_keys = Table(
    "receipt_keys",
    metadata,
    Column("key_id", Text, primary_key=True),  # RFC 7638 thumbprint
    Column("public_key", LargeBinary, nullable=False),
    Column("private_key", LargeBinary, nullable=True),  # sealed; erased when the key is retired
    instant("created_at"),
    instant("retired_at", nullable=True),
    CheckConstraint("(retired_at IS NULL) = (private_key IS NOT NULL)", name="one_half"),
)

PRIVATE_KEY = SealedColumn(receipt_keys, "private_key", row=("key_id",))
