"""Who decides for whom while somebody is away."""

from __future__ import annotations

from collections.abc import Sequence

from bot.cards import Block, Card, Context, Heading, Instant, Markup, Section, Text, one_line
from bot.times import counted
from bot.views.pieces import ACTION_TITLES
from core.absences import AbsenceView
from core.access import PersonView
from core.delegations import DelegationView

SHOWN = 20


def away_card(delegations: Sequence[DelegationView], by_calendar: Sequence[AbsenceView] = ()) -> Card:
    """`/approve away`: everybody who is away or will be, by what they said and by their calendars."""
    hint = Context(
        (Markup("`/approve away @person 2026-12-20 to 2027-01-03 reason` adds yours, `/approve back` ends it."),)
    )
    lines = [*map(_line, delegations), *map(_calendar_line, by_calendar)]
    if not lines:
        return Card("Nobody is away.", (Heading("Away"), Section((Markup("Nobody is away."),)), hint))
    blocks: list[Block] = [Heading("Away"), *map(Section, lines[:SHOWN])]
    if len(lines) > SHOWN:
        blocks.append(Context((Markup(f"… and {len(lines) - SHOWN} more."),)))
    return Card(f"Away: {counted(len(lines), 'person', 'people')}", (*blocks, hint))


def set_card(view: DelegationView) -> Card:
    """The answer to setting one: to the absent person, or to an administrator who did it for them."""
    if view.created_by != view.absent.email:
        return Card("The absence is set.", (Section(_line(view)),))
    line: Text = (*_sentence(view, view.absent), Markup(". What waits for you by then waits for either of you."))
    return Card("Your absence is set.", (Section(line), *_about(view)))


def back_card(ended: Sequence[DelegationView]) -> Card:
    """The answer to coming back."""
    if not ended:
        words = "Nobody stands in for you, so there was nothing to end."
        return Card(words, (Section((Markup(words),)),))
    line: Text = (
        Markup("Welcome back. You decide for yourself again, instead of "),
        one_line(", ".join(each.stand_in.name for each in ended)),
    )
    return Card("Welcome back.", (Section(line),))


def notice_card(view: DelegationView, viewer: PersonView) -> Card:
    """The living message to the two people whom a delegation concerns."""
    return Card(
        f"{view.absent.name} and {view.stand_in.name}: {_STATES[view.status]}",
        (Section(_sentence(view, viewer)), *_about(view)),
    )


def home_lines(mine: Sequence[DelegationView], given: Sequence[DelegationView], viewer: PersonView) -> list[Block]:
    """What the App Home says of it: "You are away until …; Lee decides for you"."""
    return [Section(_sentence(each, viewer)) for each in (*mine, *given)[:SHOWN]]


_STATES = {"planned": "planned", "in_force": "in force", "over": "over"}


def _sentence(view: DelegationView, viewer: PersonView) -> Text:
    is_absent = viewer.id == view.absent.id
    match view.status, is_absent:
        case "in_force", True:
            until = Instant(view.ends_at, "🌴 *You are away* until ")
            return (until, Markup("; "), one_line(view.decides.name), Markup(" decides for you"))
        case "in_force", False:
            return (Markup("🌴 *You decide* for "), one_line(view.absent.name), Instant(view.ends_at, " until "))
        case "planned", True:
            return (
                Markup("🌴 You will be away, "),
                *_window(view),
                Markup("; "),
                one_line(view.stand_in.name),
                Markup(" decides for you"),
            )
        case "planned", False:
            return (Markup("🌴 You will decide for "), one_line(view.absent.name), Markup(", "), *_window(view))
        case _, True:
            return (Markup("You decide for yourself again, instead of "), one_line(view.stand_in.name))
        case _:
            return (Markup("You do not decide for "), one_line(view.absent.name), Markup(" any more"))


def _line(view: DelegationView) -> Text:
    mark = Markup("🌴 " if view.status == "in_force" else "🗓️ ")
    who: Text = (mark, one_line(view.absent.name), Markup(" → "), one_line(view.stand_in.name))
    beyond: Text = (Markup(" → "), one_line(view.decides.name)) if view.decides.id != view.stand_in.id else ()
    reason: Text = (Markup(" · "), one_line(view.reason)) if view.reason else ()
    scope: Text = (Markup(" · "), *words) if (words := _scope(view)) else ()
    return (*who, *beyond, Markup(" · "), *_window(view), *scope, *reason)


def _calendar_line(view: AbsenceView) -> Text:
    mark = Markup("🌴 " if view.status == "in_force" else "🗓️ ")
    decides: Text = (one_line(view.stand_in.name),) if view.stand_in else (Markup("whoever stands above"),)
    when: Text = (Markup(" · "), Instant(view.starts_at), Instant(view.ends_at, " to "), Markup(" · by their calendar"))
    return (mark, one_line(view.absent.name), Markup(" → "), *decides, *when)


def _about(view: DelegationView) -> list[Block]:
    """Its scope, its reason, and who set it if that was an administrator."""
    blocks: list[Block] = []
    if scope := _scope(view):
        blocks.append(Context((Markup("Only: "), *scope)))
    if view.reason:
        blocks.append(Context((one_line(view.reason),)))
    if view.created_by != view.absent.email:
        blocks.append(Context((Markup("Set by "), one_line(view.created_by))))
    return blocks


def _scope(view: DelegationView) -> Text:
    words = [ACTION_TITLES.get(action, action) for action in view.actions or ()]
    words += [stage.replace("_", " ").capitalize() for stage in view.stages or ()]
    return (one_line(", ".join(words)),) if words else ()


def _window(view: DelegationView) -> Text:
    return (Instant(view.starts_at), Instant(view.ends_at, " to "))
