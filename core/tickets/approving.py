"""Use cases of approvals as they stand in ticket systems: what they shall say, what they say, and what that means here.

A decision counts once: what is known of each approval is stored with what it led to, in the transaction that moves the
inbox's cursor. It binds to what the ticket said when it was asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from core.access import TokenScope
from core.actor import Actor, Door
from core.approvals import Choice, RequestView, TicketVote, take_ticket_vote, tell_uncounted
from core.db import Database, Transaction
from core.errors import CountersignError, Forbidden
from core.ids import TenantId
from core.links import TicketLink
from core.signin import StepUpRequired
from core.ticket_accounts import accounts_in
from core.tickets import approval_store as store
from core.tickets.approval_store import Where
from core.tickets.hands import actor_behind
from core.tickets.values import Decision, Shown, ToldApproval
from core.tickets.weighing import Known, Outcome, heard, is_news, seen_open, shown

REASON_MAX: Final = 2000  # characters of a comment there that become the vote's reason
_NOTHING_SHOWN: Final = "nothing"  # of a ticket that never said what it asks: no digest begins like this
_CHOICES: Final = {Decision.APPROVED: Choice.APPROVE, Decision.REJECTED: Choice.REJECT}


class UnlinkedApprover(Forbidden):
    """This account is not linked to anybody here, so its decision is not counted."""

    code = "tickets.unlinked_approver"


class NotTheirOwnHand(Forbidden):
    """Somebody else wrote on this person's approval, so it is not counted."""

    code = "tickets.not_their_own_hand"


class DecisionTakenBack(Forbidden):
    """The decision was changed there after it had counted here: the vote stands."""

    code = "tickets.decision_taken_back"


async def approvals_to_show(tx: Transaction, system: str, request: RequestView) -> tuple[Shown, ...]:
    """What the approvals of this request's people there shall say now."""
    known = await store.on_ticket(tx, Where(system, request.id))
    return shown(request, await accounts_in(tx, system), known.values())


async def note_shown(
    database: Database, tenant: TenantId, system: str, request: RequestView, approvals: Sequence[ToldApproval]
) -> None:
    """The ticket says what this state of the request asks, and its approvals stand like this."""
    where = Where(system, request.id)
    async with database.tenant(tenant) as tx:
        before = await store.digest_shown(tx, where) or request.digest
        known = await store.on_ticket(tx, where)
        seen = {
            told.id: now
            for told in approvals
            if (now := seen_open(known.get(told.id), told, digest=request.digest, digest_before=before)) is not None
        }
        await store.keep(tx, where, [now for id_, now in seen.items() if now != known.get(id_)])
        await store.keep_shown(tx, where, request.digest)


async def weigh(tx: Transaction, link: TicketLink, told: ToldApproval) -> None:
    """If it is news, the decision has counted as its person's vote, or it is told why it did not."""
    where = Where(link.system, link.subject_id)
    known = await store.find(tx, link.system, told.id)
    if not is_news(known, told):
        return
    now = heard(known, told, digest_shown=await store.digest_shown(tx, where))
    outcome = await _outcome(tx, link, known, told=told, digest=now.digest)
    if outcome is Outcome.REOPEN:  # as if it asked again already: the next yes is news, whichever look sees it
        now = replace(now, decision=Decision.REQUESTED, version=now.version + 1)
    await store.keep(tx, where, [replace(now, outcome=outcome)])


async def _outcome(
    tx: Transaction, link: TicketLink, known: Known | None, *, told: ToldApproval, digest: str
) -> Outcome:
    before = known.outcome if known is not None else Outcome.NONE
    if told.is_ours:
        return before
    linked = await actor_behind(
        tx, link.system, link.number, account=told.account, email=told.email, scope=TokenScope.VOTE
    )
    actor = linked if linked is not None and not told.written_by else _stranger(tx, link, told)
    if told.decision not in _CHOICES:
        return await _taken_back(tx, link, before, told=told, actor=actor)
    vote = _vote(link, told, digest)
    if told.written_by:
        approver = linked.user if linked is not None else None
        await tell_uncounted(tx, actor, link.subject_id, vote, _not_their_own(link, told), concerns=approver)
        return Outcome.REFUSED
    if linked is None:
        await tell_uncounted(tx, actor, link.subject_id, vote, _unlinked(told))
        return Outcome.UNLINKED
    error = await take_ticket_vote(tx, actor, link.subject_id, vote)
    if error is None:
        return Outcome.COUNTED
    return Outcome.REOPEN if isinstance(error, StepUpRequired) else Outcome.REFUSED


async def _taken_back(
    tx: Transaction, link: TicketLink, before: Outcome, *, told: ToldApproval, actor: Actor
) -> Outcome:
    if before is Outcome.COUNTED and told.decision is Decision.REQUESTED:
        error: CountersignError = DecisionTakenBack(
            next_step="Take a vote back in Countersign, within five minutes of it."
        )
        await tell_uncounted(tx, actor, link.subject_id, _vote(link, told, ""), error)
        return Outcome.REFUSED
    return before


def _vote(link: TicketLink, told: ToldApproval, digest: str) -> TicketVote:
    return TicketVote(
        system=link.system_title,
        number=link.number,
        name=told.written_by or _approver(told),
        choice=_CHOICES.get(told.decision, Choice.APPROVE),
        # Some systems have a person reject with a click: where it was said is then all that is known of why.
        reason=told.comment[:REASON_MAX] or f"{told.decision.value.capitalize()} on {link.number}, without a comment.",
        comment=told.comment[:REASON_MAX],
        seen_digest=digest or _NOTHING_SHOWN,
    )


def _stranger(tx: Transaction, link: TicketLink, told: ToldApproval) -> Actor:
    return Actor(
        tenant=tx.tenant,
        user=None,
        email=f"{link.system}:{told.written_by or told.account}",
        name=told.written_by or told.name,
        door=Door.TICKET,
        scopes=frozenset(),
    )


def _approver(told: ToldApproval) -> str:
    return told.name or told.email or told.account


def _not_their_own(link: TicketLink, told: ToldApproval) -> NotTheirOwnHand:
    who = _approver(told)
    return NotTheirOwnHand(
        f"{told.written_by} wrote this on the approval of {who}: only {who}'s own hand decides there.",
        next_step=f"{who} can decide in Countersign, or on {link.number} with their own account.",
    )


def _unlinked(told: ToldApproval) -> UnlinkedApprover:
    who = told.name or told.account or "Somebody"
    return UnlinkedApprover(
        f"{who} is not linked to anybody in Countersign: this is not counted.",
        next_step="They can link their account at the console, under My security.",
    )
