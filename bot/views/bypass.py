"""Emergency bypasses as messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

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
    Markup,
    Plain,
    Quote,
    Section,
    Text,
    Tone,
    one_line,
)
from bot.times import counted, due, in_words
from bot.views.pieces import action_on, action_title, ticket_lines
from core.access import PersonView
from core.emergency import BypassView, at_most_left

_STATUS: Final = {"active": "🚨 Active", "ended": "⏹️ Ended", "expired": "⌛ Expired"}
LISTED: Final = 25
USES_SHOWN: Final = 5
REMEDIATIONS_SHOWN: Final = 5
_OUTCOMES: Final = {"succeeded": "✅", "failed": "❌", "lapsed": "❔"}
_REMEDIATIONS: Final = {"open": "🔧", "overdue": "⏰", "done": "✅", "dropped": "🗑️"}
_VERDICTS: Final = {"justified": "✅ justified", "not_justified": "❌ not justified"}


def bypass_card(bypass: BypassView, viewer: PersonView | None, *, now: datetime) -> Card:
    """The living message of a bypass. Without a viewer it is the channel's or management's."""
    blocks: list[Block] = [
        Heading(f"{bypass.reference} · Emergency bypass"),
        Section(
            (
                Markup(f"*{_STATUS[bypass.status]}*"),
                *_lasts(bypass, now=now),
                Markup(" · by "),
                one_line(bypass.requester.name),
            )
        ),
        Fields(
            (
                ("Action", (one_line(_action(bypass.action)),)),
                ("Agent", (one_line(_agent(bypass)),)),
                ("Risk", _risk(bypass)),
                *((("Risk after", (one_line(risk_after_words(bypass)),)),) if bypass.risk_after else ()),
                *_named(bypass),
                ("Review", _review(bypass, now=now)),
            )
        ),
        Quote(Plain(bypass.justification)),
    ]
    if bypass.acknowledged_by and bypass.acknowledged_at:
        blocks.append(
            Context(
                (
                    Markup("👁️ Acknowledged by "),
                    one_line(bypass.acknowledged_by.name),
                    Instant(bypass.acknowledged_at, " · "),
                )
            )
        )
    blocks += _extension_lines(bypass)
    blocks += use_lines(bypass)
    if bypass.review_notes:
        blocks += [Context((Markup("The review found:"),)), Quote(Plain(bypass.review_notes)), *_found(bypass)]
    blocks += ticket_lines(bypass.tickets)
    buttons = _buttons(bypass, viewer)
    if buttons:
        blocks.append(Actions(buttons))
    who = one_line(bypass.requester.name).text
    summary = f"{bypass.reference}: {who} bypassed approval ({scope_of(bypass)}) — {bypass.status}"
    return Card(summary=summary, blocks=tuple(blocks))


def bypass_line(bypass: BypassView, *, now: datetime) -> Text:
    """One line of a list, which is read at once: so it says what is left, not until when."""
    is_running = bypass.status == "active" and bypass.expires_at > now
    left = f" · {in_words(bypass.expires_at - now)} left" if is_running else ""
    review: Text = (
        _review(bypass, now=now) if bypass.review_status == "done" else (Markup(due(bypass.review_due_at, now=now)),)
    )
    return (
        Markup(f"*{bypass.reference}* {_STATUS[bypass.status]}{left} · "),
        one_line(bypass.requester.name),
        Markup(" · "),
        one_line(_agent(bypass)),
        Markup(" · review "),
        *review,
    )


def list_card(bypasses: tuple[BypassView, ...], *, now: datetime) -> Card:
    """`/bypass status`: the newest. One more than are listed says that there are older ones."""
    if not bypasses:
        return Card("No bypass has been used.", (Section((Plain("No bypass has been used. Good."),)),))
    shown = bypasses[:LISTED]
    has_older = len(bypasses) > len(shown)
    older = (Context((Markup(f"These are the newest {LISTED}; there are older ones."),)),) if has_older else ()
    return Card(
        f"The newest {LISTED} bypasses" if has_older else counted(len(shown), "bypass", "bypasses"),
        (
            Heading("Emergency bypasses"),
            *(Section(bypass_line(each, now=now)) for each in shown),
            *older,
            Context((Markup(hint_for(shown[0])),)),
        ),
    )


def hint_for(bypass: BypassView) -> str:
    """What can be typed about a bypass that is listed."""
    return f"`/bypass show {bypass.reference}` shows one, `/bypass review {bypass.reference}` reviews it."


def scope_of(bypass: BypassView) -> str:
    """What was bypassed, in words: Deploy agent “invoice-matcher”."""
    return action_on(bypass.action, bypass.resource)


def risk_words(bypass: BypassView) -> str:
    """The risk with what it is made of, so that a reviewer need not guess (E3)."""
    factors = "; ".join(f"{_factor(name)} +{points}" for name, points in bypass.risk_factors)
    return f"{bypass.risk.capitalize()} ({factors})" if factors else bypass.risk.capitalize()


def risk_after_words(bypass: BypassView) -> str:
    """The risk as the review scored it: of its factors those that what was done has added."""
    added = bypass.risk_after_factors[len(bypass.risk_factors) :]
    factors = "; ".join(f"{name} {points:+}" for name, points in added)
    level = (bypass.risk_after or "").capitalize()
    return f"{level} ({factors})" if factors else level


def use_lines(bypass: BypassView) -> tuple[Block, ...]:
    """What was done under it, the newest last; the console has the rest with the states before and after."""
    if not bypass.uses:
        return ()
    shown = bypass.uses[-USES_SHOWN:]
    earlier = len(bypass.uses) - len(shown)
    head = f"Done under it: {counted(len(bypass.uses), 'action')}" + (f", the last {USES_SHOWN}" if earlier else "")
    lines = (
        Context(
            (
                Markup(f"{_OUTCOMES.get(use.outcome or '', '🔄')} "),
                one_line(action_on(use.action, use.resource)),
                Instant(use.at, " · "),
            )
        )
        for use in shown
    )
    return (Context((Markup(head),)), *lines)


def _extension_lines(bypass: BypassView) -> tuple[Block, ...]:
    asked = bypass.asked_extension
    if asked is None:
        return ()
    why = (one_line(asked.asked_by.name), Markup(f" asks for {in_words(asked.extra)} more: "), one_line(asked.reason))
    return (Section((Markup("⏱️ "), *why)),)


def _named(bypass: BypassView) -> tuple[tuple[str, Text], ...]:
    """Where, why and for which incident, as far as it is said."""
    said = (("Environment", bypass.environment), ("Reason", bypass.reason_title), ("Incident", bypass.incident))
    return tuple((title, (one_line(value),)) for title, value in said if value)


def _found(bypass: BypassView) -> tuple[Block, ...]:
    """The checklist's answers, and what is to be done."""
    checked = (
        Context((Markup("☑️ " if bypass.findings.get(item) else "⬜ "), one_line(item))) for item in bypass.checklist
    )
    to_do = (
        Context(
            (
                Markup(f"{_REMEDIATIONS.get(each.state, '')} "),
                one_line(each.title),
                Markup(" · "),
                one_line(each.owner.name),
                Instant(each.due_at, " · due "),
            )
        )
        for each in bypass.remediations[:REMEDIATIONS_SHOWN]
    )
    return (*checked, *to_do)


def _factor(name: str) -> str:
    """The assessment names the action by its key, after this word."""
    return _action(name.removeprefix("action ")) if name.startswith("action ") else name


def _action(action: str) -> str:
    return "Any action" if action == "*" else action_title(action)


def _agent(bypass: BypassView) -> str:
    return "any agent" if bypass.resource == "*" else bypass.resource


def _lasts(bypass: BypassView, *, now: datetime) -> Text:
    """How long it was granted for, until when, and what is left at most; all stay true until the message is edited."""
    if bypass.status == "active":
        granted = in_words(bypass.expires_at - bypass.granted_at)
        left = at_most_left(bypass.expires_at, now=now)
        counts = (Markup(f" · ⏳ *at most {in_words(left)} left*"),) if left and bypass.expires_at > now else ()
        return (Markup(f" for {granted}"), Instant(bypass.expires_at, ", until "), *counts)
    return (Instant(bypass.ended_at or bypass.expires_at, " · "),)


def _risk(bypass: BypassView) -> Text:
    return (one_line(risk_words(bypass)),)


def _review(bypass: BypassView, *, now: datetime) -> Text:
    if bypass.review_status == "done":
        by = bypass.reviewed_by.name if bypass.reviewed_by else "somebody"
        return (Markup(f"{_VERDICTS.get(bypass.review_verdict or '', 'done')} by "), one_line(by))
    return (Instant(bypass.review_due_at, "⏰ *overdue* since " if bypass.review_due_at <= now else "due "),)


def _buttons(bypass: BypassView, viewer: PersonView | None) -> tuple[Button, ...]:
    """What the viewer may do; all of it without one, where everybody reads one message and the core checks."""
    value = Target(id=bypass.id).encode()
    is_holder = viewer is not None and viewer.id == bypass.requester.id
    answers = _is_among(viewer, bypass.told)
    buttons: list[Button] = []
    if answers and bypass.acknowledged_at is None and bypass.review_status != "done":
        buttons.append(Button(actions.BYPASS_ACKNOWLEDGE, "Acknowledge", value, tone=Tone.PRIMARY))
    if bypass.status == "active" and (is_holder or answers):
        confirm = Confirm("End this bypass?", "What it allowed needs approval again.", "End it", tone=Tone.DANGER)
        buttons.append(Button(actions.BYPASS_END, "End now", value, tone=Tone.DANGER, confirm=confirm))
        buttons += _extending(bypass, viewer, value)
    if bypass.review_status != "done" and _is_among(viewer, bypass.reviewers):
        buttons.append(Button(actions.BYPASS_REVIEW, "Review", value))
    return tuple(buttons)


def _is_among(viewer: PersonView | None, people: Sequence[PersonView]) -> bool:
    return viewer is None or any(viewer.id == each.id for each in people)


def _extending(bypass: BypassView, viewer: PersonView | None, value: str) -> tuple[Button, ...]:
    """More time is asked for, or decided by somebody who neither asked nor holds it."""
    asked = bypass.asked_extension
    if asked is None:
        return (Button(actions.BYPASS_EXTEND, "Extend", value),)
    if viewer is not None and viewer.id in (bypass.requester.id, asked.asked_by.id):
        return ()
    return (
        Button(actions.BYPASS_EXTENSION_CONFIRM, f"Give {in_words(asked.extra)} more", value, tone=Tone.PRIMARY),
        Button(actions.BYPASS_EXTENSION_DECLINE, "No more time", value),
    )
