"""Use cases of a request's ticket: name it, take over what its system says, ask again (X6).

What a system says enters by one door, `take_facts`, under the request's lock, and is held against the request as it
stands then: so it does not matter whether it was changed, or another ticket named, while the system was being asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from core.access import TokenScope, directory, member_of, require_scope
from core.actor import Actor, system_actor
from core.approvals import rules, store
from core.approvals.asking import PeopleFor
from core.approvals.assessment import Assessment
from core.approvals.awaiting import CHECK, CHECK_AGAIN, CHECK_EVERY, WAIT_MAX, WAIT_OVER, ask_about, read_named, tell
from core.approvals.consequences import bound_by_window, follow
from core.approvals.effects import Effect
from core.approvals.errors import (
    AlreadyDecided,
    InvalidTicket,
    NobodyToAsk,
    NoTicketNeeded,
    NotYourRequest,
    TicketStands,
)
from core.approvals.events import RequestEvent
from core.approvals.loading import AUTOMATIC, hold, view_of
from core.approvals.state import RequestStatus
from core.approvals.views import RequestView
from core.audit import audited
from core.db import Database, Transaction
from core.deadlines import DeadlineHandler, Due, clear, set_deadline
from core.ids import RequestId, TenantId
from core.named_tickets import (
    Asked,
    Desks,
    NamedTicket,
    Standing,
    TicketFacts,
    Window,
    keep_ticket,
    requests_naming,
    ticket_needed,
    ticket_verdict,
)
from core.outbox import emit

NOBODY_LEFT: Final = "Nobody is left who could decide it."


async def name_ticket(
    database: Database, desks: Desks, actor: Actor, request_id: UUID, *, ticket: object
) -> RequestView:
    """The request rests on this ticket, once its system has shown that it stands for it. The same again: ask anew.

    Possible while it is pending, and after its approval until that is used. Once somebody has decided, another one is
    taken only where the ticket that they saw has fallen, and bounds the approval by no later end than that one did.
    Raises NotYourRequest, NoTicketNeeded, AlreadyDecided, TicketStands, or InvalidTicket naming what is accepted.
    """
    async with audited(database, actor, action="request.name_ticket", resource=str(request_id)) as tx:
        require_scope(actor, TokenScope.REQUEST)
        held = await hold(tx, request_id)
        if member_of(actor) != held.state.requester:
            raise NotYourRequest("Only the person who asked can name its ticket.")
        before = await ticket_needed(tx, request_id)
        if before is None:
            raise NoTicketNeeded(f"REQ-{held.row.number} needs no ticket.")
        if not _may_rest_on_one(held):
            raise AlreadyDecided(f"REQ-{held.row.number} is {'used' if held.row.used_by else held.state.status}.")
        reading = read_named(held.policy, ticket, desks.of(tx.tenant))
        if reading is None:
            raise InvalidTicket("Name the ticket.", where="ticket", accepted=('"CHG0030001"',))
        is_decided = _is_decided(held)
        if is_decided and _may_stand(before) and not before.is_called(reading.system, reading.number):
            raise TicketStands(f"People have decided by {before.number}, which stands for it.")
        await ask_about(tx, actor, before, reading, about=_about(held), is_decided=is_decided)
        return await view_of(tx, request_id)


async def take_facts(
    database: Database,
    tenant: TenantId,
    request_id: UUID,
    *,
    system: str,
    number: str,
    facts: TicketFacts | None,
) -> None:
    """What the system says of the ticket of that number counts: the request goes on, or its requester hears why not.

    `facts` is None if it has no such ticket. An answer about a ticket that is not the request's any more is dropped;
    the same answer again changes nothing.
    """
    async with database.tenant(tenant) as tx:
        held = await store.hold(tx, request_id)
        before = await ticket_needed(tx, request_id) if held is not None else None
        if held is None or before is None or not before.is_called(system, number) or not _may_rest_on_one(held):
            return
        after = await _judged(tx, held, before, facts)
        await keep_ticket(tx, after)
        await set_deadline(tx, request_id, CHECK, tx.now + CHECK_EVERY)
        await _tell_of(tx, held, before, after)
        if held.state.status is RequestStatus.APPROVED:
            await bound_by_window(tx, request_id, after)
        elif before.is_awaited and not after.is_awaited:
            await _go_on(tx, held)


async def ask_again(database: Database, tenant: TenantId, system: str, *, numbers: Collection[str]) -> None:
    """Something has happened to these tickets there: every request that rests on one has it looked at now."""
    async with database.tenant(tenant) as tx:
        for request_id in await requests_naming(tx, system, numbers):
            await set_deadline(tx, request_id, CHECK, tx.now)


def _may_rest_on_one(held: store.Held) -> bool:
    """Whether anything still depends on the ticket."""
    is_unused = held.state.status is RequestStatus.APPROVED and held.row.used_by is None
    return held.state.status is RequestStatus.PENDING or is_unused


def _is_decided(held: store.Held) -> bool:
    """Whether anybody has decided anything by the ticket."""
    state = held.state
    return state.status is RequestStatus.APPROVED or any(state.votes_on(each.key) for each in state.stages)


def _may_stand(ticket: NamedTicket) -> bool:
    """Whether it stands, or stood and its system is just being asked again."""
    is_asked_again = ticket.standing is Standing.ASKED and ticket.facts is not None
    return ticket.standing is Standing.HOLDS or is_asked_again


def _about(held: store.Held) -> Mapping[str, str]:
    return {"request": f"REQ-{held.row.number}", "resource": held.row.resource_name}


async def _judged(tx: Transaction, held: store.Held, before: NamedTicket, facts: TicketFacts | None) -> NamedTicket:
    if held.policy.ticket is None:
        raise RuntimeError("a ticket is named where the policy asks for none")
    if facts is not None and held.policy.ticket.window is Window.IGNORED:
        facts = replace(facts, starts_at=None, ends_at=None)
    requester = (await directory(tx)).people[held.state.requester]
    asked = Asked(requester.email, held.row.resource_name)
    verdict = ticket_verdict(held.policy.ticket, facts, asked, number=before.number, title=before.title, now=tx.now)
    until = min((each for each in (verdict.holds_until, before.at_most_until) if each is not None), default=None)
    return replace(
        before,
        number=facts.number if facts else before.number,
        standing=Standing.HOLDS if verdict.holds else Standing.REFUSED,
        reasons=verdict.reasons,
        facts=facts,
        holds_from=verdict.holds_from,
        holds_until=until,
        stood_until=until if verdict.holds else before.stood_until,
        checked_at=tx.now,
        accepted_at=before.accepted_at or (tx.now if verdict.holds else None),
    )


async def _tell_of(tx: Transaction, held: store.Held, before: NamedTicket, after: NamedTicket) -> None:
    """Only what is new to a reader."""
    event: RequestEvent | None = None
    if after.standing is Standing.REFUSED:
        is_news = (before.standing, before.reasons) != (after.standing, after.reasons)
        event = RequestEvent.TICKET_REFUSED if is_news else None
    elif before.is_awaited:
        event = RequestEvent.TICKET_ACCEPTED
    elif before.standing is not Standing.HOLDS:
        event = RequestEvent.TICKET_RESTORED
    elif _shown(before) != _shown(after):
        event = RequestEvent.TICKET_CHANGED
    if event is None:
        return
    facts: dict[str, Any] = {
        "system": after.system,
        "ticket": after.number,
        "state": after.facts.label if after.facts else "",
        "reasons": list(after.reasons),
        "suspends": after.standing is Standing.REFUSED and held.state.status is RequestStatus.APPROVED,
        **({"holds_from": after.holds_from.isoformat()} if after.holds_from else {}),
        **({"holds_until": after.holds_until.isoformat()} if after.holds_until else {}),
    }
    request_id = held.row.request_id
    await tell(tx, system_actor(tx.tenant), request_id, event, about=_about(held), facts=facts)


def _shown(ticket: NamedTicket) -> tuple[object, ...]:
    facts = ticket.facts
    return facts and (facts.label, facts.starts_at, facts.ends_at), ticket.holds_from, ticket.holds_until


async def _go_on(tx: Transaction, held: store.Held) -> None:
    """The stages open as they would have when it was asked; an automatic approval is given."""
    request_id = RequestId(held.row.request_id)
    await clear(tx, request_id, kind=WAIT_OVER)
    found = Assessment.from_json(held.row.assessment)
    people = PeopleFor(await directory(tx), held.row.resource, held.state.requester)
    note, effects = AUTOMATIC if found.is_automatic else "", tuple[Effect, ...]()
    try:
        effects = rules.open_request(
            held.policy, held.state.requester, people, now=tx.now, skipped=found.skipped(held.policy)
        )
    except NobodyToAsk:  # people have left since it was asked
        note, effects = NOBODY_LEFT, rules.expire(held.state, now=tx.now)
    who = system_actor(tx.tenant)
    await follow(tx, who, request_id, held.row.number, held.row.resource_name, effects, note=note)


async def _on_check(tx: Transaction, due: Due) -> None:
    held = await store.hold(tx, due.subject)
    ticket = await ticket_needed(tx, due.subject)
    if held is None or ticket is None or not ticket.number or not _may_rest_on_one(held):
        return
    facts = {"system": ticket.system, "ticket": ticket.number}
    await emit(tx, subject=f"request:{due.subject}", type=RequestEvent.TICKET_CHECK, data=facts)
    await set_deadline(tx, due.subject, CHECK, tx.now + CHECK_AGAIN)


async def _on_wait_over(tx: Transaction, due: Due) -> None:
    held = await store.hold(tx, due.subject)
    ticket = await ticket_needed(tx, due.subject)
    if held is None or ticket is None or not ticket.is_awaited:
        return
    effects = rules.expire(held.state, now=tx.now)
    note = f"No ticket that stands for it was there within {WAIT_MAX.days} days."
    who = system_actor(tx.tenant)
    await follow(tx, who, RequestId(due.subject), held.row.number, held.row.resource_name, effects, note=note)


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {CHECK: _on_check, WAIT_OVER: _on_wait_over}
