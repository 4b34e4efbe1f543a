"""Looking after objectives: each tenant's, every minute and soon after samples; what is wrong is told once (S3).

One alert belongs to one objective of one service, and lives until nothing has been wrong for a while. While it does,
its kind and severity follow what is worst, and its incident with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Row

from core.actor import system_actor
from core.audit import AuditCategory, record
from core.db import Database, Transaction
from core.deadlines import DeadlineHandler, Due, has_deadline, set_deadline
from core.incidents import Alert, AlertState, Severity, open_or_update
from core.outbox import emit
from core.sla import sample_store, store
from core.sla.alerts import KINDS, worst_told
from core.sla.catalogue import SlaCatalogue
from core.sla.events import SlaEvent
from core.sla.judging import CLEAR_FOR, Judged, judge
from core.sla.meter import Meter
from core.sla.promises import promises_of
from core.sla.reading import read_services
from core.sla.series import Series
from core.tenants import THE_TENANT, tenant_ids

EVALUATE: Final = "sla.evaluate"
EVERY: Final = timedelta(minutes=1)
SOURCE: Final = "sla"
Key = tuple[str, str]  # service and objective


async def ensure_watch(tx: Transaction) -> None:
    """The tenant's objectives are looked at."""
    if not await has_deadline(tx, THE_TENANT, EVALUATE):
        await set_deadline(tx, THE_TENANT, EVALUATE, tx.now + EVERY)


async def ensure_watches(database: Database) -> None:
    """Every tenant that has samples is looked at, also one from before its deadline was lost."""
    for tenant in await tenant_ids(database):
        async with database.tenant(tenant) as tx:
            if await sample_store.count_services(tx):
                await ensure_watch(tx)


def deadlines(catalogue: SlaCatalogue, address: str) -> Mapping[str, DeadlineHandler]:
    """What time does to service levels. `address` is where this installation is, for links."""

    async def look(tx: Transaction, due: Due) -> None:
        if await evaluate(tx, catalogue, address=address):
            await set_deadline(tx, due.subject, EVALUATE, tx.now + EVERY)

    return {EVALUATE: look}


async def evaluate(tx: Transaction, catalogue: SlaCatalogue, *, address: str = "") -> bool:
    """What is wrong with the tenant's objectives has been told; whether there is anything to look at."""
    rows = await sample_store.load_services(tx)
    known = {(row.service, row.objective): row for row in await store.firing(tx)}
    if not rows and not known:
        return False
    promised = await promises_of(tx, catalogue)
    found: dict[Key, Judged] = {}
    read = await read_services(tx, promised, rows)
    for row in rows:
        series, objectives = read[row.service]
        for each in objectives:
            found[row.service, each.name] = judge(Meter(series, each, tx.now), row.last_at)
    for key, judged in found.items():
        if judged.signal is not None or (key in known and not _is_long_silent(known[key], read[key[0]][0])):
            await _settle(tx, key, judged, known.get(key), address)
    for key in known.keys() - found.keys():
        await _recover(tx, key, known[key], "It is no objective any more.", has_incident=True, address=address)
    return True


def _is_long_silent(row: Row[Any], series: Series) -> bool:
    """Whether the alert is of a silence that began before everything that is looked at: it is not over."""
    return row.kind == "missing" and not series.hours


async def _settle(tx: Transaction, key: Key, judged: Judged, row: Row[Any] | None, address: str) -> None:
    """The alert is as the signal says: raised, changed, clear for a while, or over."""
    signal, pages = judged.signal, judged.objective.pages
    if signal is None:
        assert row is not None  # else nobody would ask
        if row.clear_since is None:
            await store.change_alert(tx, row.alert_id, {"clear_since": tx.now})
        elif tx.now - row.clear_since >= CLEAR_FOR:
            await _recover(tx, key, row, judged.words, has_incident=pages, address=address)
        return
    said = {"kind": signal.kind, "severity": signal.severity, "words": signal.words}
    values = {**said, "figures": figures_of(judged), "worst": worst_of(row, said)}
    if row is None:
        values |= {"service": key[0], "objective": key[1]}
        alert_id = await store.add_alert(tx, values)
        row = await store.alert_by_id(tx, alert_id)
        assert row is not None  # added just now
        await _tell(tx, row, SlaEvent.ALERTED, pages=pages, address=address)
        return
    if (row.kind, row.severity) == (signal.kind, signal.severity):
        await store.change_alert(tx, row.alert_id, {**values, "clear_since": None})
        return
    await store.change_alert(tx, row.alert_id, {**values, "clear_since": None, "changed_at": tx.now})
    changed = await store.alert_by_id(tx, row.alert_id)
    assert changed is not None
    await _tell(tx, changed, SlaEvent.CHANGED, pages=pages, address=address)


def worst_of(row: Row[Any] | None, said: Mapping[str, str]) -> Mapping[str, str]:
    """The alert at its worst: as it is now, unless it was worse before."""
    if row is None:
        return said
    before: Mapping[str, str] = worst_told(row)
    return min(said, before, key=_how_bad)  # of equal ones the newer words


def _how_bad(said: Mapping[str, str]) -> tuple[int, int]:
    return list(Severity).index(Severity(said["severity"])), list(KINDS).index(said["kind"])


async def _recover(tx: Transaction, key: Key, row: Row[Any], words: str, *, has_incident: bool, address: str) -> None:
    del key
    values = {"state": "resolved", "resolved_at": tx.now, "changed_at": tx.now, "words": words}
    await store.change_alert(tx, row.alert_id, values)
    changed = await store.alert_by_id(tx, row.alert_id)
    assert changed is not None
    await _tell(tx, changed, SlaEvent.RECOVERED, pages=has_incident, address=address)


async def _tell(tx: Transaction, row: Row[Any], event: SlaEvent, *, pages: bool, address: str) -> None:
    """Trail and outbox tell of it, and its incident follows."""
    said = {
        "service": row.service,
        "objective": row.objective,
        "kind": row.kind,
        "severity": row.severity,
        "words": row.words,
    }
    await record(
        tx,
        system_actor(tx.tenant),
        action=str(event),
        resource=f"{row.service}/{row.objective}",
        subject_id=row.alert_id,
        category=AuditCategory.PERFORMANCE,
        details=said,
    )
    if pages:
        await open_or_update(tx, _alert(tx, row, event, address))
    await emit(tx, subject=f"sla_alert:{row.alert_id}", type=event, data={**said, "has_incident": pages})


def _alert(tx: Transaction, row: Row[Any], event: SlaEvent, address: str) -> Alert:
    what = row.objective.replace("_", " ")
    return Alert(
        tenant=tx.tenant,
        source=SOURCE,
        key=f"{row.service}/{row.objective}",
        group=row.service,
        state=AlertState.RESOLVED if event is SlaEvent.RECOVERED else AlertState.FIRING,
        severity=Severity(row.severity),
        service=row.service,
        title=f"{row.service}: {what} {KINDS[row.kind]}",
        words=row.words,
        started_at=row.started_at,
        labels={"objective": row.objective, "kind": row.kind},
        link=f"{address}/console{service_address(row.service)}" if address else "",
    )


def service_address(service: str) -> str:
    """Where the service is shown in the console."""
    return f"/sla/services/{quote(service, safe='')}"


def figures_of(judged: Judged) -> dict[str, Any]:
    """The numbers behind what is said."""
    budget = judged.budget
    return {
        "value": judged.value,
        "standing": str(judged.standing),
        **(
            {"allowed": budget.allowed, "spent": budget.spent, "burn": budget.burn, "unit": str(budget.unit)}
            if budget
            else {}
        ),
    }
