"""Modals."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from bot import actions
from bot.actions import Target
from bot.cards import (
    Block,
    ChecksInput,
    Form,
    Input,
    Markup,
    Option,
    Passage,
    PersonInput,
    Plain,
    Quote,
    Section,
    Strong,
    TextInput,
    one_line,
)
from bot.times import counted
from bot.views.approvals import details_blocks
from bot.views.pieces import spoken, title_of
from bot.views.reasons import why_blocks
from core.approvals import RequestView, StageView

JUSTIFICATION_MAX: Final = 3000  # what fits Slack's own input; the core takes more
REASON_MAX: Final = 2000


def loading_form(title: str) -> Form:
    """Shown at once, because a trigger lives three seconds; replaced when the database has answered."""
    return Form(callback_id="loading", title=title, blocks=(Section((Markup("One moment …"),)),))


def message_form(title: str, text: str) -> Form:
    """A modal that only says something."""
    return Form(callback_id="message", title=title, blocks=(Section((Plain(text),)),))


def approve_form(request: RequestView, target: Target) -> Form:
    """The criteria of the stage as a checklist, and room for a reason (P2)."""
    stage = _stage(request, target)
    criteria = stage.criteria if stage else ()
    options = tuple(Option(name, spoken(name)) for name in criteria)
    inputs: list[Block | Input] = [_about_stage(request, target), *_justified(request)]
    if options:
        inputs.append(
            ChecksInput(
                "criteria",
                "Criteria",
                options,
                initial=criteria,
                hint="Untick what you cannot confirm; then it cannot be approved.",
            )
        )
    inputs.append(TextInput("reason", "Reason", is_multiline=True, is_optional=True, max_chars=REASON_MAX))
    return Form(actions.FORM_APPROVE, "Approve", tuple(inputs), submit="Approve", memo=target.encode())


def reject_form(request: RequestView, target: Target) -> Form:
    """A rejection says why."""
    return Form(
        actions.FORM_REJECT,
        "Reject",
        (
            _about_stage(request, target),
            *_justified(request),
            TextInput(
                "reason", "Reason", is_multiline=True, max_chars=REASON_MAX, placeholder="What would have to change?"
            ),
        ),
        submit="Reject",
        memo=target.encode(),
    )


def ask_form(request: RequestView, target: Target) -> Form:
    """A question to the requester."""
    return Form(
        actions.FORM_ASK,
        "Ask the requester",
        (
            _about(request),
            TextInput(
                "question",
                "Question",
                is_multiline=True,
                max_chars=JUSTIFICATION_MAX,
                hint=f"{one_line(request.requester.name).text} is told at once and can answer.",
            ),
        ),
        submit="Ask",
        memo=target.encode(),
    )


def answer_form(request: RequestView, target: Target) -> Form:
    """The requester's answer."""
    last = [comment for comment in request.comments if comment.kind == "question"][-1:]
    asked: tuple[Block, ...] = tuple(
        block
        for question in last
        for block in (Section((one_line(question.author.name), Markup(" asks:"))), Passage(Plain(question.text)))
    )
    return Form(
        actions.FORM_ANSWER,
        "Answer",
        (
            _about(request),
            *asked,
            TextInput("answer", "Answer", is_multiline=True, max_chars=JUSTIFICATION_MAX),
        ),
        submit="Answer",
        memo=target.encode(),
    )


def comment_form(request: RequestView, target: Target) -> Form:
    """Something said about a request, to everybody who follows it."""
    return Form(
        actions.FORM_COMMENT,
        "Comment",
        (
            _about(request),
            TextInput(
                "comment",
                "Comment",
                is_multiline=True,
                max_chars=JUSTIFICATION_MAX,
                hint="It stands under the request; no vote follows from it.",
            ),
        ),
        submit="Comment",
        memo=target.encode(),
    )


def delegate_form(request: RequestView, target: Target) -> Form:
    """Somebody else takes the viewer's place."""
    return Form(
        actions.FORM_DELEGATE,
        "Delegate",
        (
            _about_stage(request, target),
            PersonInput("person", "Person", hint="Decides in your place. Not the requester."),
            TextInput("reason", "Reason", is_optional=True, max_chars=REASON_MAX),
        ),
        submit="Delegate",
        memo=target.encode(),
    )


def amend_form(request: RequestView, target: Target) -> Form:
    """What the request asks, to be changed. Votes that were cast so far stop counting, which is said first (P9)."""
    votes = sum(len(stage.votes) for stage in request.stages)
    warning = (
        f"{counted(votes, 'vote')} will no longer count, and everybody is asked again."
        if votes
        else "Everybody is asked again."
    )
    return Form(
        actions.FORM_AMEND,
        "Change request",
        (
            _about(request),
            Section((Markup(f"⚠️ {warning}"),)),
            PersonInput("owner", "Owner", is_optional=True, hint="Leave it empty to keep the owner."),
            PersonInput("sponsor", "Sponsor", is_optional=True, hint="Leave it empty to keep the sponsor."),
            TextInput(
                "business_service",
                "Business service",
                initial=request.resource.get("business_service", ""),
                max_chars=300,
            ),
            TextInput(
                "justification",
                "Justification",
                is_multiline=True,
                initial=request.justification,
                max_chars=JUSTIFICATION_MAX,
            ),
            TextInput("reason", "Why do you change it?", is_optional=True, max_chars=REASON_MAX),
        ),
        submit="Change",
        memo=target.encode(),
    )


def details_form(request: RequestView, *, now: datetime, console: str = "") -> Form:
    """Everything about a request."""
    return Form("approvals.details", request.reference, details_blocks(request, now=now, console=console))


def why_form(request: RequestView) -> Form:
    """Its risk, and why it needs these approvals or none."""
    return Form("approvals.why", f"Why {request.reference}", (_about(request), *why_blocks(request)))


def _about(request: RequestView) -> Section:
    return Section((Plain(f"{request.reference} · {title_of(request)}"),))


def _about_stage(request: RequestView, target: Target) -> Section:
    """As `_about`, and which stage is decided: with several open, the person sees which one they were asked on."""
    stage = _stage(request, target)
    named = (Markup("\n"), Strong(stage.title)) if stage else ()
    return Section((*_about(request).text, *named))


def _justified(request: RequestView) -> tuple[Block, ...]:
    """Why it was asked for: a form can be opened from a list, which does not say it."""
    return (Quote(Plain(request.justification)),) if request.justification else ()


def _stage(request: RequestView, target: Target) -> StageView | None:
    return next((stage for stage in request.stages if stage.key == target.stage), None)
