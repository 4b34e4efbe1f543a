"""/api/v1/sla: objectives, samples, and how services do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from core.db import Database
from core.durations import EXAMPLES, parse_duration
from core.errors import ErrorKind, InvalidInput
from core.sla import (
    AlertFilter,
    Sample,
    Sampler,
    SlaCatalogue,
    Wish,
    change_objective,
    check_sample,
    create_objective,
    drop_objective,
    export_openslo,
    get_objective,
    get_status,
    import_openslo,
    list_alerts,
    list_objectives,
    list_services,
    position,
)
from web.api.sla_shapes import (
    AlertOut,
    ImportedOut,
    ObjectiveChangeIn,
    ObjectiveIn,
    ObjectiveOut,
    OpenSloIn,
    SamplesIn,
    SamplesOut,
    ServiceOut,
    StatusOut,
    alert_out,
    objective_out,
    service_out,
    status_out,
)
from web.endpoint import Call, Media, Method, Reply, Stream, endpoint
from web.errors import Fault, InvalidRequest, Place
from web.paging import Cursors, Page, PageQuery
from web.schema import Id, Instant, Path, Query

_OBJECTIVES: Final = Cursors("sla-objectives", str)
_ALERTS: Final = Cursors("sla-alerts", tuple[datetime, UUID])
_SERVICES: Final = Cursors("sla-services", str)
_TAGS: Final = ("service levels",)
_CHANGING: Final = (ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND, ErrorKind.CONFLICT)
_MODIFY: Final = "modify_config"
_BODY_MAX: Final = 4 * 1024 * 1024
_FAULTS_SHOWN: Final = 100
_DAY: Final = timedelta(hours=24)


class ByObjective(Path):
    """One objective."""

    objective_id: Id


class ObjectivesQuery(PageQuery):
    """Which objectives."""

    service: Annotated[str | None, Field(max_length=120, description="those written for it; * for every")] = None


class ExportQuery(Query):
    """Which objectives are written out."""

    service: Annotated[str | None, Field(max_length=120, description="those that hold for it")] = None


class StatusQuery(Query):
    """Of which service, over how long."""

    service: Annotated[str, Field(min_length=1, max_length=120)]
    window: Annotated[str | None, Field(max_length=40, description="1h to 35d; 24h by default")] = None


class AlertsQuery(PageQuery):
    """Which alerts."""

    state: Annotated[str | None, Field(max_length=20, description="firing, resolved")] = None
    kind: Annotated[
        str | None, Field(max_length=20, description="fast_burn, burn, slow_burn, trickle, missing, breach, warning")
    ] = None
    severity: Annotated[str | None, Field(max_length=20, description="critical, high, medium, low")] = None
    service: Annotated[str | None, Field(max_length=120)] = None
    objective: Annotated[str | None, Field(max_length=120, description="its name")] = None
    since: Annotated[Instant | None, Field(description="firing after that")] = None
    until: Annotated[Instant | None, Field(description="begun before that")] = None


class Sla:
    """Service levels."""

    def __init__(self, database: Database, catalogue: SlaCatalogue, sampler: Sampler) -> None:
        self._database = database
        self._catalogue = catalogue
        self._sampler = sampler

    @endpoint(
        Method.POST,
        "/api/v1/sla/samples",
        summary="Take samples",
        tags=_TAGS,
        responses={202: SamplesOut},
        errors=(ErrorKind.FORBIDDEN, ErrorKind.LIMITED),
        permission="deploy_agents",
        body_limit_bytes=_BODY_MAX,
    )
    async def samples(self, call: Call[SamplesIn, None, None]) -> Reply:
        """All of them are durable, or none is; late ones count where they belong."""
        taken = await self._sampler.take(call.actor, self._samples(call.body))
        return Reply(202, SamplesOut(accepted=taken))

    @endpoint(
        Method.GET,
        "/api/v1/sla/status",
        summary="Show how a service does",
        tags=_TAGS,
        errors=(ErrorKind.NOT_FOUND, ErrorKind.INVALID),
    )
    async def status(self, call: Call[None, StatusQuery, None]) -> StatusOut:
        """Rolling, to the minute; with every objective, its error budget, and what is wrong."""
        window = _DAY if call.query.window is None else parse_duration(call.query.window)
        if window is None:
            raise InvalidInput(f"'{call.query.window}' is not a duration.", where="window", accepted=EXAMPLES)
        found = await get_status(self._database, self._catalogue, call.actor, call.query.service, window=window)
        return status_out(found)

    @endpoint(Method.GET, "/api/v1/sla/services", summary="List services", tags=_TAGS)
    async def services(self, call: Call[None, PageQuery, None]) -> Page[ServiceOut]:
        """By name, over the last day."""
        after, limit = _SERVICES.decode(call.query.cursor) or "", call.query.limit
        found = await list_services(self._database, self._catalogue, call.actor, after=after, limit=limit + 1)
        return _SERVICES.page(found, limit=limit, shown=service_out, position=lambda one: one.service)

    @endpoint(
        Method.GET,
        "/api/v1/sla/alerts",
        summary="List alerts of service levels",
        tags=_TAGS,
        errors=(ErrorKind.INVALID,),
    )
    async def alerts(self, call: Call[None, AlertsQuery, None]) -> Page[AlertOut]:
        """Newest first, those that fire and those that were; every filter narrows."""
        query = call.query
        wanted = AlertFilter(
            state=query.state,
            kind=query.kind,
            severity=query.severity,
            service=query.service,
            objective=query.objective,
            since=query.since,
            until=query.until,
        )
        after, limit = _ALERTS.decode(query.cursor), query.limit
        found = await list_alerts(self._database, call.actor, wanted, after=after, limit=limit + 1)
        return _ALERTS.page(found, limit=limit, shown=alert_out, position=lambda one: (one.started_at, one.id))

    @endpoint(Method.GET, "/api/v1/sla/objectives", summary="List objectives", tags=_TAGS)
    async def objectives(self, call: Call[None, ObjectivesQuery, None]) -> Page[ObjectiveOut]:
        """By service and name; those of files too."""
        query = call.query
        found = await list_objectives(
            self._database,
            self._catalogue,
            call.actor,
            service=query.service,
            after=_OBJECTIVES.decode(query.cursor) or "",
            limit=query.limit + 1,
        )
        return _OBJECTIVES.page(found, limit=query.limit, shown=objective_out, position=position)

    @endpoint(
        Method.POST,
        "/api/v1/sla/objectives",
        summary="Create an objective",
        tags=_TAGS,
        responses={201: ObjectiveOut},
        errors=(ErrorKind.FORBIDDEN, ErrorKind.CONFLICT, ErrorKind.LIMITED),
        permission=_MODIFY,
    )
    async def create(self, call: Call[ObjectiveIn, None, None]) -> Reply:
        """It holds from now on, before one of a file of the same service and name."""
        body = call.body
        wish = Wish(
            name=body.name,
            service=body.service,
            metric=body.metric,
            target=body.target,
            window=body.window,
            percentile=body.percentile,
            description=body.description,
            pages=body.incidents,
            minimum_traffic=body.minimum_traffic,
        )
        return Reply(201, objective_out(await create_objective(self._database, self._catalogue, call.actor, wish)))

    @endpoint(
        Method.GET,
        "/api/v1/sla/objectives/openslo",
        summary="Export objectives as OpenSLO",
        tags=_TAGS,
        responses={200: Media(("application/yaml",), "OpenSLO v1 documents")},
    )
    async def export(self, call: Call[None, ExportQuery, None]) -> Stream:
        """With the policies by which we alert."""
        text = await export_openslo(self._database, self._catalogue, call.actor, service=call.query.service)
        return Stream(_once(text.encode()), "application/yaml", "openslo.yaml")

    @endpoint(
        Method.POST,
        "/api/v1/sla/objectives/openslo",
        summary="Import objectives from OpenSLO",
        tags=_TAGS,
        errors=(ErrorKind.FORBIDDEN, ErrorKind.LIMITED),
        permission=_MODIFY,
    )
    async def take_in(self, call: Call[OpenSloIn, None, None]) -> ImportedOut:
        """Every SLO of the documents is an objective, or none is."""
        found = await import_openslo(self._database, self._catalogue, call.actor, call.body.document)
        return ImportedOut(
            created=[objective_out(each) for each in found.created],
            changed=[objective_out(each) for each in found.changed],
            unchanged=found.unchanged,
            passed_over=list(found.passed_over),
        )

    @endpoint(
        Method.GET,
        "/api/v1/sla/objectives/{objective_id}",
        summary="Show an objective",
        tags=_TAGS,
        errors=(ErrorKind.NOT_FOUND,),
    )
    async def show(self, call: Call[None, None, ByObjective]) -> ObjectiveOut:
        """What is promised."""
        found = await get_objective(self._database, self._catalogue, call.actor, call.path.objective_id)
        return objective_out(found)

    @endpoint(
        Method.PATCH,
        "/api/v1/sla/objectives/{objective_id}",
        summary="Change an objective",
        tags=_TAGS,
        errors=_CHANGING,
        permission=_MODIFY,
    )
    async def change(self, call: Call[ObjectiveChangeIn, None, ByObjective]) -> ObjectiveOut:
        """It is this from now on."""
        given = call.body.model_dump(exclude_none=True)
        if "incidents" in given:
            given["pages"] = given.pop("incidents")
        found = await change_objective(self._database, self._catalogue, call.actor, call.path.objective_id, given)
        return objective_out(found)

    @endpoint(
        Method.DELETE,
        "/api/v1/sla/objectives/{objective_id}",
        summary="Drop an objective",
        tags=_TAGS,
        errors=_CHANGING,
        permission=_MODIFY,
    )
    async def drop(self, call: Call[None, None, ByObjective]) -> None:
        """It holds no more."""
        await drop_objective(self._database, self._catalogue, call.actor, call.path.objective_id)

    def _samples(self, body: SamplesIn) -> list[Sample]:
        """The samples. Raises InvalidRequest that points at each one that cannot be taken."""
        now = self._database.clock.now()
        found: list[Sample] = []
        faults: list[Fault] = []
        for index, each in enumerate(body.samples):
            try:
                found.append(
                    check_sample(
                        each.service,
                        each.time,
                        each.response_time,
                        success=each.success,
                        labels=each.labels,
                        now=now,
                    )
                )
            except InvalidInput as exc:
                place = f"#/samples/{index}/{exc.where}"
                faults.append(Fault(Place.BODY, place, exc.message, exc.accepted))
        if faults:
            raise InvalidRequest(tuple(faults[:_FAULTS_SHOWN]))
        return found


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
