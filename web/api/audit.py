"""/api/v1/audit: the trail."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from core.audit import AuditFilter, to_csv_row, to_json_line
from core.db import Database
from core.errors import ErrorKind
from core.trail import export_trail, search_trail
from web.endpoint import Call, Media, Method, Stream, endpoint
from web.paging import Cursors, Page, PageQuery
from web.schema import Id, Instant, Output, Query

_CURSORS = Cursors("audit", int)
_Text = Annotated[str | None, Field(max_length=300)]


class AuditOut(Output):
    """The framework's audit record."""

    event_id: UUID
    timestamp: datetime
    tenant_id: str
    user_id: str
    action: str
    resource: str
    details: dict[str, Any]
    ip_address: str | None
    user_agent: str | None
    result: str
    compliance_tags: list[str]
    category: str


class AuditQuery(PageQuery):
    """Which records."""

    user_id: _Text = None
    action: _Text = None
    resource: _Text = None
    result: _Text = None
    category: _Text = None
    compliance_tag: _Text = None
    ip_address: _Text = None
    subject_id: Id | None = None
    since: Instant | None = None
    until: Instant | None = None
    q: Annotated[str | None, Field(max_length=300, description="words anywhere in the record")] = None


class ExportQuery(Query):
    """Which records, and how they are written."""

    format: Literal["jsonl", "csv"] = "jsonl"
    user_id: _Text = None
    action: _Text = None
    resource: _Text = None
    result: _Text = None
    category: _Text = None
    since: Instant | None = None
    until: Instant | None = None


class Audit:
    """The audit trail."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @endpoint(
        Method.GET,
        "/api/v1/audit",
        summary="Search the audit trail",
        tags=("audit",),
        errors=(ErrorKind.FORBIDDEN,),
        permission="view audit",
    )
    async def search(self, call: Call[None, AuditQuery, None]) -> Page[AuditOut]:
        """Newest first, filtered by every field."""
        query = call.query
        wanted = AuditFilter(
            user_id=query.user_id,
            action=query.action,
            resource=query.resource,
            result=query.result,
            category=query.category,
            compliance_tag=query.compliance_tag,
            ip_address=query.ip_address,
            subject_id=query.subject_id,
            since=query.since,
            until=query.until,
            contains=query.q,
        )
        found = await search_trail(
            self._database, call.actor, wanted, after=_CURSORS.decode(query.cursor), limit=query.limit + 1
        )
        return _CURSORS.page(
            found,
            limit=query.limit,
            shown=lambda entry: AuditOut.model_validate(entry[1]),
            position=lambda entry: entry[0],
        )

    @endpoint(
        Method.GET,
        "/api/v1/audit/export",
        summary="Export the audit trail",
        tags=("audit",),
        errors=(ErrorKind.FORBIDDEN,),
        permission="view audit",
        responses={200: Media(("application/jsonl", "text/csv"), "One record per line")},
    )
    async def export(self, call: Call[None, ExportQuery, None]) -> Stream:
        """Streams JSON Lines or CSV, newest first. The export is itself recorded."""
        query = call.query
        wanted = AuditFilter(
            user_id=query.user_id,
            action=query.action,
            resource=query.resource,
            result=query.result,
            category=query.category,
            since=query.since,
            until=query.until,
        )
        records = await export_trail(self._database, call.actor, wanted)
        if query.format == "csv":
            return Stream(_csv(records), "text/csv", f"audit-{call.tenant}.csv")
        return Stream(_jsonl(records), "application/jsonl", f"audit-{call.tenant}.jsonl")


async def _jsonl(records: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    async for entry in records:
        yield to_json_line(entry).encode()


async def _csv(records: AsyncIterator[dict[str, Any]]) -> AsyncIterator[bytes]:
    yield to_csv_row(None).encode()
    async for entry in records:
        yield to_csv_row(entry).encode()
