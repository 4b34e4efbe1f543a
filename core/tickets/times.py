"""When a change is planned, on its ticket: a date that people move there is taken over, or ours is put back.

What was last written and how it read then is kept for both dates, as for any field (merging.py), so that an echo of
ours is told from a person's edit, and late news from new. Times are compared as instants, however a system spells them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import MAXYEAR, MINYEAR, UTC, datetime
from typing import Final

from core.access import TokenScope
from core.approvals import FieldNews, RequestEvent, tell_of_field
from core.changes import ChangeCatalogue, PlannedTime, Span, move_from_ticket, planned_time, told
from core.db import Database, Transaction
from core.errors import CountersignError
from core.ids import TenantId
from core.links import TicketLink
from core.outbox import emit
from core.tenants import tenant_policy
from core.tickets import store
from core.tickets.fields import FieldsThere
from core.tickets.hands import actor_behind
from core.tickets.merging import Agreed, Direction, FieldRule, Outcome, Owner, Side, Verdict, merge, sent, taken

START, END = 0, 1
NOT_TAKEN: Final = "Its time is set in Countersign and not taken over from the ticket."
_FACT: Final = "planned"  # any: what a date there becomes is no attribute of the request
_FIELD: Final = "planned time"


@dataclass(frozen=True, slots=True)
class _Weighed:
    """Both dates: the rules for them, what is agreed on, how they stand there, and what follows."""

    rules: tuple[FieldRule, FieldRule]
    known: Mapping[str, Agreed]
    there: FieldsThere

    def outcomes(self, here: Sequence[Side], *, may_take: bool) -> list[Outcome]:
        return [
            merge(
                rule,
                self.known.get(rule.field),
                side,
                self.there.side(rule.field),
                may_take=may_take,
                is_ours=self.there.is_ours,
            )
            for rule, side in zip(self.rules, here, strict=True)
        ]

    def span(self, found: Sequence[Outcome], here: Sequence[Side]) -> Span | None:
        """The time that the ticket says, ours where it has not moved; None where it says no instant."""
        texts = [
            self.there.values[rule.field] if one.verdict is Verdict.TAKE else side.value
            for rule, one, side in zip(self.rules, found, here, strict=True)
        ]
        begins, ends = map(instant, texts)
        return Span(begins, ends) if begins is not None and ends is not None else None


async def plan_times(
    database: Database,
    catalogue: ChangeCatalogue,
    tenant: TenantId,
    link: TicketLink,
    *,
    names: tuple[str, str],
    direction: Direction,
    there: FieldsThere,
) -> Mapping[str, str]:
    """What is to be written there, by that system's names, after what could be taken over was.

    A date that was moved there and does not stand is told once, on the ticket and in the request's thread, with why.
    Call `fields_written` when it is there, or this again. Nothing follows for a ticket that is of no change.
    """
    rules = (
        FieldRule(names[START], direction, Owner.OURS, _FACT),
        FieldRule(names[END], direction, Owner.OURS, _FACT),
    )
    async with database.tenant(tenant) as tx:
        planned = await planned_time(tx, link.subject_id)
        if planned is None:
            return {}
        known = {} if there.is_fresh else await store.agreed(tx, link.subject_id, link.system)
        weighed, here = _Weighed(rules, known, there), _sides(planned)
        found, why = weighed.outcomes(here, may_take=True), ""
        if any(one.verdict is Verdict.TAKE for one in found):
            why = await _moved(tx, catalogue, link, weighed, found, here)
            if not why:
                here = _sides(await planned_time(tx, link.subject_id) or planned)
            else:
                found = weighed.outcomes(here, may_take=False)
        pairs = list(zip(rules, found, here, strict=True))
        now = {rule.field: _agreement(one, side, there.side(rule.field)) for rule, one, side in pairs}
        await store.save(tx, link.subject_id, link.system, now)
        if any(one.is_declined or one.is_conflict for one in found if one.verdict is not Verdict.TAKE):
            is_open = any(one.verdict is Verdict.ASK for one in found)
            await _tell(tx, link, weighed, planned, why=why or NOT_TAKEN, is_open=is_open)
        # A date that people put where we have none is not ours to empty.
        return {rule.field: side.value for rule, one, side in pairs if one.verdict is Verdict.WRITE and side.value}


def spelled(text: str) -> str:
    """A time as it is compared and kept: an instant by RFC 3339 in UTC; what is none as it stands."""
    at = instant(text)
    return at.isoformat() if at is not None else text


def instant(text: str) -> datetime | None:
    """The instant that the text says, in UTC where it names no zone; None for a date without a time, or no date.

    Neither for one at the ends of what can be counted: in some zone it lies beyond them.
    """
    try:
        at = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    if ":" not in text or at.year in (MINYEAR, MAXYEAR):
        return None
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC)


async def _moved(
    tx: Transaction,
    catalogue: ChangeCatalogue,
    link: TicketLink,
    weighed: _Weighed,
    found: Sequence[Outcome],
    here: Sequence[Side],
) -> str:
    """Why the change cannot be moved to where its ticket says; empty: it was."""
    span = weighed.span(found, here)
    if span is None:
        return "The ticket says no time of day for its beginning and its end."
    there = weighed.there
    actor = None
    if not there.is_ours:
        account, email = there.account, there.email
        scope = TokenScope.REQUEST
        actor = await actor_behind(tx, link.system, link.number, account=account, email=email, scope=scope)
    try:
        await move_from_ticket(tx, catalogue, actor, link.subject_id, by=there.hand(link), span=span)
    except CountersignError as exc:
        return exc.sentence()
    return ""


def _sides(planned: PlannedTime) -> list[Side]:
    times = (planned.starts_at, planned.ends_at)
    return [Side(at.astimezone(UTC).isoformat() if at else "", planned.updated_at, 0) for at in times]


def _agreement(outcome: Outcome, here: Side, there: Side) -> Agreed:
    match outcome.verdict:
        case Verdict.TAKE:
            return taken(here, there)
        case Verdict.WRITE:
            return sent(outcome.agreed, here) if here.value else replace(outcome.agreed, seen=there.value)
        case _:
            return outcome.agreed


async def _tell(
    tx: Transaction, link: TicketLink, weighed: _Weighed, planned: PlannedTime, *, why: str, is_open: bool
) -> None:
    """Where, by whom and to when it was moved, and what stands. `is_open`: the ticket keeps a date that we do not."""
    hand, zone = weighed.there.hand(link), (await tenant_policy(tx)).time_zone
    moved = _spoken([weighed.there.values[rule.field] for rule in weighed.rules], zone)
    stays = _spoken([side.value for side in _sides(planned)], zone)
    news = FieldNews(_FIELD, stays, moved, "open" if is_open else "ours", why)
    await tell_of_field(tx, link.subject_id, hand, news)
    what = f"Here it stays {stays}; the ticket keeps its own, set it back there." if is_open else f"It stays {stays}."
    text = f"{planned.reference}: {hand.shown} moved its time on {link.number} to {moved}. {what} {why}"
    await emit(tx, subject=link.subject, type=RequestEvent.PROGRESSED, data={"text": text})


def _spoken(texts: Sequence[str], zone: str) -> str:
    """Both dates as people there read them; what is no instant as it stands."""
    begins, ends = map(instant, texts)
    if begins is not None and ends is not None:
        return told(Span(begins, ends), zone)
    return " to ".join(text or "no time" for text in texts)
