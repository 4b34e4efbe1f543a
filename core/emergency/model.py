"""Emergency bypasses with their post-deployment review; what was done under each, its extensions, its remediations.

A review is no row of its own: each bypass carries exactly one, from its grant on.
"""

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from core.db.tables import identifier, instant, tenant_table

bypasses = tenant_table(
    "bypasses",
    identifier("bypass_id"),
    Column("number", Integer, nullable=False),
    identifier("requester_id"),
    Column("action", Text, nullable=False),
    Column("resource_name", Text, nullable=False),
    Column("environment", Text, nullable=False, server_default=""),  # empty: in any
    Column("reason", Text, nullable=False, server_default=""),  # a code of the policy
    Column("incident", Text, nullable=False, server_default=""),
    Column("justification", Text, nullable=False),
    Column("assurance", Text, nullable=False, server_default="click"),
    Column("state", Text, nullable=False),
    Column("risk", JSONB, nullable=False),
    instant("granted_at"),
    instant("expires_at"),
    instant("ended_at", nullable=True),
    identifier("acknowledged_by", nullable=True),
    instant("acknowledged_at", nullable=True),
    Column("reminders", Integer, nullable=False, server_default="0"),  # since the level was told
    Column("level", Integer, nullable=False, server_default="0"),  # how far up it was told; 0: senior management
    instant("review_due_at"),
    Column("review_state", Text, nullable=False),
    Column("checklist", JSONB, nullable=False, server_default="[]"),  # as the policy had it at the grant
    identifier("reviewed_by", nullable=True),
    instant("reviewed_at", nullable=True),
    Column("review_verdict", Text, nullable=True),
    Column("review_notes", Text, nullable=True),
    Column("findings", JSONB, nullable=False, server_default="{}"),  # item of the checklist -> whether it holds
    Column("risk_after", JSONB, nullable=True),
    UniqueConstraint("tenant_id", "number"),
    CheckConstraint("state IN ('active', 'ended', 'expired')", name="state"),
    CheckConstraint("review_state IN ('due', 'overdue', 'done')", name="review_state"),
    ForeignKeyConstraint(["tenant_id", "requester_id"], ["users.tenant_id", "users.user_id"]),
    Index("ix_bypasses_active", "tenant_id", "requester_id", postgresql_where=text("state = 'active'")),
    Index("ix_bypasses_granted", "tenant_id", "granted_at"),
    key=("bypass_id",),
)

uses = tenant_table(
    "bypass_uses",
    identifier("decision_id"),
    identifier("bypass_id"),
    identifier("user_id", nullable=True),
    Column("action", Text, nullable=False),
    Column("resource_name", Text, nullable=False),
    Column("context", JSONB, nullable=False),
    Column("before", JSONB(none_as_null=True), nullable=True),
    Column("after", JSONB, nullable=False),
    instant("used_at"),
    Column("outcome", Text, nullable=True),
    ForeignKeyConstraint(["tenant_id", "bypass_id"], ["bypasses.tenant_id", "bypasses.bypass_id"]),
    Index("ix_bypass_uses_bypass", "tenant_id", "bypass_id", "used_at"),
    key=("decision_id",),
)

extensions = tenant_table(
    "bypass_extensions",
    identifier("extension_id"),
    identifier("bypass_id"),
    Column("extra_s", Integer, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),
    identifier("asked_by"),
    instant("asked_at"),
    identifier("decided_by", nullable=True),
    instant("decided_at", nullable=True),
    CheckConstraint("state IN ('asked', 'confirmed', 'declined', 'lapsed')", name="state"),
    ForeignKeyConstraint(["tenant_id", "bypass_id"], ["bypasses.tenant_id", "bypasses.bypass_id"]),
    Index("ix_bypass_extensions_bypass", "tenant_id", "bypass_id"),
    Index(
        "uq_bypass_extensions_asked",
        "tenant_id",
        "bypass_id",
        unique=True,
        postgresql_where=text("state = 'asked'"),
    ),
    key=("extension_id",),
)

remediations = tenant_table(
    "bypass_remediations",
    identifier("remediation_id"),
    identifier("bypass_id"),
    Column("title", Text, nullable=False),
    identifier("owner_id"),
    Column("state", Text, nullable=False),
    instant("opened_at"),
    instant("due_at"),
    Column("note", Text, nullable=False),
    identifier("closed_by", nullable=True),
    instant("closed_at", nullable=True),
    CheckConstraint("state IN ('open', 'overdue', 'done', 'dropped')", name="state"),
    ForeignKeyConstraint(["tenant_id", "bypass_id"], ["bypasses.tenant_id", "bypasses.bypass_id"]),
    ForeignKeyConstraint(["tenant_id", "owner_id"], ["users.tenant_id", "users.user_id"]),
    Index("ix_bypass_remediations_bypass", "tenant_id", "bypass_id"),
    key=("remediation_id",),
)
