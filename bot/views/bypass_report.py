"""A month of bypasses, in words; the picture stands under them (E2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from bot.cards import Block, Card, Context, Fields, Heading, Link, Markup, Picture, Section, Text, one_line
from bot.plain import line_of
from bot.times import counted, in_words
from core.emergency import BypassReport, Tally

LISTED: Final = 5  # reasons, and people


def bypass_report_card(report: BypassReport, pictures: Sequence[Picture] = (), console: str = "") -> Card:
    """The figures of the month; without a picture the words and the link stand for it."""
    month = f"{report.first:%B %Y}"
    words = _summary(report)
    blocks: list[Block] = [Heading(f"Emergency bypasses · {month}"), Section(words)]
    if report.all.total:
        blocks.append(
            Fields(
                (
                    ("By reason", _tallies(report.by_reason)),
                    ("By person", _tallies(report.by_person)),
                    ("Until acknowledged", _time(report.to_acknowledgement_s)),
                    ("Until reviewed", _time(report.to_review_s)),
                )
            )
        )
    blocks += pictures
    if console:
        link = f"{console}/bypasses/report?month={report.first:%Y-%m}"
        blocks.append(Context((Link("All figures in the console", link),)))
    return Card(f"Emergency bypasses, {month}. {line_of(words)}", tuple(blocks))


def _summary(report: BypassReport) -> Text:
    found = report.all
    if not found.total:
        return (Markup("*No bypass was used.* Good."),)
    verdicts = (
        (found.justified, "justified"),
        (found.not_justified, "not justified"),
        (found.unreviewed, "not reviewed"),
    )
    parts = ", ".join(f"{count} {verdict}" for count, verdict in verdicts if count)
    open_now = (
        (report.unacknowledged, "never acknowledged"),
        (report.overdue, "with an overdue review"),
        (report.remediations_open, "remediation open" if report.remediations_open == 1 else "remediations open"),
    )
    rest = ", ".join(f"*{count} {what}*" for count, what in open_now if count)
    did = counted(report.actions, "action") + (f", {report.failed} failed" if report.failed else "")
    return (
        Markup(f"*{counted(found.total, 'bypass', 'bypasses')}*: {parts}. Under them: {did}."),
        Markup(f" Now {rest}." if rest else ""),
    )


def _tallies(tallies: Sequence[Tally]) -> Text:
    shown = tallies[:LISTED]
    rest = len(tallies) - len(shown)
    words = ", ".join(f"{each.name} {each.total}" for each in shown)
    return (one_line(f"{words} and {rest} more" if rest else words),)


def _time(seconds: float | None) -> Text:
    return (Markup("nothing yet" if seconds is None else f"{in_words(timedelta(seconds=seconds))} (median)"),)
