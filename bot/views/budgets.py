"""Budgets as messages (C4, B5)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from bot import actions
from bot.actions import Target
from bot.cards import (
    Actions,
    Block,
    Button,
    Card,
    Confirm,
    Context,
    Fields,
    Heading,
    Instant,
    Link,
    LinkButton,
    Markup,
    Picture,
    Section,
    Strong,
    Text,
    Tone,
    one_line,
)
from bot.times import counted, in_words
from bot.views.pieces import action_title, first_line, names, spoken
from bot.views.rollouts import bar
from core.access import PersonView
from core.budgets import FORECAST, SPEND, BudgetView, Control, Effect, Standing, amount_words, scope_words

NONE: Final = "No budget. Whoever manages budgets makes one in the console or by API."
LISTED: Final = 20
PAST_SHOWN: Final = 6  # periods
NEAR: Final = Decimal(80)  # per cent, from which on a budget is looked at
_DOES: Final = {
    Effect.WARN: "says so with",
    Effect.THROTTLE: "slows down",
    Effect.QUEUE: "asks for approval of",
    Effect.STOP: "stops",
}


def budget_card(
    budget: BudgetView,
    viewer: PersonView | None,
    *,
    now: datetime,
    keepers: Sequence[PersonView] = (),
    pictures: Sequence[Picture] = (),
    console: str = "",
) -> Card:
    """The living message of a budget's period: how it stands, what can be done, and a picture once there is one.

    Without a viewer it is the channel's, with every button. `keepers` may do more than ask for a raise. It does not say
    what is reserved: that changes by the minute, and no event brings the message up to date with it.
    """
    budget = replace(budget, reserved=Decimal(0))
    keeps = viewer is None or any(viewer.id == each.id for each in keepers)
    buttons = tuple(_buttons(budget, console, keeps=keeps)) if runs(budget, now=now) else ()
    acts: tuple[Block, ...] = (Actions(buttons),) if buttons else ()
    return Card(_summary(budget, now=now), (*_stand(budget, pictures, now=now), *acts))


def budget_details_card(budget: BudgetView, *, now: datetime, console: str = "") -> Card:
    """Everything about one budget, with its past periods."""
    blocks = [*_stand(budget, (), now=now)]
    if budget.terms.controls:
        lines = "\n".join(f"• at {each.at.normalize():f} % it {control_words(each)}" for each in budget.terms.controls)
        blocks.append(Section((Markup(f"*What it does*\n{lines}"),)))
    if budget.past:
        lines = "\n".join(_past_line(each, budget) for each in budget.past[:PAST_SHOWN])
        blocks.append(Section((Markup(f"*Past periods*\n{lines}"),)))
    if console:
        blocks.append(Context((Link("In the console", page_of(budget, console)),)))
    return Card(_summary(budget, now=now), tuple(blocks))


def budgets_card(budgets: Sequence[BudgetView], *, title: str, none: str = NONE, console: str = "") -> Card:
    """A line each, those that are used most first; `none` where there is none."""
    if not budgets:
        return Card(none, (Section((Markup(none),)),))
    ordered = sorted(budgets, key=lambda each: each.standing.percent, reverse=True)
    shown = ordered[:LISTED]
    more = (Context((Markup(f"and {len(ordered) - LISTED} more"),)),) if len(ordered) > LISTED else ()
    hint: Text = (Markup(f"`/budget show {shown[0].reference}` shows one."),)
    link: Text = (Markup(" "), Link("All in the console", f"{console}/budgets")) if console else ()
    lines = tuple(Section(budget_line(each)) for each in shown)
    return Card(counted(len(ordered), "budget"), (Heading(title), *lines, *more, Context((*hint, *link))))


def forecast_card(budget: BudgetView, *, now: datetime) -> Card:
    """Where it leads if it goes on like this, and how that is reckoned."""
    words = burn_words(budget, now=now)
    method = (
        "The method: what is used so far, divided by the share of the period that is over. "
        "Nothing is said before a tenth of it is over."
    )
    return Card(
        f"{budget.reference}: {words}",
        (
            Heading(f"{budget.reference} · Forecast"),
            Section((Markup(f"{_mark(budget.standing)} "), Strong(budget.terms.name))),
            Section((Markup(words),)),
            Context((Markup(method),)),
        ),
    )


def budget_line(budget: BudgetView) -> Text:
    """One line of a list."""
    return (
        Markup(f"{_mark(budget.standing)} *{budget.reference}* "),
        one_line(budget.terms.name),
        Markup(f" · {used_words(budget)} · {budget.standing.percent:f} % · resets in {budget.resets_in}"),
    )


def burn_words(budget: BudgetView, *, now: datetime) -> str:
    """How it burns, as a sentence: "At this rate it is gone in 5 h; 3.00 USD of 43.00 USD are left."."""
    standing, currency = budget.standing, budget.terms.currency
    limit = f"{amount_words(standing.limit)} {currency}"
    left = f"{amount_words(max(Decimal(0), standing.left))} {currency} of {limit}"
    if now >= standing.window.ends_at:
        return f"This period is over: {amount_words(standing.used)} {currency} of {limit} used."
    if standing.is_at(Decimal(100)):
        over = standing.used - standing.limit
        beyond = f" by {amount_words(over)} {currency}" if over > 0 else ""
        return f"It is used up{beyond}. It resets in {budget.resets_in}."
    if budget.gone_at is not None:
        return f"At this rate it is gone in {in_words(budget.gone_at - now)}; {left} are left."
    if budget.projected is not None:
        total = f"{amount_words(budget.projected)} {currency}"
        return f"At this rate {total} are used by the end of the period; {left} are left."
    return f"{left} are left; it is too early in the period to say where it leads."


def budget_thread_line(event: str, data: Mapping[str, Any]) -> Card | None:
    """What is said under the living message of an event that must be noticed."""
    used, limit, to, projected = (_worded(data.get(name)) for name in ("used", "limit", "to", "projected"))
    currency = data.get("currency")
    by = first_line(str(data.get("by", ""))) or "Countersign"
    match event:
        case "budget.threshold_reached":
            mark = "🔴" if Decimal(str(data.get("reached", 0))) >= 100 else "🟠"
            words: Text = (Markup(f"{mark} {data.get('reached')} % is reached: {used} of {limit} {currency}."),)
        case "budget.forecast_exceeded":
            words = (Markup(f"📈 At this rate {projected} {currency} are used by the end."),)
        case "budget.raised":
            words = (Markup(f"⬆️ The limit is {limit} {currency} now."),)
        case "budget.raise_declined":
            late = " The period that it was asked for is over." if data.get("outcome") == "too late" else ""
            words = (Markup(f"The raise to {to} {currency} was not given.{late}"),)
        case "budget.throttled":
            words = (one_line(by), Markup(f" has slowed it down to {data.get('per_hour')} actions an hour."))
        case "budget.reset":
            words = (one_line(by), Markup(" has reset it: "), one_line(str(data.get("reason", ""))[:300]))
        case _:
            return None
    return Card("".join(_text_of(words)), (Section(words),))


def home_budgets(budgets: Sequence[BudgetView], *, console: str = "") -> tuple[Block, ...]:
    """The budgets that somebody owns, for their own page."""
    if not budgets:
        return ()
    ordered = sorted(budgets, key=lambda each: each.standing.percent, reverse=True)[:PAST_SHOWN]
    link: tuple[Block, ...] = (Context((Link("All budgets", f"{console}/budgets"),)),) if console else ()
    return (Heading("Your budgets"), *(Section(budget_line(each)) for each in ordered), *link)


def used_words(budget: BudgetView) -> str:
    """What is used of what there is, and what is reserved where anything is."""
    standing, currency = budget.standing, budget.terms.currency
    reserved = f", {amount_words(budget.reserved)} reserved" if budget.reserved else ""
    return f"{amount_words(standing.used)} of {amount_words(standing.limit)} {currency} used{reserved}"


def control_words(control: Control) -> str:
    """What a control does: "stops Create agent, Deploy agent"."""
    if control.is_general:
        what = "every governed action" + (", and spending" if control.holds(SPEND) else "")
    else:
        what = ", ".join("spending" if each == SPEND else action_title(each) for each in control.actions)
    rate = f" to {control.per_hour} an hour" if control.per_hour else ""
    return f"{_DOES[control.does]} {what}{rate}"


def slowed_words(budget: BudgetView) -> str:
    """What somebody who has slowed the budget down is told; what holds things up altogether still does."""
    rate = budget.standing.throttle_per_hour
    held = [control_words(each) for each in budget.controls_now if each.does in (Effect.QUEUE, Effect.STOP)]
    still = f" Still it {'; it '.join(held)}." if held else ""
    return f"*{budget.reference}* lets at most {rate} governed actions an hour through until its period ends.{still}"


def page_of(budget: BudgetView, console: str) -> str:
    """Where the console shows the budget."""
    return f"{console}/budgets/{budget.reference}"


def _summary(budget: BudgetView, *, now: datetime) -> str:
    words = burn_words(budget, now=now)
    return f"{budget.reference} {first_line(budget.terms.name)}: {used_words(budget)}. {words}"


def _stand(budget: BudgetView, pictures: Sequence[Picture], *, now: datetime) -> Iterator[Block]:
    standing = budget.standing
    yield Heading(f"{budget.reference} · Budget")
    yield Section((Markup(f"{_mark(standing)} "), Strong(budget.terms.name), Markup(f" · {used_words(budget)}")))
    yield Section((Markup(f"{bar(min(100, int(standing.percent)))} {standing.percent:f} %"),))
    yield Section((Markup(burn_words(budget, now=now)),))
    yield Fields(tuple(_fields(budget)))
    yield from pictures
    yield from _state_lines(budget, now=now)


def _fields(budget: BudgetView) -> Iterator[tuple[str, Text]]:
    standing, currency = budget.standing, budget.terms.currency
    yield "Counts", (one_line(scope_words(budget.terms.scope)),)
    yield "Period", (Markup(spoken(str(budget.period))), Instant(standing.window.ends_at, ", until "))
    if standing.carried:
        yield "Carried over", (Markup(f"{amount_words(standing.carried)} {currency}"),)
    if standing.extra:
        yield "Raised", (Markup(f"by {amount_words(standing.extra)} {currency} for this period"),)
    if budget.owners:
        yield "Owners", (names(each.name for each in budget.owners),)


def _state_lines(budget: BudgetView, *, now: datetime) -> Iterator[Block]:
    standing = budget.standing
    if not runs(budget, now=now):
        return
    for control in budget.controls_now:
        yield Context((Markup(f"⛔ Now it {control_words(control)}."),))
    if FORECAST in standing.alerted and not standing.is_at(Decimal(100)):
        yield Context((Markup("📈 At this rate it does not last until the end of the period."),))
    if budget.raise_asked:
        to = f"{amount_words(budget.raise_asked.wanted)} {budget.terms.currency}"
        yield Context((Markup(f"🗳️ A raise to {to} waits for approval: {budget.raise_asked.reference}."),))
    if budget.acknowledged_by and standing.acknowledged_at:
        yield Context(
            (one_line(budget.acknowledged_by.name), Instant(standing.acknowledged_at, " looks after it since "))
        )


def _buttons(budget: BudgetView, console: str, *, keeps: bool) -> Iterator[Button | LinkButton]:
    value = Target(budget.id).encode()
    if keeps and budget.acknowledged_by is None:
        yield Button(actions.BUDGET_ACKNOWLEDGE, "Acknowledge", value, tone=Tone.PRIMARY)
    if budget.raise_asked is None:  # anybody may ask
        yield Button(actions.BUDGET_RAISE, "Raise", value)
    if keeps and budget.standing.throttle_per_hour is None:
        ask = Confirm(
            "Slow it down?",
            "Only some governed actions an hour are let through under this budget, until its period ends.",
            "Slow down",
        )
        yield Button(actions.BUDGET_THROTTLE, "Slow down", value, tone=Tone.DANGER, confirm=ask)
    elif keeps:
        yield Button(actions.BUDGET_LIFT, "Full speed again", value)
    yield Button(actions.BUDGET_DETAILS, "Details", value)
    if console:
        yield LinkButton(actions.BUDGET_CONSOLE, "Console", page_of(budget, console))


def runs(budget: BudgetView, *, now: datetime) -> bool:
    """Whether the period that is shown runs, so that something can be done."""
    return budget.ended_at is None and budget.standing.window.holds(now)


def _mark(standing: Standing) -> str:
    if standing.is_at(Decimal(100)):
        return "🔴"
    return "🟠" if standing.is_at(NEAR) else "🟢"


def _past_line(standing: Standing, budget: BudgetView) -> str:
    currency = budget.terms.currency
    began, ended = (f"{each:%Y-%m-%d}" for each in (standing.window.starts_at, standing.window.ends_at))
    used = f"{amount_words(standing.used)} of {amount_words(standing.limit)} {currency}"
    return f"• {began} to {ended}: {used}, {standing.percent:f} %"


def _worded(told: object) -> str:
    """An exact sum of an event, as people read it."""
    return "" if told is None else amount_words(Decimal(str(told)))


def _text_of(words: Text) -> Iterator[str]:
    for piece in words:
        yield getattr(piece, "text", "")
