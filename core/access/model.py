"""Tables of people, what they may do, and the tokens they do it with."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY

from core.db.tables import identifier, instant, tenant_table

users = tenant_table(
    "users",
    identifier("user_id"),
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("title", Text, nullable=False, server_default=""),
    Column("time_zone", Text, nullable=False, server_default="UTC"),
    Column("active", Boolean, nullable=False, server_default="true"),
    instant("created_at"),
    identifier("manager_id", nullable=True),
    identifier("fallback_id", nullable=True),
    UniqueConstraint("tenant_id", "email"),
    CheckConstraint("email = lower(email)", name="email_lower"),
    key=("user_id",),
)

# People whom policies ask together.
groups = tenant_table(
    "groups",
    Column("group_key", Text, nullable=False),
    Column("title", Text, nullable=False),
    instant("created_at"),
    key=("group_key",),
)

group_members = tenant_table(
    "group_members",
    Column("group_key", Text, nullable=False),
    identifier("user_id"),
    ForeignKeyConstraint(["tenant_id", "group_key"], ["groups.tenant_id", "groups.group_key"], ondelete="CASCADE"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    key=("group_key", "user_id"),
)

grants = tenant_table(
    "grants",
    identifier("grant_id"),
    identifier("user_id"),
    Column("role", Text, nullable=False),
    Column("scope_kind", Text, nullable=False),
    Column("scope_id", Text, nullable=False, server_default=""),
    Column("granted_by", Text, nullable=False),
    instant("granted_at"),
    instant("expires_at", nullable=True),
    UniqueConstraint("tenant_id", "user_id", "role", "scope_kind", "scope_id"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    key=("grant_id",),
)

api_tokens = tenant_table(
    "api_tokens",
    identifier("token_id"),
    identifier("user_id"),
    Column("name", Text, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("scopes", ARRAY(Text), nullable=True),  # NULL = everything that the person may do
    instant("created_at"),
    instant("expires_at"),
    instant("last_used_at", nullable=True),
    instant("revoked_at", nullable=True),
    # Of a session: when its person last gave a second factor, and how they came in (password | token). Its secret is
    # replaced now and then: when that was, whether the new one was seen, the one that it replaced, and all before it.
    instant("assured_at", nullable=True),
    Column("opened_with", Text, nullable=True),
    instant("rotated_at", nullable=True),
    instant("rotation_seen_at", nullable=True),
    Column("replaced_hash", LargeBinary, nullable=True),
    Column("previous_hashes", ARRAY(LargeBinary), nullable=False, server_default="{}"),
    CheckConstraint("opened_with IN ('password', 'token')", name="opened_with"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    Index("ix_api_tokens_user", "tenant_id", "user_id"),
    key=("token_id",),
)
