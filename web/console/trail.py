"""The audit trail: search by every field, and export."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from aiohttp import web

from core.audit import AuditCategory, AuditFilter, AuditResult, to_csv_row, to_json_line
from core.errors import InvalidInput
from core.trail import export_trail, search_trail
from web.console.front import CONTENT_SECURITY_POLICY, Look
from web.paging import Cursors

PAGE_SIZE: Final = 50
_CURSORS: Final = Cursors("console-audit", int)
TEXTS: Final = ("user_id", "action", "resource", "compliance_tag", "ip_address", "subject_id", "q")
_TIMES: Final = ("since", "until")


async def audit(look: Look) -> web.Response:
    """`GET /console/audit`: newest first, for those who may view the audit."""
    given, problem = {name: look.query(name) for name in (*TEXTS, "result", "category", *_TIMES)}, None
    try:
        wanted = _filter(look)
    except InvalidInput as error:
        wanted, problem = AuditFilter(), error
    found = await search_trail(
        look.database,
        look.actor,
        wanted,
        after=_CURSORS.decode(look.query("cursor") or None),
        limit=PAGE_SIZE + 1,
    )
    query = urlencode({name: value for name, value in given.items() if value})
    return look.page(
        "audit.html",
        place="audit",
        status=422 if problem else 200,
        records=[] if problem else [entry for _, entry in found[:PAGE_SIZE]],
        given=given,
        query=query,
        results=[each.value for each in AuditResult],
        categories=[each.value for each in AuditCategory],
        problem=problem,
        cursor=_CURSORS.encode(found[PAGE_SIZE - 1][0]) if len(found) > PAGE_SIZE and not problem else None,
        at=datetime.fromisoformat,
    )


async def export(look: Look) -> web.StreamResponse:
    """`GET /console/audit/export`: what the search finds, as a file. The export is itself recorded."""
    is_csv = look.query("format") == "csv"
    records = await export_trail(look.database, look.actor, _filter(look))
    ending, media_type = ("csv", "text/csv") if is_csv else ("jsonl", "application/jsonl")
    response = web.StreamResponse(
        headers={
            "Content-Type": media_type,
            "Content-Disposition": f'attachment; filename="audit-{look.actor.tenant}.{ending}"',
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        }
    )
    await response.prepare(look.request)
    if is_csv:
        await response.write(to_csv_row(None).encode())
    async for entry in records:
        await response.write((to_csv_row(entry) if is_csv else to_json_line(entry)).encode())
    await response.write_eof()
    return response


def _filter(look: Look) -> AuditFilter:
    subject = look.query("subject_id")
    try:
        subject_id = UUID(subject) if subject else None
    except ValueError:
        raise InvalidInput("A subject is named by its id.", where="subject_id") from None
    return AuditFilter(
        user_id=look.query("user_id") or None,
        action=look.query("action") or None,
        resource=look.query("resource") or None,
        result=look.query("result") or None,
        category=look.query("category") or None,
        compliance_tag=look.query("compliance_tag") or None,
        ip_address=look.query("ip_address") or None,
        subject_id=subject_id,
        since=_instant(look, "since"),
        until=_instant(look, "until"),
        contains=look.query("q") or None,
    )


def _instant(look: Look, name: str) -> datetime | None:
    text = look.query(name)
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
        placed = at if at.tzinfo else at.replace(tzinfo=look.sight.place)
        return placed.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(f"'{text[:40]}' is not a day or a time.", where=name, accepted=("2026-11-24",)) from None
