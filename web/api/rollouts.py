"""/api/v1/changes: what the agent platform does of changes, what follows a rollback, and drills."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from core.changes import ChangeCatalogue, acknowledge, list_drills, roll_out, start_drill, validate_recovery
from core.db import Database
from core.errors import ErrorKind
from core.rollouts import page_of_drills
from web.api.change_shapes import ChangeOut, change_out
from web.api.changes import ByChange
from web.api.rollout_shapes import DrillsOut, RecoveryIn, RolloutOut, drill_out, rollout_out
from web.endpoint import Call, Method, Reply, endpoint
from web.paging import Cursors, Page, PageQuery
from web.schema import Input

_CURSORS: Final = Cursors("drill runs", UUID)
_CHANGING: Final = (ErrorKind.NOT_FOUND, ErrorKind.CONFLICT, ErrorKind.FORBIDDEN)
_TAGS: Final = ("changes",)
_TYPE: Final = "the permission of its type"


class DrillIn(Input):
    """Which drill."""

    drill: Annotated[str, Field(max_length=200, description="its name, as the change policy has it")]


class Rollouts:
    """Rollouts of changes, and drills."""

    def __init__(self, database: Database, catalogue: ChangeCatalogue) -> None:
        self._database = database
        self._catalogue = catalogue

    @endpoint(
        Method.POST,
        "/api/v1/changes/{change_id}/rollout",
        summary="Have a change rolled out",
        tags=_TAGS,
        errors=_CHANGING,
        permission=_TYPE,
    )
    async def roll_out(self, call: Call[None, None, ByChange]) -> ChangeOut:
        """The agent platform implements it; it is watched, and rolled back by itself where it fails."""
        return change_out(await roll_out(self._database, self._catalogue, call.actor, call.path.change_id))

    @endpoint(
        Method.POST,
        "/api/v1/changes/{change_id}/recovery",
        summary="Validate a recovery",
        tags=_TAGS,
        errors=_CHANGING,
        permission=_TYPE,
    )
    async def recovery(self, call: Call[RecoveryIn, None, ByChange]) -> ChangeOut:
        """After a rollback: everything works again, or the change is open again."""
        body, change_id = call.body, call.path.change_id
        return change_out(
            await validate_recovery(
                self._database, self._catalogue, call.actor, change_id, result=body.result, notes=body.notes
            )
        )

    @endpoint(
        Method.POST,
        "/api/v1/changes/{change_id}/acknowledge",
        summary="Acknowledge the alarm of a change",
        tags=_TAGS,
        errors=_CHANGING,
        permission="whoever is told of it",
    )
    async def acknowledge(self, call: Call[None, None, ByChange]) -> ChangeOut:
        """You look after it, and nobody is told again."""
        return change_out(await acknowledge(self._database, call.actor, call.path.change_id))

    @endpoint(Method.GET, "/api/v1/changes/drills", summary="List rollback drills", tags=_TAGS)
    async def drills(self, call: Call[None, None, None]) -> DrillsOut:
        """What is rehearsed here, each with its last run."""
        found = await list_drills(self._database, self._catalogue, call.actor)
        return DrillsOut(drills=[drill_out(drill, last) for drill, last in found])

    @endpoint(
        Method.POST,
        "/api/v1/changes/drills/runs",
        summary="Run a rollback drill",
        tags=_TAGS,
        responses={202: RolloutOut},
        errors=_CHANGING,
        permission="deploy_agents",
    )
    async def run(self, call: Call[DrillIn, None, None]) -> Reply:
        """It is rolled out outside production, undone and checked; one that runs already is answered."""
        return Reply(202, rollout_out(await start_drill(self._database, self._catalogue, call.actor, call.body.drill)))

    @endpoint(Method.GET, "/api/v1/changes/drills/runs", summary="List runs of rollback drills", tags=_TAGS)
    async def runs(self, call: Call[None, PageQuery, None]) -> Page[RolloutOut]:
        """Newest first, with what they came to."""
        after, limit = _CURSORS.decode(call.query.cursor), call.query.limit
        found = await page_of_drills(self._database, call.actor, after=after, limit=limit + 1)
        return _CURSORS.page(found, limit=limit, shown=rollout_out, position=lambda one: one.id)
