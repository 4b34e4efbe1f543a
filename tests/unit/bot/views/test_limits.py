"""Every view of bot/views with as much, and as hostile, as people can put into it: Slack takes it all.

The package is walked, so that a new view cannot be forgotten: one whose arguments have no extreme here fails by name.
"""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

import pytest

import bot.views
from bot.actions import Target
from bot.cards import Card, Form
from bot.slack import render
from bot.views.approvals import request_card
from bot.views.forms import Written
from core.access import PersonView
from core.approvals import Assessment, Judged, Nudged, Outcome, RequestEvent
from core.approvals.many import MANY_MAX
from core.approvals.risk import Counted, Risk, RiskLevel
from core.decisions import DecisionView
from core.decisions.views import Answer, Reason
from core.drafts import DraftView
from core.emergency import EmergencyEvent
from core.errors import InvalidInput
from core.ids import UserId
from sandbox.slack.blockkit import message_errors, view_errors
from tests.unit.bot.blockkit_schema import message_problems, view_problems
from tests.unit.bot.samples import (
    DIGEST,
    NOW,
    REQUEST_ID,
    bypass,
    comment,
    decided,
    delegation,
    listed,
    person,
    request,
    stage,
    ticket,
    vote,
)

WORDS = {
    "long": "words " * 500,
    "one_word": "w" * 3000,
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈" * 250,
    "right_to_left": "שלום عالم " * 300,
    "mentions": "<!channel> <!here> <@U1EVIL> <#C1> " * 80,
    "links": "<https://evil.example|approve> https://evil.example & <mailto:a@b.c|x> " * 40,
    "markup": "*✅ Approved* _by_ ~all~ `code` ```\n> quoted\n" * 60,
    "direction": "\u202egpj.exe\u2066\u2069\u202d\u200f " * 200,
}
CONSOLE = "https://countersign.example/console"
VIEW_TYPES = {"Card", "Card | None", "Form", "tuple[Block, ...]", "list[Block]"}
TARGET = Target(id=REQUEST_ID, digest=DIGEST, stage="s" * 100)
# Arguments that no person writes: what they are is ours.
OURS = {
    ("help_card", "command"): "/approve",
    ("said", "words"): "*REQ-1* is withdrawn.",
    ("loading_form", "title"): "Approve",
    ("bypass_form", "channel"): "C0GOV",
    ("request_form", "channel"): "C0GOV",
    ("request_form", "draft"): None,
}


def crowd(words: str) -> tuple[PersonView, ...]:
    return tuple(person(number, f"{words[:300]} {number}") for number in range(1, 301))


def huge_request(words: str) -> Any:
    people = crowd(words)
    stages = tuple(
        decided(f"stage_{number}", *(vote(each, reason=words[:2000]) for each in people[:3]))
        if number % 2
        else stage(f"stage_{number}", title=words[:400], approvers=people, criteria=(words[:500],) * 12)
        for number in range(60)
    )
    judged = tuple(Judged(words[:200], words[:500], holds=True, values={words[:50]: words[:200]}) for _ in range(20))
    return request(
        stages,
        justification=words,
        resource={"name": words[:120], "owner": words[:300], **{f"fact_{n}": words[:300] for n in range(30)}},
        requester=people[0],
        comments=tuple(comment(text=words, author=people[1]) for _ in range(60)),
        tickets=(ticket(number=words[:100]),) * 9,
        assessment=Assessment(
            risk=Risk(
                100, RiskLevel.HIGH, tuple(Counted(words[:200], 5, {words[:50]: words[:200]}) for _ in range(20))
            ),
            stages=judged,
            automatic=judged,
        ),
    )


def huge_bypass(words: str) -> Any:
    people = crowd(words)
    return bypass(
        requester=people[0],
        resource=words[:120],
        justification=words,
        acknowledged_by=people[1],
        acknowledged_at=NOW,
        review_status="done",
        review_verdict="justified",
        reviewed_by=people[2],
        review_notes=words,
        risk_factors=((words[:200], 30),) * 20,
        tickets=(ticket(number=words[:100]),) * 9,
    )


@cache
def extremes(words: str) -> dict[str, Any]:
    """The extreme of each type that a view takes, by its annotation."""
    people, asked, emergency = crowd(words), huge_request(words), huge_bypass(words)
    away = delegation(
        absent=people[0], stand_in=people[1], decides=people[2], reason=words, actions=(words[:100],) * 20
    )
    draft = DraftView(REQUEST_ID, "agent.create", {"name": words[:2000]}, words, NOW)
    denied = DecisionView(
        id=REQUEST_ID,
        decision=Answer.DENY,
        reasons=(Reason("gate.denied", words),),
        action="agent.create",
        resource={"name": words[:120]},
        decided_at=NOW,
    )
    error = InvalidInput(words, accepted=tuple(f"{words[:100]} {n}" for n in range(40)), next_step=words)
    return {
        "RequestView": asked,
        "PersonView": people[0],
        "PersonView | None": people[1],
        "UserId": UserId(people[0].id),
        "datetime": NOW,
        "timedelta": timedelta(days=3650),
        "str": words,
        "str | None": words[:100],
        "Target": TARGET,
        "CountersignError": error,
        "DecisionView": denied,
        "DraftView": draft,
        "Sequence[DraftView]": (draft,) * 50,
        "Sequence[RequestView]": tuple(replace(asked, id=UUID(int=number)) for number in range(MANY_MAX)),
        "Sequence[Outcome]": (Outcome(asked, words), Outcome(asked)) * (MANY_MAX // 2),
        "Written": Written(agent=words, business_service=words, justification=words, owner="U0DANA", sponsor="U0LEE"),
        "Nudged": Nudged(asked, people),
        "Listed": listed([asked] * 300),
        "BypassView": emergency,
        "tuple[BypassView, ...]": (emergency,) * 300,
        "Sequence[BypassView]": (emergency,) * 300,
        "DelegationView": away,
        "Sequence[DelegationView]": (away,) * 300,
        "Iterable[TicketLink]": (ticket(number=words[:100]),) * 9,
        "Sequence[Block]": (),
    }


def views() -> Iterator[tuple[str, Any]]:
    for module in pkgutil.iter_modules(bot.views.__path__):
        found = importlib.import_module(f"bot.views.{module.name}")
        for name, function in vars(found).items():
            is_own = inspect.isfunction(function) and function.__module__ == found.__name__ and name[:1] != "_"
            if is_own and str(inspect.signature(function).return_annotation) in VIEW_TYPES:
                yield name, function


VIEWS = dict(views())


def shown(name: str, words: str, **given: Any) -> Any:
    known = extremes(words)
    values = {}
    for key, parameter in inspect.signature(VIEWS[name]).parameters.items():
        ours = {"console": CONSOLE} | {key: OURS[name, key] for key in (key,) if (name, key) in OURS} | given
        if key not in ours:
            assert parameter.annotation in known, f"{name} takes a {parameter.annotation}; add an extreme one above"
        values[parameter] = ours[key] if key in ours else known[parameter.annotation]
    positional = [value for parameter, value in values.items() if parameter.kind is not parameter.KEYWORD_ONLY]
    named = {parameter.name: value for parameter, value in values.items() if parameter.kind is parameter.KEYWORD_ONLY}
    return VIEWS[name](*positional, **named)


def check(view: Any) -> None:
    match view:
        case Card():
            payload = render.message(view)
            assert (message_errors(payload["blocks"]), message_problems(payload)) == ([], [])
        case Form():
            payload = render.modal(view)
            assert (view_errors(payload), view_problems(payload)) == ([], [])
        case _:
            payload = render.home(view)
            assert (view_errors(payload), view_problems(payload)) == ([], [])
    marked = [text for text in texts(payload) if text["type"] == "mrkdwn"]
    for text in marked:
        assert text["verbatim"] is True  # addresses and names in it are not turned into links and mentions
        assert not any(bad in text["text"] for bad in ("<!channel", "<!here", "<@U1EVIL", "<#C1", "<https://evil"))
    # What an input starts with is left alone: it is the person's own, to go on with, and stands beside no words of ours.
    whole = "".join(text["text"] for text in texts(payload)) + str(payload.get("text", ""))
    assert not any(turn in whole for turn in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def texts(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if part.get("type") in ("mrkdwn", "plain_text"):
            yield part
            return
        for value in part.values():
            yield from texts(value)
    elif isinstance(part, list):
        for value in part:
            yield from texts(value)


def test_the_walk_finds_the_views():
    assert {"request_card", "home_blocks", "bypass_form", "thread_line", "why_card", "notice_card"} <= set(VIEWS)


@pytest.mark.row("B1", "B3", "B9")
@pytest.mark.parametrize("kind", WORDS)
@pytest.mark.parametrize("name", sorted(VIEWS.keys() - {"thread_line"}))
def test_a_view_of_whatever_people_write_is_taken_by_slack(name: str, kind: str):
    check(shown(name, WORDS[kind]))


@pytest.mark.row("B3")
@pytest.mark.parametrize("kind", WORDS)
@pytest.mark.parametrize("event", sorted({*map(str, RequestEvent), *map(str, EmergencyEvent)}))
def test_a_line_of_a_thread_is_taken_by_slack(event: str, kind: str):
    words = WORDS[kind]
    people = [str(number) for number in range(300)]
    data = {"people": people, "changed": {words[:100]: [words, words]}, "voided": 2}
    said = ("stage", "reason", "note", "text", "by", "voter", "from", "to", "author", "status", "action", "resource")
    line = shown(
        "thread_line", words, event=event, data=data | dict.fromkeys(said, words), names=dict.fromkeys(people, words)
    )
    if line is not None:
        check(line)


@pytest.mark.row("B3")
def test_what_does_not_fit_into_a_message_says_so_and_the_whole_is_a_link_away():
    payload = render.message(request_card(huge_request(WORDS["long"]), None, now=NOW, console=CONSOLE))
    whole = json.dumps(payload, ensure_ascii=False)
    assert "(show all)" in whole
    assert f"<{CONSOLE}/requests/REQ-1042|open in the console>" in whole
    assert payload["blocks"][-1]["type"] == "actions"  # the buttons stay in sight
