"""All SQL of recommendations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert

from core.db import Transaction
from core.finance.model import recommendations
from core.finance.recommending import Finding
from core.ids import UserId, uuid7

_C = recommendations.c


async def keep(tx: Transaction, found: Sequence[Finding], *, currency: str) -> None:
    """Each finding stands: a new one is open, one that had gone is open again, a settled one stays settled."""
    if not found:
        return
    values = [
        {
            "tenant_id": tx.tenant,
            "recommendation_id": uuid7(),
            "key": each.key,
            "kind": each.kind.value,
            "agent": each.agent,
            "state": "open",
            "title": each.title,
            "action": each.action,
            "saving": each.saving,
            "currency": currency,
            "evidence": [list(pair) for pair in each.evidence],
            "found_at": tx.now,
            "seen_at": tx.now,
        }
        for each in found
    ]
    statement = insert(recommendations).values(values)
    said = {name: statement.excluded[name] for name in ("title", "action", "saving", "currency", "evidence", "seen_at")}
    await tx.connection.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "key"],
            set_={**said, "state": "open"},
            where=_C.state.in_(("open", "gone")),
        )
    )


async def let_go(tx: Transaction, keys: Collection[str]) -> None:
    """Open ones that are not among these were not found any more."""
    missing = update(recommendations).where(_C.tenant_id == tx.tenant, _C.state == "open", _C.key.not_in(keys))
    await tx.connection.execute(missing.values(state="gone"))


async def page(tx: Transaction, *, state: str | None) -> Sequence[Row[Any]]:
    """Recommendations, the greatest saving first; those that are gone only if they are asked for."""
    wanted = select(recommendations).where(_C.tenant_id == tx.tenant)
    wanted = wanted.where(_C.state == state) if state else wanted.where(_C.state != "gone")
    return (await tx.connection.execute(wanted.order_by(_C.saving.desc(), _C.key))).all()


async def hold(tx: Transaction, recommendation_id: UUID) -> Row[Any] | None:
    """The recommendation; nobody else settles it until the transaction ends."""
    wanted = select(recommendations).where(_C.tenant_id == tx.tenant, _C.recommendation_id == recommendation_id)
    found: Row[Any] | None = (await tx.connection.execute(wanted.with_for_update())).first()
    return found


async def settle(
    tx: Transaction,
    recommendation_id: UUID,
    *,
    state: str,
    by: UserId,
    reason: str = "",
    change_id: UUID | None = None,
) -> None:
    """It is accepted with its change, or dismissed with the reason."""
    await tx.connection.execute(
        update(recommendations)
        .where(_C.tenant_id == tx.tenant, _C.recommendation_id == recommendation_id)
        .values(state=state, decided_by=by, decided_at=tx.now, reason=reason, change_id=change_id)
    )
