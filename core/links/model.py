"""What the outside knows of a subject: tickets, posted messages. The doors keep them here."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY

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
    Column("subject_type", Text, nullable=True),  # NULL: a bypass if it is an emergency change, else a request
    instant("moving_until", nullable=True),  # until when our own last move goes on, or when it was over
    Column("has_arrived", Boolean, nullable=False, server_default="true"),  # it got where it should
    Column("is_look_due", Boolean, nullable=False, server_default="false"),  # what was last read overlapped it
    UniqueConstraint("tenant_id", "system", "external_id"),
    Index("ix_tickets_look_due", "tenant_id", "system", postgresql_where=text("is_look_due")),
    CheckConstraint("subject_type IN ('request', 'bypass', 'incident', 'ticket')", name="subject_type"),
    key=("subject_id", "system"),
)

# Which rules of workflow automation stand behind a subject.
origins = tenant_table(
    "origins",
    Column("subject", Text, nullable=False),  # as in the outbox, or the place of what we write into a ticket
    Column("rules", ARRAY(Text), nullable=False),
    instant("kept_at"),
    key=("subject",),
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

# Where a bot may write that cannot look its conversations up: each is kept as the platform told of it, in a request
# that was verified. `service_url` is where it is written to; `member_id` the platform's id of the one person of a chat.
chat_conversations = tenant_table(
    "chat_conversations",
    Column("platform", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("conversation", Text, nullable=False),
    Column("kind", Text, nullable=False),  # personal, group, channel
    Column("service_url", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("team", Text, nullable=False, server_default=""),
    Column("chat_user", Text, nullable=True),
    Column("member_id", Text, nullable=True),
    instant("seen_at"),
    CheckConstraint("kind IN ('personal', 'group', 'channel')", name="kind"),
    Index("ix_chat_conversations_user", "tenant_id", "platform", "workspace", "chat_user"),
    key=("platform", "workspace", "conversation"),
)
