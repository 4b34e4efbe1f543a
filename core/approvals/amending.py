"""The requester changes what they ask (P9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

from core.access import TokenScope, directory, member_of, require_scope
from core.actor import Actor
from core.agents import FACT_MAX, missing_facts
from core.approvals import rules, store
from core.approvals.asking import PeopleFor
from core.approvals.assessment import assess, circumstances_of
from core.approvals.consequences import follow
from core.approvals.effects import Amend
from core.approvals.errors import InvalidRequest
from core.approvals.loading import JUSTIFICATION_MAX, digest_of, hold, view_of
from core.approvals.views import RequestView
from core.audit import audited
from core.db import Database
from core.ids import RequestId
from core.tenants import tenant_policy


async def amend(
    database: Database,
    actor: Actor,
    request_id: UUID,
    *,
    changes: Mapping[str, str],
    justification: str | None = None,
    reason: str = "",
) -> RequestView:
    """The request asks for the changed resource and every stage begins anew: earlier votes do not count (P9).

    `changes` holds the attributes that change; a blank one is taken away. The same as before changes nothing.
    """
    async with audited(database, actor, action="request.amend", resource=str(request_id)) as tx:
        require_scope(actor, TokenScope.REQUEST)
        requester = member_of(actor)
        held = await hold(tx, request_id)
        change = _change(held, changes, held.row.justification if justification is None else justification, actor)
        everybody = await directory(tx)
        circumstances = circumstances_of(
            actor,
            everybody,
            await tenant_policy(tx),
            action=held.row.action,
            resource=change.resource,
            justification=change.justification,
            now=tx.now,
        )
        found = assess(held.policy, circumstances)
        change = replace(change, assessment=found.to_json())
        effects = rules.amend(
            held.state,
            held.policy,
            change,
            requester,
            PeopleFor(everybody, change.resource, requester),
            now=tx.now,
            skipped=found.skipped(held.policy),
        )
        await follow(tx, actor, RequestId(request_id), held.row.number, held.row.resource_name, effects, note=reason)
        return await view_of(tx, request_id)


def _change(held: store.Held, changes: Mapping[str, str], justification: str, requester: Actor) -> Amend:
    """Raises InvalidRequest naming the field."""
    row = held.row
    if len(justification) > JUSTIFICATION_MAX:
        raise InvalidRequest(f"A justification has at most {JUSTIFICATION_MAX} characters.", where="justification")
    wanted = {key: str(value).strip() for key, value in {**row.resource, **changes}.items()}
    after = {key: value for key, value in wanted.items() if value}
    if after.get("name") != row.resource_name:
        raise InvalidRequest(
            "A request is about one agent; for another, ask anew.", where="resource.name", accepted=(row.resource_name,)
        )
    for key, value in after.items():
        if len(value) > FACT_MAX:
            raise InvalidRequest(f"'{key}' has at most {FACT_MAX} characters.", where=f"resource.{key}")
    if row.action == "agent.create" and (lacking := missing_facts(after)):
        raise InvalidRequest(f"Every agent needs a {lacking[0].replace('_', ' ')}.", where=f"resource.{lacking[0]}")
    before = {**row.resource, "justification": row.justification}
    now = {**after, "justification": justification}
    fields = [key for key in {**before, **now} if before.get(key) != now.get(key)]
    return Amend(
        digest=digest_of(row.action, after, justification, requester.email, revision=row.revision + 1),
        resource=after,
        justification=justification,
        changed={key: (str(before.get(key, "")), str(now.get(key, ""))) for key in fields},
        voided=sum(vote.digest == held.state.digest for vote in held.state.votes),
    )
