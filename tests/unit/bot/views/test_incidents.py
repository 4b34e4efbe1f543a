"""What is said of incidents in chat (B6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot import actions
from bot.cards import Context, Instant
from bot.plain import text_of
from bot.views.incidents import incident_card, incident_done, incident_thread_line, timeline_blocks
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


@pytest.mark.row("B6")
def test_a_corrected_beginning_is_told_where_its_reader_lives():
    began = BEGAN - timedelta(minutes=30)
    data = {"started_at": began.isoformat(), "text": "It began 2026-03-02 11:10 UTC", "by": "Lee"}
    line = incident_thread_line("incident.start_corrected", data)
    assert Instant(began, "It began ") in line.blocks[0].text
    (block,) = timeline_blocks([entry(data["text"], kind="start_corrected", details=data)])
    assert isinstance(block, Context)
    assert Instant(began, "It began ") in block.text
