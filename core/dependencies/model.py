"""Who needs what: declared by people and platforms, or learnt from what agents were seen to use."""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Text

from core.db.tables import identifier, instant, tenant_table

dependencies = tenant_table(
    "dependencies",
    Column("dependent", Text, nullable=False),  # agent:invoice-reader
    Column("needs", Text, nullable=False),  # tool:ocr
    Column("origin", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("seen", Integer, nullable=False, server_default="0"),  # times that it was seen in use
    identifier("author_id", nullable=True),  # who declared, confirmed or dismissed it
    instant("first_at"),
    instant("last_at"),
    CheckConstraint("origin IN ('declared', 'learnt')", name="origin"),
    CheckConstraint("state IN ('held', 'dismissed')", name="state"),
    CheckConstraint("dependent <> needs", name="ends"),
    Index("ix_dependencies_needs", "tenant_id", "needs"),
    key=("dependent", "needs"),
)
