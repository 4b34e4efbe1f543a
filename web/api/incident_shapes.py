"""An incident as it travels."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from core.access import PersonView
from core.incidents import AlertView, EntryView, FollowUpView, IncidentReview, IncidentView, LinkView
from core.suspects import Share, Suspect
from web.api.convert import person_out, ticket_out
from web.api.shapes import PersonOut, TicketOut
from web.schema import Output


class AlertOut(Output):
    """An alert of it, as it was told last."""

    source: str
    key: str
    state: str  # firing, resolved
    severity: str
    title: str
    words: str
    labels: dict[str, str]
    link: str
    times: int  # it was told
    started_at: datetime
    first_at: datetime
    last_at: datetime
    resolved_at: datetime | None


class EntryOut(Output):
    """One line of its timeline."""

    id: UUID
    kind: str
    at: datetime  # when it happened
    written_at: datetime  # when it was written down
    author: PersonOut | None  # null: Countersign
    text: str
    details: dict[str, Any]
    public: bool  # a status update


class LinkOut(Output):
    """What it has to do with."""

    kind: str  # change, request, bypass, incident, ticket, page
    target: str
    author: PersonOut | None
    at: datetime


class FollowUpOut(Output):
    """What must be done so that it does not happen again."""

    id: UUID
    incident_id: UUID
    title: str
    owner: PersonOut
    due_at: datetime
    state: str  # open, done, dropped
    before: str
    after: str
    evidence: str
    done_by: PersonOut | None
    done_at: datetime | None


class IncidentReviewOut(Output):
    """The post-incident review."""

    summary: str
    causes: str
    went_well: str
    went_wrong: str
    by: PersonOut
    at: datetime


class IncidentOut(Output):
    """An incident."""

    id: UUID
    reference: str
    tenant: str
    title: str
    description: str
    severity: str
    state: str
    steps: list[str]  # that its state allows
    service: str  # as it was named
    business_service: str  # what of the business it affects
    source: str  # person, or that of the alert that opened it
    reporter: PersonOut | None  # null: an alert
    assignee: PersonOut | None
    roles: dict[str, PersonOut]
    paged: list[PersonOut]
    page_level: int
    stakeholders: list[PersonOut]
    started_at: datetime  # when it began
    reported_at: datetime  # when it was heard of
    acknowledged_by: PersonOut | None
    acknowledged_at: datetime | None
    told_at: datetime  # when stakeholders heard last
    resolved_by: PersonOut | None  # null: its alerts
    resolved_at: datetime | None
    resolution: str
    cause: str
    reopened: int  # how often
    closed_at: datetime | None
    review_state: str | None  # due, overdue, done; null: none to do
    review_due_at: datetime | None
    review: IncidentReviewOut | None
    channel: str
    alerts: list[AlertOut]
    links: list[LinkOut]
    follow_ups: list[FollowUpOut]
    newest: list[EntryOut]  # of its timeline
    tickets: list[TicketOut]
    updated_at: datetime


class ShareOut(Output):
    """How often a label has the value among failures, and otherwise."""

    of: str  # alerts, samples
    label: str
    value: str
    failures: int
    failed: int  # all failures that have the label
    usual: int  # among other incidents' alerts, or among the samples that did not fail
    usual_all: int
    ratio: float | None  # how many times as often; null: never otherwise


class SuspectOut(Output):
    """What may have caused it."""

    kind: str  # change, deployment, incident, throttle, dimension
    reference: str
    title: str
    confidence: float  # 0 to 1, of all that is known
    reasons: list[str]
    at: datetime | None
    can_roll_back: bool  # by POST /api/v1/changes/{id}/rollback
    change_id: UUID | None
    share: ShareOut | None  # of a dimension


class AlertOutcomeOut(Output):
    """What an alert led to."""

    effect: str  # nothing, count, open, join, reopen, resolve_alert, resolve
    incident_id: UUID | None
    reference: str


def incident_out(view: IncidentView) -> IncidentOut:
    """An incident as it travels."""
    return IncidentOut(
        id=view.id,
        reference=view.reference,
        tenant=view.tenant,
        title=view.title,
        description=view.description,
        severity=view.severity,
        state=view.state,
        steps=list(view.steps),
        service=view.service,
        business_service=view.business_service,
        source=view.source,
        reporter=_maybe(view.reporter),
        assignee=_maybe(view.assignee),
        roles={role: person_out(person) for role, person in view.roles.items()},
        paged=[person_out(each) for each in view.paged],
        page_level=view.page_level,
        stakeholders=[person_out(each) for each in view.stakeholders],
        started_at=view.started_at,
        reported_at=view.reported_at,
        acknowledged_by=_maybe(view.acknowledged_by),
        acknowledged_at=view.acknowledged_at,
        told_at=view.told_at,
        resolved_by=_maybe(view.resolved_by),
        resolved_at=view.resolved_at,
        resolution=view.resolution,
        cause=view.cause,
        reopened=view.reopened,
        closed_at=view.closed_at,
        review_state=view.review_state,
        review_due_at=view.review_due_at,
        review=_review(view.review) if view.review else None,
        channel=view.channel,
        alerts=[_alert(each) for each in view.alerts],
        links=[_link(each) for each in view.links],
        follow_ups=[follow_up_out(each) for each in view.follow_ups],
        newest=[entry_out(each) for each in view.newest],
        tickets=[ticket_out(each) for each in view.tickets],
        updated_at=view.updated_at,
    )


def suspect_out(suspect: Suspect) -> SuspectOut:
    """A suspect as it travels."""
    return SuspectOut(
        kind=suspect.kind,
        reference=suspect.reference,
        title=suspect.title,
        confidence=suspect.confidence,
        reasons=list(suspect.reasons),
        at=suspect.at,
        can_roll_back=suspect.change_id is not None,
        change_id=suspect.change_id,
        share=_share(suspect.share) if suspect.share else None,
    )


def _share(share: Share) -> ShareOut:
    return ShareOut(
        of=share.of,
        label=share.label,
        value=share.value,
        failures=share.failures,
        failed=share.failed,
        usual=share.usual,
        usual_all=share.usual_all,
        ratio=None if share.ratio is None else round(share.ratio, 3),
    )


def entry_out(view: EntryView) -> EntryOut:
    """A line of a timeline as it travels."""
    return EntryOut(
        id=view.id,
        kind=view.kind,
        at=view.at,
        written_at=view.written_at,
        author=_maybe(view.author),
        text=view.text,
        details=dict(view.details),
        public=view.is_public,
    )


def follow_up_out(view: FollowUpView) -> FollowUpOut:
    """A follow-up as it travels."""
    return FollowUpOut(
        id=view.id,
        incident_id=view.incident_id,
        title=view.title,
        owner=person_out(view.owner),
        due_at=view.due_at,
        state=view.state,
        before=view.before,
        after=view.after,
        evidence=view.evidence,
        done_by=_maybe(view.done_by),
        done_at=view.done_at,
    )


def _alert(view: AlertView) -> AlertOut:
    return AlertOut(
        source=view.source,
        key=view.key,
        state=view.state,
        severity=view.severity,
        title=view.title,
        words=view.words,
        labels=dict(view.labels),
        link=view.link,
        times=view.times,
        started_at=view.started_at,
        first_at=view.first_at,
        last_at=view.last_at,
        resolved_at=view.resolved_at,
    )


def _link(view: LinkView) -> LinkOut:
    return LinkOut(kind=view.kind, target=view.target, author=_maybe(view.author), at=view.at)


def _review(view: IncidentReview) -> IncidentReviewOut:
    return IncidentReviewOut(
        summary=view.summary,
        causes=view.causes,
        went_well=view.went_well,
        went_wrong=view.went_wrong,
        by=person_out(view.by),
        at=view.at,
    )


def _maybe(person: PersonView | None) -> PersonOut | None:
    return person_out(person) if person else None
