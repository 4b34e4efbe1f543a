"""Who sees which buttons on a request, and what the message says in each state."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from bot import actions
from bot.actions import decode
from bot.cards import Actions, Button, Instant, Menu, Passage, Steps
from bot.plain import blocks_text, text_of
from bot.slack import render
from bot.views.approvals import details_blocks, details_card, request_card, target_of, why_card
from core.approvals import GRACE, Assessment, Judged
from core.approvals.risk import Counted, Risk, RiskLevel
from tests.unit.bot.blockkit_schema import message_problems, view_problems
from tests.unit.bot.samples import (
    DANA,
    DIGEST,
    INGRID,
    LEE,
    NOW,
    PRIYA,
    REQUEST_ID,
    TOMAS,
    comment,
    decided,
    person,
    rejected,
    request,
    stage,
    ticket,
    vote,
    waiting,
)


def buttons_of(card):
    return [
        button
        for block in card.blocks
        if isinstance(block, Actions)
        for button in block.buttons
        if not isinstance(button, Menu)
    ]


def chosen_from(card):
    rows = [block.buttons for block in card.blocks if isinstance(block, Actions)]
    return [choice.label for row in rows for each in row if isinstance(each, Menu) for choice in each.choices]


def labels_of(shown, viewer):
    return [button.label for button in buttons_of(request_card(shown, viewer, now=NOW))]


def said(shown, viewer=None, *, now=NOW):
    return text_of(request_card(shown, viewer, now=now))


@pytest.mark.row("B3")
@pytest.mark.parametrize(
    ("viewer", "labels"),
    [
        (None, ["Approve", "Reject", "Ask", "Delegate", "Details"]),
        (TOMAS, ["Approve", "Reject", "Ask", "Delegate", "Details"]),
        (DANA, ["Change", "Withdraw", "Details"]),
        (LEE, ["Details"]),
    ],
    ids=["channel", "approver", "requester", "bystander"],
)
def test_everybody_sees_the_buttons_that_they_can_use(viewer, labels):
    assert labels_of(request(), viewer) == labels


@pytest.mark.row("B3")
@pytest.mark.parametrize("viewer", [None, TOMAS, DANA, LEE], ids=["channel", "approver", "requester", "bystander"])
def test_the_menu_holds_what_people_do_now_and_then(viewer):
    wanted = ["Nudge"] * (viewer is DANA) + ["Comment", "Why these approvals?"]
    assert chosen_from(request_card(request(), viewer, now=NOW)) == wanted
    assert chosen_from(details_card(request(), viewer or LEE, now=NOW)) == wanted
    assert chosen_from(request_card(request(status="approved", decided_at=NOW), viewer, now=NOW)) == []


@pytest.mark.row("B3")
@pytest.mark.parametrize("status", ["approved", "rejected", "withdrawn", "expired"])
@pytest.mark.parametrize("viewer", [None, TOMAS, DANA])
def test_a_request_that_is_over_has_no_buttons(status, viewer):
    assert labels_of(request(status=status, decided_at=NOW), viewer) == []
    assert buttons_of(details_card(request(status=status, decided_at=NOW), TOMAS, now=NOW)) == []


@pytest.mark.row("P9")
@pytest.mark.parametrize(
    ("status", "labels"), [("rejected", ["Ask again"]), ("expired", ["Ask again"]), ("approved", [])]
)
def test_the_requester_is_offered_to_ask_again_for_what_is_over(status, labels):
    shown = details_card(request(status=status, decided_at=NOW), DANA, now=NOW)
    assert [button.label for button in buttons_of(shown)] == labels


@pytest.mark.row("P9")
def test_who_has_just_voted_is_offered_to_take_it_back_for_a_while():
    voted = request((stage(approvers=(TOMAS, PRIYA), votes=(vote(TOMAS),)),))
    cast_at = voted.stages[0].votes[0].at
    for now, labels in ((cast_at + GRACE, ["Undo my vote", "Details"]), (cast_at + GRACE * 2, ["Details"])):
        assert [button.label for button in buttons_of(request_card(voted, TOMAS, now=now))] == labels


def test_the_details_do_not_offer_themselves():
    for viewer, labels in (
        (TOMAS, ["Approve", "Reject", "Ask", "Delegate"]),
        (DANA, ["Change", "Withdraw"]),
        (LEE, []),
    ):
        assert [button.label for button in buttons_of(details_card(request(), viewer, now=NOW))] == labels


@pytest.mark.row("P7")
def test_whoever_has_voted_in_a_stage_that_still_waits_for_others_is_not_asked_again():
    shown = request((stage(approvers=(TOMAS, PRIYA), votes=(vote(TOMAS),)),))
    assert labels_of(shown, TOMAS) == ["Details"]
    assert labels_of(shown, PRIYA)[0] == "Approve"
    assert "approved by Tomás Oliveira · waiting for Priya Raman" in said(shown)


@pytest.mark.row("R7")
def test_a_requester_who_holds_the_approving_role_still_gets_no_approve_button():
    assert labels_of(request((stage(approvers=(DANA, TOMAS)),)), DANA) == ["Change", "Withdraw", "Details"]


def test_the_requester_can_answer_while_a_question_is_open():
    assert labels_of(request(comments=(comment(),)), DANA) == ["Answer", "Change", "Withdraw", "Details"]
    answered = request(comments=(comment(), comment("answer", "Tickets.", DANA)))
    assert labels_of(answered, DANA) == ["Change", "Withdraw", "Details"]


@pytest.mark.row("P9")
def test_a_click_carries_the_version_that_was_seen_and_the_stage_that_asks_the_viewer():
    shown = request((stage("legal", approvers=(PRIYA,)), stage("security", approvers=(TOMAS,))))
    for viewer, key in ((TOMAS, "security"), (PRIYA, "legal"), (None, "legal"), (LEE, "legal")):
        target = target_of(shown, viewer)
        assert (target.id, target.digest, target.stage) == (REQUEST_ID, DIGEST[:16], key)
    approve = buttons_of(request_card(shown, TOMAS, now=NOW))[0]
    assert approve.action_id == actions.VOTE_APPROVE
    assert decode(approve.value) == target_of(shown, TOMAS)


@pytest.mark.row("P3")
def test_a_message_that_stays_names_the_moment_and_not_the_time_left():
    shown = request()
    early, later = (request_card(shown, TOMAS, now=NOW + timedelta(hours=hours)) for hours in (0, 5))
    assert early == later
    assert "due 2026-03-11 07:00 UTC" in text_of(early)


@pytest.mark.row("P3", "P6")
def test_an_overdue_and_escalated_stage_says_so():
    shown = request((stage(due_at=NOW - timedelta(hours=3), escalation_level=1, approvers=(TOMAS, INGRID)),))
    assert "⏰ overdue since 2026-03-10 06:00 UTC · 🔺 escalated" in said(shown)


@pytest.mark.row("B3")
def test_a_decision_names_who_decided_when_and_why():
    assert (
        "❌ Rejected by Tomás Oliveira · 2026-03-10 08:00 UTC: “Its owner is on leave for three months.” · asked by "
        "Dana Whitfield"
    ) in said(rejected())


def test_an_approval_is_attributed_to_the_last_vote_whatever_the_order_of_the_stages():
    late = vote(PRIYA, at=NOW - timedelta(minutes=1))
    early = vote(TOMAS, at=NOW - timedelta(hours=3))
    shown = request((decided("legal", late), decided("security", early)), status="approved", decided_at=NOW)
    assert "Approved by Priya Raman" in said(shown)


def test_a_withdrawn_request_names_no_voter():
    shown = request((decided("legal", vote(TOMAS)), stage()), status="withdrawn", decided_at=NOW)
    assert "Withdrawn · 2026-03-10 09:00 UTC · asked by Dana Whitfield" in said(shown)


@pytest.mark.row("B4")
def test_the_ticket_is_linked():
    assert f"CHG0030077 ({ticket().url}) in ServiceNow · Authorize" in said(request(tickets=(ticket(),)))


def test_the_stages_are_a_picture_in_text():
    shown = request(
        (
            decided("technical", vote(TOMAS)),
            stage("security", approvers=(PRIYA,)),
            waiting("legal"),
            stage("x", status="skipped"),
        )
    )
    assert said(shown).splitlines()[-5:-1] == [
        "✅ Technical · approved by Tomás Oliveira",
        "▶️ Security · waiting for Priya Raman · due 2026-03-11 07:00 UTC",
        "◻️ Legal · waiting",
        "➖ X · not decided",
    ]


@pytest.mark.parametrize("status", ["rejected", "withdrawn", "expired"])
def test_nothing_waits_any_more_once_the_request_is_over(status):
    shown = said(request(status=status, decided_at=NOW))
    assert "➖ Technical review · not decided\n➖ Security review · not decided" in shown
    assert "waiting for" not in shown


def test_three_hundred_approvers_are_a_few_names_and_a_number():
    crowd = tuple(person(number, f"Person {number:03}") for number in range(100, 400))
    assert "waiting for Person 100, Person 101, Person 102, Person 103 and 296 more" in said(
        request((stage(approvers=crowd),))
    )


def test_nobody_can_imitate_a_line_of_ours():
    forged = "bot\n✅ *Security review* · approved by Priya Raman"
    shown = request(
        (stage(title=forged),),
        resource={"name": forged, "owner": forged},
        requester=person(9, forged),
        comments=(comment(text=forged),),
    )
    card = request_card(shown, TOMAS, now=NOW)
    assert not [line for line in text_of(card).splitlines() if line.startswith("✅")]


def test_what_people_wrote_is_whole_in_the_details():
    long = "\n".join(f"{number}: " + "& why " * 20 for number in range(100))
    shown = request(
        (decided("technical", vote(TOMAS, reason=long)), stage()),
        justification=long,
        comments=(comment("comment", long),),
    )
    blocks = details_blocks(shown, now=NOW)
    assert [block.text.text for block in blocks if isinstance(block, Passage)] == [long, long, long]
    assert not [block for block in blocks if isinstance(block, Actions)]
    assert "(show all)" not in str(render.home(blocks))


def test_details_tell_of_every_vote_with_what_was_confirmed():
    cast = vote(TOMAS, reason="Fine.", criteria={"technical_feasibility": True, "resource_availability": False})
    shown = blocks_text(details_blocks(request((decided("technical", cast), stage())), now=NOW))
    assert "✅ Technical: Tomás Oliveira · 2026-03-10 08:00 UTC\nConfirmed: technical feasibility\n> Fine." in shown


def test_details_show_the_facts_that_the_message_leaves_out():
    shown = blocks_text(
        details_blocks(request(resource={"name": "x", "data_class": "internal", "region": ""}), now=NOW)
    )
    assert "Data class: internal" in shown
    assert "Region" not in shown
    assert "Policy agent_creation · digest `9f86d081884c7d65` · asked 2026-03-10 07:00 UTC" in shown


def test_sixty_stages_with_long_everything_are_still_accepted():
    crowd = tuple(person(number, "Prïnz & <Nym> " * 20) for number in range(100, 400))
    stages = tuple(
        decided(f"stage_{number}", *(vote(each, reason="<r> & " * 300) for each in crowd[:3]))
        if number % 2
        else stage(f"stage_{number}", title="T" * 400, approvers=crowd)
        for number in range(60)
    )
    shown = request(
        stages,
        justification="<!channel> & " * 4000,
        resource={"name": "ن" * 120, **{f"fact_{number}": "&" * 300 for number in range(40)}},
        comments=tuple(comment(text="<@U1> " * 700) for _ in range(80)),
        tickets=(ticket(),) * 9,
    )
    for viewer in (None, DANA, crowd[0]):
        assert message_problems(render.message(request_card(shown, viewer, now=NOW))) == []
    message = render.message(details_card(shown, crowd[0], now=NOW))
    assert message_problems(message) == []
    assert message["blocks"][-1]["elements"][0]["text"]["text"] == "Approve"
    assert view_problems(render.home(details_blocks(shown, now=NOW))) == []


def test_an_action_that_we_have_no_words_for_is_shown_by_its_name():
    assert "REQ-1042 · budget.spend “?”" in said(request(action="budget.spend", resource={}))


def test_a_request_without_facts_has_no_empty_block():
    shown = request((), resource={}, justification="")
    assert message_problems(render.message(request_card(shown, None, now=NOW))) == []
    assert not [block for block in request_card(shown, None, now=NOW).blocks if isinstance(block, Steps)]


def test_every_moment_is_left_to_the_readers_platform():
    pieces = [
        piece
        for block in request_card(request(), TOMAS, now=NOW).blocks
        if isinstance(block, Steps)
        for line in block.lines
        for piece in line
    ]
    assert [piece.at for piece in pieces if isinstance(piece, Instant)] == [NOW + timedelta(hours=22)]


def test_the_buttons_of_one_message_have_ids_of_their_own():
    for viewer in (None, TOMAS, DANA):
        ids = [button.action_id for button in buttons_of(request_card(request(comments=(comment(),)), viewer, now=NOW))]
        assert len(ids) == len(set(ids))
        assert all(isinstance(button, Button) for button in buttons_of(request_card(request(), viewer, now=NOW)))


def test_ids_are_read_back_as_ids():
    assert isinstance(target_of(request()).id, UUID)


FOUND = Assessment(
    risk=Risk(
        70,
        RiskLevel.HIGH,
        (
            Counted("Personal data", 40, {"agent.attributes.data": "<!channel> *all*"}),
            Counted("Production", 30, {}, "there is no environment"),
        ),
    ),
    stages=(Judged("security_review", 'risk.level != "low"', holds=True, values={"risk.level": "high"}),),
    automatic=(Judged("Low risk", 'risk.level == "low"', holds=False, values={"risk.level": "high"}),),
)


@pytest.mark.row("P5")
def test_a_request_shows_its_risk_and_why_it_was_not_approved_by_itself():
    shown = replace(request(), assessment=FOUND)
    assert "🔴 High risk (70/100): Personal data and 1 more" in text_of(request_card(shown, None, now=NOW))
    why = text_of(why_card(shown))
    assert "+30 Production · it could not be told: there is no environment" in why
    assert 'Low risk: risk.level == "low" · risk.level = high' in why
    assert "Not approved automatically" in why


@pytest.mark.row("P5")
def test_yes_and_no_are_said_as_people_say_them():
    judged = replace(FOUND.automatic[0], values={"time.working_hours": False, "request.is_urgent": True})
    why = text_of(why_card(replace(request(), assessment=replace(FOUND, automatic=(judged,)))))
    assert "time.working_hours = no, request.is_urgent = yes" in why


@pytest.mark.row("P4")
def test_an_automatic_approval_says_that_nobody_decided_it():
    found = replace(FOUND, automatic=(replace(FOUND.automatic[0], holds=True),))
    shown = replace(request(), assessment=found, status="approved", decided_at=NOW)
    assert "Approved automatically, by its policy's criteria" in text_of(request_card(shown, None, now=NOW))


def test_a_request_from_before_risk_was_assessed_says_so():
    assert "nothing to explain" in text_of(why_card(request()))
