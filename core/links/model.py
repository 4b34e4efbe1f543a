"""What the outside knows of a subject: tickets, posted messages, chat accounts. The doors keep them here."""

from sqlalchemy import Column, ForeignKeyConstraint, Index, Text, UniqueConstraint

from core.db.tables import identifier, instant, tenant_table

tickets = tenant_table(
    "tickets",
    identifier("subject_id"),
    Column("system", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("external_id", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("state", Text, nullable=False),
    instant("created_at"),
    instant("updated_at"),
    UniqueConstraint("tenant_id", "system", "external_id"),
    key=("subject_id", "system"),
)

# One living message per subject and place. `message_id` is NULL between "about to post" and "posted": whoever finds
# such a row looks the message up by its delivery key before posting again.
posted_messages = tenant_table(
    "posted_messages",
    identifier("subject_id"),
    Column("platform", Text, nullable=False),
    Column("place", Text, nullable=False),  # a channel id, or the person's chat id for a direct message
    Column("role", Text, nullable=False),  # what it is there: approver, requester, channel, management, thread:<event>
    Column("channel", Text, nullable=True),
    Column("message_id", Text, nullable=True),
    Column("content_hash", Text, nullable=False, server_default=""),
    instant("created_at"),
    instant("updated_at"),
    Index("ix_posted_messages_message", "tenant_id", "platform", "channel", "message_id"),
    key=("subject_id", "platform", "place", "role"),
)

chat_accounts = tenant_table(
    "chat_accounts",
    Column("platform", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("chat_user", Text, nullable=False),
    identifier("user_id"),
    Column("linked_by", Text, nullable=False),  # verified_email
    instant("linked_at"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    Index("ix_chat_accounts_user", "tenant_id", "user_id", "platform"),
    key=("platform", "workspace", "chat_user"),
)
