"""Tables of calendars and of the absences that they say."""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Integer, Text, text

from core.db.tables import identifier, instant, tenant_table
from core.vault import SealedColumn

calendar_feeds = tenant_table(
    "calendar_feeds",
    identifier("user_id"),
    Column("address", Text, nullable=False),  # sealed: whoever knows it reads the calendar
    Column("created_by", Text, nullable=False),
    instant("created_at"),
    instant("next_poll_at"),
    instant("read_at", nullable=True),
    Column("etag", Text, nullable=True),
    Column("last_modified", Text, nullable=True),
    instant("read_until", nullable=True),  # how far ahead it was read
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row
    Column("problem", Text, nullable=False, server_default=""),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    Index("ix_calendar_feeds_due", "tenant_id", "next_poll_at"),
    key=("user_id",),
)

FEED_ADDRESS = SealedColumn(calendar_feeds, "address", row=("user_id",))

absences = tenant_table(
    "absences",
    identifier("absence_id"),
    identifier("user_id"),
    instant("starts_at"),
    instant("ends_at"),
    instant("created_at"),
    instant("ended_at", nullable=True),  # the calendar does not say it any more
    CheckConstraint("starts_at < ends_at", name="window"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    # All that is not over, in one look: every opening of a stage asks for it.
    Index("ix_absences_live", "tenant_id", "ends_at", postgresql_where=text("ended_at IS NULL")),
    key=("absence_id",),
)
