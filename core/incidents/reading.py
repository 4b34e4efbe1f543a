"""Incidents as doors show them: six statements for a page, however long it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core.access import Directory, PersonView, directory, people_of
from core.db import Transaction
from core.ids import UserId
from core.incidents import part_store, store
from core.incidents.alerts import Severity, reaches
from core.incidents.errors import UnknownIncident
from core.incidents.state import IncidentState, steps_from
from core.incidents.views import AlertView, EntryView, FollowUpView, IncidentReview, IncidentView, LinkView
from core.links import TicketLink, tickets_of
from core.tenants import tenant_policy

NEWEST: Final = 6  # entries of the timeline that stand with the incident


async def view_of(tx: Transaction, incident_id: UUID) -> IncidentView:
    """The incident as doors show it. Raises UnknownIncident."""
    rows = await store.by_ids(tx, [incident_id])
    if not rows:
        raise UnknownIncident(where="incident")
    (view,) = await views(tx, rows)
    return view


async def views(tx: Transaction, rows: Sequence[Row[Any]]) -> tuple[IncidentView, ...]:
    """The rows as doors show them, in their order."""
    if not rows:
        return ()
    everybody, ids = await directory(tx), [row.incident_id for row in rows]
    alerts, links = await store.alerts_of(tx, ids), await part_store.links_of(tx, ids)
    newest = await part_store.newest_entries(tx, ids, each=NEWEST)
    agreed = await part_store.follow_ups_of(tx, ids)
    tickets = await tickets_of(tx, ids)
    policy = (await tenant_policy(tx)).incidents
    follow = tuple(everybody.people[user] for user in sorted(people_of(policy.stakeholders, everybody)))
    return tuple(
        _view(
            tx,
            row,
            everybody,
            _Parts(
                alerts=tuple(map(alert_view, alerts.get(row.incident_id, ()))),
                links=tuple(_link(each, everybody) for each in links.get(row.incident_id, ())),
                follow_ups=tuple(follow_up_view(each, everybody) for each in agreed.get(row.incident_id, ())),
                newest=tuple(entry_view(each, everybody) for each in newest.get(row.incident_id, ())),
                tickets=tickets.get(row.incident_id, ()),
                wants_tickets=reaches(Severity(row.severity), policy.tickets_from),
                stakeholders=follow if reaches(Severity(row.severity), policy.page_from) else (),
            ),
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True)
class _Parts:
    """What belongs to an incident."""

    alerts: tuple[AlertView, ...]
    links: tuple[LinkView, ...]
    follow_ups: tuple[FollowUpView, ...]
    newest: tuple[EntryView, ...]
    tickets: tuple[TicketLink, ...]
    wants_tickets: bool
    stakeholders: tuple[PersonView, ...]


def alert_view(row: Row[Any]) -> AlertView:
    """The alert as doors show it."""
    return AlertView(
        source=row.source,
        key=row.alert_key,
        state=row.state,
        severity=row.severity,
        title=row.title,
        words=row.words,
        labels=row.labels,
        link=row.link,
        times=row.times,
        started_at=row.started_at,
        first_at=row.first_at,
        last_at=row.last_at,
        resolved_at=row.resolved_at,
    )


def entry_view(row: Row[Any], everybody: Directory) -> EntryView:
    """The entry as doors show it."""
    return EntryView(
        id=row.entry_id,
        kind=row.kind,
        at=row.at,
        written_at=row.written_at,
        author=_maybe(row.author_id, everybody),
        text=row.text,
        details=row.details,
        is_public=row.is_public,
    )


def follow_up_view(row: Row[Any], everybody: Directory) -> FollowUpView:
    """The follow-up as doors show it."""
    return FollowUpView(
        id=row.follow_up_id,
        incident_id=row.incident_id,
        title=row.title,
        owner=_person(row.owner_id, everybody),
        due_at=row.due_at,
        state=row.state,
        before=row.before,
        after=row.after,
        evidence=row.evidence,
        done_by=_maybe(row.done_by, everybody),
        done_at=row.done_at,
    )


def _view(tx: Transaction, row: Row[Any], everybody: Directory, parts: _Parts) -> IncidentView:
    return IncidentView(
        id=row.incident_id,
        reference=f"INC-{row.number}",
        tenant=tx.tenant,
        title=row.title,
        description=row.description,
        severity=row.severity,
        state=row.state,
        steps=tuple(map(str, steps_from(IncidentState(row.state)))),
        service=row.service,
        business_service=row.business_service,
        source=row.source,
        reporter=_maybe(row.reporter_id, everybody),
        assignee=_maybe(row.assignee_id, everybody),
        roles={role: _person(user, everybody) for role, user in row.roles.items()},
        paged=tuple(_person(user, everybody) for user in row.page.get("people", ())),
        page_level=row.page.get("level", 0),
        stakeholders=parts.stakeholders,
        started_at=row.started_at,
        reported_at=row.reported_at,
        acknowledged_by=_maybe(row.acknowledged_by, everybody),
        acknowledged_at=row.acknowledged_at,
        told_at=row.told_at,
        resolved_by=_maybe(row.resolved_by, everybody),
        resolved_at=row.resolved_at,
        resolution=row.resolution,
        cause=row.cause,
        reopened=row.reopened,
        closed_at=row.closed_at,
        review_state=row.review_state,
        review_due_at=row.review_due_at,
        review=_review(row.review, everybody) if row.review else None,
        channel=row.channel,
        alerts=parts.alerts,
        links=parts.links,
        follow_ups=parts.follow_ups,
        newest=parts.newest,
        tickets=parts.tickets,
        wants_tickets=parts.wants_tickets,
        updated_at=row.updated_at,
    )


def _link(row: Row[Any], everybody: Directory) -> LinkView:
    return LinkView(row.kind, row.target, _maybe(row.author_id, everybody), row.created_at)


def _review(document: Mapping[str, str], everybody: Directory) -> IncidentReview:
    return IncidentReview(
        summary=document["summary"],
        causes=document["causes"],
        went_well=document["went_well"],
        went_wrong=document["went_wrong"],
        by=_person(document["by"], everybody),
        at=datetime.fromisoformat(document["at"]),
    )


def _maybe(user: UUID | None, everybody: Directory) -> PersonView | None:
    return None if user is None else _person(user, everybody)


def _person(user: UUID | str, everybody: Directory) -> PersonView:
    return everybody.people[UserId(UUID(str(user)))]
