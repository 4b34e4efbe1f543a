"""The week in approvals, in words; the pictures stand under them (P8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from bot.cards import Block, Card, Context, Heading, Link, Markup, Picture, Section, Strong, Text
from bot.plain import line_of
from bot.times import counted, in_words
from bot.views.pieces import spoken
from core.approvals import Week


def weekly_card(week: Week, *, first: date, last: date, pictures: Sequence[Picture] = (), console: str = "") -> Card:
    """The figures from `first` to `last` inclusive; without pictures the words and the link stand for them."""
    begins = f"{first.day}" if first.month == last.month else f"{first.day} {first:%B}"
    days = f"{begins} to {last.day} {last:%B %Y}"
    words = (*_decided(week), *_slowest(week), *_open(week))
    blocks: list[Block] = [Heading(f"The week in approvals · {days}"), Section(words), *pictures]
    if console:
        blocks.append(Context((Link("All figures in the console", f"{console}/analytics"),)))
    return Card(f"The week in approvals, {days}. {line_of(words)}", tuple(blocks))


def _decided(week: Week) -> Text:
    found = week.outcomes
    counts = {
        outcome: sum(getattr(day, outcome) for day in found.days)
        for outcome in ("approved", "rejected", "withdrawn", "expired")
    }
    if not (total := sum(counts.values())):
        return (Markup("*No request was decided.*"),)
    parts = ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)
    share = found.automatic_share
    alone = f" Policy alone decided {found.automatic} ({share:.0%})." if share and found.automatic else ""
    return (Markup(f"*{counted(total, 'request')}* {'was' if total == 1 else 'were'} decided: {parts}.{alone}"),)


def _slowest(week: Week) -> Text:
    measured = [stage for stage in week.stages if stage.time.median_s is not None]
    if not measured:
        return ()
    slowest = max(measured, key=lambda stage: stage.time.median_s or 0)
    median = in_words(timedelta(seconds=slowest.time.median_s or 0))
    decisions = counted(slowest.time.count, "decision")
    return (Markup(" Slowest: "), Strong(spoken(slowest.stage)), Markup(f", median {median} over {decisions}."))


def _open(week: Week) -> Text:
    if not week.open_now:
        return (Markup(" Nothing waits now."),)
    overdue = f", *{week.overdue_now} overdue*" if week.overdue_now else ", none overdue"
    return (Markup(f" Now {counted(week.open_now, 'stage is', 'stages are')} open{overdue}."),)
