"""One reason for many similar requests of low risk (P9): each still gets its own vote, bound to what was seen.

Similar means the same action under the same policy. What is not low risk, or does not wait for the voter, refuses the
whole batch before anything is done: a list that somebody ticks in haste must not carry one that deserves a look.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from core.access import TokenScope, directory, member_of, permitted
from core.actor import Actor
from core.approvals import queries, reading
from core.approvals.ballots import REASON_MAX
from core.approvals.errors import InvalidRequest, UnknownRequest
from core.approvals.queries import RequestFilter
from core.approvals.risk import RiskLevel
from core.approvals.state import Choice
from core.approvals.views import RequestView
from core.approvals.voting import cast_vote
from core.db import Database
from core.errors import CountersignError
from core.ids import UserId

MANY_MAX: Final = 50  # requests at once: as many as a person can look through
_LOOKED_AT: Final = 200  # of those that wait, the newest


@dataclass(frozen=True, slots=True)
class Seen:
    """A request, and the digest (or its first characters) that the voter looked at."""

    id: UUID
    digest: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one of them: the request as it is now, and why the vote did not count, if so."""

    request: RequestView
    problem: str = ""


async def similar_waiting(database: Database, actor: Actor) -> tuple[RequestView, ...]:
    """The largest set of similar requests of low risk that wait for the actor, oldest first; one alone is none."""
    wanted = RequestFilter(waiting_for=member_of(actor))
    async with permitted(database, actor, TokenScope.READ, action="request.list", resource="requests") as tx:
        found = await reading.views(
            tx, await queries.page(tx, wanted, after=None, limit=_LOOKED_AT), await directory(tx)
        )
    return largest_kind(found, member_of(actor))


def largest_kind(found: Sequence[RequestView], voter: UserId) -> tuple[RequestView, ...]:
    """The largest set of similar requests of low risk among those that wait for the voter, newest first in `found`."""
    kinds: dict[tuple[str, str], list[RequestView]] = defaultdict(list)
    for request in reversed(found):
        if _is_low(request) and request.requester.id != voter:
            kinds[request.action, request.policy].append(request)
    largest = max(kinds.values(), key=len, default=[])
    return tuple(largest[:MANY_MAX]) if len(largest) > 1 else ()


async def preview_many(database: Database, actor: Actor, seen: Sequence[Seen], *, reason: str) -> tuple[Outcome, ...]:
    """What `approve_many` would approve; nothing is changed. Raises InvalidRequest, naming each that may not be in it.

    Raises UnknownRequest for one that is not there.
    """
    if not reason.strip() or len(reason) > REASON_MAX:
        raise InvalidRequest(f"Say in 1 to {REASON_MAX} characters why all of them are fine.", where="reason")
    if not 1 <= len(seen) <= MANY_MAX or len({each.id for each in seen}) < len(seen):
        raise InvalidRequest(f"Name 1 to {MANY_MAX} different requests; these are {len(seen)}.", where="requests")
    ids = [each.id for each in seen]
    async with permitted(database, actor, TokenScope.VOTE, action="request.approve_many", resource="requests") as tx:
        found = await reading.views(tx, await queries.by_ids(tx, ids), await directory(tx))
    by_id = {request.id: request for request in found}
    if missing := next((each for each in ids if each not in by_id), None):
        raise UnknownRequest(f"There is no request {missing} here.", where="requests")
    requests = [by_id[each] for each in ids]
    for position, request in enumerate(requests):
        if problem := _unfit(request, requests[0], actor):
            raise InvalidRequest(f"{request.reference} {problem}.", where=f"requests.{position}")
    return tuple(Outcome(request) for request in requests)


async def approve_many(database: Database, actor: Actor, seen: Sequence[Seen], *, reason: str) -> tuple[Outcome, ...]:
    """Each of them has the actor's approval, or says why not: one that changed meanwhile holds up no other.

    Raises as `preview_many`, before anything is done.
    """
    looked_at = await preview_many(database, actor, seen, reason=reason)
    outcomes: list[Outcome] = []
    for before, each in zip(looked_at, seen, strict=True):
        try:
            after = await cast_vote(
                database, actor, each.id, choice=Choice.APPROVE, reason=reason, seen_digest=each.digest
            )
            outcomes.append(Outcome(after))
        except CountersignError as exc:
            outcomes.append(Outcome(before.request, exc.sentence()))
    return tuple(outcomes)


def _unfit(request: RequestView, first: RequestView, actor: Actor) -> str:
    """Why the request may not be in the batch; empty if it may."""
    if not _is_low(request):
        level = request.assessment.risk.level if request.assessment else "unknown"
        return f"is of {level} risk: look at it by itself"
    if (request.action, request.policy) != (first.action, first.policy):
        return f"is of another kind than {first.reference}"
    asked = {person.id for stage in request.stages if stage.status == "open" for person in stage.approvers}
    return "" if actor.user in asked else "does not wait for you"


def _is_low(request: RequestView) -> bool:
    return request.assessment is not None and request.assessment.risk.level is RiskLevel.LOW
