"""What we ask of Remedy means what we meant, whatever the values hold: read back by the simulated server's own parser."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.itsm.base import TicketKind, TicketState
from connectors.itsm.remedy.qualification import begins_with, both, compare, either
from connectors.itsm.remedy.walk import PROGRESS, Approvals, Arrived, Move, next_change_step, next_incident_step
from connectors.itsm.remedy.wire import CHANGE, INCIDENT, Record
from sandbox.remedy import qualification as theirs

TEXTS = st.text(max_size=30)
NAMES = st.text(min_size=1, max_size=20)
AT = datetime(2026, 11, 23, tzinfo=UTC)


def record(status: str, *, timing: str = "Normal", form=CHANGE) -> Record:
    return Record(form, "CRQ1|CRQ1", "CRQ1", status, "k", timing, "", "", None, None, "", AT, AT, "Mary")


@given(NAMES, TEXTS, NAMES, TEXTS)
def test_a_value_stays_a_value(field, value, other, text):
    asked = both(compare(field, "=", value), either(compare(other, ">=", text), compare(field, "!=", "x")))

    assert theirs.parse(asked) == theirs.Both(
        theirs.Compare("=", theirs.FieldRef(field), theirs.Literal(value)),
        theirs.Either(
            theirs.Compare(">=", theirs.FieldRef(other), theirs.Literal(text)),
            theirs.Compare("!=", theirs.FieldRef(field), theirs.Literal("x")),
        ),
    )


@given(TEXTS.filter(lambda text: not set("%_[]") & set(text)))
def test_the_beginning_of_a_text_is_asked_for_as_it_is(start):
    assert theirs.parse(begins_with("F", start)) == theirs.Compare(
        "LIKE", theirs.FieldRef("F"), theirs.Literal(f"{start}%")
    )


@pytest.mark.parametrize("start", ["50%", "a_b", "[x]"])
def test_a_beginning_with_wildcards_is_refused(start):
    with pytest.raises(ValueError, match="characters that stand for others"):
        begins_with("F", start)


@given(
    st.sampled_from(PROGRESS),
    st.sampled_from([one for one in TicketState if one not in {TicketState.CANCELLED, TicketState.REJECTED}]),
    st.sampled_from(["Normal", "Expedited", "Emergency", "Standard", "No Impact", "Latent"]),
    st.sampled_from(Approvals),
)
def test_no_change_is_ever_moved_back(status, target, timing, approvals):
    step = next_change_step(record(status, timing=timing), target, approvals)

    assert not isinstance(step, Move) or PROGRESS.index(step.status) > PROGRESS.index(status)


@given(
    st.sampled_from(["New", "Assigned", "In Progress", "Pending", "Resolved", "Closed", "Cancelled"]),
    st.sampled_from(TicketState),
)
def test_no_incident_is_ever_reopened(status, target):
    step = next_incident_step(record(status, form=INCIDENT), target)

    assert record(status, form=INCIDENT).kind is TicketKind.INCIDENT
    if status in {"Resolved", "Closed", "Cancelled"}:
        assert not isinstance(step, Move) or step.status == "Closed"
    assert isinstance(next_incident_step(record(status, form=INCIDENT), TicketState.OPEN), Arrived)
