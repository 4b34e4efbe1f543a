"""Many similar requests at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot import actions
from bot.cards import Card, ChecksInput, Form, Markup, Option, Section, Text, TextInput, one_line
from bot.plain import line_of
from bot.times import counted
from bot.views.pieces import title_of
from core.approvals import Outcome, RequestView

TITLE: Final = "Approve many"
REASON_MAX: Final = 2000
NONE: Final = (
    "There are no two similar requests of low risk that wait for you. Similar means the same action under the same "
    "policy; anything riskier deserves a look of its own."
)


def many_form(requests: Sequence[RequestView]) -> Form:
    """Which of them, and the one reason; nothing is ticked, so that nothing is approved unseen."""
    if not requests:
        return Form("message", TITLE, (Section((Markup(NONE),)),))
    options = tuple(
        Option(
            f"{request.id}:{request.digest[: actions.DIGEST_CHARS]}",
            f"{request.reference} · {title_of(request)}",
            line_of((one_line(f"{request.requester.name}: {request.justification}"),)),
        )
        for request in requests
    )
    kind = f"{counted(len(requests), 'request')} of low risk under the policy "
    return Form(
        actions.FORM_MANY,
        TITLE,
        (
            Section((Markup(kind), one_line(requests[0].policy), Markup(". Your reason stands at each of them."))),
            ChecksInput("requests", "Approve these", options),
            TextInput("reason", "Reason", is_multiline=True, max_chars=REASON_MAX, placeholder="Why are all fine?"),
        ),
        submit="Approve",
    )


def many_card(outcomes: Sequence[Outcome]) -> Card:
    """What became of each."""
    done = sum(not outcome.problem for outcome in outcomes)
    head = f"✅ You approved {counted(done, 'request')}."
    lines: list[Text] = [
        (
            Markup("✅ " if not outcome.problem else "⚠️ "),
            Markup(f"*{outcome.request.reference}* "),
            one_line(outcome.problem or f"is {outcome.request.status}"),
        )
        for outcome in outcomes
    ]
    return Card(head, (Section((Markup(head),)), *(Section(line) for line in lines)))
