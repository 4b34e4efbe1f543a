"""Small pieces that several views share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from bot.cards import Block, Context, Link, Markup, Piece, Plain, one_line
from core.access import PersonView
from core.approvals import RequestView, VoteView
from core.links import TicketLink

NAMES_SHOWN: Final = 4
ACTION_TITLES: Final[Mapping[str, str]] = {
    "agent.create": "Create agent",
    "agent.deploy": "Deploy agent",
    "agent.modify": "Change agent",
    "agent.retire": "Retire agent",
}

_SPOKEN_ACTIONS: Final[Mapping[str, str]] = {
    **ACTION_TITLES,
    "change.implement": "Implement change",
    "change.rollback": "Roll back change",
    "budget.raise": "Raise budget",
    "budget.override": "Pass the budget:",
}


def action_title(action: str) -> str:
    """What is done, as people say it; also what no gate is asked about."""
    return _SPOKEN_ACTIONS.get(action, action)


def action_on(action: str, agent: str) -> str:
    """What is done to which agent, as people say it: Deploy agent “support-bot”; `*` is any of them."""
    name = one_line(agent).text
    if action == "*":
        return "any action on any agent" if name == "*" else f"any action on “{name}”"
    title = _SPOKEN_ACTIONS.get(action) or one_line(action).text
    return f"{title}: any of them" if name == "*" else f"{title} “{name}”"


def title_of(request: RequestView) -> str:
    """The request in a few words: Create agent “support-bot”."""
    return action_on(request.action, request.resource.get("name", "?"))


def first_line(words: str) -> str:
    """Somebody's words on one line."""
    return one_line(words).text


def spoken(key: str) -> str:
    """A key of a policy as people read it: Technical feasibility. A sentence keeps its own capitals."""
    words = key.replace("_", " ")
    return words[:1].upper() + words[1:]


def names(people: Iterable[str]) -> Plain:
    """The first few names and how many more there are: a stage may ask hundreds."""
    known = [one_line(name).text for name in people]
    shown = ", ".join(known[:NAMES_SHOWN]) or "nobody"
    return Plain(f"{shown} and {len(known) - NAMES_SHOWN} more" if len(known) > NAMES_SHOWN else shown)


def cast_by(vote: VoteView) -> str:
    """Who voted, and in whose place: "Priya Raman for Tomás Oliveira"."""
    return in_place(vote.voter, vote.on_behalf_of)


def in_place(person: PersonView, of: PersonView | None) -> str:
    """The person's name, and for whom they act where that is somebody else."""
    return person.name if of is None else f"{person.name} for {of.name}"


def reference_of(reference: str, console: str) -> Piece:
    """The reference, emphasised; a link to its page where people can reach the console (`console` is its address)."""
    return Link(reference, page_of(reference, console)) if console else Markup(f"*{reference}*")


def page_of(reference: str, console: str) -> str:
    """Where the console shows the request."""
    return f"{console}/requests/{reference}"


def ticket_lines(tickets: Iterable[TicketLink]) -> list[Block]:
    """A line for each ticket, linked."""
    return [
        Context(
            (
                Markup("🎫 "),
                Link(ticket.number, ticket.url),
                Markup(" in "),
                one_line(ticket.system_title),
                Markup(" · "),
                one_line(ticket.state),
            )
        )
        for ticket in tickets
    ]
