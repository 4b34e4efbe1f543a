"""Writing and searching audit records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, cast, select
from sqlalchemy.dialects.postgresql import JSONB

from core.actor import Actor
from core.audit.model import audit_events
from core.audit.record import AuditCategory, AuditRecord, AuditResult
from core.db import Transaction
from core.idempotency import carried_out
from core.ids import uuid7
from core.tenants import tenant_policy


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What to look for; None matches everything. `contains` searches the whole record, ignoring case."""

    user_id: str | None = None
    action: str | None = None
    actions: frozenset[str] | None = None  # any of these
    resource: str | None = None
    result: str | None = None
    category: str | None = None
    compliance_tag: str | None = None
    ip_address: str | None = None
    subject_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None
    contains: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What somebody did or tried, to be recorded."""

    actor: Actor
    action: str
    resource: str
    details: Mapping[str, Any] = field(default_factory=dict)
    result: AuditResult = AuditResult.SUCCESS
    category: AuditCategory = AuditCategory.USER
    subject_id: UUID | None = None


async def record(
    tx: Transaction,
    actor: Actor,
    *,
    action: str,
    resource: str,
    details: Mapping[str, Any] | None = None,
    result: AuditResult = AuditResult.SUCCESS,
    category: AuditCategory = AuditCategory.USER,
    subject_id: UUID | None = None,
) -> None:
    """The record is part of the trail if and only if the transaction commits."""
    entry = Entry(
        actor=actor,
        action=action,
        resource=resource,
        details=details or {},
        result=result,
        category=category,
        subject_id=subject_id,
    )
    await record_all(tx, [entry])


async def record_all(tx: Transaction, entries: Sequence[Entry]) -> None:
    """The same of many, in their order, at the cost of one."""
    tags = (await tenant_policy(tx)).compliance_requirements
    await tx.connection.execute(audit_events.insert(), [_row(tx, entry, tags) for entry in entries])
    for entry in entries:
        # Whatever changes something leaves a record in the same transaction, so this is where its key learns of it.
        if entry.actor.idempotency_key is not None and entry.result is not AuditResult.DENIED:
            await carried_out(
                tx,
                actor=entry.actor.email,
                key=entry.actor.idempotency_key,
                what=f"{entry.action} {entry.resource}",
                subject=entry.subject_id,
            )


def _row(tx: Transaction, entry: Entry, tags: tuple[str, ...]) -> dict[str, Any]:
    written = AuditRecord(
        event_id=uuid7(),
        timestamp=tx.now,
        tenant_id=tx.tenant,
        user_id=entry.actor.email,
        action=entry.action,
        resource=entry.resource,
        details={"door": str(entry.actor.door), **_link_of(entry.actor), **entry.details},
        result=entry.result,
        category=entry.category,
        ip_address=entry.actor.ip_address,
        user_agent=entry.actor.user_agent,
        compliance_tags=tags,
    )
    return {
        "tenant_id": tx.tenant,
        "event_id": written.event_id,
        "occurred_at": tx.now,
        "category": written.category,
        "user_id": written.user_id,
        "action": written.action,
        "resource": written.resource,
        "result": written.result,
        "compliance_tags": list(tags),
        "subject_id": entry.subject_id,
        "record": written.canonical(),
    }


def _link_of(actor: Actor) -> Mapping[str, str]:
    """How sure it was whose chat account it is, where somebody came by chat (X2)."""
    return {} if actor.linked_by is None else {"linked_by": actor.linked_by}


async def search(
    tx: Transaction, wanted: AuditFilter, *, after: int | None, limit: int
) -> tuple[tuple[int, dict[str, Any]], ...]:
    """(position, record) pairs, newest first, beyond the cursor `after` (a position)."""
    columns = audit_events.c
    statement = (
        select(columns.position, columns.record)
        .where(columns.tenant_id == tx.tenant, *_conditions(wanted))
        .order_by(columns.position.desc())
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(columns.position < after)
    rows = await tx.connection.execute(statement)
    return tuple((row.position, json.loads(row.record)) for row in rows)


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    columns = audit_events.c
    equal = {
        columns.user_id: wanted.user_id,
        columns.action: wanted.action,
        columns.resource: wanted.resource,
        columns.result: wanted.result,
        columns.category: wanted.category,
        columns.subject_id: wanted.subject_id,
    }
    conditions: list[ColumnElement[bool]] = [column == value for column, value in equal.items() if value is not None]
    if wanted.actions is not None:
        conditions.append(columns.action.in_(sorted(wanted.actions)))
    if wanted.compliance_tag:
        conditions.append(columns.compliance_tags.any(wanted.compliance_tag))
    if wanted.since:
        conditions.append(columns.occurred_at >= wanted.since)
    if wanted.until:
        conditions.append(columns.occurred_at < wanted.until)
    if wanted.contains:
        conditions.append(columns.record.icontains(wanted.contains, autoescape=True))
    if wanted.ip_address:
        conditions.append(cast(columns.record, JSONB)["ip_address"].astext == wanted.ip_address)
    return conditions
