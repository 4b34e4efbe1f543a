"""Use cases of a walk through a tenant's live tickets in one system (N1).

A walk is a row: asked for by the night, by a person or by the command line, claimed by a lease, and worked off page by
page. A page's findings, the repairs that they ask for and the place behind it are one transaction, so a walk whose
process dies goes on where it was, and nothing is repaired twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

from core.actor import Actor, system_actor
from core.approvals import live_requests
from core.audit import AuditCategory, AuditResult, record
from core.db import Database, Transaction
from core.emergency import BypassView, bypasses_of
from core.errors import NotFound
from core.ids import TenantId, uuid7
from core.links import EMERGENCY, TicketLink, count_tickets, tickets_after
from core.outbox import emit
from core.tickets import walks
from core.tickets.drift import Drift, Remedy, judged
from core.tickets.events import TicketTask
from core.tickets.fields import Subject
from core.tickets.task_store import KnownTask, on_tickets
from core.tickets.tasks import hear_of_tasks
from core.tickets.values import ToldTasks
from core.tickets.walks import WalkView

PAGE: Final = 50  # tickets of one page
LEASE: Final = timedelta(minutes=3)  # longer than any page takes
RECENT: Final = timedelta(days=7)  # for so long after its end a ticket is still looked at: it must have got there
_BEFORE_ANY: Final = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Walk:
    """A walk that this process has claimed, and the place up to which it has come."""

    id: UUID
    system: str
    position: UUID
    total: int
    walked: int
    is_dry_run: bool


@dataclass(frozen=True, slots=True)
class WalkPage:
    """The tickets of the next page that are live, with their subjects; `position` is behind them all.

    `tasks` is what is known of the child records of each of them.
    """

    items: tuple[tuple[TicketLink, Subject], ...]
    position: UUID
    passed: int  # tickets of the page, also those whose subject is long over
    tasks: Mapping[UUID, tuple[KnownTask, ...]] = field(default_factory=dict)

    @property
    def is_last(self) -> bool:
        """Whether nothing comes behind it."""
        return self.passed < PAGE


async def ask_for_walk(tx: Transaction, system: str, *, actor: Actor, is_dry_run: bool = False) -> UUID:
    """Somebody will walk through the tickets of this system; one that is under way already is the answer."""
    if (running := await walks.running(tx, system, is_dry_run=is_dry_run)) is not None:
        return running
    walk = uuid7()
    await walks.add(
        tx, walk, system, total=await count_tickets(tx, system), asked_by=actor.email, is_dry_run=is_dry_run
    )
    await record(
        tx,
        actor,
        action="connector.reconcile",
        resource=system,
        category=AuditCategory.SYSTEM,
        details={"reconciliation": str(walk), "dry_run": is_dry_run},
    )
    return walk


async def claim_walk(database: Database, tenant: TenantId, system: str, *, walk: UUID | None = None) -> Walk | None:
    """The right to go on with a walk through this system, if there is one that nobody is at."""
    async with database.tenant(tenant) as tx:
        row = await walks.claim(tx, system, until=tx.now + LEASE, walk=walk)
    if row is None:
        return None
    return Walk(row.reconciliation_id, system, row.position or _BEFORE_ANY, row.total, row.walked, row.is_dry_run)


async def next_page(database: Database, tenant: TenantId, walk: Walk) -> WalkPage:
    """The next tickets."""
    async with database.tenant(tenant) as tx:
        links = await tickets_after(tx, walk.system, walk.position, limit=PAGE)
        ids = [link.subject_id for link in links if link.kind != EMERGENCY]
        live = {each.id: each for each in await live_requests(tx, ids, decided_since=tx.now - RECENT)}
        others = [link.subject_id for link in links if link.kind == EMERGENCY]
        bypasses = {each.id: each for each in await bypasses_of(tx, others) if _is_live(each, tx)}
        subjects: Mapping[UUID, Subject] = {**live, **bypasses}
        tasks = await on_tickets(tx, walk.system, list(live))
    items = tuple((link, subjects[link.subject_id]) for link in links if link.subject_id in subjects)
    return WalkPage(items, links[-1].subject_id if links else walk.position, len(links), tasks)


async def page_walked(
    database: Database,
    tenant: TenantId,
    walk: Walk,
    page: WalkPage,
    found: Sequence[Drift],
    *,
    heard: ToldTasks | None = None,
) -> Walk | None:
    """What the page brought is kept and put on its way; the walk as it goes on. None if another process has it now.

    `heard` are child records that stand otherwise than they were seen; a walk for show hears of none.
    """
    async with database.tenant(tenant) as tx:
        at = await walks.hold(tx, walk.id, position=None if walk.position == _BEFORE_ANY else walk.position)
        if at is None:
            return None
        if heard is not None and not walk.is_dry_run:
            await hear_of_tasks(tx, heard.catalogue, walk.system, heard.tasks)
        walked, before = at.walked + page.passed, await walks.marks_before(tx, walk.id, walk.system)
        drifts = judged(found, so_far=at.found, walked=walked, before=before)
        await walks.advance(tx, at, drifts, position=page.position, walked=walked, until=tx.now + LEASE)
        if not walk.is_dry_run:
            for each in drifts:
                await _repair(tx, walk, each, page)
    return Walk(walk.id, walk.system, page.position, max(walk.total, walked), walked, walk.is_dry_run)


async def walk_ended(database: Database, tenant: TenantId, walk: Walk, *, problem: str = "") -> None:
    """The walk is over, or has failed for this reason; who must know is told if there is anything to know."""
    async with database.tenant(tenant) as tx:
        done = await walks.finish(tx, walk.id, problem=problem)
        figures = {"walked": done.walked, "repaired": done.repaired, "asked": done.asked, "dry_run": done.is_dry_run}
        await record(
            tx,
            system_actor(tenant),
            action="connector.reconciled",
            resource=walk.system,
            result=AuditResult.FAILURE if problem else AuditResult.SUCCESS,
            category=AuditCategory.SYSTEM,
            details={"reconciliation": str(walk.id), **figures, "found": dict(done.found), "problem": problem},
        )
        if not done.is_dry_run and (problem or any(not each.is_known for each in done.findings)):
            await emit(
                tx,
                subject=f"reconciliation:{walk.id}",
                type=TicketTask.RECONCILED,
                data={"system": walk.system, **figures, "found": dict(done.found), "problem": problem},
            )


async def load_walk(database: Database, tenant: TenantId, walk: UUID) -> WalkView:
    """The walk as it stands. Raises NotFound."""
    async with database.tenant(tenant) as tx:
        found = await walks.view(tx, walk)
    if found is None:
        raise NotFound("There is no such reconciliation here.", where="reconciliation")
    return found


async def _repair(tx: Transaction, walk: Walk, found: Drift, page: WalkPage) -> None:
    if found.remedy is not Remedy.REPAIR:
        return
    (link,) = (link for link, _subject in page.items if link.subject_id == found.subject_id)
    data = {
        "system": walk.system,
        "what": str(found.what),
        "number": found.number,
        "external_id": found.external_id,
        "field": found.field,
    }
    await emit(tx, subject=link.subject, type=TicketTask.REPAIR, data=data)


def _is_live(bypass: BypassView, tx: Transaction) -> bool:
    is_recent = bypass.ended_at is None or bypass.ended_at >= tx.now - RECENT
    return bypass.status == "active" or bypass.review_status != "done" or is_recent
