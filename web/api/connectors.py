"""/api/v1/connectors: how deliveries to other systems go, and what is on its way to them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from core.db import Database
from core.deliveries import (
    REASON_MAX,
    Asked,
    Connected,
    Health,
    Trying,
    check_connector,
    compare,
    connectors,
    dismiss_dead,
    dismiss_one,
    list_all,
    replay_dead,
    replay_one,
    resume_now,
    run_test,
    throughput,
    try_out,
)
from core.errors import ErrorKind
from core.outbox import DeliveryView, DestinationView
from web.endpoint import Call, Method, endpoint
from web.paging import Cursors, Page, PageQuery
from web.schema import Id, Input, Output, Path

_CURSORS = Cursors("deliveries", UUID)


class ConnectorOut(Output):
    """How deliveries to one connector go."""

    connector: str
    flow: Annotated[str, Field(description="closed: all is well; open: left alone until then; half_open: one tries")]
    failures: Annotated[int, Field(description="in a row")]
    failing_since: datetime | None
    paused_until: datetime | None
    last_failed_at: datetime | None
    last_error: str | None
    pending: int
    oldest_pending_at: Annotated[datetime | None, Field(description="when the oldest thing that waits had happened")]
    dead: int
    done_last_hour: int
    last_done_at: datetime | None
    delivery_p50_s: Annotated[float | None, Field(description="seconds from what happened to its delivery, last hour")]
    delivery_p95_s: float | None


class HourOut(Output):
    """One hour, by when it began, UTC."""

    begins: datetime
    delivered: int


class ThroughputOut(Output):
    """The last day, the oldest hour first."""

    items: list[HourOut]


class ChangedOut(Output):
    """One field that differs; null where there is none."""

    field: str
    before: str | None
    now: str | None


class ComparisonOut(Output):
    """What a delivery would change there. Shortened, with secrets struck out."""

    subject: str
    event_type: str
    last_sent_at: Annotated[datetime | None, Field(description="when something was last accepted there")]
    last_sent: dict[str, Any] | None
    would_send: Annotated[dict[str, Any] | None, Field(description="null: this connector cannot say beforehand")]
    changes: list[ChangedOut]


class ConnectorsOut(Output):
    """Every connector that anything was ever delivered to."""

    items: list[ConnectorOut]


class ReplayedOut(Output):
    """How many dead deliveries are tried again."""

    count: int


class DismissIn(Input):
    """Why nobody wants it delivered any more."""

    reason: Annotated[str, Field(min_length=1, max_length=REASON_MAX)]


class DismissedOut(Output):
    """How many dead deliveries are dismissed."""

    count: int


class FindingOut(Output):
    """One thing looked at: how it stands, and what to do if it does not."""

    subject: str
    health: Health
    message: str
    next_step: str


class TestOut(Output):
    """What the connector's check found; usable unless anything failed."""

    is_usable: bool
    findings: list[FindingOut]


class DryRunIn(Input):
    """What is tried: for a request or bypass of ours, or for made-up facts."""

    operation: Annotated[Trying, Field(description="create, or update")]
    request: Annotated[str, Field(max_length=20, description="REQ-1042 or BYP-3; empty: made-up facts")] = ""
    ticket: Annotated[str, Field(max_length=200, description="the system's own id, to update without a request")] = ""
    samples: Annotated[
        list[Annotated[str, Field(max_length=2000)]],
        Field(max_length=50, description="made-up facts: kind=incident, risk.level=low, target=closed"),
    ] = Field(default_factory=list)


class TriedCallOut(Output):
    """A call that would change something there. Secrets are struck out; a JSON body is data."""

    method: str
    url: str
    headers: dict[str, str]
    body: Any


class DryRunOut(Output):
    """The calls in their order, and what there is to say of them."""

    calls: list[TriedCallOut]
    note: str


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
    dismissed_by: str | None
    dismissed_because: str | None


class DeliveriesQuery(PageQuery):
    """Which deliveries."""

    state: Annotated[str | None, Field(max_length=20, description="pending, done, dead or dismissed")] = None


class ByConnector(Path):
    """One connector."""

    connector: Annotated[str, Field(max_length=60)]


class ByDelivery(ByConnector):
    """One delivery of a connector."""

    delivery_id: Id


class Connectors:
    """The integration hub's queue."""

    def __init__(self, database: Database, connected: Connected) -> None:
        self._database, self._connected = database, connected

    @endpoint(
        Method.GET,
        "/api/v1/connectors",
        summary="List connectors",
        tags=("connectors",),
        errors=(ErrorKind.FORBIDDEN,),
        permission="view audit",
    )
    async def list(self, call: Call[None, None, None]) -> ConnectorsOut:
        """Whether each takes deliveries now, what waits, what is dead, and what went wrong last."""
        found = await connectors(self._database, call.actor, self._connected)
        return ConnectorsOut(items=[_connector_out(view) for view in found])

    @endpoint(
        Method.POST,
        "/api/v1/connectors/{connector}/replay",
        summary="Send all dead deliveries again",
        tags=("connectors",),
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND),
        permission="modify configuration",
    )
    async def replay_dead(self, call: Call[None, None, ByConnector]) -> ReplayedOut:
        """The oldest first, a thousand at most; ask again while `count` is a thousand."""
        return ReplayedOut(count=await replay_dead(self._database, call.actor, subscriber=call.path.connector))

    @endpoint(
        Method.POST,
        "/api/v1/connectors/{connector}/dismiss",
        summary="Dismiss all dead deliveries",
        tags=("connectors",),
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND),
        permission="modify configuration",
    )
    async def dismiss_dead(self, call: Call[DismissIn, None, ByConnector]) -> DismissedOut:
        """The oldest first, a thousand at most; ask again while `count` is a thousand. They stay in the list."""
        count = await dismiss_dead(self._database, call.actor, subscriber=call.path.connector, reason=call.body.reason)
        return DismissedOut(count=count)

    @endpoint(
        Method.POST,
        "/api/v1/connectors/{connector}/resume",
        summary="Try at once",
        tags=("connectors",),
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND),
        permission="modify configuration",
    )
    async def resume(self, call: Call[None, None, ByConnector]) -> None:
        """What waits is tried now, although the connector was left alone after failures."""
        await resume_now(self._database, call.actor, subscriber=call.path.connector)

    @endpoint(
        Method.GET,
        "/api/v1/connectors/{connector}/deliveries",
        summary="List deliveries",
        tags=("connectors",),
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND),
        permission="view audit",
    )
    async def deliveries(self, call: Call[None, DeliveriesQuery, ByConnector]) -> Page[DeliveryOut]:
        """Newest first. `connector` is slack, servicenow and so on."""
        await check_connector(self._database, call.actor, self._connected, call.path.connector)
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
        Method.GET,
        "/api/v1/connectors/{connector}/throughput",
        summary="Deliveries by hour",
        tags=("connectors",),
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND),
        permission="view audit",
    )
    async def throughput(self, call: Call[None, None, ByConnector]) -> ThroughputOut:
        """How many were delivered in each hour of the last day; the last hour still runs."""
        await check_connector(self._database, call.actor, self._connected, call.path.connector)
        found = await throughput(self._database, call.actor, subscriber=call.path.connector)
        return ThroughputOut(items=[HourOut(begins=begins, delivered=count) for begins, count in found])

    @endpoint(
        Method.GET,
        "/api/v1/connectors/{connector}/deliveries/{delivery_id}/changes",
        summary="What a delivery would change",
        tags=("connectors",),
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND),
        permission="view audit",
    )
    async def changes(self, call: Call[None, None, ByDelivery]) -> ComparisonOut:
        """What was last accepted there for its subject against what would be sent now; nothing is sent."""
        path = call.path
        found = await compare(self._database, call.actor, self._connected, path.delivery_id, subscriber=path.connector)
        return ComparisonOut(
            subject=found.subject,
            event_type=found.event_type,
            last_sent_at=found.last.at if found.last else None,
            last_sent=dict(found.last.payload) if found.last else None,
            would_send=None if found.now is None else dict(found.now),
            changes=[ChangedOut(field=each.field, before=each.before, now=each.now) for each in found.changes],
        )

    @endpoint(
        Method.POST,
        "/api/v1/connectors/{connector}/deliveries/{delivery_id}/replay",
        summary="Send again",
        tags=("connectors",),
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND),
        permission="modify configuration",
    )
    async def replay(self, call: Call[None, None, ByDelivery]) -> None:
        """The delivery, dead or dismissed, is tried again from the start."""
        await replay_one(self._database, call.actor, call.path.delivery_id, subscriber=call.path.connector)

    @endpoint(
        Method.POST,
        "/api/v1/connectors/{connector}/deliveries/{delivery_id}/dismiss",
        summary="Dismiss",
        tags=("connectors",),
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND),
        permission="modify configuration",
    )
    async def dismiss(self, call: Call[DismissIn, None, ByDelivery]) -> None:
        """Nobody wants the dead delivery sent any more. It stays in the list, with who dismissed it and why."""
        path = call.path
        await dismiss_one(
            self._database, call.actor, path.delivery_id, subscriber=path.connector, reason=call.body.reason
        )

    @endpoint(
        Method.POST,
        "/api/v1/connectors/{connector}/test",
        summary="Test a connector",
        tags=("connectors",),
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND, ErrorKind.LIMITED),
        permission="modify configuration",
    )
    async def test(self, call: Call[None, None, ByConnector]) -> TestOut:
        """Asks a ticket or monitoring system how it answers with its settings and rights; once in ten seconds."""
        found = await run_test(self._database, call.actor, self._connected, name=call.path.connector)
        return TestOut(
            is_usable=all(each.health is not Health.FAILED for each in found),
            findings=[
                FindingOut(subject=f.subject, health=f.health, message=f.message, next_step=f.next_step) for f in found
            ],
        )

    @endpoint(
        Method.POST,
        "/api/v1/connectors/{connector}/dry-run",
        summary="What a ticket would send",
        tags=("connectors",),
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND, ErrorKind.UNAVAILABLE),
        permission="modify configuration",
    )
    async def dry_run(self, call: Call[DryRunIn, None, ByConnector]) -> DryRunOut:
        """The exact calls that creating or updating a ticket there would make, mapping included; none is made."""
        body = call.body
        asked = Asked(body.operation, body.request, body.ticket, tuple(body.samples))
        found = await try_out(self._database, call.actor, self._connected, name=call.path.connector, asked=asked)
        return DryRunOut(
            calls=[
                TriedCallOut(method=one.method, url=one.url, headers=dict(one.headers), body=one.body)
                for one in found.calls
            ],
            note=found.note,
        )


def _connector_out(view: DestinationView) -> ConnectorOut:
    return ConnectorOut(
        connector=view.subscriber,
        flow=view.flow,
        failures=view.failures,
        failing_since=view.failing_since,
        paused_until=view.paused_until,
        last_failed_at=view.last_failed_at,
        last_error=view.last_error,
        pending=view.pending,
        oldest_pending_at=view.oldest_pending_at,
        dead=view.dead,
        done_last_hour=view.done_lately,
        last_done_at=view.last_done_at,
        delivery_p50_s=view.p50_s,
        delivery_p95_s=view.p95_s,
    )


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
        dismissed_by=view.dismissed_by,
        dismissed_because=view.dismissed_because,
    )
