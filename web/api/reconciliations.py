"""/api/v1/connectors/{connector}/reconcile and …/reconciliations: walks that compare tickets with what should be."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from core.db import Database
from core.deliveries import Connected, check_connector, reconcile, reconciliations
from core.errors import ErrorKind
from core.tickets import Finding, WalkView
from web.api.connectors import ByConnector
from web.endpoint import Call, Method, endpoint
from web.paging import Cursors, Page, PageQuery
from web.schema import Input, Output

_CURSORS = Cursors("reconciliations", UUID)


class ReconcileIn(Input):
    """How to walk through the tickets."""

    dry_run: Annotated[bool, Field(description="find only; repair nothing")] = False


class DriftOut(Output):
    """One thing found."""

    subject: Annotated[str, Field(description="REQ-1042 or BYP-3")]
    ticket: str
    what: Annotated[str, Field(description=", ".join(Finding))]
    remedy: Annotated[str, Field(description="repair: by us; ask: a person has to look")]
    field: Annotated[str, Field(description="the mapped field, or the step of the task, that it is about")]
    here: Annotated[str, Field(description="what it should be")]
    there: Annotated[str, Field(description="what it is")]
    is_known: Annotated[bool, Field(description="the walk before found the same")]


class ReconciliationOut(Output):
    """One walk through the tickets of a connector."""

    id: UUID
    connector: str
    state: Annotated[str, Field(description="running, done or failed")]
    dry_run: bool
    asked_by: str
    started_at: datetime
    finished_at: datetime | None
    total: int
    walked: int
    found: Annotated[dict[str, int], Field(description="how many of each kind")]
    repaired: int
    asked: Annotated[int, Field(description="how many need a person")]
    findings: Annotated[list[DriftOut], Field(description="the first two hundred")]
    problem: Annotated[str, Field(description="why it broke off")]


class Reconciliations:
    """Walks through the tickets of connectors."""

    def __init__(self, database: Database, connected: Connected) -> None:
        self._database, self._connected = database, connected

    @endpoint(
        Method.POST,
        "/api/v1/connectors/{connector}/reconcile",
        summary="Compare the tickets with what should be",
        tags=("connectors",),
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND),
        permission="modify configuration",
    )
    async def reconcile(self, call: Call[ReconcileIn, None, ByConnector]) -> ReconciliationOut:
        """A walk through every live ticket, as each night; look at `reconciliations` for what it finds."""
        name = call.path.connector
        found = await reconcile(self._database, call.actor, self._connected, name=name, is_dry_run=call.body.dry_run)
        return _out(found)

    @endpoint(
        Method.GET,
        "/api/v1/connectors/{connector}/reconciliations",
        summary="List reconciliations",
        tags=("connectors",),
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND),
        permission="view audit",
    )
    async def reconciliations(self, call: Call[None, PageQuery, ByConnector]) -> Page[ReconciliationOut]:
        """What walks through the tickets have found and repaired, newest first."""
        await check_connector(self._database, call.actor, self._connected, call.path.connector)
        found = await reconciliations(
            self._database,
            call.actor,
            name=call.path.connector,
            after=_CURSORS.decode(call.query.cursor),
            limit=call.query.limit + 1,
        )
        return _CURSORS.page(found, limit=call.query.limit, shown=_out, position=lambda each: each.id)


def _out(view: WalkView) -> ReconciliationOut:
    """The walk as the API tells it."""
    return ReconciliationOut(
        id=view.id,
        connector=view.system,
        state=view.state,
        dry_run=view.is_dry_run,
        asked_by=view.asked_by,
        started_at=view.started_at,
        finished_at=view.finished_at,
        total=view.total,
        walked=view.walked,
        found=dict(view.found),
        repaired=view.repaired,
        asked=view.asked,
        findings=[
            DriftOut(
                subject=each.reference,
                ticket=each.number,
                what=each.what,
                remedy=each.remedy,
                field=each.field,
                here=each.here,
                there=each.there,
                is_known=each.is_known,
            )
            for each in view.findings
        ],
        problem=view.problem,
    )
