"""What a rule of workflow automation tells somebody, and what administrators are told of a rule."""

from __future__ import annotations

from bot.cards import Card, Context, Markup, Plain, Section, Text, one_line
from bot.plain import line_of
from core.automation import Effect, Result, Trouble

TEXT_MAX = 2500  # characters of a rule's text that are shown


def rule_card(effect: Effect) -> Card:
    """The rule's text, as somebody's words: whatever a ticket or a request put into it is shown and does nothing."""
    words = effect.values.get("text", "").strip()
    shown = words if len(words) <= TEXT_MAX else f"{words[: TEXT_MAX - 1]}…"
    line: Text = (Plain(shown or "–"),)
    by = Context((Markup("⚙️ By the rule "), one_line(effect.rule)))
    return Card(line_of((one_line(shown or "–"),)), (Section(line), by))


def trouble_card(trouble: Trouble) -> Card:
    """A rule was held up by a guard."""
    what = (
        " would have gone round in a circle and was stopped."
        if trouble.result is Result.STOPPED
        else (" does more than its limits allow, so what goes beyond them is left out.")
    )
    line: Text = (Markup("⚙️ The rule "), one_line(trouble.rule), Markup(what))
    why = Section((one_line(trouble.reason),))
    often = "once for each version of the rule" if trouble.result is Result.STOPPED else "once in an hour"
    hint = Context((Markup(f"The console shows each time, under *Automation*. You are told of it {often}."),))
    return Card(line_of(line), (Section(line), why, hint))
