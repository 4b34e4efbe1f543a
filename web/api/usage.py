"""/api/v1/usage: what agents and projects used, told in batches; plainly, or as CloudEvents 1.0."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import ConfigDict, Discriminator, Field, RootModel, Tag

from core.costs import EVENTS_MAX, LedgerLine, UnsoundUsage, Usage, UsageConflict, UsageWriter, ledger_lines
from core.db import Database
from core.errors import CountersignError, ErrorKind
from core.finance import bearers
from core.money import plain
from web.api.cost_shapes import CostQuery, cost_filter, exact
from web.endpoint import Call, Idempotency, Method, endpoint
from web.errors import Fault, InvalidRequest, Place
from web.faults import pointer
from web.paging import Cursors, Page
from web.schema import DecimalText, Input, Instant, MoneyOut, OpenInput, Output

_TAGS: Final = ("costs",)
_LINES: Final = Cursors("usage", tuple[datetime, UUID])
_BODY_MAX: Final = 8 * 1024 * 1024  # bytes: EVENTS_MAX events of some 800
_AMBIGUOUS: Final = re.compile("#|%23|%25")
MEDIA_TYPES: Final = (
    "application/json",
    "application/cloudevents+json",
    "application/cloudevents-batch+json",
)
EXAMPLE: Final = {
    "events": [
        {
            "id": "run-8812/cpu",
            "meter": "cpu_hours",
            "quantity": "0.25",
            "project": "support",
            "agent": "support-bot",
            "time": "2026-11-27T10:00:00Z",
        }
    ]
}
_Name = Annotated[str, Field(max_length=200)]


class UsageIn(Input):
    """So much of a meter, used at a time. The same id told again is the same usage."""

    id: Annotated[str, Field(max_length=300)]
    meter: Annotated[str, Field(max_length=200, description="of the rate card: cpu_hours, agent_creation, …")]
    quantity: DecimalText
    project: _Name = ""
    agent: _Name = ""
    time: Instant
    corrects: Annotated[
        str, Field(max_length=300, description="the id of earlier usage, whose place this takes; 0 takes it back")
    ] = ""


class UsageBatchIn(Input):
    """Usage as it is told plainly."""

    events: Annotated[list[UsageIn], Field(min_length=1, max_length=EVENTS_MAX)]


class UsageDataIn(OpenInput):
    """The data of a CloudEvent of usage."""

    quantity: DecimalText
    meter: Annotated[str, Field(max_length=200, description="if it is not the event's type")] = ""
    project: _Name = ""
    agent: Annotated[str, Field(max_length=200, description="if it is not the event's subject")] = ""
    corrects: Annotated[str, Field(max_length=300)] = ""


class CloudEventIn(OpenInput):
    """A CloudEvent of usage; its source and id together are the usage's id."""

    specversion: Literal["1.0"]
    id: Annotated[str, Field(min_length=1, max_length=150)]
    source: Annotated[str, Field(min_length=1, max_length=149)]
    type: Annotated[str, Field(min_length=1, max_length=200)]
    subject: _Name = ""
    time: Instant
    datacontenttype: Literal["application/json"] = "application/json"
    data: UsageDataIn


def _form(value: object) -> str:
    if isinstance(value, list):
        return "batch"
    is_event = "specversion" in value if isinstance(value, dict) else isinstance(value, CloudEventIn)
    return "event" if is_event else "plain"


class UsageBody(
    RootModel[
        Annotated[
            Annotated[UsageBatchIn, Tag("plain")]
            | Annotated[CloudEventIn, Tag("event")]
            | Annotated[list[CloudEventIn], Field(min_length=1, max_length=EVENTS_MAX), Tag("batch")],
            Discriminator(_form),
        ]
    ]
):
    """Usage: `{"events": […]}`, a CloudEvent, or a list of CloudEvents."""

    model_config = ConfigDict(strict=True, frozen=True)


class RecordedOut(Output):
    """What became of it: all of it stands in the ledger."""

    accepted: int  # new
    duplicates: int  # known before


class LedgerLineOut(Output):
    """One line of the ledger."""

    id: UUID
    usage_id: str
    time: datetime
    is_reversal: bool  # takes back the line of the same usage id
    project: str
    agent: str
    meter: str
    meter_class: str
    quantity: str
    cost: MoneyOut
    recorded_at: datetime


class UsageResource:
    """Usage."""

    def __init__(self, database: Database, writer: UsageWriter) -> None:
        self._database = database
        self._writer = writer

    @endpoint(
        Method.POST,
        "/api/v1/usage",
        summary="Tell what was used",
        tags=_TAGS,
        errors=(ErrorKind.FORBIDDEN, ErrorKind.CONFLICT, ErrorKind.UNAVAILABLE),
        permission="deploy_agents",
        idempotency=Idempotency.HONOURED,
        example=EXAMPLE,
        body_limit_bytes=_BODY_MAX,
        media_types=MEDIA_TYPES,
        takes_binary_events=True,
        responses={202: RecordedOut},
    )
    async def record(self, call: Call[UsageBody, None, None]) -> RecordedOut:
        """All of it is priced and stands in the ledger, or none of it, and then each fault is named.

        The same id with the same facts counts once, however often it is told; with other facts it is a conflict. A
        CloudEvent may have its attributes in headers (`ce-id`, `ce-source` …) and its data in the body; pointers lead
        into the event as one JSON object then, too.
        """
        told = call.body.root
        events = usage_of(told)
        try:
            found = await self._writer.record(call.actor, events)
        except UnsoundUsage as exc:
            raise InvalidRequest(tuple(_fault(told, each.index, each.error) for each in exc.problems)) from exc
        except UsageConflict as exc:
            index = max(index for index, usage in enumerate(events) if usage.id == exc.usage_id)
            exc.where = _pointer(told, index, exc.where)
            raise
        return RecordedOut(accepted=found.accepted, duplicates=found.duplicates)

    @endpoint(
        Method.GET,
        "/api/v1/usage",
        summary="List lines of the ledger",
        tags=_TAGS,
        errors=(ErrorKind.FORBIDDEN,),
        permission="view_audit",
    )
    async def lines(self, call: Call[None, CostQuery, None]) -> Page[LedgerLineOut]:
        """The newest use first."""
        query = call.query
        found = await ledger_lines(
            self._database,
            call.actor,
            cost_filter(query),
            after=_LINES.decode(query.cursor),
            limit=query.limit + 1,
            bearers=bearers,
        )
        return _LINES.page(found, limit=query.limit, shown=line_out, position=lambda line: (line.at, line.id))


def usage_of(told: UsageBatchIn | CloudEventIn | list[CloudEventIn]) -> list[Usage]:
    """The usage in whichever form it was told."""
    if isinstance(told, UsageBatchIn):
        return [
            Usage(each.id, each.meter, each.quantity, each.time, each.project, each.agent, each.corrects)
            for each in told.events
        ]
    events = told if isinstance(told, list) else [told]
    return [
        Usage(
            id=f"{each.source}#{_quoted(each.id)}",
            meter=each.data.meter or each.type,
            quantity=each.data.quantity,
            at=each.time,
            project=each.data.project,
            agent=each.data.agent or each.subject,
            corrects=each.data.corrects,
        )
        for each in events
    ]


def _quoted(event_id: str) -> str:
    """The id so that no two pairs of source and id read alike: a `#` in it would seem to end the source.

    An id without `#` stays as it is, but for one that looks quoted already.
    """
    if not _AMBIGUOUS.search(event_id):
        return event_id
    return event_id.replace("%", "%25").replace("#", "%23")


def line_out(line: LedgerLine) -> LedgerLineOut:
    """A line of the ledger as it travels."""
    return LedgerLineOut(
        id=line.id,
        usage_id=line.usage_id,
        time=line.at,
        is_reversal=line.is_reversal,
        project=line.project,
        agent=line.agent,
        meter=line.meter,
        meter_class=line.meter_class,
        quantity=plain(line.quantity),
        cost=exact(line.amount, line.currency),
        recorded_at=line.recorded_at,
    )


def _fault(told: object, index: int, error: CountersignError) -> Fault:
    return Fault(Place.BODY, _pointer(told, index, error.where), error.message, error.accepted)


def _pointer(told: object, index: int, where: str | None) -> str:
    """To this member of the event at the index, in whichever form it was told."""
    name = where or "id"
    if isinstance(told, UsageBatchIn):
        return pointer(("events", index, name))
    inside = ("data", name) if name in {"quantity", "meter", "project", "agent", "corrects"} else (name,)
    return pointer((index, *inside) if isinstance(told, list) else inside)
