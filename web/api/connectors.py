"""/api/v1/connectors: what is on its way to other systems."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from core.db import Database
from core.deliveries import list_all, replay_one
from core.errors import ErrorKind
from core.outbox import DeliveryView
from web.endpoint import Call, Method, endpoint
from web.paging import Cursors, Page, PageQuery
from web.schema import Id, Output, Path

_CURSORS = Cursors("deliveries", UUID)


class DeliveryOut(Output):
    """One event on its way to one subscriber."""

    id: UUID
    connector: str
    subject: str
    event_type: str
    state: str
    attempts: int
    due_at: datetime
    finished_at: datetime | None
    last_error: str | None


class DeliveriesQuery(PageQuery):
    """Which deliveries."""

    state: Annotated[str | None, Field(max_length=20, description="pending, done or dead")] = None


class ByConnector(Path):
    """One connector."""

    connector: Annotated[str, Field(max_length=60)]


class ByDelivery(ByConnector):
    """One delivery of a connector."""

    delivery_id: Id


class Connectors:
    """The integration hub's queue."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @endpoint(
        Method.GET,
        "/api/v1/connectors/{connector}/deliveries",
        summary="List deliveries",
        tags=("connectors",),
        errors=(ErrorKind.FORBIDDEN,),
        permission="view audit",
    )
    async def deliveries(self, call: Call[None, DeliveriesQuery, ByConnector]) -> Page[DeliveryOut]:
        """Newest first. `connector` is slack, servicenow and so on."""
        query = call.query
        found = await list_all(
            self._database,
            call.actor,
            subscriber=call.path.connector,
            state=query.state,
            after=_CURSORS.decode(query.cursor),
            limit=query.limit + 1,
        )
        return _CURSORS.page(found, limit=query.limit, shown=_delivery_out, position=lambda each: each.event_id)

    @endpoint(
        Method.POST,
        "/api/v1/connectors/{connector}/deliveries/{delivery_id}/replay",
        summary="Send again",
        tags=("connectors",),
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND),
        permission="modify configuration",
    )
    async def replay(self, call: Call[None, None, ByDelivery]) -> None:
        """The dead delivery is tried again from the start."""
        await replay_one(self._database, call.actor, call.path.delivery_id, subscriber=call.path.connector)


def _delivery_out(view: DeliveryView) -> DeliveryOut:
    return DeliveryOut(
        id=view.event_id,
        connector=view.subscriber,
        subject=view.subject,
        event_type=view.event_type,
        state=view.state,
        attempts=view.attempts,
        due_at=view.due_at,
        finished_at=view.finished_at,
        last_error=view.last_error,
    )
