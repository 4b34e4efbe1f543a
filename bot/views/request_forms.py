"""The form of /approve: what is asked for, and what that action needs to know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from bot import actions
from bot.cards import ChecksInput, Form, Input, Option, PeopleInput, PersonInput, SelectInput, TextInput
from bot.views.forms import JUSTIFICATION_MAX
from bot.views.pieces import ACTION_TITLES
from bot.views.tickets import ticket_input
from core.approvals import SUGGESTED_MAX

NEW_AGENT: Final = "agent.create"
CHANGED_AGENT: Final = "agent.modify"
TITLE: Final = "Ask for approval"


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
        title=TITLE,
        submit="Send",
        memo=f"{channel} {draft}" if draft else channel,
        blocks=(
            _action_input(written.action, offered),
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


def choose_form(*, channel: str, offered: Sequence[str]) -> Form:
    """The first step where an open form cannot change: which action. The second is its `request_form`."""
    return Form(
        callback_id=actions.FORM_CHOOSE,
        title=TITLE,
        submit="Continue",
        memo=channel,
        blocks=(_action_input(offered[0], offered),),
    )


def _action_input(chosen: str, offered: Sequence[str]) -> SelectInput:
    return SelectInput(
        "action",
        "What do you want to do?",
        initial=chosen if chosen in offered else offered[0],
        options=tuple(Option(action, ACTION_TITLES[action]) for action in offered),
        redraws=True,
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
