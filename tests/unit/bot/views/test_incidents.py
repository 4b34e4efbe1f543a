"""What is said of incidents in chat (B6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import actions
from bot.cards import Context, Instant, TextInput
from bot.plain import text_of
from bot.views.incident_forms import incident_review_form
from bot.views.incidents import incident_card, incident_done, incident_thread_line, timeline_blocks
from core.incidents import IncidentReview
from tests.unit.bot.incident_samples import BEGAN, entry, incident, over, worked_on
from tests.unit.bot.samples import NOW, PRIYA


@pytest.mark.row("B6")
@pytest.mark.parametrize(
    ("form", "said"),
    [
        (actions.FORM_INCIDENT_ASSIGN, "assigned to Priya Raman."),
        (actions.FORM_INCIDENT_ROLE, "commander is Priya Raman."),
        (actions.FORM_INCIDENT_SEVERITY, "its severity is 🔴 Critical now."),
        (actions.FORM_INCIDENT_UPDATE, "everybody who follows it has been told."),
        (actions.FORM_INCIDENT_NOTE, "its timeline has it."),
        (actions.FORM_INCIDENT_LINK, "linked."),
    ],
)
def test_whoever_sends_a_form_hears_what_it_has_done(form, said):
    done = replace(worked_on(), severity="critical", assignee=PRIYA, roles={"commander": PRIYA})
    assert text_of(incident_done(done, form, role="commander")) == f"{done.reference}: {said}"


@pytest.mark.row("B6")
def test_what_is_taken_from_everybody_is_nobodys():
    free = replace(worked_on(), assignee=None, roles={})
    assert text_of(incident_done(free, actions.FORM_INCIDENT_ASSIGN)).endswith("assigned to nobody.")
    assert text_of(incident_done(free, actions.FORM_INCIDENT_ROLE, role="scribe")).endswith("scribe is nobody.")


@pytest.mark.row("B6")
def test_a_title_that_begins_with_what_is_affected_does_not_name_it_twice():
    of_level = incident(business_service="checkout", service="checkout", title="checkout: availability is 93 %")
    assert incident_card(of_level, None, now=NOW).summary.startswith(f"{of_level.reference}: checkout: availability")
    other = replace(of_level, title="Checkouts fail")
    assert incident_card(other, None, now=NOW).summary.startswith(f"{other.reference} affects checkout: Checkouts fail")


@pytest.mark.row("B6")
def test_what_no_person_resolved_here_says_how_it_was_resolved_once():
    there = replace(over(), resolved_by=None, resolution="By Lee on INC0030068 in ServiceNow.")
    assert "✅ Resolved: By Lee on INC0030068 in ServiceNow." in text_of(incident_card(there, None, now=NOW))


REVIEW = IncidentReview(summary="Too slow.", causes="No cache.", went_well="Paging.", went_wrong="", by=PRIYA, at=NOW)


@pytest.mark.row("B6", "S3")
def test_one_that_came_back_after_its_review_shows_that_another_is_due():
    again = replace(over(), review=REVIEW, review_state="due", review_due_at=NOW + timedelta(days=5))
    shown = text_of(incident_card(again, None, now=NOW))
    assert "🔎 Too slow." in shown
    assert "🔎 Review due" in shown
    assert "Review due" not in text_of(incident_card(replace(again, review_state="done"), None, now=NOW))


@pytest.mark.row("B6", "S3")
def test_a_review_that_is_written_again_begins_with_what_stands_and_another_with_the_cause_alone():
    def begins(state):
        form = incident_review_form(replace(over(), cause="A leak.", review=REVIEW, review_state=state))
        return [each.initial for each in form.blocks if isinstance(each, TextInput)]

    assert begins("done") == ["Too slow.", "No cache.", "Paging.", ""]
    assert begins("due") == ["", "A leak.", "", ""]


@pytest.mark.row("B6")
def test_a_corrected_beginning_is_told_where_its_reader_lives():
    began = BEGAN - timedelta(minutes=30)
    data = {"started_at": began.isoformat(), "text": "It began 2026-03-02 11:10 UTC", "by": "Lee"}
    line = incident_thread_line("incident.start_corrected", data)
    assert Instant(began, "It began ") in line.blocks[0].text
    (block,) = timeline_blocks([entry(data["text"], kind="start_corrected", details=data)])
    assert isinstance(block, Context)
    assert Instant(began, "It began ") in block.text
