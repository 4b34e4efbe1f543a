"""Tables of denials that can be asked about, of the tasks that came of them, and of addresses that may be told."""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY

from core.db.tables import identifier, instant, tenant_table
from core.vault import SealedColumn

access_evaluations = tenant_table(
    "access_evaluations",
    identifier("evaluation_id"),
    identifier("user_id"),
    Column("digest", Text, nullable=False),  # SHA-256 over subject, resource and action as they were sent
    instant("evaluated_at"),
    instant("expires_at"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    Index("ix_access_evaluations_expiry", "tenant_id", "expires_at"),
    key=("evaluation_id",),
)

access_tasks = tenant_table(
    "access_tasks",
    identifier("task_id"),
    identifier("approval_id"),
    identifier("evaluation_id"),
    identifier("user_id"),  # who submitted it, and whom it is about
    identifier("request_id"),
    Column("digest", Text, nullable=False),
    Column("body_digest", Text, nullable=False),  # of the whole submission
    Column("idempotency_key", Text, nullable=True),
    instant("requested_until", nullable=True),
    Column("callback_endpoint", Text, nullable=True),
    Column("callback_state", Text, nullable=True),
    Column("callback_events", ARRAY(Text), nullable=False, server_default="{}"),  # none: all of them
    Column("status", Text, nullable=False),
    instant("created_at"),
    instant("ended_at", nullable=True),
    instant("approved_until", nullable=True),
    UniqueConstraint("tenant_id", "evaluation_id"),
    UniqueConstraint("tenant_id", "approval_id"),
    UniqueConstraint("tenant_id", "user_id", "idempotency_key"),
    CheckConstraint("status IN ('pending', 'approved', 'denied', 'expired', 'cancelled')", name="status"),
    CheckConstraint("(status = 'pending') = (ended_at IS NULL)", name="ended"),
    CheckConstraint("(status = 'approved') = (approved_until IS NOT NULL)", name="approved"),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    ForeignKeyConstraint(["tenant_id", "request_id"], ["requests.tenant_id", "requests.request_id"]),
    Index("ix_access_tasks_pending", "tenant_id", "request_id", postgresql_where=text("status = 'pending'")),
    key=("task_id",),
)

access_callbacks = tenant_table(
    "access_callbacks",
    identifier("callback_id"),
    Column("endpoint", Text, nullable=False),
    Column("secret", Text, nullable=False),  # whsec_…, sealed: nothing can be signed with a hash
    Column("created_by", Text, nullable=False),
    instant("created_at"),
    Index("ix_access_callbacks_endpoint", "tenant_id", "endpoint"),
    key=("callback_id",),
)

CALLBACK_SECRET = SealedColumn(access_callbacks, "secret", row=("callback_id",))
