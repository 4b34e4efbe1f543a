"""Modals of the emergency bypass."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from bot import actions
from bot.actions import Target, choice_value
from bot.cards import (
    ChecksInput,
    Context,
    Form,
    Input,
    Instant,
    Markup,
    Option,
    Passage,
    PersonInput,
    Plain,
    Section,
    SelectInput,
    Text,
    TextInput,
    one_line,
)
from bot.times import counted, in_words
from bot.views.bypass import risk_words, scope_of, use_lines
from bot.views.pieces import ACTION_TITLES
from core.emergency import BypassTerms, BypassView

JUSTIFICATION_MAX: Final = 2000  # characters
NOTES_MAX: Final = 3000  # what fits Slack's own input; the core takes more
_EXTRAS: Final = tuple(timedelta(minutes=minutes) for minutes in (15, 30, 60))
_FOLLOW_UP_DAYS: Final = (3, 7, 14, 30)
_DURATIONS: Final = tuple(timedelta(minutes=minutes) for minutes in (15, 30, 60, 120, 240, 480, 1440))


def bypass_form(*, channel: str, terms: BypassTerms, agent: str = "") -> Form:
    """`/bypass`: the risk is repeated before anything is granted."""
    durations = sorted({*(each for each in _DURATIONS if each <= terms.longest), terms.longest})
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
                options=(
                    *(Option(action, title) for action, title in ACTION_TITLES.items()),
                    Option("change.implement", "Implement a change"),
                    Option("*", "Anything"),
                ),
            ),
            TextInput(
                "agent", "Agent", initial=agent, max_chars=120, placeholder="support-bot, CHG-1001, or * for any"
            ),
            SelectInput(
                "duration",
                "Duration",
                initial=str(int(durations[0].total_seconds())),
                options=tuple(Option(str(int(each.total_seconds())), in_words(each)) for each in durations),
            ),
            *_circumstances(terms),
            TextInput(
                "justification",
                "Justification",
                is_multiline=True,
                max_chars=JUSTIFICATION_MAX,
                placeholder="What is broken, whom does it hurt, and why can it not wait?",
            ),
        ),
    )


def _circumstances(terms: BypassTerms) -> Iterator[Input]:
    """Where, why and for which incident, as far as the tenant tells them apart."""
    if terms.environments:
        yield SelectInput("environment", "Environment", tuple(Option(each, each) for each in terms.environments))
    if terms.reasons:
        yield SelectInput(
            "reason",
            "Reason",
            options=tuple(Option(each.code, each.title) for each in terms.reasons),
            is_optional=not terms.reason_required,
        )
    if terms.wants_incident:
        hint = f"Written as {terms.incident_format}" if terms.incident_format else ""
        yield TextInput("incident", "Incident", is_optional=True, max_chars=80, hint=hint)


def extension_form(bypass: BypassView) -> Form:
    """More time is asked for; somebody else of senior management confirms it."""
    until: Text = (Markup("It ends "), Instant(bypass.expires_at), Markup(". Senior management confirms more time."))
    return Form(
        callback_id=actions.FORM_EXTEND,
        title=f"Extend {bypass.reference}",
        submit="Ask for more time",
        memo=Target(id=bypass.id).encode(),
        blocks=(
            Section(until),
            SelectInput(
                "duration",
                "How much longer?",
                initial=str(int(_EXTRAS[0].total_seconds())),
                options=tuple(Option(str(int(each.total_seconds())), in_words(each)) for each in _EXTRAS),
            ),
            TextInput("reason", "Reason", is_multiline=True, max_chars=500, placeholder="What is left to do?"),
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
            *use_lines(bypass),
            *_checklist(bypass),
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
            TextInput(
                "follow_up",
                "Follow-up",
                is_optional=True,
                max_chars=200,
                placeholder="What is to be done so that it does not happen again?",
            ),
            PersonInput("owner", "Who does it", is_optional=True),
            SelectInput(
                "due",
                "Until when",
                is_optional=True,
                options=tuple(Option(str(days), counted(days, "day")) for days in _FOLLOW_UP_DAYS),
            ),
        ),
    )


def _checklist(bypass: BypassView) -> Iterator[Input]:
    """What the policy wants checked: ticked where it holds."""
    if bypass.checklist:
        yield ChecksInput(
            "checklist",
            "What holds?",
            tuple(Option(choice_value(item), item) for item in bypass.checklist),
            is_optional=True,
            hint="What is not ticked is kept as not holding.",
        )
