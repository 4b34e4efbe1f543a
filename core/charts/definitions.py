"""The charts that figures make. Pure: figures in, charts out."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from core.approvals import Figures, Outcomes, Week, shares_of_time
from core.approvals.analytics import StageFigures
from core.charts.chart import Chart, Json, colours
from core.charts.drawing import bars, nothing, whole

NAMES: Final = ("time-in-stage", "bottlenecks", "decisions", "automatic", "overdue")
OF_OUTCOMES: Final = ("decisions", "automatic")  # the others show figures
STAGES_DRAWN: Final = 12  # the table has all of them
DAYS_DRAWN: Final = 31  # a longer window is drawn by week
_UNITS: Final = (("hours", 3600), ("minutes", 60), ("seconds", 1))  # and how many seconds each is
_BMP_LAST: Final = 0xFFFF  # what UTF-16 writes as one unit
_OUTCOMES: Final = ("approved", "rejected", "withdrawn", "expired")


def approval_charts(figures: Figures, outcomes: Outcomes) -> tuple[Chart, ...]:
    """Every chart, in the order of NAMES."""
    found = {chart.name: chart for chart in (*charts_of_figures(figures), *charts_of_outcomes(outcomes))}
    return tuple(found[name] for name in NAMES)


def charts_of_figures(figures: Figures) -> tuple[Chart, ...]:
    """The charts that need figures alone."""
    return _time_in_stage(figures.stages), _bottlenecks(figures), _overdue(figures.stages)


def charts_of_week(week: Week) -> tuple[Chart, ...]:
    """What says most about a week, where there is something to show: what was decided on which day, time in stage."""
    decisions = (_decisions(week.outcomes),) if week.outcomes.days else ()
    times = (_time_in_stage(week.stages),) if any(each.time.count for each in week.stages) else ()
    return *decisions, *times


def charts_of_outcomes(outcomes: Outcomes) -> tuple[Chart, ...]:
    """The charts that need outcomes alone."""
    return _decisions(outcomes), _automatic(outcomes)


def _time_in_stage(stages: tuple[StageFigures, ...]) -> Chart:
    measured = [each for each in stages if each.time.median_s is not None]
    longest = sorted(measured, key=lambda each: -(each.time.p90_s or 0))[:STAGES_DRAWN]
    unit, unit_s = _unit(longest[0].time.p90_s or 0) if longest else _UNITS[0]
    values = [
        {"stage": _label(each), "measure": measure, unit: round((seconds or 0) / unit_s, 3)}
        for each in longest
        for measure, seconds in (("median", each.time.median_s), ("slowest tenth", each.time.p90_s))
    ]
    said = (
        f"Longest: {_words(longest[0].stage)}; "
        f"a tenth of its decisions take more than {_duration(longest[0].time.p90_s)}."
        if longest
        else "No stage has been decided."
    )
    return Chart(
        name="time-in-stage",
        title="Time in each stage",
        description=f"{unit.capitalize()} from a stage's opening to its decision, median and slowest tenth. {said}",
        columns=("Stage", "Policy", "Decided", "Median", "Slowest tenth"),
        rows=tuple(
            (
                _words(each.stage),
                each.policy,
                str(each.time.count),
                _duration(each.time.median_s),
                _duration(each.time.p90_s),
            )
            for each in stages
        ),
        body=bars(
            values,
            "No stage has been decided.",
            rows=2 * len(longest),
            x={"field": unit, "title": unit},
            encoding={
                "yOffset": {"field": "measure", "sort": ["median", "slowest tenth"]},
                "color": {"field": "measure", "scale": colours(median="blue", slowest_tenth="pale")},
            },
        ),
    )


def _bottlenecks(figures: Figures) -> Chart:
    reasons = {(each.policy, each.stage): each.reasons for each in figures.bottlenecks}
    shares = zip(figures.stages, shares_of_time(figures.stages), strict=True)
    ranked = sorted(shares, key=lambda entry: (-entry[1], entry[0].policy, entry[0].stage))
    values = [
        {
            "stage": _label(stage),
            "share": round(share, 4),
            "standing": "holds requests up" if (stage.policy, stage.stage) in reasons else "keeps pace",
        }
        for stage, share in ranked[:STAGES_DRAWN]
    ]
    worst = figures.bottlenecks[0] if figures.bottlenecks else None
    said = f"{_words(worst.stage)} holds requests up: {' '.join(worst.reasons)}" if worst else "No stage stands out."
    return Chart(
        name="bottlenecks",
        title="Where the time goes",
        description=f"Stages by their share of all time spent in stages. {said}",
        columns=("Stage", "Policy", "Share of time", "Why it holds requests up"),
        rows=tuple(
            (
                _words(each.stage),
                each.policy,
                f"{share:.0%}",
                " ".join(reasons.get((each.policy, each.stage), ())) or "–",
            )
            for each, share in ranked
        ),
        body=bars(
            values,
            "No stage has been opened.",
            rows=len(values),
            x={
                "field": "share",
                "title": "share of all time in stages",
                "axis": {"format": "%", "tickCount": 4},
                "scale": {"domain": [0, 1]},
            },
            encoding={"color": {"field": "standing", "scale": colours(holds_requests_up="red", keeps_pace="blue")}},
        ),
    )


def _decisions(outcomes: Outcomes) -> Chart:
    by_week = (outcomes.until - outcomes.since) > timedelta(days=DAYS_DRAWN)
    counted: dict[date, dict[str, int]] = {}
    for each in outcomes.days:
        start = each.day - timedelta(days=each.day.weekday()) if by_week else each.day
        of_day = counted.setdefault(start, dict.fromkeys(_OUTCOMES, 0))
        for outcome in _OUTCOMES:
            of_day[outcome] += getattr(each, outcome)
    unit = "week" if by_week else "day"
    total = {outcome: sum(each[outcome] for each in counted.values()) for outcome in _OUTCOMES}
    values = [
        {unit: start.isoformat(), "outcome": outcome, "place": place, "decided": count}
        for start, of_start in sorted(counted.items())
        for place, (outcome, count) in enumerate(of_start.items())
    ]
    return Chart(
        name="decisions",
        title=f"Decisions per {unit}",
        description=f"Requests by the {unit} of their decision and its outcome: "
        + ", ".join(f"{count} {outcome}" for outcome, count in total.items())
        + ".",
        columns=(unit.capitalize(), *(each.capitalize() for each in _OUTCOMES)),
        rows=tuple(
            (start.isoformat(), *(str(of_start[outcome]) for outcome in _OUTCOMES))
            for start, of_start in sorted(counted.items())
        ),
        body=_columns(values, unit, most=max(map(_sum_of, counted.values())))
        if values
        else nothing("Nothing was decided."),
    )


def _columns(values: Sequence[Json], unit: str, *, most: int) -> Json:
    return {
        "height": 240,
        "data": {"values": list(values)},
        "mark": {"type": "bar"},
        "encoding": {
            # An ordinal axis of ISO dates: the tenant's days, which no renderer may move to its own time zone.
            "x": {"field": unit, "type": "ordinal", "title": None, "axis": {"labelAngle": -45, "labelOverlap": True}},
            "y": {
                "field": "decided",
                "type": "quantitative",
                "title": "requests",
                "axis": whole(most),
            },
            "order": {"field": "place", "type": "ordinal"},
            "color": {
                "field": "outcome",
                "type": "nominal",
                "scale": colours(approved="green", rejected="red", withdrawn="grey", expired="pale"),
            },
        },
    }


def _automatic(outcomes: Outcomes) -> Chart:
    share = outcomes.automatic_share
    values = [
        {"stage": "Decided", "by": "by policy alone", "place": 0, "requests": outcomes.automatic},
        {"stage": "Decided", "by": "by people", "place": 1, "requests": outcomes.by_people},
    ]
    said = "Nothing was approved or rejected." if share is None else f"{share:.0%} were approved by policy alone."
    return Chart(
        name="automatic",
        title="Automatic share",
        description=f"Approved and rejected requests by who decided. {said}",
        columns=("Decided by", "Requests", "Share"),
        rows=(
            ("Policy alone", str(outcomes.automatic), "–" if share is None else f"{share:.0%}"),
            ("People", str(outcomes.by_people), "–" if share is None else f"{1 - share:.0%}"),
        ),
        body=bars(
            [] if share is None else values,
            "Nothing was decided.",
            rows=2,
            x={"field": "requests", "title": "requests", "axis": whole(outcomes.automatic + outcomes.by_people)},
            encoding={
                "order": {"field": "place", "type": "ordinal"},
                "color": {"field": "by", "scale": colours(by_policy_alone="blue", by_people="pale")},
            },
        ),
    )


def _overdue(stages: tuple[StageFigures, ...]) -> Chart:
    is_open = sorted((each for each in stages if each.open_now), key=lambda each: (-each.overdue_now, -each.open_now))
    values = [
        {"stage": _label(each), "standing": standing, "place": place, "requests": count}
        for each in is_open[:STAGES_DRAWN]
        for place, (standing, count) in enumerate(
            (("overdue", each.overdue_now), ("in time", each.open_now - each.overdue_now))
        )
    ]
    overdue, waiting = sum(each.overdue_now for each in stages), sum(each.open_now for each in stages)
    late = f"{overdue} of {waiting} {'is' if waiting == 1 else 'are'} overdue."
    return Chart(
        name="overdue",
        title="Open and overdue",
        description=f"Requests that wait in each stage now. {late}",
        columns=("Stage", "Policy", "Open", "Overdue"),
        rows=tuple((_words(each.stage), each.policy, str(each.open_now), str(each.overdue_now)) for each in stages),
        body=bars(
            values,
            "Nothing waits.",
            rows=len(is_open[:STAGES_DRAWN]),
            x={
                "field": "requests",
                "title": "open requests",
                "axis": whole(max((each.open_now for each in is_open), default=0)),
            },
            encoding={
                "order": {"field": "place", "type": "ordinal"},
                "color": {"field": "standing", "scale": colours(overdue="red", in_time="blue")},
            },
        ),
    )


def _label(stage: StageFigures) -> str:
    """A stage as an axis names it, on two lines; the policy tells apart stages that share a name.

    The renderer cuts long labels by UTF-16 units and fails on half an emoji, so that the drawing shows none.
    """
    label = f"{_words(stage.stage)}\n{_words(stage.policy)}"
    return "".join(each if ord(each) <= _BMP_LAST else "▫" for each in label)


def _words(key: str) -> str:
    """A key as people read it, without what XML cannot hold: the renderer dies of a control character."""
    seen = "".join(" " if unicodedata.category(each)[0] == "C" else each for each in key)
    return seen.replace("_", " ").strip().capitalize()


def _unit(seconds: float) -> tuple[str, int]:
    """The largest unit of which there is a whole one, and its seconds."""
    return next((each for each in _UNITS if seconds >= each[1]), _UNITS[-1])


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    unit, unit_s = _unit(seconds)
    return f"{seconds / unit_s:.1f} {'h' if unit == 'hours' else unit[:3]}"


def _sum_of(counts: dict[str, int]) -> int:
    return sum(counts.values())
