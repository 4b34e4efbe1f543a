"""The soak's own judgement: what it would find, if it were there (N1)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.soak_check import Happened, Subject, faults_of, words_of
from bench.soak_systems import Kept

pytestmark = pytest.mark.row("N1", "N6")
STATES = {"request.opened": "Assess", "request.approved": "Scheduled"}
SUBJECT = Subject(
    key="k1",
    reference="REQ-7",
    name="soak-1",
    justification="Reads invoices.",
    happened=(
        Happened("request.opened", ()),
        Happened("request.voted", ("[soak-1/1]",), "lee@example.com", "approve"),
        Happened("request.approved", ()),
    ),
    number="CHG1",
    state="Scheduled",
)
KEPT = Kept(
    number="CHG1",
    summary="REQ-7: agent.create soak-1",
    description="Reads invoices.\n\nname: soak-1",
    state="Scheduled",
    notes=("REQ-7: opened", "REQ-7: voted · stage technical\n[soak-1/1]\n\nREQ-7: approved"),
    files=("REQ-7-decision.json",),
    asked=(("lee@example.com", "granted"), ("kim@example.com", "dropped")),
)


def found(kept, subjects=(SUBJECT,)):
    return list(faults_of(subjects, kept, STATES))


def test_a_ticket_that_is_as_it_should_be_is_no_fault():
    assert found({"k1": [KEPT]}) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"state": "Assess"}, "state is 'Assess' and should be 'Scheduled'"),
        ({"number": "CHG2"}, "number as we know it is 'CHG1' and should be 'CHG2'"),
        ({"summary": "REQ-8: agent.create soak-1"}, "summary is"),
        ({"description": "Something else."}, "description is"),
        ({"notes": KEPT.notes[:1]}, "missing ['[soak-1/1]']"),
        ({"notes": (*KEPT.notes, KEPT.notes[1])}, "doubled ['[soak-1/1]']"),
        ({"files": ()}, "files are () and should be ('REQ-7-decision.json',)"),
        ({"files": KEPT.files * 2}, "files are ('REQ-7-decision.json', 'REQ-7-decision.json')"),
        ({"asked": (("kim@example.com", "waiting"),)}, "['kim@example.com'] are still asked"),
        ({"asked": (("kim@example.com", "granted"),)}, "[('kim@example.com', 'granted')] is said there"),
        ({"asked": (("kim@example.com", "waiting"),) * 2}, "asked twice at a time"),
    ],
)
def test_every_field_that_differs_is_named(changed, said):
    assert any(said in each for each in found({"k1": [replace(KEPT, **changed)]}))


def test_a_ticket_that_is_missing_doubled_or_nobody_s_is_found():
    assert found({}) == ["REQ-7 (k1) has 0 tickets"]
    assert found({"k1": [KEPT, KEPT]}) == ["REQ-7 (k1) has 2 tickets"]
    assert found({"k1": [KEPT], "k2": [KEPT]}) == ["CHG1 stands for nothing of ours (k2)"]
    assert found({"k1": [KEPT], "": [KEPT]}) == []  # a ticket of somebody else's


def test_only_words_that_nobody_else_said_are_looked_for():
    assert words_of({"reason": "Fine. [soak-3/12]"}) == ("[soak-3/12]",)
    assert words_of({"reason": "Fine."}) == ()
