"""An evaluation in the profile's words: the gate's answer, how to ask where that can help, what an approval adds.

Only whoever is asked about can ask: the request is opened in the name of its subject, and nobody approves their own. So
a platform that evaluates for other people is told no way to ask; it uses the person's own token.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from core.access_requests import naming, rules, store
from core.access_requests.rules import NextAction, Standing, Verdict
from core.access_requests.tasks import settled, standing_of
from core.actor import Actor
from core.approvals import load_request
from core.db import Database, Transaction
from core.decisions import Answer, Gate


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What is asked: as the gate reads it, and as it was sent. `presented` is `context.approval`, None without one."""

    action: str
    resource: Mapping[str, object]
    named: Mapping[str, Mapping[str, Any]]  # subject, resource and action
    presented: object = None

    @property
    def digest(self) -> str | None:
        """What a denial of it is bound to."""
        return naming.bound_to(self.named["subject"], self.named["resource"], self.named["action"])


@dataclass(frozen=True, slots=True)
class Approval:
    """The approval that was presented and holds."""

    id: str
    approved_until: datetime


@dataclass(frozen=True, slots=True)
class Judgement:
    """The answer. `offered_until`: until when it can be asked about. `approval`: what was presented and has counted."""

    answer: Answer
    reason: str
    message: str
    evaluation_id: str
    evaluated_at: datetime
    offered_until: datetime | None = None
    approval: Approval | None = None
    next_action: NextAction | None = None


async def judge(database: Database, gate: Gate, caller: Actor, about: Actor, asked: Evaluated) -> Judgement:
    """What the gate would answer now about this person. Asks nobody and uses nothing up.

    Raises InvalidQuestion or UnknownAction for what cannot be read.
    """
    evaluation = naming.new_id()
    name = naming.written(naming.EVALUATION, evaluation)
    weighed = await gate.weigh(about, action=asked.action, resource=asked.resource, evaluation_id=name)
    verdict, approval, offered_until = Verdict(holds=False), None, None
    needs_asking = weighed.answer is Answer.PENDING and caller.user is not None and caller.user == about.user
    if asked.presented is None and not needs_asking:
        at = database.clock.now()
    else:
        async with database.tenant(caller.tenant) as tx:
            at = tx.now
            if asked.presented is not None:
                standing = await _presented(tx, caller, about, asked.presented)
                verdict = rules.weigh_presented(standing, asked.digest, weighed, now=tx.now)
                approval = _counted(asked.presented, standing) if verdict.holds else None
            if needs_asking and verdict.next_action is not NextAction.NONE:
                offered_until = await _offer(tx, caller, evaluation, asked.digest)
    return Judgement(
        answer=weighed.answer,
        reason=verdict.reason or weighed.reason.code,
        message=weighed.reason.message,
        evaluation_id=name,
        evaluated_at=at,
        offered_until=offered_until,
        approval=approval,
        next_action=_possible(verdict, offered_until),
    )


async def _offer(tx: Transaction, caller: Actor, evaluation: UUID, digest: str | None) -> datetime | None:
    """Until when the denial can be asked about; None if it cannot be bound to anything."""
    if digest is None or caller.user is None:
        return None
    until = tx.now + rules.OFFER_LASTS
    await store.add_evaluation(tx, evaluation_id=evaluation, user=caller.user, digest=digest, expires_at=until)
    return until


async def _presented(tx: Transaction, caller: Actor, about: Actor, presented: object) -> Standing | None:
    """The approval as we know it; None for what we have not given to this caller, whatever it may be."""
    if not isinstance(presented, dict) or "state" in presented or caller.user is None or caller.user != about.user:
        return None
    approval_id = naming.read(naming.APPROVAL, presented.get("id"))
    row = await store.task_of_approval(tx, caller.user, approval_id) if approval_id else None
    if row is None:
        return None
    request = await load_request(tx, row.request_id)
    return standing_of(await settled(tx, row, request), request)


def _counted(presented: object, standing: Standing | None) -> Approval | None:
    if standing is None or standing.approved_until is None or not isinstance(presented, dict):
        return None
    return Approval(str(presented["id"]), standing.approved_until)


def _possible(verdict: Verdict, offered_until: datetime | None) -> NextAction | None:
    """`request` is said only together with the way to ask."""
    if verdict.next_action is NextAction.REQUEST and offered_until is None:
        return NextAction.NONE
    return verdict.next_action
