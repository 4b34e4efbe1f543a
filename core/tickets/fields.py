"""Use cases of mapped fields: what a ticket's fields mean for its subject, and what is to be written there.

Nothing is held while somebody else's server answers: the connector reads, asks here what follows, writes, and says how
it reads then. What was taken over, what was told and what is agreed on are one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from core.approvals import (
    FieldNews,
    PolicyCatalogue,
    RequestView,
    TicketHand,
    amend_from_ticket,
    held_view,
    tell_of_field,
)
from core.db import Database, Transaction
from core.emergency import BypassView, load_bypass
from core.errors import CountersignError
from core.ids import TenantId
from core.links import EMERGENCY, TicketLink, origin_of, ticket_place
from core.origin import Origin
from core.tickets import store
from core.tickets.merging import Agreed, FieldRule, Outcome, Side, Verdict, merge, same, sent, settled, taken

_PENDING: Final = "pending"

Subject = RequestView | BypassView
Values = Callable[[Subject], Mapping[str, str]]  # what each mapped field should hold, by that system's names


@dataclass(frozen=True, slots=True)
class FieldsThere:
    """A ticket's mapped fields as they stand there; `is_fresh`: it was made by us just now.

    `by` was the last hand on it, `account` and `email` are that hand's as far as the system tells. `odd` are fields
    that hold something else than one value, and why that is nothing to take over.
    """

    values: Mapping[str, str]
    version: int
    at: datetime
    by: str
    is_ours: bool
    is_fresh: bool = False
    account: str = ""
    email: str = ""
    odd: Mapping[str, str] = field(default_factory=dict)

    def hand(self, link: TicketLink) -> TicketHand:
        """Who touched the ticket last; nobody by name if that was ourselves, as it hides whoever was there before."""
        return TicketHand(link.system_title, link.number, "" if self.is_ours else self.by)

    def side(self, field: str) -> Side:
        """One of them."""
        return Side(self.values[field], self.at, self.version)


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """What is to be written there, by that system's names; what neither side may put right."""

    writes: Mapping[str, str]
    open: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldDrift:
    """A field that does not hold what it should, and whether we would put it right by writing or taking over."""

    field: str
    here: str
    there: str
    verdict: Verdict


async def plan_fields(
    database: Database,
    catalogue: PolicyCatalogue,
    tenant: TenantId,
    link: TicketLink,
    *,
    rules: Sequence[FieldRule],
    values: Values,
    there: FieldsThere,
) -> FieldPlan:
    """What stood there to be taken over is, each conflict is told once, and what is left to be written is said.

    What it says is on its way from then on: call `fields_written` when it is there, or this again.
    """
    async with database.tenant(tenant) as begun:
        tx = replace(begun, origin=await _origin(begun, link)) if there.is_ours else begun
        subject = await _held(tx, link)
        known = {} if there.is_fresh else await store.agreed(tx, link.subject_id, link.system)
        found = _merged(rules, known, _sides(subject, values), there, may_take=_may_take(subject))
        wanted = [rule for rule in rules if found[rule].verdict is Verdict.TAKE]
        subject, refused = await _take_over(tx, catalogue, link, wanted, there)
        here = _sides(subject, values)
        if refused:
            again = {rule: merge(rule, known.get(rule.field), here[rule.field], there.side(rule.field),
                                 may_take=False, is_ours=there.is_ours) for rule in refused}  # fmt: skip
            found |= again
        now = {rule.field: _agreement(rule, one, here[rule.field], there) for rule, one in found.items()}
        await store.save(tx, link.subject_id, link.system, now)
        for rule, one in found.items():
            await _tell(
                tx, link, rule, one, here[rule.field], there, why=refused.get(rule) or there.odd.get(rule.field, "")
            )
        return FieldPlan(
            {rule.field: here[rule.field].value for rule, one in found.items() if one.verdict is Verdict.WRITE},
            tuple(rule.field for rule, one in found.items() if one.verdict is Verdict.ASK),
        )


async def fields_written(database: Database, tenant: TenantId, link: TicketLink, *, there: FieldsThere) -> None:
    """What was on its way is there, as it reads there now: that is agreed from now on."""
    async with database.tenant(tenant) as tx:
        known = await store.agreed(tx, link.subject_id, link.system)
        now = {name: settled(known[name], there.side(name)) for name in there.values if name in known}
        await store.save(tx, link.subject_id, link.system, now)


async def drifted(
    tx: Transaction,
    link: TicketLink,
    subject: Subject,
    *,
    rules: Sequence[FieldRule],
    values: Values,
    there: FieldsThere,
) -> tuple[FieldDrift, ...]:
    """The fields that do not hold what they should; nothing is changed or told."""
    known = await store.agreed(tx, link.subject_id, link.system)
    here = _sides(subject, values)
    found = _merged(rules, known, here, there, may_take=_may_take(subject))
    return tuple(
        FieldDrift(rule.field, here[rule.field].value, there.values[rule.field], one.verdict)
        for rule, one in found.items()
        if one.verdict is not Verdict.NOTHING
    )


async def _origin(tx: Transaction, link: TicketLink) -> Origin:
    """Which rules had our account write there last: what its writing led to over there comes from them as well."""
    return await origin_of(tx, ticket_place(link.system, link.external_id))


async def _held(tx: Transaction, link: TicketLink) -> Subject:
    if link.kind == EMERGENCY:
        return await load_bypass(tx, link.subject_id)
    return await held_view(tx, link.subject_id)


def _may_take(subject: Subject) -> bool:
    """What was decided stays what was decided; a bypass is under way from its first moment."""
    return isinstance(subject, RequestView) and subject.status == _PENDING


def _sides(subject: Subject, values: Values) -> Mapping[str, Side]:
    if isinstance(subject, RequestView):
        at, version = subject.amended_at or subject.created_at, subject.revision
    else:
        at, version = subject.granted_at, 1
    return {name: Side(value, at, version) for name, value in values(subject).items()}


def _merged(
    rules: Sequence[FieldRule],
    known: Mapping[str, Agreed],
    here: Mapping[str, Side],
    there: FieldsThere,
    *,
    may_take: bool,
) -> dict[FieldRule, Outcome]:
    found = {}
    for rule in rules:
        ours, theirs = here[rule.field], there.side(rule.field)
        if there.is_fresh and rule.field not in known and theirs.value.strip():
            found[rule] = Outcome(Verdict.NOTHING, Agreed(ours.value, theirs.value, ours.version, theirs.version))
        else:
            takes = may_take and rule.field not in there.odd
            found[rule] = merge(rule, known.get(rule.field), ours, theirs, may_take=takes, is_ours=there.is_ours)
    return found


async def _take_over(
    tx: Transaction,
    catalogue: PolicyCatalogue,
    link: TicketLink,
    wanted: Sequence[FieldRule],
    there: FieldsThere,
) -> tuple[Subject, dict[FieldRule, str]]:
    """The subject as it is then; of what cannot be taken over, why not. One bad value does not hold back the others."""
    together, one_by_one = [tuple(wanted)] if wanted else [], [(rule,) for rule in wanted]
    if await _amended(tx, catalogue, link, together, there):
        refused = await _amended(tx, catalogue, link, one_by_one, there)
        return await _held(tx, link), refused
    return await _held(tx, link), {}


async def _amended(
    tx: Transaction,
    catalogue: PolicyCatalogue,
    link: TicketLink,
    groups: Sequence[Sequence[FieldRule]],
    there: FieldsThere,
) -> dict[FieldRule, str]:
    """Why not, for the fields of each group that could not be taken over; nothing was written for those."""
    hand = there.hand(link)
    refused: dict[FieldRule, str] = {}
    for group in groups:
        changes = {rule.fact: rule.ours(there.values[rule.field]) for rule in group if rule.fact}
        try:
            await amend_from_ticket(tx, catalogue, link.subject_id, hand, changes=changes)
        except CountersignError as exc:
            refused |= dict.fromkeys(group, exc.sentence())
    return refused


def _agreement(rule: FieldRule, outcome: Outcome, here: Side, there: FieldsThere) -> Agreed:
    match outcome.verdict:
        case Verdict.TAKE:
            return taken(here, there.side(rule.field))
        case Verdict.WRITE:
            return sent(outcome.agreed, here)
        case _:
            return outcome.agreed


async def _tell(
    tx: Transaction, link: TicketLink, rule: FieldRule, outcome: Outcome, here: Side, there: FieldsThere, *, why: str
) -> None:
    if link.kind == EMERGENCY or not (outcome.is_conflict or outcome.is_declined):
        return
    kept = {Verdict.WRITE: "ours", Verdict.TAKE: "theirs"}.get(outcome.verdict, "open")
    theirs = there.values[rule.field]
    if outcome.is_conflict:
        reason = why or f"It was changed on both sides; its owner is '{rule.owner}'."
    else:
        reason = why or "It does not come from the ticket, or is decided already."
    if same(here.value, theirs) and outcome.verdict is not Verdict.TAKE:
        return
    hand = there.hand(link)
    await tell_of_field(tx, link.subject_id, hand, FieldNews(rule.field, here.value, theirs, kept, reason))
