"""Tables of preferences, of where things were told, and of what waits for the end of quiet hours."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKeyConstraint, Index, Text, Time, Uuid
from sqlalchemy.dialects.postgresql import JSONB

from core.db.tables import identifier, instant, tenant_table

preferences = tenant_table(
    "preferences",
    identifier("user_id"),
    Column("has_digest", Boolean, nullable=False),
    Column("digest_at", Time, nullable=False),  # where the person lives
    Column("platform", Text, nullable=True),  # NULL: where they were last active
    instant("changed_at"),
    Column("quiet_from", Time, nullable=True),  # where the person lives; NULL: no quiet hours
    Column("quiet_until", Time, nullable=True),
    CheckConstraint("platform IN ('slack', 'teams', 'both')", name="platform"),
    CheckConstraint("(quiet_from IS NULL) = (quiet_until IS NULL)", name="quiet"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"], name="fk_preferences_users"),
    key=("user_id",),
)

# On which platform a person is told of a subject, or by an event: decided once, by whichever subscriber asks first.
tellings = tenant_table(
    "tellings",
    identifier("subject_id"),
    identifier("user_id"),
    Column("platform", Text, nullable=False),
    instant("decided_at"),
    CheckConstraint("platform IN ('slack', 'teams', 'both')", name="platform"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"], name="fk_tellings_users"),
    Index("ix_tellings_decided_at", "tenant_id", "decided_at"),
    key=("subject_id", "user_id"),
)

# Of which requests a person is to hear when their quiet hours end.
held_back = tenant_table(
    "held_back",
    identifier("user_id"),
    Column("subject", Text, nullable=False),  # request:<id>
    Column("said", JSONB(none_as_null=True), nullable=True),  # the latest event to be noticed; NULL: the message alone
    Column("said_id", Uuid, nullable=True),
    instant("due_at", nullable=True),  # when the stage times out, for whoever has not been asked on it yet
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"], name="fk_held_back_users"),
    key=("user_id", "subject"),
)
