"""/api/v1/budgets: what may be spent, and what happens as it is (C2, C4, C5)."""

from __future__ import annotations

from typing import Final

from core.budgets import (
    BudgetCatalogue,
    BudgetFilter,
    acknowledge,
    ask_raise,
    create,
    end,
    get_budget,
    lift_throttle,
    list_budgets,
    raise_at_once,
    request_override,
    reset,
    restore,
    throttle,
    undo_reset,
    update,
)
from core.db import Database
from core.decisions import suppose_limit
from core.errors import ErrorKind
from core.money import Money
from web.api.budget_inputs import (
    BudgetChangeIn,
    BudgetIn,
    BudgetReasonIn,
    BudgetsQuery,
    OverrideIn,
    RaiseIn,
    ThrottleIn,
    WhatIfQuery,
)
from web.api.budget_shapes import BudgetOut, OverrideOut, WhatIfOut, budget_out, what_if_out
from web.endpoint import Call, Method, Reply, endpoint
from web.paging import Cursors, Page
from web.schema import Id, Path

_ONE: Final = "/api/v1/budgets/{budget_id}"
_TAGS: Final = ("budgets",)
_CURSORS: Final = Cursors("budgets", int)
_CHANGING: Final = (ErrorKind.NOT_FOUND, ErrorKind.CONFLICT, ErrorKind.FORBIDDEN)
_MANAGERS: Final = "those who manage budgets"
_OWNERS: Final = "its owners, and those who manage budgets"


class ByBudget(Path):
    """One budget."""

    budget_id: Id


class Budgets:
    """Budgets."""

    def __init__(self, database: Database, catalogue: BudgetCatalogue) -> None:
        self._database = database
        self._catalogue = catalogue

    @endpoint(
        Method.POST,
        "/api/v1/budgets",
        summary="Make a budget",
        tags=_TAGS,
        responses={201: BudgetOut},
        errors=(ErrorKind.FORBIDDEN,),
        permission=_MANAGERS,
    )
    async def create(self, call: Call[BudgetIn, None, None]) -> Reply:
        """It counts what was spent in the period that runs, and everything from now on."""
        view = await create(self._database, self._catalogue, call.actor, call.body.proposal())
        return Reply(201, budget_out(view))

    @endpoint(Method.GET, "/api/v1/budgets", summary="List budgets", tags=_TAGS)
    async def list(self, call: Call[None, BudgetsQuery, None]) -> Page[BudgetOut]:
        """Those that are not over, by their numbers, each as it stands now; every filter narrows."""
        query = call.query
        wanted = BudgetFilter(
            project=query.project,
            agent=query.agent,
            meter_class=query.meter_class,
            is_mine=query.mine,
            is_exceeded=query.exceeded,
            contains=query.q,
            after=_CURSORS.decode(query.cursor),
        )
        found = await list_budgets(self._database, call.actor, wanted)
        return _CURSORS.page(found, limit=query.limit, shown=budget_out, position=lambda budget: budget.number)

    @endpoint(
        Method.POST,
        "/api/v1/budgets/overrides",
        summary="Ask that an action may pass its budgets",
        tags=_TAGS,
        errors=(ErrorKind.CONFLICT, ErrorKind.FORBIDDEN),
        responses={201: OverrideOut},
        permission="everybody",
    )
    async def override(self, call: Call[OverrideIn, None, None]) -> Reply:
        """Approved, exactly this action passes every budget once."""
        body = call.body
        reference, request_id = await request_override(
            self._database,
            self._catalogue,
            call.actor,
            action=body.action,
            agent=body.agent,
            project=body.project,
            reason=body.reason,
        )
        return Reply(201, OverrideOut(reference=reference, request_id=request_id))

    @endpoint(Method.GET, _ONE, summary="Show a budget", tags=_TAGS, errors=(ErrorKind.NOT_FOUND,))
    async def show(self, call: Call[None, None, ByBudget]) -> BudgetOut:
        """With its past periods, over or not."""
        return budget_out(await get_budget(self._database, call.actor, call.path.budget_id))

    @endpoint(
        Method.GET,
        f"{_ONE}/what-if",
        summary="Who would have been stopped with another limit",
        tags=_TAGS,
        errors=(ErrorKind.NOT_FOUND,),
    )
    async def what_if(self, call: Call[None, WhatIfQuery, ByBudget]) -> WhatIfOut:
        """From the ledger and the decisions of one period, as they stand."""
        query, budget_id = call.query, call.path.budget_id
        found = await suppose_limit(self._database, call.actor, budget_id, limit=query.limit, at=query.period)
        return what_if_out(found)

    @endpoint(Method.PATCH, _ONE, summary="Change a budget", tags=_TAGS, errors=_CHANGING, permission=_MANAGERS)
    async def update(self, call: Call[BudgetChangeIn, None, ByBudget]) -> BudgetOut:
        """At once on every replica."""
        said = call.body.terms()
        return budget_out(await update(self._database, self._catalogue, call.actor, call.path.budget_id, said))

    @endpoint(Method.DELETE, _ONE, summary="End a budget", tags=_TAGS, errors=_CHANGING, permission=_MANAGERS)
    async def end(self, call: Call[None, None, ByBudget]) -> None:
        """It counts and controls nothing any more; its periods stay to be seen, and it can be restored."""
        await end(self._database, self._catalogue, call.actor, call.path.budget_id)

    @endpoint(
        Method.POST, f"{_ONE}/restore", summary="Restore a budget", tags=_TAGS, errors=_CHANGING, permission=_MANAGERS
    )
    async def restore(self, call: Call[None, None, ByBudget]) -> BudgetOut:
        """It counts again; the period that runs is counted anew from the ledger."""
        return budget_out(await restore(self._database, self._catalogue, call.actor, call.path.budget_id))

    @endpoint(
        Method.POST, f"{_ONE}/reset", summary="Reset a budget", tags=_TAGS, errors=_CHANGING, permission=_MANAGERS
    )
    async def reset(self, call: Call[BudgetReasonIn, None, ByBudget]) -> BudgetOut:
        """What was used in this period counts no more; the ledger stays as it is."""
        reason, budget_id = call.body.reason, call.path.budget_id
        return budget_out(await reset(self._database, self._catalogue, call.actor, budget_id, reason=reason))

    @endpoint(
        Method.DELETE, f"{_ONE}/reset", summary="Undo the reset of a budget", tags=_TAGS, errors=_CHANGING,
        permission=_MANAGERS,
    )  # fmt: skip
    async def undo_reset(self, call: Call[None, None, ByBudget]) -> BudgetOut:
        """What was forgiven in this period counts again."""
        return budget_out(await undo_reset(self._database, self._catalogue, call.actor, call.path.budget_id))

    @endpoint(
        Method.POST,
        f"{_ONE}/raise",
        summary="Raise a budget at once",
        tags=_TAGS,
        errors=_CHANGING,
        permission=_MANAGERS,
    )
    async def raise_now(self, call: Call[RaiseIn, None, ByBudget]) -> BudgetOut:
        """What its controls held up is free at once on every replica."""
        body = call.body
        to = Money(body.to.amount, body.to.currency)
        view = await raise_at_once(
            self._database,
            self._catalogue,
            call.actor,
            call.path.budget_id,
            to=to,
            lasts=body.lasts,
            reason=body.reason,
        )
        return budget_out(view)

    @endpoint(
        Method.POST,
        f"{_ONE}/raise-requests",
        summary="Ask for a raise of a budget",
        tags=_TAGS,
        errors=_CHANGING,
        responses={201: BudgetOut},
        permission="everybody",
    )
    async def ask_raise(self, call: Call[RaiseIn, None, ByBudget]) -> Reply:
        """Those who decide are asked; approved, the limit is raised."""
        body = call.body
        to = Money(body.to.amount, body.to.currency)
        view = await ask_raise(
            self._database,
            self._catalogue,
            call.actor,
            call.path.budget_id,
            to=to,
            lasts=body.lasts,
            reason=body.reason,
        )
        return Reply(201, budget_out(view))

    @endpoint(
        Method.POST,
        f"{_ONE}/acknowledge",
        summary="Acknowledge a budget's alerts",
        tags=_TAGS,
        errors=_CHANGING,
        permission=_OWNERS,
    )
    async def acknowledge(self, call: Call[None, None, ByBudget]) -> BudgetOut:
        """Everybody sees that somebody looks after it."""
        return budget_out(await acknowledge(self._database, self._catalogue, call.actor, call.path.budget_id))

    @endpoint(
        Method.POST,
        f"{_ONE}/throttle",
        summary="Slow down what a budget pays for",
        tags=_TAGS,
        errors=_CHANGING,
        permission=_OWNERS,
    )
    async def throttle(self, call: Call[ThrottleIn, None, ByBudget]) -> BudgetOut:
        """So many governed actions an hour are let through, until the period ends or it is lifted."""
        per_hour, budget_id = call.body.per_hour, call.path.budget_id
        return budget_out(await throttle(self._database, self._catalogue, call.actor, budget_id, per_hour=per_hour))

    @endpoint(
        Method.DELETE,
        f"{_ONE}/throttle",
        summary="Lift the throttle of a budget",
        tags=_TAGS,
        errors=_CHANGING,
        permission=_OWNERS,
    )
    async def lift_throttle(self, call: Call[None, None, ByBudget]) -> BudgetOut:
        """What was asked for by hand is gone; the budget's own controls stay."""
        return budget_out(await lift_throttle(self._database, self._catalogue, call.actor, call.path.budget_id))
