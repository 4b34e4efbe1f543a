"""Sums of costs that were not those of the ledger, in a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bot.cards import Card, Markup, Section, Strong, Text, one_line
from bot.plain import line_of
from bot.times import counted
from core.costs import Check

LISTED: Final = 5


def cost_check_card(check: Check) -> Card:
    """How many differ, what to do about it, and the first of them."""
    differing = check.differing
    lead: Text = (
        Markup("🚨 "),
        Strong(counted(differing, "sum")),
        Markup(f" of costs {'is' if differing == 1 else 'are'} not what the ledger says ({check.lines} lines)."),
    )
    done = (
        "The ledger is right: they were made anew from it."
        if check.repaired
        else "The ledger is right. `countersign costs reconcile --repair` makes them anew; find out who changed them."
    )
    sections = [Section(lead), Section((Markup(done),))]
    sections += [Section(_line(each)) for each in check.differences[:LISTED]]
    if differing > LISTED:
        sections.append(Section((Markup(f"… and {differing - LISTED} more; the audit lists the first."),)))
    return Card(line_of(lead), tuple(sections))


def _line(one: Mapping[str, str]) -> Text:
    what = " · ".join(one[name] for name in ("day", "project", "agent", "meter") if one[name])
    return (
        Strong(one_line(what).text),
        Markup(": "),
        one_line(f"{one['rollup']} {one['currency']} for {one['ledger']} {one['currency']}"),
    )
