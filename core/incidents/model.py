"""Incidents, their alerts, timelines, links and follow-ups."""

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKeyConstraint, Index, Integer, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB

from core.db.tables import identifier, instant, tenant_table

_SEVERITY = "severity IN ('critical', 'high', 'medium', 'low')"

incidents = tenant_table(
    "incidents",
    identifier("incident_id"),
    Column("number", Integer, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("service", Text, nullable=False),  # as it was named: payments, agent:invoice-reader
    Column("business_service", Text, nullable=False),  # what of the business that affects; empty: nobody knows
    Column("source", Text, nullable=False),  # person, or the source of the alert that opened it
    Column("group_key", Text, nullable=False, server_default=""),
    identifier("reporter_id", nullable=True),  # NULL: an alert
    identifier("assignee_id", nullable=True),
    Column("roles", JSONB, nullable=False, server_default="{}"),  # commander, communications, scribe -> a person
    Column("page", JSONB, nullable=False, server_default="{}"),  # since, level, people, reminders; empty: nobody
    instant("started_at"),  # when it began
    instant("reported_at"),  # when we heard of it
    identifier("acknowledged_by", nullable=True),
    instant("acknowledged_at", nullable=True),
    instant("told_at"),  # when stakeholders last heard
    identifier("resolved_by", nullable=True),  # NULL: its alerts
    instant("resolved_at", nullable=True),
    Column("resolution", Text, nullable=False, server_default=""),
    Column("cause", Text, nullable=False, server_default=""),
    Column("reopened", Integer, nullable=False, server_default="0"),  # how often
    instant("closed_at", nullable=True),
    Column("review_state", Text, nullable=True),  # NULL until there is one to do
    instant("review_due_at", nullable=True),
    Column("review", JSONB, nullable=True),  # summary, causes, went_well, went_wrong, by, at
    Column("channel", Text, nullable=False, server_default=""),  # its own, once it is wanted
    instant("updated_at"),
    Column("suspected", JSONB, nullable=True),  # what was likeliest to have caused it, as long as that could be told
    UniqueConstraint("tenant_id", "number"),
    CheckConstraint(_SEVERITY, name="severity"),
    CheckConstraint("state IN ('open', 'acknowledged', 'resolved', 'closed')", name="state"),
    CheckConstraint("review_state IN ('due', 'overdue', 'done')", name="review_state"),
    Index("ix_incidents_state", "tenant_id", "state", "number"),
    Index("ix_incidents_group", "tenant_id", "source", "group_key", "number"),
    Index("ix_incidents_started", "tenant_id", "started_at"),
    key=("incident_id",),
)

alerts = tenant_table(
    "incident_alerts",
    identifier("incident_id"),
    Column("source", Text, nullable=False),
    Column("alert_key", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("labels", JSONB, nullable=False),
    Column("link", Text, nullable=False),
    Column("times", Integer, nullable=False, server_default="1"),  # how often it was told of
    instant("started_at"),  # of this episode
    instant("first_at"),
    instant("last_at"),
    instant("resolved_at", nullable=True),
    CheckConstraint(_SEVERITY, name="severity"),
    CheckConstraint("state IN ('firing', 'resolved')", name="state"),
    ForeignKeyConstraint(["tenant_id", "incident_id"], ["incidents.tenant_id", "incidents.incident_id"]),
    Index("ix_incident_alerts_key", "tenant_id", "source", "alert_key", "last_at"),
    key=("incident_id", "source", "alert_key"),
)

entries = tenant_table(
    "incident_entries",
    identifier("entry_id"),
    identifier("incident_id"),
    Column("kind", Text, nullable=False),  # of the event: opened, acknowledged, noted, …
    instant("at"),  # when it happened
    instant("written_at"),
    identifier("author_id", nullable=True),  # NULL: Countersign
    Column("text", Text, nullable=False),
    Column("details", JSONB, nullable=False, server_default="{}"),
    Column("is_public", Boolean, nullable=False, server_default="false"),  # a status update for stakeholders
    ForeignKeyConstraint(["tenant_id", "incident_id"], ["incidents.tenant_id", "incidents.incident_id"]),
    Index("ix_incident_entries_at", "tenant_id", "incident_id", "at", "entry_id"),
    key=("entry_id",),
)

links = tenant_table(
    "incident_links",
    identifier("incident_id"),
    Column("kind", Text, nullable=False),
    Column("target", Text, nullable=False),  # CHG-1001, REQ-12, INC-1002, BYP-3, or an address
    identifier("author_id", nullable=True),
    instant("created_at"),
    CheckConstraint("kind IN ('change', 'request', 'bypass', 'incident', 'ticket', 'page')", name="kind"),
    ForeignKeyConstraint(["tenant_id", "incident_id"], ["incidents.tenant_id", "incidents.incident_id"]),
    key=("incident_id", "kind", "target"),
)

follow_ups = tenant_table(
    "incident_follow_ups",
    identifier("follow_up_id"),
    identifier("incident_id"),
    Column("title", Text, nullable=False),
    identifier("owner_id"),
    instant("due_at"),
    Column("state", Text, nullable=False),
    Column("before", Text, nullable=False, server_default=""),  # what was measured when it was agreed
    Column("after", Text, nullable=False, server_default=""),  # and when it was done
    Column("evidence", Text, nullable=False, server_default=""),
    identifier("done_by", nullable=True),
    instant("done_at", nullable=True),
    Column("reminders", Integer, nullable=False, server_default="0"),
    instant("created_at"),
    CheckConstraint("state IN ('open', 'done', 'dropped')", name="state"),
    ForeignKeyConstraint(["tenant_id", "incident_id"], ["incidents.tenant_id", "incidents.incident_id"]),
    ForeignKeyConstraint(["tenant_id", "owner_id"], ["users.tenant_id", "users.user_id"]),
    Index("ix_incident_follow_ups_incident", "tenant_id", "incident_id", "follow_up_id"),
    Index("ix_incident_follow_ups_due", "tenant_id", "state", "due_at"),
    key=("follow_up_id",),
)
