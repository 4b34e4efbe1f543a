"""Lists and the App Home."""

import json
from dataclasses import replace

import pytest

from bot import actions
from bot.cards import Actions, Section
from bot.commands import GRAMMARS
from bot.plain import blocks_text, text_of
from bot.slack import render
from bot.views.approvals import request_card, target_of
from bot.views.digest import digest_card
from bot.views.lists import SHOWN, Listed, found_card, home_blocks, mine_card, waiting_card
from core.approvals import Agenda
from tests.unit.bot.blockkit_schema import message_problems, view_problems
from tests.unit.bot.samples import NOW, bypass, comment, digest, listed, rejected, request, reviewed


def many(count):
    return [replace(request(), reference=f"REQ-{number}") for number in range(count)]


@pytest.mark.row("B1")
def test_a_row_says_what_who_where_and_until_when():
    assert text_of(waiting_card(listed([request()]), now=NOW)).splitlines()[:4] == [
        "Waiting for you",
        "REQ-1042 Create agent “support-bot”",
        "Dana Whitfield · ⏳ pending · Technical review · due in 22 h",
        "[Approve] [Reject] [Show]",
    ]


@pytest.mark.row("B1", "P9")
def test_a_request_whose_clock_stands_still_is_not_said_to_be_due():
    asked = request()
    (stage, *rest) = asked.stages
    asked = replace(asked, stages=(replace(stage, paused_at=NOW), *rest))
    row = text_of(waiting_card(listed([asked]), now=NOW)).splitlines()[2]
    assert row == "Dana Whitfield · ⏳ pending · Technical review · waits for an answer"
    morning = text_of(digest_card(digest(agenda=Agenda((asked,), 1, 0, ())), now=NOW))
    assert "⏸️ waits for an answer · asked by Dana Whitfield" in morning
    assert " due " not in morning.split("Bypasses to review")[0]


@pytest.mark.row("B1", "B9")
def test_what_waits_can_be_decided_from_the_list():
    (row,) = (block for block in waiting_card(listed([request()]), now=NOW).blocks if isinstance(block, Actions))
    assert [button.action_id for button in row.buttons] == [
        actions.VOTE_APPROVE,
        actions.VOTE_REJECT,
        actions.DETAILS,
    ]
    assert {button.value for button in row.buttons} == {target_of(request()).encode()}


@pytest.mark.row("B1", "P9")
def test_ones_own_request_offers_the_answer_while_a_question_stops_its_clocks():
    (stage, *rest) = request().stages
    asked = replace(request(), comments=(comment(),), stages=(replace(stage, paused_at=NOW), *rest))
    (row,) = (block for block in mine_card(listed([asked]), now=NOW).blocks if isinstance(block, Actions))
    assert [button.action_id for button in row.buttons] == [actions.ANSWER, actions.DETAILS]
    menus = str(request_card(asked, asked.requester, now=NOW).blocks[-1])
    assert actions.NUDGE not in menus
    assert actions.NUDGE in str(request_card(request(), asked.requester, now=NOW).blocks[-1])


@pytest.mark.row("B1", "B9")
def test_ones_own_request_offers_a_nudge_while_it_waits():
    (row,) = (block for block in mine_card(listed([request()]), now=NOW).blocks if isinstance(block, Actions))
    assert [button.action_id for button in row.buttons] == [actions.NUDGE, actions.DETAILS]
    assert not [block for block in mine_card(listed([rejected()]), now=NOW).blocks if isinstance(block, Actions)]
    assert not [block for block in found_card("a", listed([request()]), now=NOW).blocks if isinstance(block, Actions)]


def test_a_decided_request_has_no_deadline():
    assert "Dana Whitfield · ❌ rejected\n" in text_of(mine_card(listed([rejected()]), now=NOW))


@pytest.mark.parametrize(
    ("card", "empty", "next_step"),
    [
        (
            waiting_card(listed([]), now=NOW),
            "Nothing waits for you. 🎉",
            "`/approve mine` shows what you have asked for.",
        ),
        (mine_card(listed([]), now=NOW), "You have not asked for anything yet.", "`/approve` opens a request."),
        (
            found_card("llama", listed([]), now=NOW),
            "Nothing matches “llama”.",
            "Search looks at agent names and justifications.",
        ),
    ],
    ids=["waiting", "mine", "found"],
)
def test_an_empty_list_says_so_and_what_to_do_next(card, empty, next_step):
    assert card.summary == empty
    assert text_of(card).splitlines()[1:] == [empty, next_step]


def test_the_summary_counts_in_correct_english():
    assert waiting_card(listed(many(1)), now=NOW).summary == "Waiting for you: 1 request"
    assert mine_card(listed(many(2)), now=NOW).summary == "Your requests: 2 requests"


@pytest.mark.parametrize(("extra", "more"), [(1, "… and 1 more request."), (10, "… and 10 more requests.")])
def test_a_long_list_is_cut_and_says_by_how_much(extra, more):
    card = waiting_card(listed(many(SHOWN + extra)), now=NOW)
    assert len([block for block in card.blocks if isinstance(block, Section)]) == SHOWN
    assert f"{more} `/approve find words` narrows it down." in text_of(card)


def test_what_was_not_read_is_counted_too():
    card = waiting_card(Listed(tuple(many(SHOWN)), 412), now=NOW)
    assert card.summary == "Waiting for you: 412 requests"
    assert text_of(card).splitlines()[1] == "412 wait for you; the newest 15:"
    assert "… and 397 more requests." in text_of(card)
    assert "37 requests; the newest 15:" in text_of(mine_card(Listed(tuple(many(SHOWN)), 37), now=NOW))
    assert "37 match; the newest 15:" in text_of(found_card("bot", Listed(tuple(many(SHOWN)), 37), now=NOW))


def test_a_list_that_is_whole_counts_nothing():
    assert "newest" not in text_of(waiting_card(listed(many(SHOWN)), now=NOW))


def test_what_was_searched_for_has_no_power():
    message = render.message(found_card("<!channel> " * 200, listed(many(3)), now=NOW))
    assert message_problems(message) == []


@pytest.mark.row("B9")
def test_the_home_shows_what_waits_what_was_asked_and_what_must_be_reviewed():
    blocks = home_blocks(waiting=listed(many(2)), mine=listed([rejected()]), bypasses=[bypass()], now=NOW)
    text = blocks_text(blocks)
    for heading in ("Waiting for you", "Your requests", "Emergency bypasses"):
        assert heading in text.splitlines()
    assert "BYP-3 🚨 Active · 45 min left" in text
    assert all(f"`{command} help`" in text.splitlines()[-1] for command in GRAMMARS)


@pytest.mark.row("B9")
def test_an_empty_home_still_offers_the_next_step():
    blocks = home_blocks(waiting=listed([]), mine=listed([]), bypasses=[], now=NOW)
    (row,) = (block for block in blocks if isinstance(block, Actions))
    assert [button.action_id for button in row.buttons] == [actions.OPEN_REQUEST, actions.OPEN_BYPASS]
    assert "Emergency bypasses" not in blocks_text(blocks).splitlines()


def test_a_full_home_is_within_slacks_limits():
    view = render.home(
        home_blocks(waiting=listed(many(80)), mine=listed(many(80)), bypasses=[bypass(), reviewed()] * 20, now=NOW)
    )
    assert view_problems(view) == []


@pytest.mark.row("B9")
def test_a_reference_leads_to_the_console_where_people_can_reach_it():
    for card in (
        waiting_card(listed([request()]), now=NOW, console="https://c.example/console"),
        mine_card(listed([request()]), now=NOW, console="https://c.example/console"),
        found_card("bot", listed([request()]), now=NOW, console="https://c.example/console"),
    ):
        shown = json.dumps(render.message(card))
        assert "<https://c.example/console/requests/REQ-1042|REQ-1042> Create agent" in shown
    assert "console" not in json.dumps(render.message(mine_card(listed([request()]), now=NOW)))
