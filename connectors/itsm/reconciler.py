"""Walks through a tenant's live tickets in one system and finds what is not as it should be (N1).

It writes nothing there: what is ours to repair goes through the outbox, as everything does. One ticket after the other,
so that a night's walk never takes more than one of a system's connections.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final
from uuid import UUID

import structlog

from connectors.itsm.base import (
    ConnectorError,
    Refused,
    Ticket,
    TicketKind,
    TicketReading,
    TicketState,
    TicketSystem,
)
from connectors.itsm.settling import FieldSync, there
from connectors.itsm.standing import ENDED, Stand, stand, target_of
from connectors.rounds import Rounds
from core.approvals import RequestView
from core.changes import ChangeCatalogue, goes_on
from core.db import Database
from core.errors import Unavailable
from core.ids import TenantId
from core.links import TicketLink
from core.tickets import (
    Astray,
    Drift,
    Finding,
    KnownTask,
    Remedy,
    Subject,
    ToldTask,
    ToldTasks,
    Verdict,
    Walk,
    claim_walk,
    drifted,
    is_as_placed,
    next_page,
    page_walked,
    tasks_astray,
    unheard,
    walk_ended,
)

OVER: Final = frozenset({*ENDED, TicketState.CLOSED})

TICK_S: Final = 10.0

log = structlog.get_logger()
Progress = Callable[[int, int], None]  # walked, total


@dataclass(frozen=True, slots=True)
class Seen:
    """What is wrong with a ticket, and those of its tasks that stand otherwise than they were last seen."""

    drifts: tuple[Drift, ...] = ()
    tasks: tuple[ToldTask, ...] = ()


@dataclass(frozen=True, slots=True)
class Reconciler:
    """The walks through one ticket system of one tenant."""

    slug: str
    tenant: TenantId
    system: TicketSystem
    database: Database
    fields: FieldSync | None = None
    changes: ChangeCatalogue | None = None  # what changes are held to; None: nobody looks at tasks

    async def run_one(self, *, walk: UUID | None = None, progress: Progress | None = None) -> bool:
        """Whether there was a walk to go on with (or this one); it is over then, unless another process took it."""
        claimed = await claim_walk(self.database, self.tenant, self.slug, walk=walk)
        if claimed is None:
            return False
        try:
            await self._walked(claimed, progress)
        except ConnectorError as exc:
            # Some of the tickets were not seen: the next night sees them, and somebody is told that it broke off.
            await walk_ended(self.database, self.tenant, claimed, problem=exc.reason)
            log.warning("reconciliation_failed", system=self.slug, tenant_id=self.tenant, reason=exc.reason)
        except Unavailable:
            raise
        except Exception as exc:
            reason = f"The walk broke off ({type(exc).__name__}); the log has more."
            await walk_ended(self.database, self.tenant, claimed, problem=reason)
            raise
        return True

    async def _walked(self, walk: Walk, progress: Progress | None) -> None:
        at: Walk | None = walk
        while at is not None:
            page = await next_page(self.database, self.tenant, at)
            seen = [await self.look(link, subject, page.tasks.get(link.subject_id, ())) for link, subject in page.items]
            found = [each for one in seen for each in one.drifts]
            tasks = tuple(each for one in seen for each in one.tasks)
            heard = ToldTasks(self.changes, tasks) if self.changes is not None and tasks else None
            following = await page_walked(self.database, self.tenant, at, page, found, heard=heard)
            if following is not None and progress is not None:
                progress(following.walked, following.total)
            if following is not None and page.is_last:
                await walk_ended(self.database, self.tenant, following)
                return
            at = following

    async def look(self, link: TicketLink, subject: Subject, tasks: Sequence[KnownTask] = ()) -> Seen:
        """Whatever is wrong with one ticket, of whose tasks this is known.

        Raises NotSent or Throttled if the system does not answer now.
        """
        kind, key = TicketKind(link.kind), str(link.subject_id)
        rules = self.fields.fields.rules(kind) if self.fields is not None else ()
        target = target_of(subject)
        try:
            reading = await self.system.read(kind, link.external_id, tuple(rule.field for rule in rules))
            same_key = await self.system.with_key(kind, key)
        except Refused as exc:
            return Seen((_drift(link, subject, Finding.UNREADABLE, Remedy.ASK, there=exc.reason),))
        if reading is None:
            # One that ended as it should may be thrown away; one that counts is made again.
            is_needed = target not in OVER
            missing = _drift(link, subject, Finding.MISSING, Remedy.REPAIR, here=target, there=link.external_id)
            return Seen((missing,) if is_needed else ())
        found = [*self._doubles(link, subject, same_key), *await self._state(link, subject, reading, target)]
        if self.fields is not None and rules:
            async with self.database.tenant(self.tenant) as tx:
                drifts = await drifted(
                    tx, link, subject, rules=rules, values=self.fields.fields.values, there=there(reading)
                )
            for each in drifts:
                remedy = Remedy.ASK if each.verdict is Verdict.ASK else Remedy.REPAIR
                found.append(
                    _drift(link, subject, Finding.FIELD, remedy, here=each.here, there=each.there, field=each.field)
                )
        seen = await self._tasks(link, subject, reading.ticket, tasks)
        return Seen((*found, *seen.drifts), seen.tasks)

    async def _tasks(self, link: TicketLink, subject: Subject, ticket: Ticket, tasks: Sequence[KnownTask]) -> Seen:
        """What is wrong with those tasks of the ticket that are known. Under one that is over nothing is to be done."""
        known = [each for each in tasks if each.ticket_id == link.external_id]
        if self.changes is None or not known or not isinstance(subject, RequestView) or ticket.state in OVER:
            return Seen()
        try:
            told = await self.system.tasks_of(ticket, {each.task_id: each.state for each in known})
        except Refused as exc:
            return Seen((_drift(link, subject, Finding.UNREADABLE, Remedy.ASK, there=exc.reason, field="tasks"),))
        found = await tasks_astray(self.database, self.tenant, subject, known, told)
        return Seen(tuple(_task_drift(link, subject, each) for each in found), unheard(known, told))

    @staticmethod
    def _doubles(link: TicketLink, subject: Subject, same_key: tuple[Ticket, ...]) -> list[Drift]:
        others = [one for one in same_key if one.external_id != link.external_id and one.state not in OVER]
        numbers = ", ".join(one.number for one in others)
        return [_drift(link, subject, Finding.DOUBLE, Remedy.REPAIR, here=link.number, there=numbers)] if others else []

    async def _state(
        self, link: TicketLink, subject: Subject, reading: TicketReading, target: TicketState
    ) -> list[Drift]:
        label = reading.ticket.label or reading.ticket.state
        match stand(reading.ticket.state, target):
            case Stand.RIGHT:
                return []
            case Stand.ENDED:
                return [_drift(link, subject, Finding.ENDED, Remedy.ASK, here=target, there=label)]
            case Stand.BEHIND:
                async with self.database.tenant(self.tenant) as tx:
                    # As far as its workflow, or people there, let us get it; or its change goes on under a bypass.
                    if await is_as_placed(tx, link, target=target, label=label) or await goes_on(tx, link.subject_id):
                        return []
                return [_drift(link, subject, Finding.STATE, Remedy.REPAIR, here=target, there=label)]


def walks(reconcilers: Sequence[Reconciler]) -> Rounds:
    """Goes on with the walks that wait, system by system."""
    return Rounds([partial(_gone_on, reconciler) for reconciler in reconcilers], every_s=TICK_S)


async def _gone_on(reconciler: Reconciler) -> None:
    try:
        await reconciler.run_one()
    except Unavailable:
        log.warning("reconciliation_postponed", reason="database unavailable")
    except Exception:
        log.exception("reconciliation_broken", system=reconciler.slug, tenant_id=reconciler.tenant)


def _task_drift(link: TicketLink, subject: Subject, found: Astray) -> Drift:
    remedy = Remedy.ASK if found.what is Finding.TASK_DOUBLE else Remedy.REPAIR
    return _drift(link, subject, found.what, remedy, here=found.here, there=found.there, field=found.step)


def _drift(
    link: TicketLink,
    subject: Subject,
    what: Finding,
    remedy: Remedy,
    *,
    here: str = "",
    there: str = "",
    field: str = "",
) -> Drift:
    return Drift(
        subject_id=link.subject_id,
        reference=subject.reference,
        number=link.number,
        external_id=link.external_id,
        what=what,
        remedy=remedy,
        here=str(here),
        there=there,
        field=field,
    )
