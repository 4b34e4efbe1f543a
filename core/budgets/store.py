"""All SQL of budgets.

Who changes a budget holds its lock and that of the tenant's budgets (`hold_all`), which writers of charges share: so a
charge is counted by every budget that exists when it commits, and a new budget finds in the ledger what it is not told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import DateTime, Row, Select, bindparam, select, text, update
from sqlalchemy.dialects.postgresql import insert

from core.budgets.model import budget_periods, budget_requests, budgets
from core.budgets.periods import Scheme, Window, window_of
from core.budgets.state import Budget, RollOver, Scope, Standing, Terms, controls_from
from core.db import Transaction
from core.ids import UserId

KNOWN: Final = "budgets"  # under which each replica remembers a tenant's
_SHARE: Final = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))")
_HOLD: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
# Takes the shared lock, then counts. Rows are locked in the order of their keys, whoever writes: two batches that meet
# wait for each other, never both. It is one round trip, since every other waits for a hot row (0093).
_COUNT: Final = "SELECT * FROM countersign_count_charges($1, $2, $3, $4, $5, $6, $7, $8)"
# The change number comes with one row at least, so that nobody has to ask for it apart.
_STANDINGS: Final = """
    SELECT b.latest, p.*
    FROM (SELECT coalesce(max(changed), 0) AS latest FROM budgets WHERE tenant_id = $1) b
    LEFT JOIN (
        unnest($2::uuid[], $3::timestamptz[]) AS w(of_budget, begins)
        JOIN budget_periods p ON p.tenant_id = $1 AND p.budget_id = w.of_budget AND p.starts_at = w.begins
    ) ON true
"""
_CHANGED: Final = text("SELECT coalesce(max(changed), 0) FROM budgets WHERE tenant_id = :tenant")
_NO_PERIOD: Final = tuple(column.name for column in budget_periods.c if column.name not in ("tenant_id", "budget_id"))


def _with_standing() -> Select[Any]:
    """Built once: the gate asks it for each batch, and putting it together takes longer than its answer."""
    b, p, at = budgets.c, budget_periods.c, bindparam("at", type_=DateTime(timezone=True))
    joined = budgets.outerjoin(
        budget_periods,
        (p.tenant_id == b.tenant_id) & (p.budget_id == b.budget_id) & (p.starts_at <= at) & (p.ends_at > at),
    )
    columns = (p[name].label(f"p_{name}") for name in _NO_PERIOD)
    wanted = select(budgets, *columns).select_from(joined)
    return wanted.where(b.tenant_id == bindparam("of_tenant")).order_by(b.number)


_STANDING: Final = _with_standing().where(budgets.c.ended_at.is_(None))
_STANDING_OF_ONE: Final = _with_standing().where(budgets.c.budget_id == bindparam("of_budget"))
_FORGIVE: Final = (
    update(budget_periods)
    .where(
        budget_periods.c.tenant_id == bindparam("of_tenant"),
        budget_periods.c.budget_id == bindparam("of_budget"),
        budget_periods.c.starts_at == bindparam("of_period"),
    )
    .values(forgiven=bindparam("amount"))
)


@dataclass(frozen=True, slots=True)
class Count:
    """What charges add to one period of one budget."""

    budget_id: UUID
    window: Window
    spent: Decimal
    charges: int


@dataclass(frozen=True, slots=True)
class Known:
    """The budgets of a tenant that are not over, as of the change number `changed`."""

    changed: int
    budgets: tuple[Budget, ...]
    _windows: dict[UUID, Window] = field(default_factory=dict, compare=False)  # the last that were asked for

    def windows(self, at: datetime) -> dict[UUID, Window]:
        """The period of each that holds the instant, of those that have begun by then."""
        found = {}
        for budget in self.budgets:
            window = self._windows.get(budget.id)
            if window is None or not window.holds(at):
                window = window_of(budget.schemes, at)
            if window is not None:
                found[budget.id] = self._windows[budget.id] = window
        return found


async def share(tx: Transaction) -> None:
    """No budget of the tenant begins, ends or changes its periods until commit."""
    await tx.connection.execute(_SHARE, {"name": _lock(tx)})


async def hold_all(tx: Transaction) -> int:
    """Nobody counts charges or changes budgets of the tenant until commit; the number of the next change."""
    await tx.connection.execute(_HOLD, {"name": _lock(tx)})
    return int((await tx.connection.execute(_CHANGED, {"tenant": tx.tenant})).scalar_one()) + 1


async def hold_shown(tx: Transaction) -> None:
    """Nobody else decides until commit whether what is shown of the tenant's budgets is looked at again."""
    await tx.connection.execute(_HOLD, {"name": f"{_lock(tx)} shown"})


async def count(tx: Transaction, counts: Sequence[Count], *, changed: int) -> Sequence[Mapping[str, Any]] | None:
    """The periods as they are then; None, and nothing is counted, if budgets have changed since `changed`.

    No budget of the tenant begins, ends or changes its periods until commit, as with `share`.
    """
    rows = await tx.fetch(
        _COUNT,
        tx.tenant,
        _lock(tx),
        changed,
        [each.budget_id for each in counts],
        [each.window.starts_at for each in counts],
        [each.window.ends_at for each in counts],
        [each.spent for each in counts],
        [each.charges for each in counts],
    )
    return rows if len(rows) == len(counts) else None


async def is_current(tx: Transaction, changed: int) -> bool:
    """Whether no budget has changed since."""
    return bool((await tx.connection.execute(_CHANGED, {"tenant": tx.tenant})).scalar_one() == changed)


async def load_known(tx: Transaction) -> Known:
    """As they are now."""
    wanted = select(budgets).where(budgets.c.tenant_id == tx.tenant).order_by(budgets.c.number)
    rows = (await tx.connection.execute(wanted)).all()
    changed = max((row.changed for row in rows), default=0)
    return Known(changed, tuple(budget_in(row) for row in rows if row.ended_at is None))


async def standings(tx: Transaction, known: Known) -> dict[UUID, Standing] | None:
    """How the period that runs now stands of each budget that has begun; None if budgets have changed since."""
    windows = known.windows(tx.now)
    starts = [window.starts_at for window in windows.values()]
    rows = await tx.fetch(_STANDINGS, tx.tenant, list(windows), starts)
    if rows[0]["latest"] != known.changed:
        return None
    counted = {row["budget_id"]: row for row in rows}
    return {
        budget.id: standing_in(counted[budget.id], budget.terms.amount)
        if budget.id in counted
        else Standing(windows[budget.id], budget.terms.amount)
        for budget in known.budgets
        if budget.id in windows
    }


async def with_standing(
    tx: Transaction, *, at: datetime, budget_id: UUID | None = None
) -> list[tuple[Budget, Standing]]:
    """The budgets that are not over (or one, over or not), each with its period that holds `at`; one statement."""
    values = {"of_tenant": tx.tenant, "at": at}
    if budget_id is None:
        rows = await tx.connection.execute(_STANDING, values)
    else:
        rows = await tx.connection.execute(_STANDING_OF_ONE, {**values, "of_budget": budget_id})
    found = []
    for row in rows:
        budget = budget_in(row)
        found.append((budget, _standing_of(budget, row, at=at)))
    return found


async def find(tx: Transaction, *, number: int | None = None, budget_id: UUID | None = None) -> Budget | None:
    """The budget, over or not."""
    columns = budgets.c
    wanted = columns.budget_id == budget_id if budget_id else columns.number == number
    row = (await tx.connection.execute(select(budgets).where(columns.tenant_id == tx.tenant, wanted))).first()
    return None if row is None else budget_in(row)


async def lock(tx: Transaction, budget_id: UUID) -> Budget | None:
    """The budget, held until commit."""
    columns = budgets.c
    wanted = select(budgets).where(columns.tenant_id == tx.tenant, columns.budget_id == budget_id).with_for_update()
    row = (await tx.connection.execute(wanted)).first()
    return None if row is None else budget_in(row)


async def add(tx: Transaction, values: Mapping[str, Any]) -> None:
    """The budget is there."""
    await tx.connection.execute(budgets.insert().values(tenant_id=tx.tenant, **values))


async def change(tx: Transaction, budget_id: UUID, values: Mapping[str, Any]) -> None:
    """The budget has these values."""
    columns = budgets.c
    await tx.connection.execute(
        update(budgets)
        .where(columns.tenant_id == tx.tenant, columns.budget_id == budget_id)
        .values(updated_at=tx.now, **values)
    )


async def declared(tx: Transaction) -> dict[str, tuple[Budget, str]]:
    """The budgets that the tenant's file has declared, over or not, by key, with the digest of what it said."""
    columns = budgets.c
    rows = await tx.connection.execute(select(budgets).where(columns.tenant_id == tx.tenant, columns.declared != ""))
    return {row.declared: (budget_in(row), row.declared_digest) for row in rows}


async def open_period(tx: Transaction, budget_id: UUID, window: Window, values: Mapping[str, Any]) -> None:
    """The period is there and has these values; what was counted in it already stays, unless they say so."""
    key = {"tenant_id": tx.tenant, "budget_id": budget_id, "starts_at": window.starts_at}
    whole = {"ends_at": window.ends_at, **values}
    await tx.connection.execute(
        insert(budget_periods)
        .values(**key, **whole)
        .on_conflict_do_update(index_elements=["tenant_id", "budget_id", "starts_at"], set_=whole)
    )


async def set_pace(
    tx: Transaction, budget_id: UUID, window: Window, until: datetime, *, is_of_spending: bool = False
) -> None:
    """What the budget has let through of late is kept in this period, whose end is left as others have set it."""
    key = {"tenant_id": tx.tenant, "budget_id": budget_id, "starts_at": window.starts_at}
    pace = {"spending_paced_until" if is_of_spending else "paced_until": until}
    await tx.connection.execute(
        insert(budget_periods)
        .values(**key, ends_at=window.ends_at, **pace)
        .on_conflict_do_update(index_elements=["tenant_id", "budget_id", "starts_at"], set_=pace)
    )


async def change_period(tx: Transaction, budget_id: UUID, starts_at: datetime, values: Mapping[str, Any]) -> None:
    """The period has these values."""
    columns = budget_periods.c
    await tx.connection.execute(
        update(budget_periods)
        .where(columns.tenant_id == tx.tenant, columns.budget_id == budget_id, columns.starts_at == starts_at)
        .values(**values)
    )


async def forgive(tx: Transaction, periods: Sequence[tuple[UUID, datetime, Decimal]]) -> None:
    """Of each period, by its budget and begin, this much is forgiven."""
    if periods:
        await tx.connection.execute(
            _FORGIVE,
            [
                {"of_tenant": tx.tenant, "of_budget": budget_id, "of_period": starts_at, "amount": amount}
                for budget_id, starts_at, amount in periods
            ],
        )


async def hold_period(tx: Transaction, budget: Budget, window: Window) -> Standing:
    """How the period stands; nobody counts into it until commit."""
    columns = budget_periods.c
    await tx.connection.execute(
        insert(budget_periods)
        .values(tenant_id=tx.tenant, budget_id=budget.id, starts_at=window.starts_at, ends_at=window.ends_at)
        .on_conflict_do_nothing()
    )
    row = await tx.connection.execute(
        select(budget_periods)
        .where(
            columns.tenant_id == tx.tenant,
            columns.budget_id == budget.id,
            columns.starts_at == window.starts_at,
        )
        .with_for_update()
    )
    return standing_in(row.mappings().one(), budget.terms.amount)


async def periods_of(tx: Transaction, budget: Budget, *, limit: int) -> tuple[Standing, ...]:
    """Its periods so far, the newest first."""
    columns = budget_periods.c
    rows = await tx.connection.execute(
        select(budget_periods)
        .where(columns.tenant_id == tx.tenant, columns.budget_id == budget.id)
        .order_by(columns.starts_at.desc())
        .limit(limit)
    )
    return tuple(standing_in(row, budget.terms.amount) for row in rows.mappings())


async def add_request(tx: Transaction, request_id: UUID, budget_id: UUID, *, wanted: Decimal, lasts: str) -> None:
    """It is known what the request is about; a request that is known already stays what it is."""
    values = {"request_id": request_id, "budget_id": budget_id, "wanted": wanted, "lasts": lasts}
    await tx.connection.execute(insert(budget_requests).values(tenant_id=tx.tenant, **values).on_conflict_do_nothing())


async def request(tx: Transaction, request_id: UUID) -> Row[Any] | None:
    """What the request is about, held until commit."""
    columns = budget_requests.c
    wanted = select(budget_requests).where(columns.tenant_id == tx.tenant, columns.request_id == request_id)
    return (await tx.connection.execute(wanted.with_for_update())).first()


async def settle_request(tx: Transaction, request_id: UUID) -> None:
    """What became of the request has had its effect."""
    columns = budget_requests.c
    await tx.connection.execute(
        update(budget_requests)
        .where(columns.tenant_id == tx.tenant, columns.request_id == request_id)
        .values(settled_at=tx.now)
    )


async def open_requests(tx: Transaction, budget_ids: Sequence[UUID]) -> dict[UUID, Row[Any]]:
    """The newest request about each budget that is not settled, by budget."""
    columns = budget_requests.c
    rows = await tx.connection.execute(
        select(budget_requests)
        .where(columns.tenant_id == tx.tenant, columns.settled_at.is_(None), columns.budget_id.in_(list(budget_ids)))
        .order_by(columns.request_id)
    )
    return {row.budget_id: row for row in rows}


def values_of(terms: Terms) -> dict[str, Any]:
    """The budget's terms as they are stored."""
    return {
        "name": terms.name,
        "project": terms.scope.project,
        "agent": terms.scope.agent,
        "meter_class": terms.scope.meter_class,
        "amount": terms.amount,
        "currency": terms.currency,
        "roll_over": terms.roll_over,
        "roll_over_cap": terms.roll_over_cap,
        "thresholds": list(terms.thresholds),
        "has_forecast": terms.has_forecast,
        "controls": [each.to_json() for each in terms.controls],
        "owners": list(terms.owners),
    }


def budget_in(row: Row[Any]) -> Budget:
    """The budget of a row."""
    return Budget(
        id=row.budget_id,
        number=row.number,
        terms=Terms(
            name=row.name,
            amount=row.amount,
            currency=row.currency,
            scope=Scope(row.project, row.agent, row.meter_class),
            roll_over=RollOver(row.roll_over),
            roll_over_cap=row.roll_over_cap,
            thresholds=tuple(row.thresholds),
            has_forecast=row.has_forecast,
            controls=controls_from(row.controls),
            owners=tuple(UserId(each) for each in row.owners),
        ),
        schemes=tuple(Scheme.from_json(each) for each in row.schemes),
        declared=row.declared,
        ended_at=row.ended_at,
    )


def standing_in(row: Mapping[Any, Any], amount: Decimal) -> Standing:
    """How the period of a row stands; the budget's `amount` is what holds where the period is not over."""
    return _standing(row, amount, "")


def _standing_of(budget: Budget, row: Row[Any], *, at: datetime) -> Standing:
    if row.p_starts_at is not None:
        return _standing(row._mapping, budget.terms.amount, "p_")  # noqa: SLF001  SQLAlchemy's public name for a row as a mapping
    window = window_of(budget.schemes, at) or Window(at, at)
    return Standing(window, budget.terms.amount)


def _standing(row: Mapping[Any, Any], amount: Decimal, prefix: str) -> Standing:
    def value(name: str) -> Any:
        return row[prefix + name]

    closed = value("closed_amount")
    return Standing(
        window=Window(value("starts_at"), value("ends_at")),
        amount=amount if closed is None else closed,
        spent=value("spent"),
        charges=value("charges"),
        carried=value("carried"),
        extra=value("extra"),
        forgiven=value("forgiven"),
        reset_at=value("reset_at"),
        alerted=frozenset(value("alerted")),
        throttle_per_hour=value("throttle_per_hour"),
        paced_until=value("paced_until"),
        spending_paced_until=value("spending_paced_until"),
        acknowledged_by=value("acknowledged_by"),
        acknowledged_at=value("acknowledged_at"),
        closed_at=value("closed_at"),
    )


def _lock(tx: Transaction) -> str:
    return f"budgets {tx.tenant}"
