"""Charts say the same in a picture, in words and in a table (P8)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from core.approvals import DayOutcomes, Figures, Outcomes, Week
from core.approvals.analytics import Spread, StageFigures, Totals, bottlenecks
from core.charts import NAMES, Theme, impact_chart
from core.charts.definitions import STAGES_DRAWN, approval_charts, charts_of_week
from core.dependencies import Felt

UNTIL = datetime(2026, 11, 24, tzinfo=UTC)
HOUR_S = 3600.0


def stage(name, *, median_h, p90_h, open_now=0, overdue_now=0, policy="deployment"):
    time = Spread(4, median_h * HOUR_S, p90_h * HOUR_S)
    return StageFigures(policy, name, time, open_now, overdue_now, escalated=0, rejected=0)


def charts(*stages, days=(), automatic=0, by_people=0, window=timedelta(days=30)):
    totals = Totals(0, 0, 0, 0, 0, 0, 0, 0, Spread(0, None, None))
    figures = Figures(UNTIL - window, UNTIL, totals, stages, (), (), bottlenecks(stages))
    drawn = approval_charts(figures, Outcomes(UNTIL - window, UNTIL, tuple(days), automatic, by_people))
    return {each.name: each for each in drawn}


REVIEW = stage("security_review", median_h=9, p90_h=30, open_now=4, overdue_now=3)
CHECK = stage("technical_check", median_h=1, p90_h=2, open_now=2)


def values(chart):
    return chart.spec(Theme.LIGHT)["data"]["values"]


@pytest.mark.row("P8")
def test_there_is_a_chart_for_each_name_in_that_order():
    assert tuple(charts(REVIEW)) == NAMES


@pytest.mark.row("P8")
def test_time_in_stage_shows_median_and_slowest_tenth_with_the_longest_first():
    found = charts(CHECK, REVIEW)["time-in-stage"]
    assert [(each["stage"], each["measure"], each["hours"]) for each in values(found)] == [
        ("Security review\nDeployment", "median", 9.0),
        ("Security review\nDeployment", "slowest tenth", 30.0),
        ("Technical check\nDeployment", "median", 1.0),
        ("Technical check\nDeployment", "slowest tenth", 2.0),
    ]
    assert "Longest: Security review; a tenth of its decisions take more than 30.0 h." in found.description
    assert found.rows[1] == ("Security review", "deployment", "4", "9.0 h", "30.0 h")


@pytest.mark.row("P8")
def test_the_ranking_marks_a_bottleneck_and_the_table_says_why():
    found = charts(CHECK, REVIEW)["bottlenecks"]
    assert [(each["share"], each["standing"]) for each in values(found)] == [
        (0.9, "holds requests up"),
        (0.1, "keeps pace"),
    ]
    assert found.rows[0][2:] == (
        "90%",
        "90% of all time in stages is spent here. 3 of 4 that are open now are overdue.",
    )
    assert found.rows[1][3] == "–"


@pytest.mark.row("P8")
@pytest.mark.parametrize(("window", "unit", "start"), [(31, "Day", "2026-11-19"), (32, "Week", "2026-11-16")])
def test_decisions_are_drawn_by_day_and_in_a_longer_window_by_week(window, unit, start):
    days = (DayOutcomes(date(2026, 11, 19), approved=2, rejected=1, withdrawn=0, expired=0),)
    found = charts(days=days, window=timedelta(days=window))["decisions"]
    assert found.columns[0] == unit
    assert found.rows == ((start, "2", "1", "0", "0"),)
    assert found.description.endswith("2 approved, 1 rejected, 0 withdrawn, 0 expired.")


@pytest.mark.row("P8")
def test_the_automatic_share_and_what_is_overdue_are_said_in_words():
    found = charts(REVIEW, CHECK, automatic=1, by_people=3)
    assert found["automatic"].description.endswith("25% were approved by policy alone.")
    assert found["overdue"].description.endswith("3 of 6 are overdue.")
    alone = charts(replace(CHECK, open_now=1, overdue_now=1))
    assert alone["overdue"].description.endswith("1 of 1 is overdue.")
    assert alone["bottlenecks"].rows[0][3] == "The one that is open now is overdue."


@pytest.mark.row("P8")
def test_nothing_to_draw_is_said_in_the_picture():
    assert {chart.body["mark"]["text"] for chart in charts().values()} == {
        "No stage has been decided.",
        "No stage has been opened.",
        "Nothing was decided.",
        "Nothing waits.",
    }


def test_many_stages_are_all_in_the_table_and_the_longest_in_the_picture():
    many = tuple(stage(f"stage_{number}", median_h=number + 1, p90_h=number + 2) for number in range(40))
    found = charts(*many)["time-in-stage"]
    assert len(found.rows) == 40
    assert len(values(found)) == 2 * STAGES_DRAWN


def test_a_name_that_looks_like_a_colour_of_ours_stays_a_name():
    found = charts(stage("palette:red", median_h=1, p90_h=1))["time-in-stage"]
    assert values(found)[0]["stage"] == "Palette:red\nDeployment"


@pytest.mark.parametrize("theme", Theme)
def test_every_series_has_a_colour_of_its_own(theme):
    drawn = charts(REVIEW, CHECK, automatic=1, by_people=1).values()
    scales = [each.spec(theme)["encoding"]["color"]["scale"]["range"] for each in drawn if "encoding" in each.body]
    assert len(scales) == 4
    assert all(
        len(set(colours)) == len(colours) and all(each.startswith("#") for each in colours) for colours in scales
    )


def test_quick_stages_are_drawn_in_a_unit_that_shows_them():
    quick = stage("technical_check", median_h=0.05, p90_h=0.25)
    found = charts(quick)["time-in-stage"]
    assert [each["minutes"] for each in values(found)] == [3.0, 15.0]
    assert found.rows[0][3:] == ("3.0 min", "15.0 min")


@pytest.mark.parametrize(("count", "ticks"), [(1, [0, 1]), (2, [0, 1, 2]), (23, [0, 5, 10, 15, 20, 25])])
def test_an_axis_of_counts_has_whole_numbers_each_once(count, ticks):
    spec = charts(by_people=count)["automatic"].spec(Theme.LIGHT)
    assert spec["encoding"]["x"]["axis"]["values"] == ticks


@pytest.mark.row("P8")
def test_a_week_has_the_charts_that_have_something_to_show():
    decided = (DayOutcomes(date(2026, 11, 23), 1, 0, 0, 0),)
    since, until = UNTIL - timedelta(days=7), UNTIL
    silent = replace(REVIEW, time=Spread(0, None, None))

    def names(days, *stages):
        return [each.name for each in charts_of_week(Week(Outcomes(since, until, days, 0, 1), stages))]

    assert names(decided, REVIEW, silent) == ["decisions", "time-in-stage"]
    assert names(decided, silent) == ["decisions"]
    assert names((), REVIEW) == ["time-in-stage"]
    assert names((), silent) == []


@pytest.mark.row("G4")
@pytest.mark.parametrize(
    ("others", "said"),
    [
        ((), "Nothing else feels it."),
        ((1,), "1 more feels it, 1 step away."),
        ((1, 1), "2 more feel it, 1 step away."),
        ((1, 2), "2 more feel it, up to 2 steps away."),
    ],
)
def test_a_blast_radius_counts_one_of_a_thing_as_one(others, said):
    far = [Felt(f"service:s{number}", distance, "agent:reader") for number, distance in enumerate(others)]
    assert impact_chart("CHG-1001", [Felt("agent:reader", 0, ""), *far]).description == f"CHG-1001 touches 1. {said}"
