"""Changes, and the evidence for their gates."""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from core.db.tables import identifier, instant, tenant_table

changes = tenant_table(
    "changes",
    identifier("change_id"),
    Column("number", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("change_type", Text, nullable=False),
    Column("template", Text, nullable=False, server_default=""),  # of a standard change
    Column("resources", ARRAY(Text), nullable=False),  # agent:invoice-reader: what it touches
    Column("reach", ARRAY(Text), nullable=False, server_default="{}"),  # what feels it, as it was assessed
    Column("state", Text, nullable=False),
    identifier("requester_id"),
    Column("requirements", JSONB, nullable=False),  # the gates and the review, as the policy said when it was assessed
    Column("risk", JSONB, nullable=True),
    Column("risk_level", Text, nullable=True),
    identifier("request_id", nullable=True),  # of its approval, the last one
    instant("starts_at", nullable=True),
    instant("ends_at", nullable=True),
    instant("scheduled_at", nullable=True),  # when its time was accepted; NULL: it is only wished for
    identifier("implementer_id", nullable=True),
    instant("started_at", nullable=True),
    instant("completed_at", nullable=True),
    identifier("bypass_id", nullable=True),  # under which it was implemented
    Column("owed", ARRAY(Text), nullable=False, server_default="{}"),  # gates that the bypass let pass
    Column("validation", JSONB, nullable=True),  # the last: result, notes, by, at
    identifier("rollback_request_id", nullable=True),  # of the approval of its rollback, the last one
    Column("recovery", JSONB, nullable=True),  # after a rollback: state, notes, by, at
    # the last, until it is over: what, at, people, reminders, is_silence, acknowledged_by, acknowledged_at
    Column("alarm", JSONB(none_as_null=True), nullable=True),
    Column("review_state", Text, nullable=True),  # NULL until there is one to do
    instant("review_due_at", nullable=True),
    Column("review", JSONB, nullable=True),  # outcome, notes, lessons, by, at
    Column("note", Text, nullable=False, server_default=""),  # why it was last sent back, rolled back or ended
    instant("created_at"),
    instant("updated_at"),
    instant("ended_at", nullable=True),
    UniqueConstraint("tenant_id", "number"),
    CheckConstraint(
        "state IN ('draft', 'assess', 'authorise', 'schedule', 'implement', 'validate', 'review', 'closed',"
        " 'rolled_back', 'failed', 'cancelled')",
        name="state",
    ),
    CheckConstraint("risk_level IN ('low', 'medium', 'high')", name="risk_level"),
    CheckConstraint("review_state IN ('due', 'overdue', 'done')", name="review_state"),
    CheckConstraint("starts_at < ends_at", name="times"),
    ForeignKeyConstraint(["tenant_id", "requester_id"], ["users.tenant_id", "users.user_id"]),
    Index("ix_changes_state", "tenant_id", "state", "number"),
    Index("ix_changes_request", "tenant_id", "request_id", postgresql_where=text("request_id IS NOT NULL")),
    Index(
        "ix_changes_rollback_request",
        "tenant_id",
        "rollback_request_id",
        postgresql_where=text("rollback_request_id IS NOT NULL"),
    ),
    Index("ix_changes_times", "tenant_id", "starts_at", postgresql_where=text("starts_at IS NOT NULL")),
    Index("ix_changes_type", "tenant_id", "change_type", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
    key=("change_id",),
)

evidence = tenant_table(
    "change_evidence",
    identifier("evidence_id"),
    identifier("change_id"),
    Column("gate", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("url", Text, nullable=False, server_default=""),
    identifier("author_id", nullable=True),  # NULL: the template says so
    instant("created_at"),
    CheckConstraint("gate IN ('testing', 'rollback_plan', 'communication')", name="gate"),
    CheckConstraint("result IN ('passed', 'failed')", name="result"),
    ForeignKeyConstraint(["tenant_id", "change_id"], ["changes.tenant_id", "changes.change_id"]),
    Index("ix_change_evidence_change", "tenant_id", "change_id", "evidence_id"),
    key=("evidence_id",),
)
