"""What rules do here: a comment under a request, and an approval that is asked for. Each exactly once.

The effect is held, done and marked in one transaction, so whoever comes second finds it done.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from core.access import service_actor
from core.actor import Actor
from core.approvals import add_comment, load_request
from core.audit import AuditCategory, AuditResult, record
from core.automation import store
from core.automation.standing import stands_for
from core.automation.store import EffectRow
from core.automation.values import ActionKind
from core.db import Database, Transaction
from core.decisions import Answer, Gate, Weighed
from core.errors import CountersignError, ErrorKind
from core.ids import TenantId
from core.links import keep_origin
from core.outbox import Event, Permanent


@dataclass(frozen=True, slots=True)
class HereActions:
    """The subscriber."""

    database: Database
    gate: Gate

    async def deliver(self, event: Event) -> None:
        """It is done. Raises Permanent for what is refused, since it would be again."""
        actor = await _actor(self.database, event.tenant, str(event.data["rule"]))
        try:
            async with self.database.tenant(event.tenant, origin=event.origin) as tx:
                effect = await store.effect(tx, event.subject_id, is_held=True)
                if effect is None or effect.done_at is not None:
                    return
                outcome = await self._do(tx, actor, effect)
                if not isinstance(outcome, _Denied):
                    await store.finish_effect(tx, effect.id, outcome)
        except CountersignError as exc:
            if exc.kind is ErrorKind.UNAVAILABLE:
                raise
            raise Permanent(exc.sentence()) from exc
        if isinstance(outcome, _Denied):
            raise Permanent(outcome.reason)  # only now: the decision and its record are kept

    async def _do(self, tx: Transaction, actor: Actor, effect: EffectRow) -> str | _Denied:
        values = effect.filled.values
        if effect.filled.kind is ActionKind.COMMENT:
            return await _comment(tx, actor, effect.subject, values["text"])
        resource = effect.filled.group("resource")
        context = {"justification": values["justification"]}
        weighed = await self.gate.request(tx, actor, action=values["action"], resource=resource, context=context)
        if weighed.answer is Answer.DENY:
            await _record_denied(tx, actor, effect, weighed)
            return _Denied(weighed.reason.message)
        if weighed.request_id is None:
            return f"No request is needed: {weighed.reason.message}"
        request = await load_request(tx, weighed.request_id)
        if request.requester.id != actor.user:
            return f"{request.reference} asks for the same already."
        await keep_origin(tx, f"request:{request.id}", tx.origin)
        return (
            f"{request.reference} is open."
            if request.status == "pending"
            else f"{request.reference}: {request.status}."
        )


async def _record_denied(tx: Transaction, actor: Actor, effect: EffectRow, weighed: Weighed) -> None:
    """Not every denial is a decision that is kept, but each is in the trail."""
    await record(
        tx,
        actor,
        action="automation.open_approval",
        resource=weighed.resource.get("name", ""),
        result=AuditResult.DENIED,
        category=AuditCategory.SECURITY,
        details={
            "governed_action": effect.filled.values["action"],
            "reason": weighed.reason.message,
            "subject": effect.subject,
        },
    )


@dataclass(frozen=True, slots=True)
class _Denied:
    """The gate's answer to a request that no approval can lift."""

    reason: str


async def _comment(tx: Transaction, actor: Actor, subject: str, text: str) -> str:
    kind, _, name = (await stands_for(tx, subject)).partition(":")
    if kind != "request":
        raise Permanent("What happened is not about a request, so there is nothing to comment on.")
    if not text.strip():
        raise Permanent("The comment is empty once its placeholders are filled in.")
    request = await add_comment(tx, actor, UUID(name), kind="comment", text=text[:4000])
    return f"It stands under {request.reference}."


async def _actor(database: Database, tenant: TenantId, rule: str) -> Actor:
    return await service_actor(database, tenant, key=rule, name=f"Rule {rule}")
