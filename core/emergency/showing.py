"""Rows as doors show them: a bypass with its uses, extensions and remediations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from core.access import Directory, PersonView, directory, people_of
from core.db import Transaction
from core.emergency import part_store, rules, store
from core.emergency.errors import UnknownBypass
from core.emergency.views import BypassView, ExtensionView, RemediationView, UseView
from core.ids import UserId
from core.links import TicketLink, tickets_of
from core.tenants import TenantPolicy, tenant_policy


async def view_of(tx: Transaction, bypass_id: UUID) -> BypassView:
    """The bypass as it is now. Raises UnknownBypass."""
    row = await store.by_id(tx, bypass_id)
    if row is None:
        raise UnknownBypass(where="bypass")
    return (await views_of(tx, [row]))[0]


async def views_of(tx: Transaction, rows: Sequence[Row[Any]]) -> tuple[BypassView, ...]:
    """The rows in their order; one more statement for each kind of part, however many rows."""
    if not rows:
        return ()
    ids = [row.bypass_id for row in rows]
    everybody, policy = await directory(tx), await tenant_policy(tx)
    references = {row.bypass_id: f"BYP-{row.number}" for row in rows}
    tickets = await tickets_of(tx, ids)
    uses = _by_bypass(await part_store.uses_of(tx, ids))
    extensions = _by_bypass(await part_store.extensions_of(tx, ids))
    remediations = _by_bypass(await part_store.remediations_of(tx, ids))
    return tuple(
        _bypass(
            row,
            everybody,
            policy,
            tickets=tickets.get(row.bypass_id, ()),
            uses=tuple(_use(each, everybody) for each in uses[row.bypass_id]),
            extensions=tuple(_extension(each, everybody) for each in extensions[row.bypass_id]),
            remediations=tuple(
                remediation_view(each, everybody, references[row.bypass_id]) for each in remediations[row.bypass_id]
            ),
        )
        for row in rows
    )


def remediation_view(row: Row[Any], everybody: Directory, reference: str) -> RemediationView:
    """The remediation; `reference` is its bypass's."""
    return RemediationView(
        id=row.remediation_id,
        bypass_id=row.bypass_id,
        bypass=reference,
        title=row.title,
        owner=everybody.people[UserId(row.owner_id)],
        state=row.state,
        due_at=row.due_at,
        note=row.note,
        closed_by=_person(row.closed_by, everybody),
        closed_at=row.closed_at,
    )


def _by_bypass(rows: Sequence[Row[Any]]) -> Mapping[UUID, list[Row[Any]]]:
    found: defaultdict[UUID, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[row.bypass_id].append(row)
    return found


def _person(user: UUID | None, everybody: Directory) -> PersonView | None:
    return None if user is None else everybody.people.get(UserId(user))


def _use(row: Row[Any], everybody: Directory) -> UseView:
    return UseView(
        decision_id=row.decision_id,
        by=_person(row.user_id, everybody),
        action=row.action,
        resource=row.resource_name,
        context=row.context,
        before=row.before,
        after=row.after,
        at=row.used_at,
        outcome=row.outcome,
    )


def _extension(row: Row[Any], everybody: Directory) -> ExtensionView:
    return ExtensionView(
        id=row.extension_id,
        extra=timedelta(seconds=row.extra_s),
        reason=row.reason,
        state=row.state,
        asked_by=everybody.people[UserId(row.asked_by)],
        asked_at=row.asked_at,
        decided_by=_person(row.decided_by, everybody),
        decided_at=row.decided_at,
    )


def _bypass(
    row: Row[Any],
    everybody: Directory,
    policy: TenantPolicy,
    *,
    tickets: tuple[TicketLink, ...],
    uses: tuple[UseView, ...],
    extensions: tuple[ExtensionView, ...],
    remediations: tuple[RemediationView, ...],
) -> BypassView:
    holder = UserId(row.requester_id)
    reason = policy.bypass.reason(row.reason)
    told = rules.told(policy, everybody, holder=holder, level=row.level)
    after = row.risk_after
    return BypassView(
        id=row.bypass_id,
        reference=f"BYP-{row.number}",
        tenant=policy.tenant_id,
        requester=everybody.people[holder],
        action=row.action,
        resource=row.resource_name,
        justification=row.justification,
        status=row.state,
        granted_at=row.granted_at,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
        risk=row.risk["level"],
        risk_factors=_factors(row.risk),
        acknowledged_by=_person(row.acknowledged_by, everybody),
        acknowledged_at=row.acknowledged_at,
        review_due_at=row.review_due_at,
        review_status=row.review_state,
        review_verdict=row.review_verdict,
        reviewed_by=_person(row.reviewed_by, everybody),
        reviewed_at=row.reviewed_at,
        review_notes=row.review_notes,
        tickets=tickets,
        environment=row.environment,
        reason=row.reason,
        reason_title=reason.title if reason is not None else row.reason,
        incident=row.incident,
        assurance=row.assurance,
        level=row.level,
        told=tuple(everybody.people[user] for user in told),
        reviewers=tuple(everybody.people[user] for user in sorted(_reviewers(policy, everybody, told, holder, uses))),
        checklist=tuple(row.checklist),
        findings=row.findings,
        risk_after=after["level"] if after else None,
        risk_after_factors=_factors(after) if after else (),
        uses=uses,
        extensions=extensions,
        remediations=remediations,
    )


def _reviewers(
    policy: TenantPolicy, everybody: Directory, told: Iterable[UserId], holder: UserId, uses: Iterable[UseView]
) -> frozenset[UserId]:
    named = policy.bypass.review.reviewers
    people = frozenset(told) if named is None else people_of(named, everybody)
    return people - {holder} - {use.by.id for use in uses if use.by is not None}


def _factors(risk: Mapping[str, Any]) -> tuple[tuple[str, int], ...]:
    return tuple((name, points) for name, points in risk["factors"])
