"""Use cases of approval requests: authorise, load under lock, ask the rule, write state + audit + outbox, commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from core.access import TokenScope, directory, find_person, member_of, permitted, require_scope
from core.actor import Actor, system_actor
from core.approvals import ballots, pausing, queries, reaching, reading, rules, store, suggesting
from core.approvals.asking import PeopleFor
from core.approvals.assessment import assess, circumstances_of
from core.approvals.awaiting import ask_about, await_ticket, read_named
from core.approvals.catalogue import PolicyCatalogue
from core.approvals.consequences import follow
from core.approvals.effects import Effect
from core.approvals.errors import InvalidRequest, NotYourRequest
from core.approvals.events import RequestEvent
from core.approvals.loading import AUTOMATIC, JUSTIFICATION_MAX, digest_of, hold, hold_seated, view_of
from core.approvals.policy import ApprovalPolicy
from core.approvals.queries import RequestFilter
from core.approvals.state import RequestStatus
from core.approvals.views import RequestView
from core.audit import audited, record
from core.choices import check_choice
from core.db import Database, Transaction, next_number
from core.ids import RequestId, uuid7
from core.named_tickets import Desks, ticket_needed
from core.outbox import emit
from core.tenants import tenant_policy

NO_DESKS: Final = Desks()  # nothing is connected
COMMENT_MAX: Final = 4000
COMMENT_KINDS: Final = ("comment", "question", "answer")


@dataclass(frozen=True, slots=True)
class Wishes:
    """What else its requester says of a new request, as it came.

    `reopens` is the number of the one that is asked again, `suggested` are e-mail addresses of those who should be told
    first, `ticket` is the ticket that it rests on.
    """

    reopens: int | None = None
    suggested: object = None
    ticket: object = None


NO_WISHES: Final = Wishes()


async def open_request(
    tx: Transaction,
    actor: Actor,
    policy: ApprovalPolicy,
    *,
    action: str,
    resource: Mapping[str, str],
    justification: str,
    wishes: Wishes = NO_WISHES,
    desks: Desks = NO_DESKS,
) -> tuple[RequestId, bool]:
    """The request's id and whether it is approved already; a pending one for the same is answered instead of a new one.

    If the policy asks for a ticket, in one of the systems `desks`, nobody is asked until one is found right.
    Called inside the gate's transaction. Raises NobodyToAsk, or InvalidRequest for a justification that is too long
    and for suggestions that would come to nothing.
    """
    if len(justification) > JUSTIFICATION_MAX:
        raise InvalidRequest(
            f"The justification has {len(justification)} characters; at most {JUSTIFICATION_MAX} are accepted.",
            where="context.justification",
        )
    requester = member_of(actor)
    live = await queries.live_request(tx, action, resource["name"])
    if live is not None:
        await _name_for_live(tx, actor, live, desks, ticket=wishes.ticket)
        return RequestId(live), False
    everybody = await directory(tx)
    circumstances = circumstances_of(
        actor,
        everybody,
        await tenant_policy(tx),
        action=action,
        resource=resource,
        justification=justification,
        now=tx.now,
    )
    found = assess(policy, circumstances)
    named = read_named(policy, wishes.ticket, desks.of(tx.tenant)) if found.needs_ticket else None
    policy = policy.lived_by(everybody.zones)
    people, skipped = PeopleFor(everybody, resource, requester), found.skipped(policy)
    effects = rules.open_request(policy, requester, people, now=tx.now, skipped=skipped)
    first = suggesting.suggested_people(policy, requester, people, everybody, wished=wishes.suggested, skipped=skipped)
    request_id, number = RequestId(uuid7()), await next_number(tx, "REQ")
    added = await store.add_request(
        tx,
        {
            "request_id": request_id,
            "number": number,
            "action": action,
            "resource_name": resource["name"],
            "resource": dict(resource),
            "justification": justification,
            "requester_id": requester,
            "state": "pending",
            "policy_key": policy.key,
            "policy_version": policy.version,
            "created_at": tx.now,
            "digest": digest_of(action, resource, justification, actor.email),
            "assessment": found.to_json(),
            "reopens": wishes.reopens,
            "suggested": sorted(first),
        },
        policy,
    )
    if not added:  # somebody else's was committed between our look and our insert
        live = await queries.live_request(tx, action, resource["name"])
        if live is None:
            raise InvalidRequest("Somebody is changing this request at this moment; try again.")
        return RequestId(live), False
    await record(
        tx,
        actor,
        action="request.open",
        resource=resource["name"],
        subject_id=request_id,
        details={
            "request": f"REQ-{number}",
            "governed_action": action,
            "justification": justification[:500],
            "policy": policy.key,
            "policy_version": policy.version,
            "assessment": found.to_json(),
            **({"reopens": f"REQ-{wishes.reopens}"} if wishes.reopens else {}),
            **({"suggested": sorted(everybody.people[user].email for user in first)} if first else {}),
        },
    )
    await emit(
        tx,
        subject=f"request:{request_id}",
        type=RequestEvent.OPENED,
        data={"action": action, "requester": str(requester), "reference": f"REQ-{number}"},
    )
    short = reaching.out_of_reach(policy, requester, people, skipped=skipped)
    if short:
        told = {"request": f"REQ-{number}", "stages": list(short)}
        out = RequestEvent.OUT_OF_REACH
        await record(
            tx, system_actor(tx.tenant), action=out, resource=resource["name"], subject_id=request_id, details=told
        )
        await emit(tx, subject=f"request:{request_id}", type=out, data=told)
    if found.needs_ticket:
        await await_ticket(
            tx, actor, request_id, named, about={"request": f"REQ-{number}", "resource": resource["name"]}
        )
        return request_id, False
    note = AUTOMATIC if found.is_automatic else ""
    by = system_actor(tx.tenant) if found.is_automatic else actor  # in the trail too, nobody approves their own
    await follow(tx, by, request_id, number, resource["name"], effects, note=note)
    return request_id, found.is_automatic


async def _name_for_live(tx: Transaction, actor: Actor, request_id: UUID, desks: Desks, *, ticket: object) -> None:
    """Whoever asks the same again may name the ticket that was missing, or another one than was refused.

    The same one again changes nothing: platforms ask until they are allowed.
    """
    before = await ticket_needed(tx, request_id) if ticket is not None else None
    if before is None:
        return
    held = await hold(tx, request_id)
    before = await ticket_needed(tx, request_id)
    reading = read_named(held.policy, ticket, desks.of(tx.tenant))
    is_theirs = held.state.requester == member_of(actor) and held.state.status is RequestStatus.PENDING
    if before is None or reading is None or not is_theirs or before.is_called(reading.system, reading.number):
        return
    about = {"request": f"REQ-{held.row.number}", "resource": held.row.resource_name}
    await ask_about(tx, actor, before, reading, about=about)


async def withdraw(database: Database, actor: Actor, request_id: UUID, *, reason: str = "") -> RequestView:
    """The request is over, by its requester's wish."""
    async with audited(database, actor, action="request.withdraw", resource=str(request_id)) as tx:
        return await take_back(tx, actor, request_id, reason=reason)


async def take_back(tx: Transaction, actor: Actor, request_id: UUID, *, reason: str = "") -> RequestView:
    """The same within the transaction of another use case. Raises NotYourRequest or AlreadyDecided."""
    require_scope(actor, TokenScope.REQUEST)
    held = await hold(tx, request_id)
    effects = rules.withdraw(held.state, member_of(actor), now=tx.now)
    await follow(tx, actor, RequestId(request_id), held.row.number, held.row.resource_name, effects, note=reason)
    return await view_of(tx, request_id)


async def comment(database: Database, actor: Actor, request_id: UUID, *, kind: str, text: str) -> RequestView:
    """The comment, question or answer stands under the request; a question stops the clocks, an answer starts them."""
    async with audited(database, actor, action="request.comment", resource=str(request_id)) as tx:
        return await add_comment(tx, actor, request_id, kind=kind, text=text)


async def add_comment(tx: Transaction, actor: Actor, request_id: UUID, *, kind: str, text: str) -> RequestView:
    """The same within the transaction of another use case."""
    require_scope(actor, TokenScope.REQUEST)
    author = member_of(actor)
    if kind not in COMMENT_KINDS:
        raise InvalidRequest(f"'{kind}' is not a kind of comment.", where="kind", accepted=COMMENT_KINDS)
    if not text.strip() or len(text) > COMMENT_MAX:
        raise InvalidRequest(f"Write 1 to {COMMENT_MAX} characters.", where="text")
    held = await hold(tx, request_id)
    if kind == "answer" and author != held.state.requester:
        raise NotYourRequest("Only the person who asked can answer questions about a request.")
    await store.add_comment(tx, request_id, author, kind, text.strip())
    await record(
        tx,
        actor,
        action="request.comment",
        resource=held.row.resource_name,
        subject_id=request_id,
        details={"request": f"REQ-{held.row.number}", "kind": kind, "text": text.strip()[:500]},
    )
    await emit(
        tx,
        subject=f"request:{request_id}",
        type=RequestEvent.COMMENTED,
        data={"kind": kind, "author": str(author), "by": actor.name, "text": text.strip()},
    )
    effects: tuple[Effect, ...] = ()
    if kind == "question":
        effects = pausing.pause(held.state, held.policy, author, now=tx.now)
    elif kind == "answer":
        effects = pausing.resume(held.state, held.policy, now=tx.now)
    await follow(tx, actor, RequestId(request_id), held.row.number, held.row.resource_name, effects)
    return await view_of(tx, request_id)


async def reassign(
    database: Database, actor: Actor, request_id: UUID, *, to_email: str, stage: str | None = None, reason: str = ""
) -> RequestView:
    """Another person takes the actor's place on the stage (B1 delegate)."""
    async with audited(database, actor, action="request.delegate", resource=str(request_id)) as tx:
        require_scope(actor, TokenScope.VOTE)
        me = member_of(actor)
        other = await find_person(tx, to_email, where="to")
        held = await hold_seated(tx, request_id)
        chosen = ballots.stage_to_vote_on(held.state, me, stage)
        effects = rules.delegate(held.state, held.policy, chosen, me, other.id)
        await follow(tx, actor, RequestId(request_id), held.row.number, held.row.resource_name, effects, note=reason)
        return await view_of(tx, request_id)


async def get_request(database: Database, actor: Actor, reference: UUID | int) -> RequestView:
    """The request by id, or by its number, for what is done with it; `see_request` shows it. Raises UnknownRequest."""
    async with permitted(database, actor, TokenScope.READ, action="request.show", resource=str(reference)) as tx:
        return await view_of(tx, await queries.id_of(tx, reference))


async def list_requests(
    database: Database, actor: Actor, wanted: RequestFilter, *, after: int | None = None, limit: int = 50
) -> tuple[RequestView, ...]:
    """Requests, newest first, beyond the number `after`. Raises InvalidInput for no state of one."""
    check_choice("state", wanted.state, tuple(RequestStatus))
    async with permitted(database, actor, TokenScope.READ, action="request.list", resource="requests") as tx:
        rows = await queries.page(tx, wanted, after=after, limit=limit)
        return await reading.views(tx, rows, await directory(tx))


async def count_requests(database: Database, actor: Actor, wanted: RequestFilter) -> int:
    """How many requests match."""
    async with permitted(database, actor, TokenScope.READ, action="request.count", resource="requests") as tx:
        return await queries.count(tx, wanted)


async def policies_in_force(database: Database, catalogue: PolicyCatalogue, actor: Actor) -> tuple[ApprovalPolicy, ...]:
    """The policies that hold for the actor's tenant. Raises Unavailable if none are loaded."""
    async with permitted(database, actor, TokenScope.READ, action="policy.list", resource="policies") as tx:
        return catalogue.for_tenant(await tenant_policy(tx)).policies


async def load_request(tx: Transaction, request_id: UUID) -> RequestView:
    """The request, for subscribers. Raises UnknownRequest."""
    return await view_of(tx, request_id)


async def live_requests(tx: Transaction, ids: Sequence[UUID], *, decided_since: datetime) -> tuple[RequestView, ...]:
    """Those of these requests that are pending, approved and unused, or decided since then; for walks through many."""
    live = await queries.live_among(tx, ids, decided_since=decided_since)
    return await views_of(tx, live) if live else ()


async def views_of(tx: Transaction, ids: Sequence[UUID]) -> tuple[RequestView, ...]:
    """These requests, in no particular order."""
    return await reading.views(tx, await queries.by_ids(tx, ids), await directory(tx))
