"""The table of pictures."""

from sqlalchemy import CheckConstraint, Column, Index, LargeBinary, Text, UniqueConstraint

from core.db.tables import identifier, instant, tenant_table

pictures = tenant_table(
    "pictures",
    identifier("picture_id"),
    Column("key", Text, nullable=False),  # what it belongs to: a message and the picture's place in it
    Column("name", Text, nullable=False),  # of the file
    Column("png", LargeBinary, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),  # SHA-256
    Column("secret", Text, nullable=False),  # sealed: whoever keeps the same picture again has the same address
    instant("created_at"),
    instant("expires_at"),
    CheckConstraint("octet_length(png) <= 1048576", name="size"),
    UniqueConstraint("tenant_id", "key"),
    Index("ix_pictures_expires_at", "tenant_id", "expires_at"),
    key=("picture_id",),
)
