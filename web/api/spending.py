"""/api/v1/budgets/check: whoever is about to spend asks first, and has it reserved until it is told as usage (C5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from core.budgets import LASTS_MAX, Answer, Spend, Spending, SpendingDesk
from core.errors import ErrorKind
from web.api.budget_inputs import money_in
from web.api.decisions import ReasonOut
from web.endpoint import Call, Idempotency, Method, endpoint
from web.schema import DecimalText, Input, MoneyIn, MoneyOut, Output

_TAGS: Final = ("budgets",)
_Name = Annotated[str, Field(max_length=200)]
_Id = Annotated[
    str, Field(min_length=1, max_length=300, description="under which the usage will be told; asking again replaces it")
]
EXAMPLE: Final = {
    "id": "run-8812/call-3",
    "amount": {"amount": "0.12", "currency": "USD"},
    "project": "support",
    "agent": "support-bot",
}


class SpendingIn(Input):
    """What is about to be used: so much of a meter, or about how much it will cost."""

    id: _Id
    project: _Name = ""
    agent: _Name = ""
    meter: Annotated[str, Field(max_length=200, description="of the rate card, with a quantity")] = ""
    quantity: DecimalText | None = None
    amount: Annotated[MoneyIn | None, Field(description="the estimate, without a meter")] = None
    meter_class: Annotated[str, Field(max_length=200, description="with an amount: what kind of use it is")] = ""
    expires_in_s: Annotated[
        int, Field(ge=1, le=int(LASTS_MAX.total_seconds()), description="for how long it is reserved, in seconds")
    ] = 300


class ReleaseIn(Input):
    """Of which usage."""

    id: _Id


class DecidingBudgetOut(Output):
    """The budget that decides: the one that refuses, else the one with the least left."""

    id: UUID
    reference: str
    name: str
    limit: MoneyOut
    used: MoneyOut
    resets_at: datetime


class SpendingOut(Output):
    """Whether it may be spent; what is allowed is reserved."""

    decision: Spend
    reasons: list[ReasonOut]
    amount: MoneyOut  # what was asked for, priced
    remaining: Annotated[MoneyOut | None, Field(description="left under that budget after this; null: none counts it")]
    budget: DecidingBudgetOut | None
    expires_at: Annotated[datetime | None, Field(description="until when it is reserved; null: nothing is")]
    retry_after_s: Annotated[int | None, Field(description="of a throttle")]


class Spendings:
    """Asking before spending."""

    def __init__(self, desk: SpendingDesk) -> None:
        self._desk = desk

    @endpoint(
        Method.POST,
        "/api/v1/budgets/check",
        summary="Ask whether something may be spent, and reserve it",
        tags=_TAGS,
        errors=(ErrorKind.FORBIDDEN, ErrorKind.CONFLICT, ErrorKind.LIMITED, ErrorKind.UNAVAILABLE),
        permission="deploy_agents",
        idempotency=Idempotency.IGNORED,
        example=EXAMPLE,
    )
    async def check(self, call: Call[SpendingIn, None, None]) -> SpendingOut:
        """Every budget that counts it is looked at, with what others have reserved of it.

        What is allowed is reserved until usage of the same id is told, it is released, or its time is over.
        """
        body = call.body
        said = Spending(
            id=body.id,
            project=body.project,
            agent=body.agent,
            meter=body.meter,
            quantity=body.quantity,
            amount=money_in(body.amount),
            meter_class=body.meter_class,
            lasts=timedelta(seconds=body.expires_in_s),
        )
        return spending_out(await self._desk.ask(call.actor, said))

    @endpoint(
        Method.POST,
        "/api/v1/budgets/release",
        summary="Release what was reserved",
        tags=_TAGS,
        errors=(ErrorKind.FORBIDDEN,),
        permission="deploy_agents",
        idempotency=Idempotency.IGNORED,
    )
    async def release(self, call: Call[ReleaseIn, None, None]) -> None:
        """Nothing is reserved for that usage any more, whether anything was or not."""
        await self._desk.give_back(call.actor, call.body.id)


def spending_out(answer: Answer) -> SpendingOut:
    """An answer as it travels."""
    verdict, currency = answer.verdict, answer.currency
    of = verdict.guarded
    budget = None
    if of is not None:
        budget = DecidingBudgetOut(
            id=of.budget.id,
            reference=of.budget.reference,
            name=of.budget.terms.name,
            limit=MoneyOut(amount=of.standing.limit, currency=currency),
            used=MoneyOut(amount=of.standing.used, currency=currency),
            resets_at=of.standing.window.ends_at,
        )
    later = answer.retry_after
    return SpendingOut(
        decision=verdict.spend,
        reasons=[ReasonOut(code=verdict.code, message=verdict.reason)],
        amount=MoneyOut(amount=answer.amount, currency=currency),
        remaining=None if verdict.left is None else MoneyOut(amount=verdict.left, currency=currency),
        budget=budget,
        expires_at=answer.expires_at,
        retry_after_s=None if later is None else ceil(later.total_seconds()),
    )
