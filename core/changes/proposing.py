"""What somebody says of a change, checked: the columns that it sets (G2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from config.suggest import did_you_mean
from core.agents import agents_named
from core.changes import rules
from core.changes.errors import InvalidChange
from core.changes.loading import Held
from core.changes.policy import ChangePolicy, Template
from core.db import Transaction
from core.dependencies import named, read_resource
from core.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Proposal:
    """What its requester says of a change. None leaves it as it is; a new one says at least title and type."""

    title: str | None = None
    description: str | None = None
    type: str | None = None
    resources: Sequence[str] | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


SAID: Final = tuple(each.name for each in fields(Proposal))


def requirements_of(policy: ChangePolicy) -> dict[str, Any]:
    """What the change is held to from now on, whatever the policy says later."""
    wanted = policy.implementation
    return {
        "gates": [str(gate) for gate in wanted.gates],
        "review": wanted.has_review,
        "review_due_s": wanted.review_due.total_seconds(),
        "rollout": policy.rollout.to_json() if policy.rollout else None,
    }


def template_named(policy: ChangePolicy, key: str) -> Template | None:
    """The template; None without a key. Raises InvalidChange."""
    if key and key not in policy.templates:
        message = f"There is no template '{key}'.{did_you_mean(key, policy.templates)}"
        raise InvalidChange(message, where="template", accepted=tuple(policy.templates))
    return policy.templates.get(key)


def filled(proposal: Proposal, standard: Template | None) -> Proposal:
    """The proposal of a new change: what it does not say is as its template says.

    Raises InvalidChange where it says another thing than what the template approves.
    """
    if standard is not None and proposal.type not in (None, standard.type):
        raise InvalidChange("The template says of which type it is.", where="type", accepted=(standard.type,))
    return Proposal(
        title=proposal.title or (standard.title if standard else ""),
        description=proposal.description or (standard.description if standard else ""),
        type=(standard.type if standard else proposal.type) or "",
        resources=proposal.resources or (standard.named if standard else ()),
        starts_at=proposal.starts_at,
        ends_at=proposal.ends_at,
    )


async def values_of(
    tx: Transaction,
    policy: ChangePolicy,
    proposal: Proposal,
    *,
    standard: Template | None = None,
    before: Held | None = None,
) -> dict[str, Any]:
    """The columns that the proposal sets, within what its template approves. Raises InvalidChange naming the field."""
    values: dict[str, Any] = {}
    if proposal.title is not None:
        values["title"] = rules.check_title(proposal.title)
    if proposal.description is not None:
        values["description"] = rules.check_text("description", proposal.description, rules.DESCRIPTION_MAX, least=0)
    if proposal.type is not None:
        if proposal.type not in policy.types:
            if not proposal.type:
                raise InvalidChange("Say of which type it is.", where="type", accepted=tuple(policy.types))
            message = f"There is no type '{proposal.type}'.{did_you_mean(proposal.type, policy.types)}"
            raise InvalidChange(message, where="type", accepted=tuple(policy.types))
        if before is not None and before.row.template and proposal.type != before.row.change_type:
            raise InvalidChange("Its template says of which type it is.", where="type")
        values["change_type"] = proposal.type
    if proposal.resources is not None:
        values["resources"] = await _resources(tx, proposal.resources)
    if standard is not None:
        _check_standard(standard, values)
    values |= _times(proposal, before, now=tx.now)
    return values


def _check_standard(standard: Template, values: Mapping[str, Any]) -> None:
    """Raises InvalidChange for what the template does not approve: other work, or on something else."""
    if values.get("title", standard.title) != standard.title:
        message = f"The template '{standard.key}' says what is done; its description may say more."
        raise InvalidChange(message, where="title", accepted=(standard.title,))
    for index, resource in enumerate(values.get("resources", ())):
        if not standard.covers(resource):
            message = f"The template '{standard.key}' is not about {resource}. Without a template it can be asked for."
            raise InvalidChange(message, where=f"resources.{index}", accepted=standard.resources)


async def _resources(tx: Transaction, texts: Sequence[str]) -> list[str]:
    if not 1 <= len(texts) <= rules.RESOURCES_MAX:
        raise InvalidChange(f"Name 1 to {rules.RESOURCES_MAX} resources that it touches.", where="resources")
    found: list[str] = []
    for index, text in enumerate(texts):
        try:
            found.append(read_resource(text))
        except InvalidInput as exc:
            raise InvalidChange(exc.message, where=f"resources.{index}", accepted=exc.accepted) from exc
    agents = set(named("agent", found))
    unknown = sorted(agents - set(await agents_named(tx, agents))) if agents else []
    if unknown:
        raise InvalidChange(f"There is no agent '{unknown[0]}' in the registry.", where="resources")
    return list(dict.fromkeys(found))


def _times(proposal: Proposal, before: Held | None, *, now: datetime) -> Mapping[str, datetime]:
    starts_at = proposal.starts_at or (before.row.starts_at if before else None)
    ends_at = proposal.ends_at or (before.row.ends_at if before else None)
    if proposal.starts_at is None and proposal.ends_at is None:
        return {}
    if starts_at is None or ends_at is None:
        raise InvalidChange("Say when it begins and when it ends.", where="ends_at" if starts_at else "starts_at")
    span = rules.check_span(starts_at, ends_at, now=now)
    return {"starts_at": span.starts_at, "ends_at": span.ends_at}
