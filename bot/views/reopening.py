"""Asking again for what was rejected, withdrawn or has expired."""

from __future__ import annotations

from typing import Final, assert_never

from bot import actions
from bot.actions import Target
from bot.cards import Card, Form, Markup, Plain, Section, Text, TextInput
from bot.plain import line_of
from bot.views.pieces import title_of
from core.approvals import RequestView
from core.decisions import DecisionView
from core.decisions.views import Answer

REASON_MAX: Final = 500


def reopen_form(request: RequestView, target: Target) -> Form:
    """Why it should be looked at once more."""
    return Form(
        actions.FORM_REOPEN,
        "Ask again",
        (
            Section((Plain(f"{request.reference} · {title_of(request)}"), Markup(f"\nwas {request.status}."))),
            TextInput(
                "reason",
                "Why should it be looked at again?",
                is_multiline=True,
                max_chars=REASON_MAX,
                placeholder="What is different now?",
            ),
        ),
        submit="Ask again",
        memo=target.encode(),
    )


def reopened_card(before: RequestView, decision: DecisionView) -> Card:
    """What came of asking again."""
    return Card(line_of(words := _words(before, decision)), (Section(words),))


def _words(before: RequestView, decision: DecisionView) -> Text:
    match decision.decision:
        case Answer.PENDING:
            return (Markup(f"↪️ *{before.reference}* is asked again; everybody concerned has been told."),)
        case Answer.ALLOW:
            return (Markup(f"✅ What *{before.reference}* asked is allowed now."),)
        case Answer.DENY:
            return (Markup(f"🚫 *{before.reference}* cannot be asked again: "), Plain(decision.reasons[0].message))
        case _:
            assert_never(decision.decision)
