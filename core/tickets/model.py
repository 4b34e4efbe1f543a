"""Where each ticket system has been read up to, what was agreed on, and approvals as they stand there.

Tickets themselves are in core/links.
"""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Integer, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB

from core.db.tables import identifier, instant, tenant_table

ticket_inboxes = tenant_table(
    "ticket_inboxes",
    Column("system", Text, nullable=False),
    Column("cursor", Text, nullable=True),  # the connector's own; NULL before the first look
    instant("next_look_at"),
    instant("looked_at", nullable=True),
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row
    Column("problem", Text, nullable=False, server_default=""),
    key=("system",),
)

# What both sides last agreed on for each mapped field, so that an echo is told from a change, and late news from new.
ticket_fields = tenant_table(
    "ticket_fields",
    identifier("subject_id"),
    Column("system", Text, nullable=False),
    Column("field", Text, nullable=False),  # by that system's name
    Column("sent", Text, nullable=False),  # ours
    Column("seen", Text, nullable=False),  # what it reads there
    Column("seen_hash", Text, nullable=False),
    Column("here_version", BigInteger, nullable=False),
    Column("there_version", BigInteger, nullable=False),
    Column("origin", Text, nullable=False),  # whose value travelled last
    Column("is_pending", Boolean, nullable=False, server_default="false"),  # sent, and not seen there yet
    Column("declined", Text, nullable=False, server_default=""),  # the hash of a value that was not taken over
    Column("put_back", Integer, nullable=False, server_default="0"),
    instant("updated_at"),
    CheckConstraint("origin IN ('ours', 'theirs')", name="origin"),
    key=("subject_id", "system", "field"),
)

# One walk through a tenant's live tickets in one system. `position` is the last subject looked at: a walk that was
# interrupted goes on behind it.
reconciliations = tenant_table(
    "reconciliations",
    identifier("reconciliation_id"),
    Column("system", Text, nullable=False),
    Column("state", Text, nullable=False),  # running | done | failed
    Column("is_dry_run", Boolean, nullable=False),
    Column("asked_by", Text, nullable=False),
    instant("started_at"),
    instant("finished_at", nullable=True),
    instant("leased_until"),
    identifier("position", nullable=True),
    Column("total", Integer, nullable=False),
    Column("walked", Integer, nullable=False, server_default="0"),
    Column("found", JSONB, nullable=False, server_default=text("'{}'")),  # how many of each kind
    Column("repaired", Integer, nullable=False, server_default="0"),
    Column("asked", Integer, nullable=False, server_default="0"),  # that need a person
    Column("findings", JSONB, nullable=False, server_default=text("'[]'")),  # the first of them, in full
    Column("problem", Text, nullable=False, server_default=""),
    CheckConstraint("state IN ('running', 'done', 'failed')", name="state"),
    Index("ix_reconciliations_latest", "tenant_id", "system", "reconciliation_id"),
    key=("reconciliation_id",),
)

# What is known of each approval there: the digest of the request that it asked about, and what it said last.
ticket_approvals = tenant_table(
    "ticket_approvals",
    Column("system", Text, nullable=False),
    Column("approval_id", Text, nullable=False),
    identifier("subject_id"),
    Column("account", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("decision", Text, nullable=False),
    Column("outcome", Text, nullable=False, server_default=""),  # what became of it here
    instant("updated_at"),
    Index("ix_ticket_approvals_subject", "tenant_id", "subject_id", "system"),
    key=("system", "approval_id"),
)

# Child records by which a ticket shows what is to be done of its change, one for each step.
ticket_tasks = tenant_table(
    "ticket_tasks",
    Column("system", Text, nullable=False),
    identifier("subject_id"),
    Column("step", Text, nullable=False),
    Column("ticket_id", Text, nullable=False),  # the system's own, of the ticket that it is a child of
    Column("task_id", Text, nullable=False),
    Column("number", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("shown", Text, nullable=False),  # the state that it was last brought to
    Column("state", Text, nullable=False),  # the state that it was last seen in
    Column("label", Text, nullable=False),  # the same in the system's own words
    Column("version", BigInteger, nullable=False),
    instant("updated_at"),
    UniqueConstraint("tenant_id", "system", "task_id"),
    key=("system", "subject_id", "step"),
)

# The digest of the request of which a ticket last said what it asks.
tickets_shown = tenant_table(
    "tickets_shown",
    Column("system", Text, nullable=False),
    identifier("subject_id"),
    Column("digest", Text, nullable=False),
    instant("shown_at"),
    key=("system", "subject_id"),
)
