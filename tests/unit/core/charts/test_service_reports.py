"""The charts of a service level report, and what becomes of it where none can be drawn (S8)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from core.charts import PictureFailed, Renderer, ReportFormat, run_charts, write_report
from core.documents import Brand, Column, Table
from core.sla import Drawn, Metric, Objective, Run, RunDay, ServiceReport
from core.sla.history import Measured
from core.sla.objective import Bound
from core.sla.windows import Unit, Window

AVAILABLE = Objective(
    name="availability", metric=Metric.AVAILABILITY, bound=Bound(">=", 0.999), window=Window(unit=Unit.MONTH)
)
FAST = Objective(name="response", metric=Metric.RESPONSE_TIME, bound=Bound("<", 0.5))


def day(number: int, *, p95: float | None = 0.2, down: float = 0.0, left: float | None = 1.0) -> RunDay:
    start = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(days=number - 1)
    return RunDay(start.date(), Measured(start, 100, 0, 1 - down / 1440, down, p95), left)


def run(*days: RunDay, promised: bool = True, resets: tuple[date, ...] = ()) -> Run:
    fast, available = (FAST, AVAILABLE) if promised else (None, None)
    return Run("payments", days, fast, available, available, resets, "each calendar month")


@pytest.mark.row("S8")
def test_each_chart_says_in_words_what_it_shows():
    charts = run_charts(run(day(1), day(2, p95=0.6), day(3, down=60.0, left=-0.4), resets=(date(2026, 3, 2),)))
    assert [each.description for each in charts] == [
        "95th percentile of each day: at most 600ms, on 2026-03-02. Promised is < 500ms: worse on 1 of 3 days.",
        "Availability of each day: at least 95.8333%, on 2026-03-03. Promised is >= 99.9% (calendar month): worse on "
        "1 of 3 days.",
        "What is left of the error budget (availability >= 99.9%, over each calendar month): -40% on 2026-03-03. "
        "It was gone on 2026-03-03. It begins anew on 2026-03-02.",
    ]


@pytest.mark.row("S8", "S2")
def test_a_line_is_broken_where_nothing_was_measured():
    (times, *_) = run_charts(run(day(1), RunDay(date(2026, 3, 2), None, None), day(3)))
    assert [each["value"] for each in times.body["data"]["values"]] == [0.2, None, 0.2]


@pytest.mark.row("S8")
def test_what_is_not_promised_has_no_bound_and_no_budget():
    charts = run_charts(run(day(1), promised=False))
    assert [each.title for each in charts] == ["response time", "availability"]
    assert [len(each.body["layer"]) for each in charts] == [1, 1]
    assert "Promised" not in charts[0].description


class _Broken(Renderer):
    """Draws nothing."""

    drawn = 0

    async def draw(self, chart, picture, theme):
        del chart, picture, theme
        self.drawn += 1
        raise PictureFailed


def report(*runs: Run) -> ServiceReport:
    table = Table("Days", (Column("Day"),), (("kept for the spreadsheet",),))
    parts = tuple(Drawn(each, table) for each in runs)
    return ServiceReport("Report", "March", (), parts, datetime(2026, 4, 1, tzinfo=UTC), Brand("Acme", "#7a1fa2"))


@pytest.mark.row("S8")
async def test_a_report_without_pictures_has_its_tables_and_says_so():
    renderer = _Broken()
    page = (await write_report(report(run(day(1)), run(day(2))), ReportFormat.HTML, renderer)).decode()
    assert renderer.drawn == 1  # the others would only wait, too
    assert "The pictures could not be drawn; the tables have every figure." in page
    assert "2026-03-02" in page


@pytest.mark.row("S8")
async def test_a_page_has_its_charts_with_their_words_in_the_tenants_colour():
    renderer = Renderer()
    try:
        page = (await write_report(report(run(day(1), day(2))), ReportFormat.HTML, renderer)).decode()
    finally:
        await renderer.close()
    assert page.count("<figure>") == 3
    assert "<figcaption>Availability of each day: at least 100%" in page
    assert (
        'aria-label="payments, day by day; the budget is that of availability &gt;= 99.9% over each calendar month"'
        in page
    )
    assert "#7a1fa2" in page
    assert "<footer>Acme" in page


@pytest.mark.row("S8")
async def test_a_spreadsheet_has_the_days_alone():
    text = (await write_report(report(run(day(1))), ReportFormat.CSV, _Broken())).decode()
    assert "kept for the spreadsheet" in text
    assert "Budget left" not in text
