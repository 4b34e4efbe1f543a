"""What the data of a service say, and what could be done about each of it. Pure (S10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.sla.judging import Judged, Standing
from core.sla.objective import Metric, value_words
from core.sla.trending import Trend, TrendsView


@dataclass(frozen=True, slots=True)
class Proposed:
    """Something to do, and the reason as measured."""

    title: str
    why: str


def propose(judged: Sequence[Judged], trends: TrendsView) -> tuple[tuple[str, ...], tuple[Proposed, ...]]:
    """Findings, the worst first, and an action for each that something can be done about."""
    findings: list[str] = []
    proposed: list[Proposed] = []
    for each in sorted(judged, key=lambda one: _rank(one.standing)):
        if each.standing in (Standing.BREACHED, Standing.AT_RISK):
            findings.append(each.words)
            proposed.append(_for_objective(each))
    for trend in trends.trends:
        findings += trend.sentences
        proposed += _for_trend(trend)
    if not findings:
        findings.append("Every objective is met, and no trend, season or change of level is sure.")
    return tuple(findings), tuple(proposed)


def _rank(standing: Standing) -> int:
    return (Standing.BREACHED, Standing.AT_RISK, Standing.NO_DATA, Standing.MET).index(standing)


def _for_objective(judged: Judged) -> Proposed:
    objective = judged.objective
    bound = value_words(objective.metric, objective.bound.limit)
    match objective.metric:
        case Metric.AVAILABILITY:
            title = f"Find what keeps it down most, and bring availability back above {bound}"
        case Metric.RESPONSE_TIME:
            title = f"Bring the {objective.percentile * 100:g}th percentile of response times below {bound}"
        case Metric.THROUGHPUT:
            title = f"Raise what it can take to {bound}, or agree on another throughput"
        case _:
            title = f"Find the most frequent failure, and bring the {objective.metric.replace('_', ' ')} to {bound}"
    return Proposed(title, judged.words)


def _for_trend(trend: Trend) -> list[Proposed]:
    if trend.metric is Metric.THROUGHPUT:
        return []
    what = "response times" if trend.metric is Metric.RESPONSE_TIME else "failures"
    found = [
        Proposed(f"Look for what changed about {each.day:%d %b %Y}, and undo or mend it", sentence)
        for each, sentence in zip(trend.changes, trend.sentences, strict=False)
        if each.shift.after > each.shift.before
    ]
    if trend.by_hour is not None and trend.by_hour.is_seen:
        hour = trend.by_hour.worst
        words = next((each for each in trend.sentences if "follows the day" in each), "")
        found.append(Proposed(f"Spread or absorb the load from {hour}:00 on, when {what} are worst", words))
    if trend.slope is not None and trend.slope.is_sure and trend.slope.per_day > 0 and not trend.changes:
        found.append(Proposed(f"Find why {what} rise from day to day", trend.sentences[0]))
    return found
