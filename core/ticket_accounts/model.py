"""Tables of accounts in ticket systems, and of links that wait."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)

from core.db.tables import identifier, instant, tenant_table

# An account that was unlinked keeps its row, so that no e-mail address makes it anybody's again.
ticket_accounts = tenant_table(
    "ticket_accounts",
    Column("system", Text, nullable=False),
    Column("account", Text, nullable=False),
    identifier("user_id"),
    Column("name", Text, nullable=False, server_default=""),  # as the system said when it was linked
    Column("linked_by", Text, nullable=False),
    instant("linked_at"),
    instant("unlinked_at", nullable=True),
    Column("unlinked_by", Text, nullable=False, server_default=""),
    Column("ignores_case", Boolean, nullable=False, server_default=text("false")),
    CheckConstraint("linked_by IN ('signed_link', 'directory', 'administrator')", name="linked_by"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    Index("ix_ticket_accounts_user", "tenant_id", "user_id"),
    key=("system", "account"),
)

# At most one per person and system: a new one takes the place of the one before. Of the code only a hash.
ticket_links = tenant_table(
    "ticket_links",
    Column("system", Text, nullable=False),
    identifier("user_id"),
    Column("code_hash", LargeBinary, nullable=False),
    instant("expires_at"),
    UniqueConstraint("tenant_id", "system", "code_hash"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    key=("system", "user_id"),
)
