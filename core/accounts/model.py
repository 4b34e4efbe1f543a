"""Tables of chat accounts, of links that wait, of accounts that were unlinked, and of strangers."""

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Text,
    UniqueConstraint,
)

from core.db.tables import identifier, instant, tenant_table

chat_accounts = tenant_table(
    "chat_accounts",
    Column("platform", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("chat_user", Text, nullable=False),
    identifier("user_id"),
    Column("linked_by", Text, nullable=False),
    instant("linked_at"),
    Column("name", Text, nullable=False, server_default=""),  # as the platform said when it was linked
    Column("workspace_name", Text, nullable=False, server_default=""),
    instant("last_seen_at", nullable=True),  # when somebody last did something with it
    instant("unreachable_since", nullable=True),  # until they do something with it again
    instant("added_at", nullable=True),  # when its person last let us write to it; that is not yet being active
    CheckConstraint("platform IN ('slack', 'teams')", name="platform"),
    CheckConstraint(
        "linked_by IN ('verified_email', 'signed_link', 'directory', 'administrator')",
        name="linked_by",
    ),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    Index("ix_chat_accounts_user", "tenant_id", "user_id", "platform"),
    key=("platform", "workspace", "chat_user"),
)

# At most one per chat account: a new one takes the place of the one before. Of the link and the code only hashes.
chat_links = tenant_table(
    "chat_links",
    Column("platform", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("chat_user", Text, nullable=False),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("workspace_name", Text, nullable=False),
    instant("expires_at"),
    identifier("user_id", nullable=True),  # who confirmed at the console; NULL: nobody yet
    Column("code_hash", LargeBinary, nullable=True),
    Column("wrong_codes", Integer, nullable=False, server_default="0"),
    instant("counted_since"),  # how many links this account has asked for since then
    Column("asked", Integer, nullable=False, server_default="1"),
    UniqueConstraint("tenant_id", "secret_hash"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    key=("platform", "workspace", "chat_user"),
)

# Whose an account was. While a row of the account is here and none in chat_accounts, no e-mail address links it again.
chat_unlinked = tenant_table(
    "chat_unlinked",
    Column("platform", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("chat_user", Text, nullable=False),
    identifier("user_id"),
    Column("name", Text, nullable=False),
    Column("workspace_name", Text, nullable=False),
    instant("unlinked_at"),
    Column("unlinked_by", Text, nullable=False),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    Index("ix_chat_unlinked_user", "tenant_id", "user_id"),
    key=("platform", "workspace", "chat_user", "user_id"),
)

# Who was refused lately, so that a stranger's tenth attempt is counted and not recorded.
chat_strangers = tenant_table(
    "chat_strangers",
    Column("platform", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("chat_user", Text, nullable=False),
    instant("recorded_at"),
    Column("unrecorded", Integer, nullable=False, server_default="0"),
    key=("platform", "workspace", "chat_user"),
)
