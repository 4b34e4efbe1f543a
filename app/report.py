"""Figures for people who read them in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Column, Table

from core.approvals import Figures
from core.approvals.analytics import Spread
from core.emergency import BypassReport, Tally

_BAR: Final = 24  # cells


def approvals(figures: Figures) -> RenderableType:
    """The stages with a bar for the time spent in each, who is asked, and what holds requests up."""
    totals = figures.totals
    rate = "–" if totals.approval_rate is None else f"{totals.approval_rate:.0%}"
    headline = (
        f"{figures.since:%Y-%m-%d} to {figures.until:%Y-%m-%d} UTC: {totals.asked} asked, {totals.approved} approved, "
        f"{totals.rejected} rejected, {totals.pending} pending, {totals.expired} expired, "
        f"{totals.withdrawn} withdrawn. "
        f"Approval rate {rate}; decided in {_duration(totals.time_to_decision.median_s)} (median), "
        f"{_duration(totals.time_to_decision.p90_s)} (slowest tenth)."
    )
    return Group(headline, _stages(figures), _approvers(figures), *_bottlenecks(figures))


def bypasses(report: BypassReport) -> RenderableType:
    """The month by reason and by person, and how long people took."""
    found = report.all
    if not found.total:
        return f"{report.first} to {report.last}: no bypasses."
    headline = (
        f"{report.first} to {report.last}: {found.total} {'bypass' if found.total == 1 else 'bypasses'}, "
        f"{found.justified} justified, {found.not_justified} not justified, "
        f"{found.unreviewed} not reviewed ({report.overdue} overdue). "
        f"{report.actions} {'action' if report.actions == 1 else 'actions'} under them, {report.failed} failed. "
        f"Acknowledged in {_duration(report.to_acknowledgement_s)} (median), "
        f"reviewed in {_duration(report.to_review_s)} (median); {report.unacknowledged} never acknowledged, "
        f"{report.remediations_open} {'remediation' if report.remediations_open == 1 else 'remediations'} open."
    )
    return Group(headline, _tallies("Reasons", report.by_reason), _tallies("People", report.by_person))


def _tallies(title: str, tallies: Sequence[Tally]) -> Table:
    name = Column("name", overflow="fold")
    table = Table(name, "bypasses", "share", "justified", "not justified", "not reviewed", title=title)
    most = max((each.total for each in tallies), default=0)
    for each in tallies:
        counts = (each.justified, each.not_justified, each.unreviewed)
        table.add_row(each.name, str(each.total), "█" * round(_BAR * each.total / most), *map(str, counts))
    return table


def _stages(figures: Figures) -> Table:
    where = (Column("policy", overflow="fold"), Column("stage", overflow="fold"))
    table = Table(*where, "decided", "median", "slowest tenth", "time spent", "open", "overdue", title="Stages")
    longest_s = max((stage.time.median_s or 0.0 for stage in figures.stages), default=0.0)
    for stage in figures.stages:
        filled = round(_BAR * (stage.time.median_s or 0.0) / longest_s) if longest_s else 0
        table.add_row(
            stage.policy, stage.stage, *_spread(stage.time), "█" * filled, str(stage.open_now), str(stage.overdue_now)
        )
    return table


def _approvers(figures: Figures) -> Table:
    who = Column("approver", overflow="fold")
    table = Table(who, "votes", "median", "slowest tenth", "approved", "rejected", "waiting", title="Approvers")
    for each in figures.approvers:
        counts = (each.approvals, each.rejections, each.waiting_now)
        table.add_row(each.person.email, *_spread(each.response), *map(str, counts))
    return table


def _bottlenecks(figures: Figures) -> Iterable[str]:
    if not figures.bottlenecks:
        yield "No stage holds requests up."
    for each in figures.bottlenecks:
        yield f"⚠ {each.policy} · {each.stage}: {' '.join(each.reasons)}"


def _spread(spread: Spread) -> tuple[str, str, str]:
    return str(spread.count), _duration(spread.median_s), _duration(spread.p90_s)


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 172_800 else f"{seconds / 86_400:.1f} d"
