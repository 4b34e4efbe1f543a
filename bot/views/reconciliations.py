"""What a walk through the tickets has found, in a message."""

from __future__ import annotations

from typing import Final

from bot.cards import Card, Markup, Section, Strong, Text, one_line
from bot.plain import line_of
from bot.times import counted
from core.links import SYSTEM_TITLES
from core.tickets import Drift, Finding, Remedy, WalkView

LISTED: Final = 10
_WHAT: Final = {
    Finding.MISSING: "is gone",
    Finding.DOUBLE: "has a double",
    Finding.STATE: "stands elsewhere",
    Finding.ENDED: "was ended there, and nothing here says so",
    Finding.FIELD: "has another value",
    Finding.UNREADABLE: "cannot be read",
    Finding.TASK_MISSING: "has lost a task",
    Finding.TASK_STATE: "has a task that was put back",
    Finding.TASK_DOUBLE: "has two tasks",
}
_OF_TASKS: Final = frozenset({Finding.TASK_MISSING, Finding.TASK_STATE, Finding.TASK_DOUBLE})


def walk_card(walk: WalkView) -> Card:
    """What was put right, what needs a person, and the first of both."""
    news = [each for each in walk.findings if not each.is_known]
    system = one_line(SYSTEM_TITLES.get(walk.system, walk.system))
    lead: Text = (
        Markup("🧭 Tickets in "),
        Strong(system.text),
        Markup(f" were compared: {counted(walk.repaired, 'thing')} put right, {walk.asked} for a person to look at."),
    )
    sections = [Section(lead)]
    if walk.problem:
        sections.append(Section((Markup("⚠️ It broke off: "), one_line(walk.problem))))
    sections += [Section(_line(each)) for each in news[:LISTED]]
    if len(news) > LISTED:
        sections.append(Section((Markup(f"… and {len(news) - LISTED} more; the console lists them."),)))
    return Card(line_of(lead), tuple(sections))


def _line(found: Drift) -> Text:
    mark = "🔧" if found.remedy is Remedy.REPAIR else "👀"
    what = f" {_WHAT[found.what]}"
    where = found.field.replace("_", " ") if found.what in _OF_TASKS else found.field
    named: Text = (Markup(" for " if found.what in _OF_TASKS else " in "), one_line(where)) if where else ()
    there: Text = (Markup(": "), one_line(found.there)) if found.there and found.what is not Finding.MISSING else ()
    return (Markup(f"{mark} "), Strong(f"{found.reference} {found.number}"), Markup(what), *named, *there)
