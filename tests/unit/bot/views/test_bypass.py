"""A bypass as its holder, senior management and the reviewer see it (E1, E2, E3, E4)."""

from datetime import timedelta

import pytest

from bot import actions
from bot.cards import Actions
from bot.plain import line_of, text_of
from bot.views.bypass import LISTED, bypass_card, bypass_line, list_card, risk_words, scope_of
from tests.unit.bot.samples import (
    BYPASS_ID,
    DANA,
    INGRID,
    LEE,
    NOW,
    bypass,
    extension,
    found_out,
    reviewed,
    ticket,
    used,
    whole_bypass,
)


def buttons_of(shown, viewer):
    card = bypass_card(shown, viewer, now=NOW)
    return [button for block in card.blocks if isinstance(block, Actions) for button in block.buttons]


@pytest.mark.row("E1", "E4")
@pytest.mark.parametrize(
    ("viewer", "labels"),
    [
        (LEE, ["End now", "Extend"]),
        (INGRID, ["Acknowledge", "End now", "Extend", "Review"]),
        (DANA, []),
        (None, ["Acknowledge", "End now", "Extend", "Review"]),
    ],
    ids=["holder", "management", "somebody else", "channel"],
)
def test_an_active_bypass_has_the_buttons_of_whoever_looks_at_it(viewer, labels):
    assert [button.label for button in buttons_of(bypass(), viewer)] == labels


@pytest.mark.row("E2")
def test_a_bypass_that_is_over_waits_for_its_review_by_somebody_else():
    ended = bypass(status="ended", ended_at=NOW, acknowledged_by=INGRID, acknowledged_at=NOW)
    assert [button.action_id for button in buttons_of(ended, INGRID)] == [actions.BYPASS_REVIEW]
    assert buttons_of(ended, LEE) == []


def test_a_reviewed_bypass_has_no_buttons_and_says_what_was_found():
    assert buttons_of(reviewed(), INGRID) == []
    shown = text_of(bypass_card(reviewed(), INGRID, now=NOW))
    assert "Review: ✅ justified by Priya Raman" in shown
    assert "> The double match was real. The fix is in REQ-1043." in shown
    assert "👁️ Acknowledged by Ingrid Solberg · 2026-03-10 08:46 UTC" in shown


def test_ending_is_confirmed_first():
    end = next(button for button in buttons_of(bypass(), LEE) if button.action_id == actions.BYPASS_END)
    assert end.confirm is not None
    assert end.confirm.text == "What it allowed needs approval again."
    assert actions.decode(end.value) == actions.Target(id=BYPASS_ID)


@pytest.mark.row("E1")
def test_the_message_says_how_long_it_was_granted_for_and_until_when():
    shown = text_of(bypass_card(bypass(), INGRID, now=NOW))
    assert "🚨 Active for 1 h, until 2026-03-10 09:45 UTC · ⏳ at most 1 h left · by Lee Okafor" in shown


@pytest.mark.row("E1", "B3")
def test_the_message_changes_only_at_the_steps_of_its_count_down():
    def left_after(minutes):
        shown = text_of(bypass_card(bypass(), INGRID, now=NOW + timedelta(minutes=minutes)))
        return shown.partition("⏳ ")[2].partition(" ·")[0]

    assert [left_after(minutes) for minutes in (0, 14, 15, 29, 30, 44)] == [
        "at most 1 h left",
        "at most 1 h left",
        "at most 30 min left",
        "at most 30 min left",
        "at most 15 min left",
        "at most 1 min left",
    ]
    assert left_after(45) == ""


@pytest.mark.row("E1", "R7")
def test_more_time_is_decided_by_whoever_neither_holds_the_bypass_nor_asked():
    asked = whole_bypass()
    decides = {actions.BYPASS_EXTENSION_CONFIRM, actions.BYPASS_EXTENSION_DECLINE}
    assert decides <= {button.action_id for button in buttons_of(asked, INGRID)}
    assert not decides & {button.action_id for button in buttons_of(asked, LEE)}
    by_management = whole_bypass(extensions=(extension(asked_by=INGRID),))
    assert not decides & {button.action_id for button in buttons_of(by_management, INGRID)}


@pytest.mark.row("E3", "E5")
def test_both_risks_and_what_was_done_stand_side_by_side():
    shown = text_of(bypass_card(found_out(), INGRID, now=NOW))
    assert "Risk: Medium (Deploy agent +30)" in shown
    assert "Risk after: High (actions under it: 3 +15; failed: 1 +15)" in shown
    assert "❌ Change agent “invoice-matcher”" in shown
    many = text_of(bypass_card(whole_bypass(uses=(used(),) * 7), INGRID, now=NOW))
    assert "Done under it: 7 actions, the last 5" in many


@pytest.mark.row("E3")
def test_the_risk_is_explained():
    assert risk_words(bypass(risk="high", risk_factors=(("action *", 45), ("any agent, not one", 25)))) == (
        "High (Any action +45; any agent, not one +25)"
    )
    assert risk_words(bypass(risk="low", risk_factors=())) == "Low"


@pytest.mark.row("E2")
def test_an_overdue_review_says_since_when():
    shown = text_of(bypass_card(bypass(review_due_at=NOW - timedelta(hours=2), review_status="overdue"), None, now=NOW))
    assert "Review: ⏰ overdue since 2026-03-10 07:00 UTC" in shown


def test_anything_on_any_agent_is_said_in_words():
    card = bypass_card(bypass(action="*", resource="*"), None, now=NOW)
    assert card.summary == "BYP-3: Lee Okafor bypassed approval (any action on any agent) — active"


@pytest.mark.parametrize(
    ("action", "resource", "words"),
    [
        ("agent.deploy", "x", "Deploy agent “x”"),
        ("agent.deploy", "*", "Deploy agent: any of them"),
        ("*", "x", "any action on “x”"),
    ],
)
def test_what_is_bypassed_is_said_as_people_say_it(action, resource, words):
    assert scope_of(bypass(action=action, resource=resource)) == words


def test_the_ticket_of_a_bypass_is_linked():
    assert "CHG0030077 (" in text_of(bypass_card(bypass(tickets=(ticket(),)), None, now=NOW))


def test_a_line_of_a_list_says_what_is_left_and_never_less_than_nothing():
    assert line_of(bypass_line(bypass(), now=NOW)) == (
        "BYP-3 🚨 Active · 45 min left · Lee Okafor · invoice-matcher · review due in 24 h"
    )
    late = line_of(bypass_line(bypass(), now=NOW + timedelta(hours=1)))
    assert "left" not in late


@pytest.mark.row("B2")
def test_the_list_counts_in_correct_english_and_says_what_to_type_next():
    assert list_card((bypass(),), now=NOW).summary == "1 bypass"
    assert list_card((bypass(), reviewed()), now=NOW).summary == "2 bypasses"
    assert "`/bypass review BYP-3`" in text_of(list_card((bypass(),), now=NOW))


def test_a_list_that_is_cut_says_that_there_are_older_ones():
    full = list_card((bypass(),) * LISTED, now=NOW)
    assert (full.summary, "older" in text_of(full)) == ("25 bypasses", False)
    card = list_card((bypass(),) * (LISTED + 1), now=NOW)
    assert card.summary == "The newest 25 bypasses"
    assert text_of(card).count("BYP-3 🚨 Active") == LISTED
    assert "These are the newest 25; there are older ones." in text_of(card)


def test_an_empty_list_says_so():
    assert text_of(list_card((), now=NOW)) == "No bypass has been used. Good."
