"""Use cases of recommendations: find, accept (which drafts a change), dismiss, and see what came of it (C6)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core.access import Directory, PersonView, TokenScope, directory, member_of, permitted, require_scope
from core.actor import Actor
from core.agents import agents_named, services_of_agents
from core.audit import audited, record
from core.changes import ChangeCatalogue, Proposal, draft_in, load_change
from core.costs import RateCatalogue
from core.db import Database, Transaction
from core.finance import advice_store, ledger
from core.finance.chargeback import Spent
from core.finance.effect import AFTER_DAYS, BEFORE_DAYS, Effect, effect_of
from core.finance.errors import AlreadySettled, InvalidReport, UnknownRecommendation
from core.finance.exact import total
from core.finance.looking import DAY, chosen_currency
from core.finance.recommending import COMPUTE, WINDOW, Subject, Use, findings
from core.finance.spans import Span
from core.ids import UserId

STATES: Final = ("open", "accepted", "dismissed", "gone")
REASON_MAX: Final = 2000  # characters
DESCRIBING: Final = ("purpose", "description", "capabilities")  # attributes that say what an agent does
ENDED: Final = frozenset({"closed"})


@dataclass(frozen=True, slots=True)
class RecommendationView:
    """A recommendation, what became of it, and what came of that."""

    id: UUID
    kind: str
    agent: str
    state: str  # open | accepted | dismissed | gone
    title: str
    action: str
    saving: Decimal  # a month, as expected
    currency: str
    evidence: tuple[tuple[str, str], ...]
    found_at: datetime
    seen_at: datetime
    decided_by: PersonView | None
    decided_at: datetime | None
    reason: str
    change_id: UUID | None
    change: str  # CHG-7; empty without one
    change_state: str
    effect: Effect | None  # None: there is none to measure yet


async def find_recommendations(
    database: Database, rates: RateCatalogue, actor: Actor
) -> tuple[RecommendationView, ...]:
    """The ledger of four weeks was looked through; what is open now. Raises PermissionMissing."""
    async with audited(database, actor, action="recommendation.looked_for", resource="recommendations") as tx:
        require_scope(actor, TokenScope.REQUEST)
        await ledger.may_read(tx, actor)
        found = await look(tx, rates)
        await record(
            tx, actor, action="recommendation.looked_for", resource="recommendations", details={"found": found}
        )
        return await _views(tx, await advice_store.page(tx, state="open"))


async def look(tx: Transaction, rates: RateCatalogue) -> int:
    """What could cost less stands as recommendations; how many there are. For the night as well."""
    span = Span(tx.now.date() - WINDOW * DAY, tx.now.date())
    currency = chosen_currency("", await ledger.currencies(tx, span))
    subjects = await _subjects(tx, rates, span, currency=currency)
    found = findings(subjects, today=tx.now.date())
    await advice_store.keep(tx, found, currency=currency)
    await advice_store.let_go(tx, [each.key for each in found])
    return len(found)


async def list_recommendations(
    database: Database, actor: Actor, *, state: str | None = None
) -> tuple[RecommendationView, ...]:
    """The greatest saving first. Raises InvalidReport for a state that is none."""
    if state is not None and state not in STATES:
        raise InvalidReport(f"There is no state '{state[:20]}'.", where="state", accepted=STATES)
    async with permitted(
        database, actor, TokenScope.READ, action="recommendation.list", resource="recommendations"
    ) as tx:
        await ledger.may_read(tx, actor)
        return await _views(tx, await advice_store.page(tx, state=state))


async def accept_recommendation(
    database: Database, catalogue: ChangeCatalogue, actor: Actor, recommendation_id: UUID
) -> RecommendationView:
    """A change that does it is drafted, in the hand of the actor. Raises AlreadySettled, or what a draft raises."""
    async with audited(
        database, actor, action="recommendation.accepted", resource=f"recommendation:{recommendation_id}"
    ) as tx:
        row = await _open(tx, actor, recommendation_id)
        evidence = "\n".join(f"{label}: {figure}" for label, figure in row.evidence)
        change = await draft_in(
            tx,
            catalogue,
            actor,
            Proposal(
                title=row.title[:120],
                description=f"{row.action}\nExpected saving: {row.saving} {row.currency} a month.\n{evidence}",
                type="agent_update",
                resources=(f"agent:{row.agent}",),
            ),
        )
        await advice_store.settle(tx, recommendation_id, state="accepted", by=member_of(actor), change_id=change.id)
        details = {"title": row.title, "change": change.reference, "saving": f"{row.saving} {row.currency}"}
        resource = f"agent:{row.agent}"
        await record(
            tx,
            actor,
            action="recommendation.accepted",
            resource=resource,
            subject_id=recommendation_id,
            details=details,
        )
        return await _view_of(tx, recommendation_id)


async def dismiss_recommendation(
    database: Database, actor: Actor, recommendation_id: UUID, reason: str
) -> RecommendationView:
    """It is not made again, for the reason given. Raises AlreadySettled or InvalidReport."""
    reason = reason.strip()
    if not 1 <= len(reason) <= REASON_MAX or "\0" in reason:
        raise InvalidReport(f"Say why, in 1 to {REASON_MAX} characters.", where="reason")
    async with audited(
        database, actor, action="recommendation.dismissed", resource=f"recommendation:{recommendation_id}"
    ) as tx:
        row = await _open(tx, actor, recommendation_id)
        await advice_store.settle(tx, recommendation_id, state="dismissed", by=member_of(actor), reason=reason)
        details = {"title": row.title, "reason": reason}
        resource = f"agent:{row.agent}"
        await record(
            tx,
            actor,
            action="recommendation.dismissed",
            resource=resource,
            subject_id=recommendation_id,
            details=details,
        )
        return await _view_of(tx, recommendation_id)


async def _open(tx: Transaction, actor: Actor, recommendation_id: UUID) -> Row[Any]:
    require_scope(actor, TokenScope.REQUEST)
    await ledger.may_read(tx, actor)
    row = await advice_store.hold(tx, recommendation_id)
    if row is None:
        raise UnknownRecommendation(where="recommendation_id")
    if row.state != "open":
        raise AlreadySettled(f"It is {row.state} already.", where="state")
    return row


async def _subjects(tx: Transaction, rates: RateCatalogue, span: Span, *, currency: str) -> list[Subject]:
    """Every agent that is not retired, with what it used."""
    names = [name for name, _service in await services_of_agents(tx)]
    agents = await agents_named(tx, names) if names else {}
    card = rates.for_tenant(tx.tenant)
    spent: dict[str, list[Spent]] = defaultdict(list)
    for each in await ledger.spent(tx, span, currency=currency, by=("agent", "meter")):
        spent[each.agent].append(each)
    hours = await ledger.hours_of(tx, span, currency=currency, compute=COMPUTE)
    classes = {name: meter.meter_class for name, meter in card.meters.items()}
    return [
        Subject(
            name=name,
            service=agent.business_service,
            words=" ".join((agent.agent_type, *(agent.attributes.get(key, "") for key in DESCRIBING))),
            tools=frozenset(filter(None, (part.strip() for part in agent.attributes.get("tools", "").split(",")))),
            since=agent.created_at.date(),
            uses=_uses(spent[name], classes),
            hours=hours.get(name, {}),
        )
        for name, agent in sorted(agents.items())
    ]


def _uses(spent: Sequence[Spent], classes: Mapping[str, str]) -> tuple[Use, ...]:
    by_meter: dict[str, list[Spent]] = defaultdict(list)
    for each in spent:
        by_meter[each.meter].append(each)
    return tuple(
        Use(
            meter,
            classes.get(meter, ""),
            total(each.quantity for each in parts),
            total(each.cost for each in parts),
            max(each.day for each in parts),
        )
        for meter, parts in by_meter.items()
    )


async def _view_of(tx: Transaction, recommendation_id: UUID) -> RecommendationView:
    row = await advice_store.hold(tx, recommendation_id)
    assert row is not None  # settled just now
    return (await _views(tx, [row]))[0]


async def _views(tx: Transaction, rows: Sequence[Row[Any]]) -> tuple[RecommendationView, ...]:
    everybody = await directory(tx)
    return tuple([await _view(tx, row, everybody) for row in rows])


async def _view(tx: Transaction, row: Row[Any], everybody: Directory) -> RecommendationView:
    change = await load_change(tx, row.change_id) if row.change_id else None
    effect = None
    if change is not None and change.state in ENDED and change.completed_at is not None:
        effect = await _effect(tx, row.agent, change.completed_at.date(), currency=row.currency)
    return RecommendationView(
        id=row.recommendation_id,
        kind=row.kind,
        agent=row.agent,
        state=row.state,
        title=row.title,
        action=row.action,
        saving=row.saving,
        currency=row.currency,
        evidence=tuple((label, figure) for label, figure in row.evidence),
        found_at=row.found_at,
        seen_at=row.seen_at,
        decided_by=everybody.people.get(UserId(row.decided_by)) if row.decided_by else None,
        decided_at=row.decided_at,
        reason=row.reason,
        change_id=row.change_id,
        change=change.reference if change else "",
        change_state=change.state if change else "",
        effect=effect,
    )


async def _effect(tx: Transaction, agent: str, done: date, *, currency: str) -> Effect | None:
    """The agent's days before the change was done, and those after, up to yesterday, against all other agents'."""
    span = Span(done - BEFORE_DAYS * DAY, min(tx.now.date(), done + timedelta(days=AFTER_DAYS + 1)))
    if span.until <= done + DAY:
        return None
    spent = await ledger.spent(tx, span, currency=currency, by=("agent",))
    mine: dict[date, float] = {span.since + number * DAY: 0.0 for number in range(span.days)}
    others = dict(mine)
    for each in spent:
        costs = mine if each.agent == agent else others
        costs[each.day] += float(each.cost)
    before, after = ([day for day in mine if day < done], [day for day in mine if day > done])
    return effect_of(
        [mine[day] for day in before],
        [mine[day] for day in after],
        others_before=sum(others[day] for day in before) / max(1, len(before)),
        others_after=sum(others[day] for day in after) / max(1, len(after)),
    )
