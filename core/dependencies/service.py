"""Use cases of dependencies: declare, dismiss, list, learn (G4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from core.access import Directory, PersonView, TokenScope, directory, member_of, permitted, require
from core.actor import Actor
from core.audit import AuditCategory, audited, record
from core.db import Database, Transaction
from core.dependencies import store
from core.dependencies.errors import InvalidDependency, TooManyDependencies, UnknownDependency
from core.dependencies.resources import TENANT, named, read_resource
from core.errors import InvalidInput
from core.ids import UserId
from core.roles.permissions import Permission

EDGES_MAX: Final = 20_000  # of a tenant: a blast radius is worked out in memory, in some 20 ms
LEARNT_MAX: Final = 50  # of one report
SERVES: Final = "tenants"  # the same, of the tenants that need the agent
USES: Final = {
    "tools": "tool",
    "data": "data",
    "models": "infrastructure",
    "calls": "agent",
    "infrastructure": "infrastructure",
}
"""What an agent says that it uses, separated by commas, and what kind of resource that is."""


@dataclass(frozen=True, slots=True)
class DependencyView:
    """That one resource needs another, who says so, and how often it was seen."""

    dependent: str
    needs: str
    origin: str  # declared | learnt
    state: str  # held | dismissed
    seen: int
    author: PersonView | None
    first_at: datetime
    last_at: datetime


async def declare_dependency(database: Database, actor: Actor, dependent: str, needs: str) -> DependencyView:
    """The one needs the other: said anew, or what was learnt is confirmed. Raises InvalidDependency."""
    async with audited(database, actor, action="dependency.declared", resource=f"{dependent} -> {needs}"[:300]) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.REQUEST)
        ends = _ends(dependent, needs)
        if await store.hold(tx) >= EDGES_MAX and await store.one(tx, *ends) is None:
            raise TooManyDependencies(f"A tenant has {EDGES_MAX} dependencies at most.", next_step="Dismiss some.")
        if await store.declare(tx, *ends, member_of(actor)):
            await record(tx, actor, action="dependency.declared", resource=" -> ".join(ends))
        return await _view_of(tx, *ends)


async def dismiss_dependency(database: Database, actor: Actor, dependent: str, needs: str) -> None:
    """The one does not need the other; what was learnt is not learnt again. Raises UnknownDependency."""
    async with audited(database, actor, action="dependency.dismissed", resource=f"{dependent} -> {needs}"[:300]) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.REQUEST)
        ends = _ends(dependent, needs)
        known = await store.one(tx, *ends)
        if known is None or known.state == "dismissed":
            raise UnknownDependency(where="needs")
        await store.dismiss(tx, *ends, member_of(actor))
        await record(tx, actor, action="dependency.dismissed", resource=" -> ".join(ends))


async def list_dependencies(
    database: Database, actor: Actor, *, of: str | None = None, after: tuple[str, str] | None = None, limit: int = 50
) -> tuple[DependencyView, ...]:
    """Dependencies by their ends; of one resource if it is named, dismissed ones too."""
    async with permitted(database, actor, TokenScope.READ, action="dependency.list", resource="dependencies") as tx:
        everybody = await directory(tx)
        return tuple(_view(row, everybody) for row in await store.page(tx, of=of, after=after, limit=limit))


async def held_dependencies(tx: Transaction) -> dict[str, set[str]]:
    """What each resource needs, as far as anybody knows; dismissed ones left out."""
    return await store.held(tx)


async def learn_dependencies(
    tx: Transaction, actor: Actor, agent: str, attributes: Mapping[str, str], used: Iterable[object] = ()
) -> None:
    """What the agent says that it uses, and what the platform saw it use, is known, with how often it was seen.

    What names no resource is passed over: a report of what happened is never refused for that.
    """
    dependent = f"agent:{agent}"
    said = (f"{kind}:{each.strip()}" for key, kind in USES.items() for each in attributes.get(key, "").split(","))
    needs = {found for each in (*said, *used) if isinstance(each, str) and (found := _readable(each))}
    needs = {each for each in needs if each != dependent and not named(TENANT, (each,))}
    served = {found for each in attributes.get(SERVES, "").split(",") if (found := _readable(f"{TENANT}:{each}"))}
    if not (needs or served) or _readable(dependent) != dependent:
        return
    if await store.hold(tx) + len(needs) + len(served) > EDGES_MAX:
        return
    details = {"needs": sorted(needs)[:LEARNT_MAX], "serves": sorted(served)[:LEARNT_MAX]}
    edges = {(dependent, each) for each in details["needs"]} | {(each, dependent) for each in details["serves"]}
    await store.learn(tx, edges)
    await record(
        tx, actor, action="dependency.seen", resource=dependent, category=AuditCategory.SYSTEM, details=details
    )


def _readable(text: str) -> str:
    try:
        return read_resource(text)
    except InvalidInput:
        return ""


def _ends(dependent: str, needs: str) -> tuple[str, str]:
    found = []
    for where, text in (("dependent", dependent), ("needs", needs)):
        try:
            found.append(read_resource(text))
        except InvalidInput as exc:
            raise InvalidDependency(exc.message, where=where, accepted=exc.accepted) from exc
    if named(TENANT, (found[1],)):
        raise InvalidDependency("Nothing needs a tenant: tenants need what serves them.", where="needs")
    if found[0] == found[1]:
        raise InvalidDependency("Nothing depends on itself.", where="needs")
    return found[0], found[1]


async def _view_of(tx: Transaction, dependent: str, needs: str) -> DependencyView:
    row = await store.one(tx, dependent, needs)
    assert row is not None  # declared just now
    return _view(row, await directory(tx))


def _view(row: Row[Any], everybody: Directory) -> DependencyView:
    return DependencyView(
        dependent=row.dependent,
        needs=row.needs,
        origin=row.origin,
        state=row.state,
        seen=row.seen,
        author=everybody.people[UserId(row.author_id)] if row.author_id else None,
        first_at=row.first_at,
        last_at=row.last_at,
    )
