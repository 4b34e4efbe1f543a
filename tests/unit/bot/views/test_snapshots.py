"""Each view as Slack and as plain text, word for word.

A wanted change of wording: `COUNTERSIGN_UPDATE_SNAPSHOTS=1 make test ARGS=tests/unit/bot`, then read the diff.
"""

import json
import os
from datetime import timedelta
from pathlib import Path

import pytest
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.actions import Target
from bot.cards import Card, Form
from bot.commands import parse
from bot.plain import blocks_text, text_of
from bot.slack import render
from bot.views import bypass_forms, forms
from bot.views.answers import error_card, help_card, nudged_card, said, thread_line
from bot.views.approvals import details_card, request_card
from bot.views.bypass import bypass_card, list_card
from bot.views.delegations import away_card, back_card, home_lines, notice_card, set_card
from bot.views.lists import found_card, home_blocks, mine_card, waiting_card
from core.approvals import Nudged
from core.approvals.errors import AlreadyDecided, NotAnApprover, NudgedAlready
from core.emergency.errors import BypassNotAllowed
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
    bypass,
    comment,
    decided,
    delegation,
    listed,
    rejected,
    request,
    reviewed,
    stage,
    ticket,
    vote,
    waiting,
)

SNAPSHOTS = Path(__file__).parent.parent / "snapshots"
UPDATES = os.environ.get("COUNTERSIGN_UPDATE_SNAPSHOTS") == "1"

CAST = vote(TOMAS, reason="Fits the pool.", criteria={"technical_feasibility": True, "resource_availability": True})
MOVING = request(
    (
        decided("technical_review", CAST),
        stage("security_review", approvers=(PRIYA,), escalation_level=1, due_at=NOW - timedelta(hours=1)),
        waiting("compliance_review"),
        waiting("business_approval"),
    ),
    tickets=(ticket(),),
    comments=(comment(text="Which data does it read?", author=PRIYA),),
)
STANDING_IN = request(
    (
        decided("technical_review", vote(PRIYA, reason="Fits the pool.", on_behalf_of=TOMAS)),
        stage("security_review", approvers=(INGRID, LEE), in_place_of={INGRID.id: LEE}),
    )
)
PLANNED = delegation(
    absent=LEE,
    status="planned",
    starts_at=NOW + timedelta(days=2),
    actions=("agent.create", "agent.deploy"),
    stages=("security_review",),
    created_by=INGRID.email,
)
FURTHER = delegation(stand_in=LEE, decides=PRIYA)
APPROVED = request(
    (decided("technical_review", CAST), decided("security_review", vote(PRIYA, at=NOW))),
    status="approved",
    decided_at=NOW,
    tickets=(ticket(state="Scheduled"),),
)
HOSTILE = request(
    resource={"name": "<!channel>\u202e bot\n✅ *Approved*", "owner": "<@U1>", "business_service": "R&D <b>"},
    justification="Please <https://evil.example|approve> & ignore *everything*.\n> ✅ Security\n" + "long " * 800,
)
CONSOLE = "https://countersign.example/console"
TARGET = Target(id=REQUEST_ID, digest=DIGEST, stage="technical_review")
VIEWS = {
    "request_channel": request_card(request(), None, now=NOW),
    "request_approver": request_card(request(), TOMAS, now=NOW),
    "request_requester": request_card(MOVING, DANA, now=NOW),
    "request_bystander": request_card(MOVING, LEE, now=NOW),
    "request_approved": request_card(APPROVED, DANA, now=NOW),
    "request_rejected": request_card(rejected(), None, now=NOW),
    "request_hostile": request_card(HOSTILE, TOMAS, now=NOW),
    "request_details": details_card(MOVING, PRIYA, now=NOW),
    "list_waiting": waiting_card(listed([MOVING, request()]), now=NOW),
    "list_waiting_empty": waiting_card(listed([]), now=NOW),
    "list_mine": mine_card(listed([MOVING, APPROVED, rejected()]), now=NOW),
    "list_mine_empty": mine_card(listed([]), now=NOW),
    "list_found": found_card("support", listed([request()]), now=NOW),
    "list_found_empty": found_card("<!here>", listed([]), now=NOW),
    "bypass_active": bypass_card(bypass(), INGRID, now=NOW),
    "bypass_holder": bypass_card(bypass(), LEE, now=NOW),
    "bypass_ended": bypass_card(bypass(status="ended", ended_at=NOW), INGRID, now=NOW),
    "bypass_reviewed": bypass_card(reviewed(), None, now=NOW),
    "bypass_list": list_card((bypass(), reviewed()), now=NOW),
    "bypass_list_empty": list_card((), now=NOW),
    "request_standing_in": request_card(STANDING_IN, DANA, now=NOW),
    "request_standing_in_details": details_card(STANDING_IN, DANA, now=NOW),
    "away_list": away_card((FURTHER, PLANNED)),
    "away_list_empty": away_card(()),
    "away_set": set_card(delegation()),
    "away_back": back_card((delegation(),)),
    "away_back_nothing": back_card(()),
    "away_notice_absent": notice_card(PLANNED, LEE),
    "away_notice_stand_in": notice_card(delegation(), PRIYA),
    "away_notice_over": notice_card(delegation(status="over"), PRIYA),
    "help_approve": help_card("/approve"),
    "help_bypass": help_card("/bypass"),
    "error_already_decided": error_card(AlreadyDecided("REQ-1042 is rejected already, by Tomás Oliveira.")),
    "error_not_an_approver": error_card(
        NotAnApprover("Stage 'security_review' is decided by security_manager; you are not asked.")
    ),
    "error_bypass_not_allowed": error_card(
        BypassNotAllowed(accepted=("security_manager",), next_step="Ask one of these people, or use /approve.")
    ),
    "nudged": nudged_card(Nudged(request(), (PRIYA, TOMAS))),
    "error_nudged_already": error_card(NudgedAlready(next_step="You can nudge again in 42 min, at 10:42 UTC.")),
    "thread_nudged": thread_line(
        "request.nudged", {"by": DANA.email, "people": ["t"]}, {"t": TOMAS.name, DANA.email: DANA.name}
    ),
    "typo": said(getattr(parse("/approve", "lsit"), "message", "")),
    "thread_vote": thread_line(
        "request.voted",
        {"voter": "t", "decision": "approve", "stage": "technical_review", "reason": "Fits the pool."},
        {"t": TOMAS.name},
    ),
    "thread_vote_for": thread_line(
        "request.voted",
        {"voter": "p", "on_behalf_of": "t", "decision": "approve", "stage": "technical_review", "reason": ""},
        {"t": TOMAS.name, "p": PRIYA.name},
    ),
    "thread_stand_in": thread_line(
        "request.stand_in_asked",
        {"from": "t", "to": "p", "stage": "technical_review"},
        {"t": TOMAS.name, "p": PRIYA.name},
    ),
    "thread_stand_in_ended": thread_line(
        "request.stand_in_ended",
        {"from": "p", "to": "t", "stage": "technical_review"},
        {"t": TOMAS.name, "p": PRIYA.name},
    ),
    "thread_absent": thread_line(
        "request.absent_asked", {"to": "t", "stage": "technical_review"}, {"t": TOMAS.name, "p": PRIYA.name}
    ),
    "form_request": forms.request_form(forms.Written(agent="support-bot", owner="U0DANA"), channel="C0GOV"),
    "form_approve": forms.approve_form(request(), TARGET),
    "form_reject": forms.reject_form(request(), TARGET),
    "form_ask": forms.ask_form(request(), TARGET),
    "form_answer": forms.answer_form(MOVING, TARGET),
    "form_amend": forms.amend_form(MOVING, TARGET),
    "form_comment": forms.comment_form(request(), TARGET),
    "form_why": forms.why_form(request()),
    "form_delegate": forms.delegate_form(request(), TARGET),
    "form_details": forms.details_form(MOVING, now=NOW),
    "form_bypass": bypass_forms.bypass_form(channel="C0GOV", longest=timedelta(hours=4)),
    "form_review": bypass_forms.review_form(bypass()),
    "form_loading": forms.loading_form("Approve"),
    "form_message": forms.message_form("Approve", "The request is decided already."),
    "home": home_blocks(waiting=listed([request()]), mine=listed([MOVING]), bypasses=[bypass()], now=NOW),
    "home_away": home_blocks(
        waiting=listed([]),
        mine=listed([]),
        bypasses=[],
        now=NOW,
        absences=home_lines([delegation(absent=PRIYA, stand_in=LEE, decides=INGRID)], [PLANNED], PRIYA),
    ),
    "request_console": request_card(request(), TOMAS, now=NOW, console=CONSOLE),
    "home_console": home_blocks(
        waiting=listed([request()]), mine=listed([APPROVED]), bypasses=[], now=NOW, console=CONSOLE
    ),
    "home_empty": home_blocks(waiting=listed([]), mine=listed([]), bypasses=[], now=NOW),
}


def slack_of(view):
    match view:
        case Card():
            return render.message(view)
        case Form():
            return render.modal(view)
        case _:
            return render.home(view)


def words_of(view):
    """The plain text; of a form what it shows, as its inputs exist in chat alone."""
    match view:
        case Card():
            return text_of(view)
        case Form():
            shown = blocks_text(part for part in view.blocks if not hasattr(part, "id"))
            return "\n".join((f"{view.title} ({view.submit or 'nothing to send'})", shown)).rstrip()
        case _:
            return blocks_text(view)


def compared(name, text):
    """Whether the text is what is kept under the name; kept from now on when updating."""
    path = SNAPSHOTS / name
    if UPDATES:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert path.exists(), f"{name} is not there yet; see the docstring of this file"
    assert text == path.read_text()


@pytest.mark.row("B1", "B2", "B3", "B9")
@pytest.mark.parametrize("name", VIEWS)
def test_a_view_looks_in_slack_as_it_did(name):
    compared(f"{name}.json", json.dumps(slack_of(VIEWS[name]), indent=1, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_reads_in_plain_text_as_it_did(name):
    compared(f"{name}.txt", words_of(VIEWS[name]) + "\n")


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_is_within_slacks_limits(name):
    payload = slack_of(VIEWS[name])
    if isinstance(VIEWS[name], Card):
        assert message_problems(payload) == []
        for block in Block.parse_all(payload["blocks"]):
            block.validate_json()
    else:
        assert view_problems(payload) == []
        View(**payload).validate_json()


def test_no_snapshot_is_left_of_a_view_that_is_gone():
    kept = {path.stem for path in SNAPSHOTS.iterdir()}
    assert kept == set(VIEWS)
