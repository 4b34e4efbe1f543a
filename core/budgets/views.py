"""A budget as doors show it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from core.access import PersonView
from core.budgets.periods import Period
from core.budgets.state import Control, Standing, Terms


@dataclass(frozen=True, slots=True)
class RaiseView:
    """A raise that waits for approval."""

    reference: str  # REQ-1042
    request_id: UUID
    wanted: Decimal
    lasts: str  # period or always


@dataclass(frozen=True, slots=True)
class BudgetView:
    """A budget, and how its period stands now."""

    id: UUID
    reference: str
    terms: Terms
    period: Period
    zone: str  # in which its days begin
    standing: Standing
    owners: tuple[PersonView, ...]
    controls_now: tuple[Control, ...]  # that hold as it stands
    projected: Decimal | None  # by the period's end; None while it is too early to say
    gone_at: datetime | None  # when the limit is reached at this rate, in this period
    resets_in: str  # 9 days
    declared: str  # under this key in the tenant's file
    ended_at: datetime | None
    acknowledged_by: PersonView | None = None
    raise_asked: RaiseView | None = None
    reserved: Decimal = Decimal(0)  # of the period that runs: allowed to who asked, and not told as usage yet
    past: tuple[Standing, ...] = ()  # periods that are over, the newest first

    @property
    def number(self) -> int:
        """Of its reference."""
        return int(self.reference.removeprefix("BUD-"))

    @property
    def is_exceeded(self) -> bool:
        """Whether the limit is reached."""
        return self.standing.is_at(Decimal(100))
