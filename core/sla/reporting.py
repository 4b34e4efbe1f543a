"""Reports of service levels: what was violated, where it goes, and what a customer may read (S8)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from core.access import TokenScope, permitted
from core.actor import Actor
from core.audit import record
from core.db import Database, Transaction
from core.documents import Brand, Column, Table, Words
from core.documents.document import Cell
from core.incidents import causes_of_alerts
from core.sla import sample_store, store
from core.sla.catalogue import SlaCatalogue
from core.sla.contract import credit_words
from core.sla.crediting import CreditView, credits_of, span_of
from core.sla.delivery import DELIVERED_COLUMNS, delivered_in, delivered_row
from core.sla.errors import InvalidPeriod, UnknownService
from core.sla.history import last_days
from core.sla.measuring import Measuring, measure_in_parts
from core.sla.objective import Metric, value_words
from core.sla.promises import Promises, promises_of
from core.sla.report import Drawn, ReportKind, ServiceReport, brand_of
from core.sla.runs import DAY_COLUMNS, NOTHING, Run, day_row, run_of
from core.sla.trending import trends_in
from core.sla.violations import ALERT_COLUMNS, CAUSE_COLUMNS, MISSED_COLUMNS, Causes, alert_row, cause_rows, missed_rows
from core.sla.watching import SOURCE
from core.sla.windows import Span, Unit
from core.tenants import TenantPolicy, list_tenants, tenant_policy

SERVICES_MAX: Final = 1000  # in one report
SERVICES_DRAWN: Final = 10  # of them: their charts and days are in it
ALERTS_MAX: Final = 1000
KIND_MAX: Final = 40  # characters of what is no kind
TREND_DAYS: Final = 90


async def service_report(
    database: Database,
    catalogue: SlaCatalogue,
    actor: Actor,
    kind: str,
    *,
    service: str | None = None,
    period: str = "",
) -> ServiceReport:
    """The report of a month (2026-03; by default the last whole one), of one service or all.

    Trends are over 90 days: up to the end of that month, or to now where none is named or it still runs.

    Raises InvalidPeriod, UnknownService.
    """
    async with permitted(database, actor, TokenScope.READ, action="sla.report", resource=kind) as tx:
        return await _made(tx, catalogue, kind, service=service, period=period)


async def export_report(
    database: Database,
    catalogue: SlaCatalogue,
    actor: Actor,
    kind: str,
    *,
    service: str | None = None,
    period: str = "",
) -> ServiceReport:
    """The same for a file that is taken along, which is recorded. Raises InvalidPeriod, UnknownService."""
    resource = kind[:KIND_MAX]
    async with permitted(database, actor, TokenScope.READ, action="sla.report_exported", resource=resource) as tx:
        made = await _made(tx, catalogue, kind, service=service, period=period)
        report = f"service_levels:{kind}:{service or '*'}:{period or 'last'}"
        details = {"report": report, **({"service": service} if service else {})}
        await record(tx, actor, action="sla.report_exported", resource=kind, details=details)
        return made


async def _made(
    tx: Transaction, catalogue: SlaCatalogue, kind: str, *, service: str | None, period: str
) -> ServiceReport:
    if kind not in tuple(ReportKind):
        raise InvalidPeriod(f"There is no report '{kind[:KIND_MAX]}'.", where="report", accepted=tuple(ReportKind))
    promised, policy = await promises_of(tx, catalogue), await tenant_policy(tx)
    rows = await sample_store.load_services(tx, None if service is None else [service])
    if service is not None and not rows:
        raise UnknownService(f"No sample of '{service[:120]}' was ever taken.", where="service")
    month = span_of(period, Unit.MONTH, policy.time_zone, tx.now)
    span = month
    if kind == ReportKind.TRENDS:
        span = last_days(TREND_DAYS, min(month.end, tx.now) if period else tx.now)
    rows = [row for row in rows if service is not None or row.first_at < span.end]
    if kind != ReportKind.TRENDS:
        rows = [row for row in rows if promised.binds(row)]
    (tenant,) = await list_tenants(tx)
    about = _About(tx, promised, policy, span, tuple(rows), service, brand_of(tenant))
    match ReportKind(kind):
        case ReportKind.VIOLATIONS:
            return await about.violations()
        case ReportKind.TRENDS:
            return await about.trends()
        case ReportKind.CUSTOMER:
            return await about.customer()


class _About:
    """What one report is about, read in one transaction."""

    def __init__(
        self,
        tx: Transaction,
        promised: Promises,
        policy: TenantPolicy,
        span: Span,
        rows: Sequence[Row[Any]],
        service: str | None,
        brand: Brand,
    ) -> None:
        self._brand, self._name = brand, brand.name
        self._tx, self._promised, self._policy = tx, promised, policy
        self._span, self._rows, self._service = span, rows[:SERVICES_MAX], service
        self._left = len(rows) - len(self._rows)
        self._place = ZoneInfo(policy.time_zone)

    async def violations(self) -> ServiceReport:
        """Every alert of the period at its worst, with its cause, and what each service missed."""
        since, until = self._span.start, self._span.end
        alerts = await store.alerts_between(self._tx, service=self._service, since=since, until=until, limit=ALERTS_MAX)
        told_of = await store.count_alerts_between(self._tx, service=self._service, since=since, until=until)
        causes = Causes(await causes_of_alerts(self._tx, SOURCE, since=since, until=until))
        missed: list[tuple[Cell, ...]] = []
        told, runs = {row.service for row in alerts}, []
        async for found in self._measured():
            delivered = delivered_in(found)
            of_it = missed_rows(
                found.service, delivered, causes, whole=self._span, month=f"{self._start:%B %Y}", now=self._tx.now
            )
            missed += of_it
            if of_it or found.service in told:
                runs.append(self._run(found))
        now, place = self._tx.now, self._place
        caused = [(row, causes.of(row, now=now)) for row in alerts]
        listed = tuple(alert_row(row, cause, place=place, now=now) for row, cause in caused)
        return self._document(
            "Service level violations",
            (("Violations told of", str(told_of)), ("Promises not kept", str(len(missed)))),
            (
                Table("Promises that were not kept", MISSED_COLUMNS, tuple(missed)),
                Table("Violations, newest first", ALERT_COLUMNS, listed),
                Table("Their causes", CAUSE_COLUMNS, cause_rows(caused)),
                *((Words(f"The newest {len(listed)} of {told_of} are listed."),) if told_of > len(listed) else ()),
                *_drawn(runs),
                *self._left_out(),
            ),
        )

    async def trends(self) -> ServiceReport:
        """What is sure in the long run, and the days behind it."""
        parts: list[Table | Words | Drawn] = []
        drawn = {row.service for row in self._rows[:SERVICES_DRAWN]}
        async for measured in self._measured():
            found = trends_in(measured, self._policy.time_zone)
            said = [each for trend in found.trends for each in trend.sentences]
            listed = tuple(day_row(each.day, each.measured) for each in found.days)
            days = Table(f"{found.service}, day by day", DAY_COLUMNS, listed)
            parts.append(Words(f"{found.service}: {' '.join(said) or 'no trend, season or change of level is sure.'}"))
            run = run_of(measured, measured.span, zone=found.zone) if found.service in drawn else None
            parts.append(days if run is None else Drawn(run, days))
        return self._document(
            "Service levels in the long run",
            (("Over", f"{TREND_DAYS} days"),),
            (*parts, *self._left_out()),
        )

    async def customer(self) -> ServiceReport:
        """What was promised and what was delivered, how long it was down, and what is credited.

        Two objectives that promise the same, over other windows or for other reasons, are one promise to a customer.
        """
        delivered: list[tuple[Cell, ...]] = []
        downs: list[tuple[Cell, ...]] = []
        runs: list[Run] = []
        async for found in self._measured():
            runs.append(self._run(found))
            delivered += [delivered_row(found.service, each) for each in delivered_in(found)]
            downs += [
                (found.service, each.day, Decimal(str(round(each.measured.minutes_down, 1))))
                for each in found.days(self._policy.time_zone)
                if each.measured.minutes_down >= 1
            ]
        credited = await credits_of(
            self._tx, self._promised, self._rows, period=f"{self._start:%Y-%m-%d}", zone=self._policy.time_zone
        )
        down_columns = (Column("Service", 2), Column("Day", 1), Column("Minutes down", 1, places=1))
        return self._document(
            f"Service level report of {self._name}",
            (("Services", str(len(self._rows) + self._left)), ("Credits", _credit_words(credited))),
            (
                Table("What was promised, and what was delivered", DELIVERED_COLUMNS, tuple(dict.fromkeys(delivered))),
                Table("When it was down", down_columns, tuple(downs)),
                Table("Service credits", _CREDIT_COLUMNS, tuple(_credit_row(each, self._place) for each in credited)),
                *_drawn(runs),
                *self._left_out(),
            ),
        )

    def _left_out(self) -> tuple[Words, ...]:
        """What a reader must know if services are missing."""
        if self._service is not None and not self._rows:
            return (Words(f"{self._service} was hardly heard of, and nothing that is promised names it."),)
        if not self._rows:
            return (Words("Nothing was measured in this time."),)
        return (Words(f"{self._left} more services are not in this report."),) if self._left else ()

    @property
    def _start(self) -> datetime:
        return self._span.start.astimezone(self._place)

    def _document(
        self, title: str, facts: Iterable[tuple[str, str]], parts: tuple[Table | Words | Drawn, ...]
    ) -> ServiceReport:
        last = self._span.end.astimezone(self._place) - timedelta(minutes=1)
        so_far = " (so far)" if self._span.end > self._tx.now else ""
        period = f"{self._start:%d %b %Y} to {last:%d %b %Y}{so_far}, {self._policy.time_zone}"
        return ServiceReport(
            title=title,
            subtitle=f"{self._name} · {period}",
            facts=(("For", self._name), ("Period", period), *facts),
            parts=parts,
            made_at=self._tx.now,
            brand=self._brand,
        )

    def _measured(self) -> AsyncIterator[Measuring]:
        return measure_in_parts(self._tx, self._promised, self._rows, self._span)

    def _run(self, found: Measuring) -> Run:
        return run_of(found, self._span, zone=self._policy.time_zone)


_CREDIT_COLUMNS: Final = (
    Column("Service", 2), Column("Period", 3), Column("Availability", 2), Column("Minutes down", 1, places=1),
    Column("Credit", 1), Column("Amount", 2), Column("Terms", 4),
)  # fmt: skip


def _drawn(runs: Sequence[Run]) -> list[Words | Drawn]:
    """The charts of the first services; what is not drawn is said."""
    found: list[Words | Drawn] = [
        Drawn(each) for each in runs[:SERVICES_DRAWN] if any(day.measured for day in each.days)
    ]
    left = len(runs) - SERVICES_DRAWN
    if left > 0:
        found.append(Words(f"{left} more services are not drawn here: each has a report of its own."))
    return found


def _credit_row(view: CreditView, place: ZoneInfo) -> tuple[Cell, ...]:
    """A contract's period may be longer than the report's: it is named."""
    last = view.end.astimezone(place) - timedelta(minutes=1)
    period = f"{view.start.astimezone(place):%d %b %Y} to {last:%d %b %Y}{'' if view.is_over else ' (so far)'}"
    amount = "the fee is not known here" if view.amount is None else f"{view.amount} {view.currency}"
    return (
        view.service,
        period,
        _available(view),
        Decimal(str(round(view.minutes_down, 1))),
        credit_words(view.credit),
        amount if view.credit else NOTHING,
        "; ".join(view.terms),
    )


def _available(view: CreditView) -> str:
    """What was measured; of a period that runs also what it comes to if nothing more happens."""
    if view.availability is None or view.availability_at_end is None:
        return NOTHING
    measured = value_words(Metric.AVAILABILITY, view.availability)
    at_end = value_words(Metric.AVAILABILITY, view.availability_at_end)
    return measured if view.is_over else f"{measured} so far, {at_end} if nothing more happens"


def _credit_words(credited: Sequence[CreditView]) -> str:
    given = [each for each in credited if each.credit]
    if not given:
        return "none"
    sums: dict[str, Decimal] = {}
    for each in given:
        if each.amount is not None:
            sums[each.currency] = sums.get(each.currency, Decimal()) + each.amount
    amounts = ", ".join(f"{amount} {currency}" for currency, amount in sorted(sums.items()))
    return f"{len(given)} of {len(credited)} services" + (f": {amounts}" if amounts else "")
