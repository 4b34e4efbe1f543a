"""Use cases of benefits: people declare what an agent is worth, and withdraw it (C9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from config.suggest import did_you_mean
from core.access import Directory, Permission, PersonView, TokenScope, directory, member_of, permitted, require
from core.actor import Actor
from core.agents import agents_named
from core.audit import audited, record
from core.costs import RateCatalogue
from core.db import Database, Transaction
from core.finance import ledger, store
from core.finance.errors import InvalidBenefit, TooMany, UnknownBenefit
from core.finance.roi import Benefit, BenefitKind, Estimate
from core.finance.spans import FIRST_YEAR, Span
from core.ids import UserId, uuid7

BENEFITS_MAX: Final = 5000
AMOUNT_MAX: Final = Decimal(10) ** 15
TITLE_MAX: Final = 200  # characters
EVIDENCE_MAX: Final = 4000  # characters
SWAY: Final = Decimal("0.2")  # low and high, where nobody says them


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What somebody says of an agent. Time saved has hours a month and a rate; other kinds have money."""

    agent: str
    kind: str
    title: str
    likely: Decimal
    currency: str
    low: Decimal | None = None
    high: Decimal | None = None
    rate: Decimal | None = None
    starts_on: date
    ends_on: date | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class BenefitView:
    """What was declared, by whom."""

    id: UUID
    agent: str
    currency: str
    benefit: Benefit
    evidence: str
    author: PersonView | None
    created_at: datetime


async def declare_benefit(database: Database, rates: RateCatalogue, actor: Actor, said: Declared) -> BenefitView:
    """The benefit counts from its first day on. Raises InvalidBenefit naming the field, or PermissionMissing."""
    async with audited(database, actor, action="benefit.declared", resource=f"agent:{said.agent}"[:TITLE_MAX]) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.REQUEST)
        values = _values(said)
        await _check_currency(tx, rates, said.currency)
        if not await agents_named(tx, {said.agent}):
            message = f"There is no agent '{said.agent[:TITLE_MAX]}' in the registry."
            raise InvalidBenefit(message, where="agent")
        await store.hold(tx, "benefits")
        if await store.count_benefits(tx) >= BENEFITS_MAX:
            raise TooMany(f"A tenant has {BENEFITS_MAX} benefits at most.")
        benefit_id = uuid7()
        await store.add_benefit(tx, {"benefit_id": benefit_id, "author_id": member_of(actor), **values})
        shown = {key: str(value) for key, value in values.items() if key not in ("agent", "evidence")}
        await record(
            tx,
            actor,
            action="benefit.declared",
            resource=f"agent:{said.agent}",
            subject_id=benefit_id,
            details=shown,
        )
        return next(each for each in await _views(tx, said.agent) if each.id == benefit_id)


async def withdraw_benefit(database: Database, actor: Actor, benefit_id: UUID) -> None:
    """The benefit counts no more, on no day. Raises UnknownBenefit, or PermissionMissing."""
    async with audited(database, actor, action="benefit.withdrawn", resource=str(benefit_id)) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.REQUEST)
        row = await store.withdraw_benefit(tx, benefit_id)
        if row is None:
            raise UnknownBenefit
        resource, details = f"agent:{row.agent}", {"title": row.title}
        await record(tx, actor, action="benefit.withdrawn", resource=resource, subject_id=benefit_id, details=details)


async def list_benefits(database: Database, actor: Actor, *, agent: str | None = None) -> tuple[BenefitView, ...]:
    """Those that stand, in the order in which they were declared."""
    async with permitted(database, actor, TokenScope.READ, action="benefit.list", resource="benefits") as tx:
        return await _views(tx, agent)


async def benefits_in(tx: Transaction) -> tuple[BenefitView, ...]:
    """Every benefit that stands."""
    return await _views(tx, None)


def _values(said: Declared) -> dict[str, Any]:
    kinds = tuple(map(str, BenefitKind))
    if said.kind not in kinds:
        raise InvalidBenefit(
            f"There is no kind '{said.kind[:40]}'.{did_you_mean(said.kind, kinds)}", where="kind", accepted=kinds
        )
    if (said.rate is not None) != (said.kind == BenefitKind.TIME_SAVED):
        raise InvalidBenefit("An hourly rate belongs to time saved, and to it alone.", where="rate")
    rate = said.rate if said.rate is not None else Decimal(1)
    low = said.low if said.low is not None else said.likely * (1 - SWAY)
    high = said.high if said.high is not None else said.likely * (1 + SWAY)
    for where, figure in (("likely", said.likely), ("low", low), ("high", high), ("rate", rate)):
        if not figure.is_finite() or not 0 <= figure <= AMOUNT_MAX:
            raise InvalidBenefit("It must be a number from 0 on.", where=where)
    if not low <= said.likely <= high:
        raise InvalidBenefit("The low estimate is at most the likely one, and that at most the high one.", where="low")
    if said.ends_on is not None and said.ends_on <= said.starts_on:
        raise InvalidBenefit("It must end after it begins.", where="ends_on")
    return {
        "agent": said.agent,
        "kind": said.kind,
        "title": _text("title", said.title, TITLE_MAX, least=1),
        "low": low,
        "likely": said.likely,
        "high": high,
        "rate": rate,
        "currency": said.currency,
        "evidence": _text("evidence", said.evidence, EVIDENCE_MAX, least=0),
        "starts_on": said.starts_on,
        "ends_on": said.ends_on,
    }


async def _check_currency(tx: Transaction, rates: RateCatalogue, currency: str) -> None:
    """Returns if the tenant has costs in it: what is said in another would be held against none."""
    costs_in = rates.for_tenant(tx.tenant).currency
    if currency == costs_in:
        return
    life = Span(date(FIRST_YEAR, 1, 1), tx.now.date() + timedelta(days=1))
    known = tuple(dict.fromkeys((costs_in, *await ledger.currencies(tx, life))))  # the card's may have been another
    if currency not in known:
        raise InvalidBenefit(
            f"Costs are in {' and '.join(known)} here, so a benefit in '{currency[:10]}' would count nowhere.",
            where="currency",
            accepted=known,
        )


def _text(where: str, text: str, most: int, *, least: int) -> str:
    text = text.strip()
    if not least <= len(text) <= most or "\0" in text:
        raise InvalidBenefit(f"Write {least} to {most} characters.", where=where)
    return text


async def _views(tx: Transaction, agent: str | None) -> tuple[BenefitView, ...]:
    everybody = await directory(tx)
    return tuple(_view(row, everybody) for row in await store.benefits_of(tx, agent))


def _view(row: Row[Any], everybody: Directory) -> BenefitView:
    benefit = Benefit(
        key=str(row.benefit_id),
        title=row.title,
        kind=BenefitKind(row.kind),
        quantity=Estimate(row.low, row.likely, row.high),
        rate=row.rate,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
    )
    author = everybody.people.get(UserId(row.author_id)) if row.author_id else None
    return BenefitView(row.benefit_id, row.agent, row.currency, benefit, row.evidence, author, row.created_at)
