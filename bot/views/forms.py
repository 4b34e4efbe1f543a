"""Modals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

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
    PeopleInput,
    PersonInput,
    Plain,
    Quote,
    Section,
    SelectInput,
    Strong,
    TextInput,
    one_line,
)
from bot.times import counted
from bot.views.approvals import details_blocks
from bot.views.pieces import ACTION_TITLES, spoken, title_of
from bot.views.reasons import why_blocks
from bot.views.tickets import ticket_input
from core.approvals import SUGGESTED_MAX, RequestView, StageView

JUSTIFICATION_MAX: Final = 3000  # what fits Slack's own input; the core takes more
REASON_MAX: Final = 2000
NEW_AGENT: Final = "agent.create"
CHANGED_AGENT: Final = "agent.modify"


def loading_form(title: str) -> Form:
    """Shown at once, because a trigger lives three seconds; replaced when the database has answered."""
    return Form(callback_id="loading", title=title, blocks=(Section((Markup("One moment …"),)),))


def message_form(title: str, text: str) -> Form:
    """A modal that only says something."""
    return Form(callback_id="message", title=title, blocks=(Section((Plain(text),)),))


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the form is filled in with. `owner` and `sponsor` are chat user ids."""

    action: str = NEW_AGENT
    agent: str = ""
    owner: str | None = None
    sponsor: str | None = None
    business_service: str = ""
    justification: str = ""
    ticket: str = ""
    asks_ticket: bool = False  # a policy for the action may ask for one


def request_form(
    written: Written,
    *,
    channel: str,
    offered: Sequence[str],
    draft: UUID | None = None,
    agents: Sequence[str] | None = None,
) -> Form:
    """`/approve`: ask for one of the actions offered. `channel` is where it was typed; `draft` is what is written on.

    With `agents` it asks for one of these and what may change about it; if they are none, for its name. Without, it
    asks for everything that a new agent must have.
    """
    return Form(
        callback_id=actions.FORM_REQUEST,
        title="Ask for approval",
        submit="Send",
        memo=f"{channel} {draft}" if draft else channel,
        blocks=(
            SelectInput(
                "action",
                "What do you want to do?",
                initial=written.action if written.action in offered else offered[0],
                options=tuple(Option(action, ACTION_TITLES[action]) for action in offered),
                redraws=True,
            ),
            *(_new_agent(written) if agents is None else _known_agent(written, agents)),
            TextInput(
                "justification",
                "Justification",
                is_multiline=True,
                initial=written.justification,
                max_chars=JUSTIFICATION_MAX,
                placeholder="Why is this needed, and what happens without it?",
            ),
            *((ticket_input(written.ticket, is_optional=True),) if written.asks_ticket else ()),
            PeopleInput(
                "suggested",
                "Who should be told first?",
                most=SUGGESTED_MAX,
                hint="Of those who may decide. The others see it waiting, and are told when it is due soon.",
            ),
            ChecksInput("draft", "Not sure yet?", (Option("save", "Only save it as a draft"),), is_optional=True),
        ),
    )


def _new_agent(written: Written) -> tuple[Input, ...]:
    """Everything that is to be known of an agent."""
    return (
        _typed_name(written),
        PersonInput("owner", "Owner", initial=written.owner, hint="Answers for what the agent does."),
        PersonInput("sponsor", "Sponsor", initial=written.sponsor, hint="Answers for why the agent exists."),
        TextInput(
            "business_service",
            "Business service",
            initial=written.business_service,
            max_chars=300,
            placeholder="Customer support",
            hint="What an outage of this agent would hurt.",
        ),
    )


def _known_agent(written: Written, agents: Sequence[str]) -> tuple[Input, ...]:
    """Which agent, and for a change what may be different about it."""
    which: Input = _typed_name(written)
    if agents:
        initial = written.agent if written.agent in agents else None
        which = SelectInput("known_agent", "Agent name", tuple(Option(name, name) for name in agents), initial=initial)
    if written.action != CHANGED_AGENT:
        return (which,)
    same = "Left empty, it stays as it is."
    return (
        which,
        PersonInput("owner", "Owner", hint=same, is_optional=True),
        PersonInput("sponsor", "Sponsor", hint=same, is_optional=True),
        TextInput("business_service", "Business service", max_chars=300, hint=same, is_optional=True),
    )


def _typed_name(written: Written) -> TextInput:
    return TextInput("agent_name", "Agent name", initial=written.agent, max_chars=120, placeholder="support-bot")


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
