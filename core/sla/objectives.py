"""Use cases of objectives: list, show, create, change, drop, and OpenSLO both ways (S1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from config.errors import YamlSyntaxError
from core.access import TokenScope, permitted, require
from core.actor import Actor
from core.audit import audited, record
from core.db import Database, Transaction
from core.errors import ConfigError
from core.roles.permissions import Permission
from core.sla import store
from core.sla.catalogue import SlaCatalogue
from core.sla.errors import InvalidObjective, ObjectiveExists, ObjectiveInFile, TooManyObjectives, UnknownObjective
from core.sla.names import ACCEPTED, NAME_MAX, name_of, refusal
from core.sla.objective import (
    ANY,
    EXAMPLES,
    MINIMUM_TRAFFIC,
    PERCENTILE,
    Metric,
    Objective,
    bound_words,
    is_same,
    read_bound,
)
from core.sla.openslo import Imported, read_openslo
from core.sla.openslo_export import write_openslo
from core.sla.promises import promises_of
from core.sla.views import ObjectiveView
from core.sla.watching import ensure_watch
from core.sla.windows import EXAMPLES as WINDOW_EXAMPLES
from core.sla.windows import LAST_30_DAYS, read_window
from core.tenants import tenant_policy

OBJECTIVES_MAX: Final = 2_000  # of a tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An objective as somebody writes it."""

    name: str
    service: str
    metric: str
    target: str  # "99.9%", "< 2 seconds"
    window: str = ""
    percentile: float | None = None  # of response times; PERCENTILE, if it is not said
    description: str = ""
    pages: bool = True
    minimum_traffic: int = MINIMUM_TRAFFIC


@dataclass(frozen=True, slots=True)
class ImportView:
    """What came of an import."""

    created: tuple[ObjectiveView, ...]
    changed: tuple[ObjectiveView, ...]
    unchanged: int  # they held so before
    passed_over: tuple[str, ...]


async def list_objectives(
    database: Database,
    catalogue: SlaCatalogue,
    actor: Actor,
    *,
    service: str | None = None,
    after: str = "",
    limit: int = 50,
) -> tuple[ObjectiveView, ...]:
    """Objectives by service and name, beyond the position `after`; those that are written for one service."""
    async with permitted(database, actor, TokenScope.READ, action="sla.objectives", resource="objectives") as tx:
        found = sorted((await promises_of(tx, catalogue)).objectives, key=position)
        return tuple(each for each in found if position(each) > after and service in (None, each.objective.service))[
            :limit
        ]


async def get_objective(database: Database, catalogue: SlaCatalogue, actor: Actor, objective_id: UUID) -> ObjectiveView:
    """The objective. Raises UnknownObjective."""
    async with permitted(database, actor, TokenScope.READ, action="sla.objective", resource=str(objective_id)) as tx:
        return await _view(tx, catalogue, objective_id)


async def create_objective(database: Database, catalogue: SlaCatalogue, actor: Actor, wish: Wish) -> ObjectiveView:
    """It holds from now on, before one of a file of that name. Raises InvalidObjective, ObjectiveExists."""
    resource = f"{wish.service[:NAME_MAX]}/{wish.name[:NAME_MAX]}"
    async with audited(database, actor, action="sla.objective_created", resource=resource) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.REQUEST)
        named = replace(
            wish, name=_named("name", "an objective", wish.name), service=_named("service", "a service", wish.service)
        )
        objective = _read(named, zone=(await tenant_policy(tx)).time_zone)
        await store.hold(tx, "objectives")
        if await store.objective_named(tx, objective.service, objective.name) is not None:
            raise ObjectiveExists(f"{objective.service} has an objective '{objective.name}'.", where="name")
        objective_id = await _add(tx, actor, objective)
        return await _view(tx, catalogue, objective_id)


async def change_objective(
    database: Database, catalogue: SlaCatalogue, actor: Actor, objective_id: UUID, changes: Mapping[str, object]
) -> ObjectiveView:
    """It is this from now on; what is not among the changes stays. Raises InvalidObjective, ObjectiveInFile."""
    async with audited(database, actor, action="sla.objective_changed", resource=str(objective_id)) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.REQUEST)
        await store.hold(tx, "objectives")
        known = await _view(tx, catalogue, objective_id)
        _require_own(known)
        wish = replace(_wish(known.objective), **changes)  # type: ignore[arg-type]  # named by the door's fields
        objective = _read(wish, zone=(await tenant_policy(tx)).time_zone)
        await store.change_objective(tx, objective_id, objective, actor.user)
        await _recorded(tx, actor, "sla.objective_changed", objective, objective_id, before=known.objective)
        return await _view(tx, catalogue, objective_id)


async def drop_objective(database: Database, catalogue: SlaCatalogue, actor: Actor, objective_id: UUID) -> None:
    """It holds no more; one of a file of that name does again. Raises UnknownObjective, ObjectiveInFile."""
    async with audited(database, actor, action="sla.objective_dropped", resource=str(objective_id)) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.REQUEST)
        known = await _view(tx, catalogue, objective_id)
        _require_own(known)
        await store.drop_objective(tx, objective_id)
        await _recorded(tx, actor, "sla.objective_dropped", known.objective, objective_id)


async def import_openslo(
    database: Database, catalogue: SlaCatalogue, actor: Actor, text: str, *, file: str = "openslo.yaml"
) -> ImportView:
    """Every SLO of the documents is an objective, or none is. Raises InvalidObjective with file, line and key."""
    async with audited(database, actor, action="sla.objectives_imported", resource=file[:NAME_MAX]) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.REQUEST)
        try:
            found = read_openslo(text, file=file)
        except ConfigError as exc:
            raise InvalidObjective(exc.sentence(), where="document", accepted=exc.accepted) from exc
        except YamlSyntaxError as exc:
            raise InvalidObjective(f"{exc.file}:{exc.line}: {exc.message}", where="document") from exc
        if not found.objectives:
            raise InvalidObjective("There is no SLO in this document.", where="document", accepted=("kind: SLO",))
        await store.hold(tx, "objectives")
        return await _take(tx, catalogue, actor, found)


async def _take(tx: Transaction, catalogue: SlaCatalogue, actor: Actor, found: Imported) -> ImportView:
    """What holds otherwise, or not at all, holds so now."""
    promised, created, changed, unchanged = await promises_of(tx, catalogue), [], [], 0
    holding = {(each.objective.service, each.objective.name): each for each in promised.holding}
    for objective in found.objectives:
        known = holding.get((objective.service, objective.name))
        inherited = promised.of(objective.service) if objective.is_inherited else ()
        held = known.objective if known else next((each for each in inherited if each.name == objective.name), None)
        if held is not None and is_same(held, objective):
            unchanged += 1
        elif known is None or known.origin == "file":
            created.append(await _add(tx, actor, objective))
        else:
            await store.change_objective(tx, known.id, objective, actor.user)
            await _recorded(tx, actor, "sla.objective_changed", objective, known.id, before=known.objective)
            changed.append(known.id)
    views = {each.id: each for each in (await promises_of(tx, catalogue)).objectives}
    return ImportView(
        created=tuple(views[each] for each in created),
        changed=tuple(views[each] for each in changed),
        unchanged=unchanged,
        passed_over=found.passed_over,
    )


async def export_openslo(
    database: Database, catalogue: SlaCatalogue, actor: Actor, *, service: str | None = None
) -> str:
    """The objectives that hold as OpenSLO v1 YAML: for one service, or all as they are written."""
    async with permitted(database, actor, TokenScope.READ, action="sla.objectives_exported", resource="*") as tx:
        promised = await promises_of(tx, catalogue)
        if service is not None:
            return write_openslo(promised.of(service))
        return write_openslo(each.objective for each in promised.holding)


def position(view: ObjectiveView) -> str:
    """Where the objective stands in the list."""
    return f"{view.objective.service}\n{view.objective.name}\n{view.id}"


def _read(wish: Wish, *, zone: str) -> Objective:
    if wish.metric not in tuple(Metric):
        raise InvalidObjective(f"There is no metric '{wish.metric}'.", where="metric", accepted=tuple(Metric))
    metric = Metric(wish.metric)
    bound = read_bound(metric, wish.target)
    if bound is None:
        raise InvalidObjective(
            f"'{wish.target[:NAME_MAX]}' is no {metric.replace('_', ' ')}.", where="target", accepted=EXAMPLES[metric]
        )
    window = read_window(wish.window or LAST_30_DAYS.words, zone=zone)
    if window is None:
        raise InvalidObjective(f"'{wish.window[:NAME_MAX]}' is no window.", where="window", accepted=WINDOW_EXAMPLES)
    if wish.percentile is not None and metric is not Metric.RESPONSE_TIME:
        message = f"Only a response time has a percentile; this is the {metric.replace('_', ' ')}."
        raise InvalidObjective(message, where="percentile", next_step="Leave it out.")
    percentile = PERCENTILE if wish.percentile is None else wish.percentile
    if not 0 < percentile < 1:
        raise InvalidObjective("A percentile lies between 0 and 1.", where="percentile", accepted=("0.95",))
    if not 1 <= wish.minimum_traffic <= 10**9:
        raise InvalidObjective("A minimum traffic is 1 or more.", where="minimum_traffic", accepted=("30",))
    return Objective(
        name=wish.name,
        metric=metric,
        bound=bound,
        window=window,
        service=wish.service,
        percentile=percentile,
        description=wish.description,
        pages=wish.pages,
        minimum_traffic=wish.minimum_traffic,
    )


def _named(where: str, what: str, text: str) -> str:
    name = name_of(text)
    if name is None:
        raise InvalidObjective(refusal(what), where=where, accepted=ACCEPTED)
    return name


def _wish(objective: Objective) -> Wish:
    return Wish(
        name=objective.name,
        service=objective.service,
        metric=objective.metric,
        target=bound_words(objective.metric, objective.bound),
        window=objective.window.words,
        percentile=objective.percentile if objective.metric is Metric.RESPONSE_TIME else None,
        description=objective.description,
        pages=objective.pages,
        minimum_traffic=objective.minimum_traffic,
    )


async def _add(tx: Transaction, actor: Actor, objective: Objective) -> UUID:
    if await store.count_objectives(tx) >= OBJECTIVES_MAX:
        raise TooManyObjectives(f"A tenant has {OBJECTIVES_MAX:,} objectives at most.")
    objective_id = await store.add_objective(tx, objective, actor.user)
    await ensure_watch(tx)
    await _recorded(tx, actor, "sla.objective_created", objective, objective_id)
    return objective_id


async def _recorded(
    tx: Transaction,
    actor: Actor,
    action: str,
    objective: Objective,
    objective_id: UUID,
    *,
    before: Objective | None = None,
) -> None:
    details = {"objective": objective.words, "window": objective.window.words}
    if before is not None:
        details |= {"before": before.words, "window_before": before.window.words}
    resource = f"{objective.service}/{objective.name}"
    await record(tx, actor, action=action, resource=resource, subject_id=objective_id, details=details)


async def _view(tx: Transaction, catalogue: SlaCatalogue, objective_id: UUID) -> ObjectiveView:
    promised = await promises_of(tx, catalogue)
    found = next((each for each in promised.objectives if each.id == objective_id), None)
    if found is None:
        raise UnknownObjective(where="objective")
    return found


def _require_own(view: ObjectiveView) -> None:
    if view.origin == "file":
        raise ObjectiveInFile(
            next_step=f"Create one named '{view.objective.name}' for {_whom(view.objective)}, which goes before it."
        )


def _whom(objective: Objective) -> str:
    return "a service" if objective.service == ANY else f"'{objective.service}'"
