"""The table of drafts."""

from sqlalchemy import Column, ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import JSONB

from core.db.tables import identifier, instant, tenant_table

drafts = tenant_table(
    "drafts",
    identifier("draft_id"),
    identifier("author_id"),
    Column("action", Text, nullable=False),
    Column("resource", JSONB, nullable=False),
    Column("justification", Text, nullable=False),
    instant("updated_at"),
    ForeignKeyConstraint(["tenant_id", "author_id"], ["users.tenant_id", "users.user_id"], name="fk_drafts_author"),
    Index("ix_drafts_author", "tenant_id", "author_id", "updated_at"),
    key=("draft_id",),
)
