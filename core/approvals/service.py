"""Use cases of approval requests: authorise, load under lock, ask the rule, write state + audit + outbox, commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from core.access import TokenScope, directory, find_person, member_of, permitted, require_scope
from core.actor import Actor, system_actor
from core.approvals import pausing, queries, reaching, rules, store, undoing
from core.approvals.asking import PeopleFor
from core.approvals.assessment import assess, circumstances_of
from core.approvals.catalogue import PolicyCatalogue
from core.approvals.consequences import follow
from core.approvals.effects import Effect
from core.approvals.errors import InvalidRequest, NotYourRequest, UnknownRequest
from core.approvals.events import RequestEvent
from core.approvals.loading import JUSTIFICATION_MAX, digest_of, hold, hold_seated, view_of
from core.approvals.policy import ApprovalPolicy
from core.approvals.queries import RequestFilter
from core.approvals.state import Choice, Vote
from core.approvals.stepping import require_assurance, stepping_up
from core.approvals.views import RequestView
from core.audit import audited, record
from core.db import Database, Transaction, next_number
from core.ids import RequestId, uuid7
from core.outbox import emit
from core.signin import assurance_of
from core.tenants import tenant_policy

COMMENT_MAX: Final = 4000
SEEN_DIGEST_MIN: Final = 12  # characters of the digest that tell one version from another
COMMENT_KINDS: Final = ("comment", "question", "answer")


async def open_request(
    tx: Transaction,
    actor: Actor,
    policy: ApprovalPolicy,
    *,
    action: str,
    resource: Mapping[str, str],
    justification: str,
    reopens: int | None = None,
) -> tuple[RequestId, bool]:
    """The request's id and whether it is approved already; a pending one for the same is answered instead of a new one.

    Called inside the gate's transaction. Raises NobodyToAsk, or InvalidRequest for a justification that is too long.
    """
    if len(justification) > JUSTIFICATION_MAX:
        raise InvalidRequest(
            f"The justification has {len(justification)} characters; at most {JUSTIFICATION_MAX} are accepted.",
            where="context.justification",
        )
    requester = member_of(actor)
    live = await queries.live_request(tx, action, resource["name"])
    if live is not None:
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
    effects = rules.open_request(
        policy, requester, PeopleFor(everybody, resource, requester), now=tx.now, skipped=found.skipped(policy)
    )
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
            "reopens": reopens,
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
            **({"reopens": f"REQ-{reopens}"} if reopens else {}),
        },
    )
    await emit(
        tx,
        subject=f"request:{request_id}",
        type=RequestEvent.OPENED,
        data={"action": action, "requester": str(requester), "reference": f"REQ-{number}"},
    )
    short = reaching.out_of_reach(
        policy, requester, PeopleFor(everybody, resource, requester), skipped=found.skipped(policy)
    )
    if short:
        told = {"request": f"REQ-{number}", "stages": list(short)}
        out = RequestEvent.OUT_OF_REACH
        await record(
            tx, system_actor(tx.tenant), action=out, resource=resource["name"], subject_id=request_id, details=told
        )
        await emit(tx, subject=f"request:{request_id}", type=out, data=told)
    note = "Every criterion of an automatic approval held." if found.is_automatic else ""
    by = system_actor(tx.tenant) if found.is_automatic else actor  # in the trail too, nobody approves their own
    await follow(tx, by, request_id, number, resource["name"], effects, note=note)
    return request_id, found.is_automatic


async def cast_vote(
    database: Database,
    actor: Actor,
    request_id: UUID,
    *,
    choice: Choice,
    reason: str = "",
    criteria: Mapping[str, bool] | None = None,
    stage: str | None = None,
    seen_digest: str | None = None,
) -> RequestView:
    """The vote counts, once, and whatever follows from it has happened (P1, P2).

    Raises StepUpRequired with a link where its stage asks for more than a click: exactly this vote waits there (X2).

    `seen_digest` (or its first characters) is what the voter looked at; None means the request as it stands.
    """
    async with (
        stepping_up(database, actor, request_id),
        audited(database, actor, action="request.vote", resource=str(request_id), details={"decision": choice}) as tx,
    ):
        require_scope(actor, TokenScope.VOTE)
        voter = member_of(actor)
        held = await hold_seated(tx, request_id)
        digest = held.state.digest
        if seen_digest and not (len(seen_digest) >= SEEN_DIGEST_MIN and digest.startswith(seen_digest)):
            digest = seen_digest  # which is not in force: the rule says so
        vote = Vote(
            stage=rules.stage_to_vote_on(held.state, voter, stage),
            voter=voter,
            choice=choice,
            reason=reason.strip(),
            criteria=criteria or {},
            digest=digest,
            cast_at=tx.now,
            assurance=assurance_of(actor, now=tx.now),
        )
        if choice is Choice.APPROVE and vote.stage in {entry.key for entry in held.policy.stages}:
            # Criteria that an approving vote does not name count as confirmed by the voter (CONTRACT).
            named = dict.fromkeys(held.policy.stage(vote.stage).criteria, True) | dict(criteria or {})
            vote = replace(vote, criteria=named)
        people = PeopleFor(await directory(tx), held.row.resource, held.state.requester)
        effects = rules.cast_vote(held.state, held.policy, vote, people, now=tx.now)
        if effects:
            require_assurance(held, vote)
        await follow(tx, actor, RequestId(request_id), held.row.number, held.row.resource_name, effects)
        return await view_of(tx, request_id)


async def undo_vote(database: Database, actor: Actor, request_id: UUID) -> RequestView:
    """The actor's last vote on the request does not count any more (P9)."""
    async with audited(database, actor, action="request.undo", resource=str(request_id)) as tx:
        require_scope(actor, TokenScope.VOTE)
        held = await hold(tx, request_id)
        effects = undoing.undo_vote(held.state, held.policy, member_of(actor), now=tx.now)
        await follow(tx, actor, RequestId(request_id), held.row.number, held.row.resource_name, effects)
        return await view_of(tx, request_id)


async def withdraw(database: Database, actor: Actor, request_id: UUID, *, reason: str = "") -> RequestView:
    """The request is over, by its requester's wish."""
    async with audited(database, actor, action="request.withdraw", resource=str(request_id)) as tx:
        require_scope(actor, TokenScope.REQUEST)
        held = await hold(tx, request_id)
        effects = rules.withdraw(held.state, member_of(actor), now=tx.now)
        await follow(tx, actor, RequestId(request_id), held.row.number, held.row.resource_name, effects, note=reason)
        return await view_of(tx, request_id)


async def comment(database: Database, actor: Actor, request_id: UUID, *, kind: str, text: str) -> RequestView:
    """The comment, question or answer stands under the request; a question stops the clocks, an answer starts them."""
    async with audited(database, actor, action="request.comment", resource=str(request_id)) as tx:
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
            data={"kind": kind, "author": str(author), "text": text.strip()},
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
        other = await find_person(tx, to_email)
        held = await hold_seated(tx, request_id)
        chosen = rules.stage_to_vote_on(held.state, me, stage)
        effects = rules.delegate(held.state, held.policy, chosen, me, other.id)
        await follow(tx, actor, RequestId(request_id), held.row.number, held.row.resource_name, effects, note=reason)
        return await view_of(tx, request_id)


async def get_request(database: Database, actor: Actor, reference: UUID | int) -> RequestView:
    """The request by id, or by its number. Raises UnknownRequest."""
    async with permitted(database, actor, TokenScope.READ, action="request.show", resource=str(reference)) as tx:
        request_id = await queries.id_of_number(tx, reference) if isinstance(reference, int) else reference
        if request_id is None:
            raise UnknownRequest(f"There is no REQ-{reference} here.", where="request")
        return await view_of(tx, request_id)


async def list_requests(
    database: Database, actor: Actor, wanted: RequestFilter, *, after: int | None = None, limit: int = 50
) -> tuple[RequestView, ...]:
    """Requests, newest first, beyond the number `after`."""
    async with permitted(database, actor, TokenScope.READ, action="request.list", resource="requests") as tx:
        rows = await queries.page(tx, wanted, after=after, limit=limit)
        return await queries.views(tx, rows, await directory(tx))


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


async def views_of(tx: Transaction, ids: Sequence[UUID]) -> tuple[RequestView, ...]:
    """These requests, in no particular order."""
    return await queries.views(tx, await queries.by_ids(tx, ids), await directory(tx))
