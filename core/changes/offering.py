"""Whether what a form asks for can be done at all, said before anybody has written an answer.

Nothing is done, and the use case itself decides again. A refusal is recorded like an attempt (R6).
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from core.access import PermissionMissing
from core.actor import Actor
from core.audit import audited
from core.changes.catalogue import ChangeCatalogue
from core.changes.loading import hold, policy_of, require_type, type_of
from core.changes.reviewing import check_reviewable, check_reviewer
from core.changes.rolling_back import check_recovery_due
from core.changes.state import ChangeState, Step
from core.db import Database

_PREPARED: Final = "change.prepare"  # in the trail: somebody wanted the form of an act


async def check_offered(
    database: Database, catalogue: ChangeCatalogue, actor: Actor, change_id: UUID, step: Step
) -> None:
    """Returns if the actor may take the step now. `Step.REOPEN`: say how the recovery went.

    Raises WrongState, PermissionMissing, NotIndependent or NotAReviewer.
    """
    said = {"form": step.value}
    async with audited(database, actor, action=_PREPARED, resource=str(change_id), details=said) as tx:
        policy, held = await policy_of(tx, catalogue), await hold(tx, change_id)
        if step is Step.REVIEW:
            await check_reviewer(tx, catalogue, actor, held)
            check_reviewable(held)
            return
        await require_type(tx, actor, type_of(policy, held.row.change_type))
        if step is Step.REOPEN:
            check_recovery_due(held)
        elif not (step is Step.COMPLETE and held.state is ChangeState.VALIDATE):  # it is looked at once more
            held.move(step)


async def check_may_raise(database: Database, catalogue: ChangeCatalogue, actor: Actor) -> None:
    """Returns if there is a type of which the actor may raise a change. Raises PermissionMissing."""
    async with audited(database, actor, action=_PREPARED, resource="changes", details={"form": "new"}) as tx:
        refused: PermissionMissing | None = None
        for change_type in (await policy_of(tx, catalogue)).types.values():
            try:
                await require_type(tx, actor, change_type)
            except PermissionMissing as exc:
                refused = refused or exc
            else:
                return
        if refused is not None:
            raise refused
