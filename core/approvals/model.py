"""Tables of approval requests, their stages, who is asked, votes and comments."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from core.db.tables import identifier, instant, tenant_table

# A request is pinned to the version of the policy under which it was opened.
policy_versions = tenant_table(
    "policy_versions",
    Column("policy_key", Text, nullable=False),
    Column("version", Text, nullable=False),  # SHA-256 of the canonical document
    Column("document", JSONB, nullable=False),
    instant("loaded_at"),
    key=("policy_key", "version"),
)

requests = tenant_table(
    "requests",
    identifier("request_id"),
    Column("number", Integer, nullable=False),
    Column("action", Text, nullable=False),
    Column("resource_name", Text, nullable=False),
    Column("resource", JSONB, nullable=False),
    Column("justification", Text, nullable=False),
    identifier("requester_id"),
    Column("state", Text, nullable=False),
    Column("policy_key", Text, nullable=False),
    Column("policy_version", Text, nullable=False),
    Column("digest", Text, nullable=False),  # SHA-256 over the canonical request: what a vote binds to
    Column("assessment", JSONB, nullable=False, server_default=text("'{}'")),  # risk, conditions and their values
    Column("revision", Integer, nullable=False, server_default="1"),  # 1, and one more for each amendment
    Column("suggested", ARRAY(UUID), nullable=False, server_default="{}"),  # who is told first
    instant("created_at"),
    instant("decided_at", nullable=True),
    instant("amended_at", nullable=True),  # the last time; NULL too where an older release amended it
    Column("reopens", Integer, nullable=True),  # the number of the request that is asked again
    instant("nudged_at", nullable=True),  # when its requester last reminded those who are asked
    identifier("used_by", nullable=True),  # the decision that consumed the approval
    UniqueConstraint("tenant_id", "number"),
    CheckConstraint("state IN ('pending', 'approved', 'rejected', 'withdrawn', 'expired')", name="state"),
    ForeignKeyConstraint(["tenant_id", "requester_id"], ["users.tenant_id", "users.user_id"]),
    ForeignKeyConstraint(
        ["tenant_id", "policy_key", "policy_version"],
        ["policy_versions.tenant_id", "policy_versions.policy_key", "policy_versions.version"],
    ),
    Index("ix_requests_state", "tenant_id", "state", "number"),
    Index("ix_requests_requester", "tenant_id", "requester_id", "number"),
    # One live request per action and resource: asking again answers with the same one.
    Index(
        "uq_requests_live",
        "tenant_id",
        "action",
        "resource_name",
        unique=True,
        postgresql_where=text("state = 'pending'"),
    ),
    Index(
        "ix_requests_usable",
        "tenant_id",
        "action",
        "resource_name",
        postgresql_where=text("state = 'approved' AND used_by IS NULL"),
    ),
    key=("request_id",),
)

request_stages = tenant_table(
    "request_stages",
    identifier("request_id"),
    Column("stage", Text, nullable=False),
    Column("ordinal", Integer, nullable=False),
    Column("status", Text, nullable=False),
    Column("roles", ARRAY(Text), nullable=False),
    Column("escalation_level", Integer, nullable=False, server_default="0"),
    instant("opened_at", nullable=True),
    instant("due_at", nullable=True),
    instant("paused_at", nullable=True),  # its time stands still since then
    instant("decided_at", nullable=True),
    CheckConstraint("status IN ('waiting', 'open', 'approved', 'rejected', 'skipped')", name="status"),
    ForeignKeyConstraint(["tenant_id", "request_id"], ["requests.tenant_id", "requests.request_id"]),
    key=("request_id", "stage"),
)

stage_approvers = tenant_table(
    "stage_approvers",
    identifier("request_id"),
    Column("stage", Text, nullable=False),
    identifier("user_id"),
    identifier("delegated_to", nullable=True),  # this person's place is taken by another
    identifier("stand_in", nullable=True),  # who fills it while they are away
    Column("stays_asked", Boolean, nullable=False, server_default="false"),  # beside the stand-in
    instant("asked_at"),
    ForeignKeyConstraint(
        ["tenant_id", "request_id", "stage"],
        ["request_stages.tenant_id", "request_stages.request_id", "request_stages.stage"],
    ),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    Index("ix_stage_approvers_user", "tenant_id", "user_id"),
    Index("ix_stage_approvers_stand_in", "tenant_id", "stand_in", postgresql_where=text("stand_in IS NOT NULL")),
    key=("request_id", "stage", "user_id"),
)

votes = tenant_table(
    "votes",
    identifier("request_id"),
    Column("stage", Text, nullable=False),
    identifier("voter_id"),
    Column("decision", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("criteria", JSONB, nullable=False),
    Column("digest", Text, nullable=False),
    Column("door", Text, nullable=False),
    instant("cast_at"),
    identifier("on_behalf_of", nullable=True),  # the place that it fills, where that is another's
    Column("assurance", Text, nullable=False, server_default="click"),  # how sure we were of the voter
    CheckConstraint("decision IN ('approve', 'reject')", name="decision"),
    CheckConstraint("assurance IN ('ticket', 'click', 'mfa')", name="assurance"),
    ForeignKeyConstraint(
        ["tenant_id", "request_id", "stage"],
        ["request_stages.tenant_id", "request_stages.request_id", "request_stages.stage"],
    ),
    ForeignKeyConstraint(["tenant_id", "voter_id"], ["users.tenant_id", "users.user_id"]),
    key=("request_id", "stage", "voter_id", "digest"),  # who has voted on what was asked before votes anew
)

comments = tenant_table(
    "comments",
    identifier("comment_id"),
    identifier("request_id"),
    identifier("author_id"),
    Column("kind", Text, nullable=False),
    Column("body", Text, nullable=False),
    instant("created_at"),
    CheckConstraint("kind IN ('comment', 'question', 'answer')", name="kind"),
    ForeignKeyConstraint(["tenant_id", "request_id"], ["requests.tenant_id", "requests.request_id"]),
    ForeignKeyConstraint(["tenant_id", "author_id"], ["users.tenant_id", "users.user_id"]),
    Index("ix_comments_request", "tenant_id", "request_id", "created_at"),
    key=("comment_id",),
)

# Who has had which version of a request before them.
sightings = tenant_table(
    "request_sightings",
    identifier("request_id"),
    identifier("user_id"),
    Column("revision", Integer, nullable=False),
    Column("door", Text, nullable=False),  # where they looked last
    instant("first_at"),
    instant("last_at"),
    ForeignKeyConstraint(["tenant_id", "request_id"], ["requests.tenant_id", "requests.request_id"]),
    ForeignKeyConstraint(["tenant_id", "user_id"], ["users.tenant_id", "users.user_id"]),
    key=("request_id", "user_id", "revision"),
)
