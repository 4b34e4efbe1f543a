"""Modals: their fields, what they are filled with, and what they send back."""

from datetime import timedelta

import pytest

from bot import actions
from bot.actions import Target, choice_value, decode
from bot.cards import ChecksInput, Form, Passage, PersonInput, Plain, Quote, SelectInput, TextInput
from bot.plain import blocks_text
from bot.slack import render
from bot.views import bypass_forms, forms, request_forms
from bot.views.pieces import ACTION_TITLES
from core.emergency import BypassTerms
from tests.unit.bot.blockkit_schema import view_problems
from tests.unit.bot.samples import (
    NOW,
    REQUEST_ID,
    bypass,
    comment,
    request,
    stage,
)

TARGET = Target(id=REQUEST_ID, digest="9f86d081884c7d65", stage="technical_review")
ALWAYS = ("justification", "draft")
ABOUT_A_REQUEST = (forms.approve_form, forms.reject_form, forms.ask_form, forms.answer_form, forms.delegate_form)


def inputs_of(form):
    return {
        part.id: part for part in form.blocks if isinstance(part, TextInput | SelectInput | ChecksInput | PersonInput)
    }


@pytest.mark.row("B1")
def test_what_was_typed_behind_a_command_stands_in_the_form_that_it_opens():
    words = "The migration is not done."
    asked = inputs_of(bypass_forms.extension_form(bypass()).with_words(words))
    assert asked["reason"].initial == words
    long = inputs_of(forms.reject_form(request(), TARGET).with_words("x" * 5000))
    assert len(long["reason"].initial) == long["reason"].max_chars
    times = Form("times", "Schedule", (TextInput("starts_at", "Start", initial="2026-03-03 22:00"),))
    assert inputs_of(times.with_words("tomorrow"))["starts_at"].initial == "tomorrow"
    told = forms.loading_form("Schedule")
    assert told.with_words(words) == told


@pytest.mark.row("B1", "X7")
def test_a_request_asks_for_everything_that_an_agent_must_have():
    form = request_forms.request_form(
        request_forms.Written(agent="support-bot", owner="U0DANA"), channel="C0GOV", offered=tuple(ACTION_TITLES)
    )
    fields = inputs_of(form)
    assert list(fields) == ["action", "agent_name", "owner", "sponsor", "business_service", "justification", "draft"]
    assert [field.id for field in fields.values() if field.is_optional] == ["draft"]
    assert (form.callback_id, form.memo) == (actions.FORM_REQUEST, "C0GOV")
    assert (fields["agent_name"].initial, fields["owner"].initial) == ("support-bot", "U0DANA")


@pytest.mark.row("B1")
def test_what_is_done_with_an_agent_asks_which_and_only_what_may_change():
    asked = {
        action: inputs_of(
            request_forms.request_form(
                request_forms.Written(action=action),
                channel="C1",
                offered=tuple(ACTION_TITLES),
                agents=("billing-bot", "hr-bot"),
            )
        )
        for action in ("agent.deploy", "agent.modify", "agent.retire")
    }
    assert list(asked["agent.deploy"]) == list(asked["agent.retire"]) == ["action", "known_agent", *ALWAYS]
    changes = ["owner", "sponsor", "business_service"]
    assert list(asked["agent.modify"]) == ["action", "known_agent", *changes, *ALWAYS]
    assert all(asked["agent.modify"][each].is_optional for each in changes)
    assert [option.value for option in asked["agent.deploy"]["known_agent"].options] == ["billing-bot", "hr-bot"]


def test_more_agents_than_a_list_holds_are_named_by_typing():
    fields = inputs_of(
        request_forms.request_form(
            request_forms.Written(action="agent.deploy", agent="hr-bot"),
            channel="C1",
            offered=tuple(ACTION_TITLES),
            agents=(),
        )
    )
    assert list(fields) == ["action", "agent_name", *ALWAYS]
    assert fields["agent_name"].initial == "hr-bot"


def test_a_name_that_is_too_long_does_not_keep_the_form_from_opening():
    assert (
        view_problems(
            render.modal(
                request_forms.request_form(
                    request_forms.Written(agent="x" * 2900), channel="C1", offered=tuple(ACTION_TITLES)
                )
            )
        )
        == []
    )


@pytest.mark.parametrize("make", ABOUT_A_REQUEST, ids=lambda make: make.__name__)
def test_a_form_about_a_request_names_it_and_carries_what_was_seen(make):
    form = make(request(), TARGET)
    assert decode(form.memo) == TARGET
    assert "REQ-1042 · Create agent “support-bot”" in blocks_text(part for part in form.blocks[:1])
    assert view_problems(render.modal(form)) == []


@pytest.mark.row("P2")
def test_approving_shows_the_criteria_of_the_stage_that_was_clicked():
    shown = request((stage("a", criteria=("legal_basis",)), stage("b", criteria=("load_test", "rollback_plan"))))
    fields = inputs_of(forms.approve_form(shown, Target(id=REQUEST_ID, stage="b")))
    assert [(option.value, option.label) for option in fields["criteria"].options] == [
        ("load_test", "Load test"),
        ("rollback_plan", "Rollback plan"),
    ]
    assert fields["reason"].is_optional


@pytest.mark.row("P2")
def test_a_stage_with_many_criteria_can_be_approved_because_each_can_be_ticked():
    names = tuple(f"criterion_{number}" for number in range(12))
    view = render.modal(forms.approve_form(request((stage(criteria=names),)), TARGET))
    assert view_problems(view) == []
    ticked = [
        option["value"]
        for block in view["blocks"]
        if block["type"] == "input" and block["element"]["type"] == "checkboxes"
        for option in block["element"]["initial_options"]
    ]
    assert tuple(ticked) == names


@pytest.mark.row("P2")
def test_a_criterion_that_is_longer_than_an_option_is_shown_whole_and_can_be_ticked():
    long = "No_personal data of " + "customers & patients, " * 20 + "as the GDPR demands"
    view = render.modal(forms.approve_form(request((stage(criteria=("legal_basis", long)),)), TARGET))
    assert view_problems(view) == []
    whole, boxes = view["blocks"][2:4]
    assert whole["text"]["text"].startswith("• No personal data of customers &amp; patients")
    assert whole["text"]["text"].endswith("as the GDPR demands")
    element = boxes["element"]
    assert element["options"][1]["text"]["text"].endswith("…")
    assert [option["value"] for option in element["initial_options"]] == ["legal_basis", choice_value(long)]


@pytest.mark.parametrize("make", [forms.approve_form, forms.reject_form, forms.delegate_form])
def test_a_form_that_decides_names_the_stage(make):
    shown = request((stage("legal_review"), stage("security_review")))
    form = make(shown, Target(id=REQUEST_ID, stage="security_review"))
    assert blocks_text(form.blocks[:1]) == "REQ-1042 · Create agent “support-bot”\nSecurity review"


def test_a_stage_without_criteria_asks_for_none():
    assert list(inputs_of(forms.approve_form(request((stage(criteria=()),)), TARGET))) == ["reason"]


@pytest.mark.parametrize("make", [forms.approve_form, forms.reject_form])
def test_a_vote_is_cast_in_view_of_why_it_was_asked_for(make):
    assert Quote(Plain(request().justification)) in make(request(), TARGET).blocks
    assert not [block for block in make(request(justification=""), TARGET).blocks if isinstance(block, Quote)]


@pytest.mark.row("B3")
def test_rejecting_needs_a_reason():
    assert not inputs_of(forms.reject_form(request(), TARGET))["reason"].is_optional


def test_answering_shows_the_whole_of_the_last_question():
    long = "Which data? " * 300
    form = forms.answer_form(request(comments=(comment(text="First?"), comment(text=long))), TARGET)
    assert Passage(Plain(long)) in form.blocks
    assert "Tomás Oliveira asks:" in blocks_text(form.blocks[:2])
    assert "(show all)" not in str(render.modal(form))


@pytest.mark.row("E1")
@pytest.mark.parametrize(
    ("longest", "labels"),
    [
        (timedelta(hours=4), ["15 min", "30 min", "1 h", "2 h", "4 h"]),
        (timedelta(hours=3), ["15 min", "30 min", "1 h", "2 h", "3 h"]),
        (timedelta(minutes=10), ["10 min"]),
    ],
)
def test_a_bypass_lasts_no_longer_than_the_policy_allows(longest, labels):
    field = inputs_of(bypass_forms.bypass_form(channel="C1", terms=BypassTerms(longest)))["duration"]
    assert [option.label for option in field.options] == labels
    assert timedelta(seconds=int(field.options[-1].value)) == longest
    assert field.initial == field.options[0].value


@pytest.mark.row("E1")
def test_a_bypass_repeats_the_risk_before_it_is_granted():
    form = bypass_forms.bypass_form(channel="C1", terms=BypassTerms(timedelta(hours=4)))
    assert "This skips every approval." in blocks_text(form.blocks[:1])
    assert list(inputs_of(form)) == ["action", "agent", "duration", "justification"]
    assert "*" in {option.value for option in inputs_of(form)["action"].options}


@pytest.mark.row("E2", "E3")
def test_a_review_shows_what_was_granted_why_and_at_which_risk():
    form = bypass_forms.review_form(bypass())
    text = blocks_text(form.blocks[:3])
    assert "Granted to Lee Okafor: Deploy agent “invoice-matcher” · 2026-03-10 08:45 UTC" in text
    assert "> Invoices are matched twice" in text
    assert "Risk before the grant: Medium (Deploy agent +30)" in text
    assert list(inputs_of(form)) == ["verdict", "notes", "follow_up", "owner", "due"]


@pytest.mark.parametrize("words", ["سوبورت ", "👍🏽 ", "word "])
def test_a_form_is_never_heavier_than_slack_allows(words):
    long = comment(text=(words * 4000)[:4000])
    view = render.modal(forms.details_form(request(comments=(long,) * 60), now=NOW))
    assert view_problems(view) == []
    assert "parts are not shown here" in str(view)
    assert view["blocks"][0]["text"]["text"] == "REQ-1042 · Create agent “support-bot”"


def test_a_form_is_never_taller_than_slack_allows():
    view = render.modal(forms.details_form(request(comments=tuple(comment() for _ in range(200))), now=NOW))
    assert view_problems(view) == []
    assert "submit" not in view


@pytest.mark.parametrize("title", ["Approve", "Ask the requester", "Emergency bypass"])
def test_a_word_of_patience_and_a_message_are_views_of_their_own(title):
    assert view_problems(render.modal(forms.loading_form(title))) == []
    assert view_problems(render.modal(forms.message_form(title, "<!here> " * 1000))) == []
