"""How far what monitoring systems are told of is, and which messages have come from them."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Text

from core.db.tables import identifier, instant, tenant_table

# kind `audit`: everything up to `position` was handed to the outbox; `seen` is the next aim, which is complete once no
# transaction before `horizon` runs any more. kind `metrics`: events up to `counted` were counted, until `until`.
monitoring_marks = tenant_table(
    "monitoring_marks",
    Column("kind", Text, nullable=False),
    Column("position", BigInteger, nullable=False, server_default="0"),
    Column("seen", BigInteger, nullable=True),
    Column("horizon", BigInteger, nullable=True),
    identifier("counted", nullable=True),
    instant("until", nullable=True),
    CheckConstraint("kind IN ('audit', 'metrics')", name="kind"),
    key=("kind",),
)

# Messages that bear an id of their own, so that one that is sent again is known.
hook_messages = tenant_table(
    "hook_messages",
    Column("connector", Text, nullable=False),
    Column("message_id", Text, nullable=False),
    instant("came_at"),
    Index("ix_hook_messages_came", "tenant_id", "came_at"),
    key=("connector", "message_id"),
)
