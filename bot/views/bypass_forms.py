"""Modals of the emergency bypass."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from bot import actions
from bot.actions import Target
from bot.cards import (
    Context,
    Form,
    Instant,
    Markup,
    Option,
    Passage,
    Plain,
    Section,
    SelectInput,
    TextInput,
    one_line,
)
from bot.times import in_words
from bot.views.bypass import risk_words, scope_of
from bot.views.pieces import ACTION_TITLES
from core.emergency import BypassView

JUSTIFICATION_MAX: Final = 2000  # characters
NOTES_MAX: Final = 3000  # what fits Slack's own input; the core takes more
_DURATIONS: Final = tuple(timedelta(minutes=minutes) for minutes in (15, 30, 60, 120, 240, 480, 1440))


def bypass_form(*, channel: str, longest: timedelta, agent: str = "") -> Form:
    """`/bypass`: the risk is repeated before anything is granted."""
    durations = sorted({*(each for each in _DURATIONS if each <= longest), longest})
    return Form(
        callback_id=actions.FORM_BYPASS,
        title="Emergency bypass",
        submit="Bypass now",
        memo=channel,
        blocks=(
            Section(
                (
                    Markup(
                        "🚨 *This skips every approval.* Senior management is told at once, everything you do under "
                        "it is recorded, and it will be reviewed."
                    ),
                )
            ),
            SelectInput(
                "action",
                "What do you want to do?",
                initial="agent.deploy",
                options=(*(Option(action, title) for action, title in ACTION_TITLES.items()), Option("*", "Anything")),
            ),
            TextInput("agent", "Agent", initial=agent, max_chars=120, placeholder="support-bot, or * for any"),
            SelectInput(
                "duration",
                "Duration",
                initial=str(int(durations[0].total_seconds())),
                options=tuple(Option(str(int(each.total_seconds())), in_words(each)) for each in durations),
            ),
            TextInput(
                "justification",
                "Justification",
                is_multiline=True,
                max_chars=JUSTIFICATION_MAX,
                placeholder="What is broken, whom does it hurt, and why can it not wait?",
            ),
        ),
    )


def review_form(bypass: BypassView) -> Form:
    """The post-deployment review (E2)."""
    return Form(
        callback_id=actions.FORM_REVIEW,
        title=f"Review {bypass.reference}",
        submit="Finish review",
        memo=Target(id=bypass.id).encode(),
        blocks=(
            Section(
                (
                    Markup("Granted to "),
                    one_line(bypass.requester.name),
                    Markup(": "),
                    one_line(scope_of(bypass)),
                    Instant(bypass.granted_at, " · "),
                )
            ),
            Passage(Plain(bypass.justification)),
            Context((Markup("Risk before the grant: "), one_line(risk_words(bypass)))),
            SelectInput(
                "verdict", "Verdict", (Option("justified", "Justified"), Option("not_justified", "Not justified"))
            ),
            TextInput(
                "notes",
                "Notes",
                is_multiline=True,
                max_chars=NOTES_MAX,
                placeholder="What happened, and what follows from it?",
            ),
        ),
    )
