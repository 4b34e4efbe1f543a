"""What an alert does to its incident, and who is told of one that nobody acknowledges."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import Directory, PersonView
from core.access.grants import compile_grants
from core.ids import UserId, uuid7
from core.incidents.affecting import business_service
from core.incidents.alerts import Alert, AlertState, Severity, check_title, readable, worse
from core.incidents.errors import InvalidIncident
from core.incidents.linking import read_target
from core.incidents.rules import Effect, KnownAlert, after_alert, page
from core.incidents.state import UNDER_WAY, IncidentState
from core.tenants import IncidentPolicy, PageLevel, Who

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
POLICY = IncidentPolicy(reopen_within=timedelta(minutes=30))


def everybody(**roles):
    people = [PersonView(id=UserId(uuid7()), email=f"{name}@t.example", name=name) for name in roles]
    return Directory(
        people={each.id: each for each in people},
        by_email={each.email: each for each in people},
        by_role={roles[each.name]: frozenset({each.id}) for each in people},
        roles={each.id: frozenset({roles[each.name]}) for each in people},
        access=compile_grants(()),
    )


def alert(*, state=AlertState.FIRING, minutes_ago=0, group=""):
    return Alert(
        tenant="t",
        source="sla",
        key="k",
        group=group,
        state=state,
        severity=Severity.HIGH,
        service="Payments",
        title="Slow",
        started_at=NOW - timedelta(minutes=minutes_ago),
    )


def known(*, state=AlertState.FIRING, incident=IncidentState.OPEN, minutes_ago=60, resolved=None, others=False):
    resolved_at = None if resolved is None else NOW - timedelta(minutes=resolved)
    return KnownAlert(state, NOW - timedelta(minutes=minutes_ago), incident, resolved_at, others)


RESOLVED = AlertState.RESOLVED
OVER = {"incident": IncidentState.RESOLVED, "state": RESOLVED}


@pytest.mark.row("S3")
@pytest.mark.parametrize(
    ("told", "before", "group", "expected"),
    [
        pytest.param(alert(), None, None, Effect.OPEN, id="what nobody knows opens an incident"),
        pytest.param(alert(minutes_ago=60), known(), None, Effect.COUNT, id="told twice it is counted"),
        pytest.param(alert(), known(state=RESOLVED), None, Effect.JOIN, id="again while it is under way"),
        pytest.param(alert(), known(**OVER, resolved=29), None, Effect.REOPEN, id="again soon: the same incident"),
        pytest.param(alert(), known(**OVER, resolved=31), None, Effect.OPEN, id="again later: another incident"),
        pytest.param(
            alert(), known(state=RESOLVED, incident=IncidentState.CLOSED, resolved=5), None, Effect.OPEN, id="closed"
        ),
        pytest.param(alert(minutes_ago=90), known(), None, Effect.NOTHING, id="an earlier episode told late"),
        pytest.param(
            alert(minutes_ago=60), known(state=RESOLVED), None, Effect.NOTHING, id="its resolution overtook it"
        ),
        pytest.param(
            alert(minutes_ago=60),
            known(incident=IncidentState.RESOLVED, resolved=10),
            None,
            Effect.COUNT,
            id="a person has just resolved what still fires",
        ),
        pytest.param(
            alert(minutes_ago=60),
            known(incident=IncidentState.RESOLVED, resolved=40),
            None,
            Effect.REOPEN,
            id="and that has not helped",
        ),
        pytest.param(
            alert(minutes_ago=60),
            known(incident=IncidentState.CLOSED, resolved=40),
            None,
            Effect.OPEN,
            id="nor has closing it",
        ),
        pytest.param(alert(group="g"), None, known(), Effect.JOIN, id="its group has an incident"),
        pytest.param(alert(group="g"), None, known(**OVER, resolved=5), Effect.REOPEN, id="its group had one just now"),
        pytest.param(alert(group="g"), None, known(**OVER, resolved=50), Effect.OPEN, id="its group had one once"),
        pytest.param(alert(state=RESOLVED), None, None, Effect.NOTHING, id="the end of what nobody knows"),
        pytest.param(alert(state=RESOLVED, minutes_ago=60), known(), None, Effect.RESOLVE, id="the last one ends"),
        pytest.param(
            alert(state=RESOLVED, minutes_ago=60), known(others=True), None, Effect.RESOLVE_ALERT, id="others fire"
        ),
        pytest.param(
            alert(state=RESOLVED, minutes_ago=60), known(state=RESOLVED), None, Effect.NOTHING, id="ended twice"
        ),
        pytest.param(alert(state=RESOLVED, minutes_ago=90), known(), None, Effect.NOTHING, id="an earlier end, late"),
    ],
)
def test_what_an_alert_leads_to(told, before, group, expected):
    assert after_alert(told, before, group, POLICY, now=NOW) is expected


@pytest.mark.row("S3")
def test_where_the_policy_says_so_people_alone_resolve():
    told = alert(state=RESOLVED, minutes_ago=60)
    policy = IncidentPolicy(resolves_itself=False)
    assert after_alert(told, known(), None, policy, now=NOW) is Effect.RESOLVE_ALERT


@pytest.mark.row("S3")
@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.integers(0, 90)), min_size=1, max_size=40),
    st.booleans(),
)
def test_at_no_time_is_there_a_second_incident_under_way_of_one_alert(told, resolves_itself):
    policy = IncidentPolicy(resolves_itself=resolves_itself)
    now, state, incidents = NOW, None, []
    for is_firing, episode, wait in told:
        now += timedelta(minutes=wait)
        state_now = AlertState.FIRING if is_firing else RESOLVED
        one = Alert(
            tenant="t",
            source="s",
            key="k",
            state=state_now,
            severity=Severity.LOW,
            service="",
            title="t",
            started_at=NOW + timedelta(minutes=episode),
        )
        effect = after_alert(one, state, None, policy, now=now)
        if effect is Effect.OPEN:
            incidents.append(IncidentState.OPEN)
        elif effect is Effect.REOPEN:
            incidents[-1] = IncidentState.OPEN
        elif effect is Effect.RESOLVE:
            incidents[-1] = IncidentState.RESOLVED
        if effect is not Effect.NOTHING:
            is_over = incidents[-1] is IncidentState.RESOLVED
            state = KnownAlert(state_now, one.started_at, incidents[-1], now if is_over else None)
        assert sum(each in UNDER_WAY for each in incidents) <= 1


@pytest.mark.row("S3")
@given(st.sampled_from(Severity), st.sampled_from(Severity))
def test_the_worse_of_two_severities_does_not_depend_on_their_order(one, other):
    assert worse(one, other) is worse(other, one)
    assert worse(one, Severity.CRITICAL) is Severity.CRITICAL


@pytest.mark.row("S3")
@given(st.text(max_size=600), st.text(max_size=9000), st.dictionaries(st.text(max_size=200), st.text(max_size=900)))
def test_no_alert_is_lost_for_the_length_of_its_words(title, words, labels):
    told = Alert(
        tenant="t",
        source="s",
        key="k",
        state=AlertState.FIRING,
        severity=Severity.LOW,
        service=title,
        title=title,
        words=words,
        started_at=NOW,
        labels=labels,
        link="javascript:alert(1)",
    )
    found = readable(told)
    assert 1 <= len(found.title) <= 200
    assert len(found.words) <= 4000
    assert len(found.labels) <= 50
    assert found.link == ""
    assert readable(found) == found


def test_an_alert_without_a_key_is_refused():
    with pytest.raises(InvalidIncident):
        readable(replace(alert(), key=" "))


POLICY_OF_LEVELS = IncidentPolicy(
    escalation=(
        PageLevel(Who(roles=("agent_operator",))),
        PageLevel(Who(roles=("tenant_administrator",)), timedelta(minutes=15)),
    ),
    remind_every=timedelta(minutes=10),
)


@pytest.mark.row("B6")
@pytest.mark.parametrize(
    ("minutes", "level", "again"), [(0, 1, 10), (10, 1, 15), (14, 1, 15), (15, 2, 25), (600, 2, 610)]
)
def test_levels_are_told_one_after_the_other_and_again_and_again(minutes, level, again):
    people = everybody(omar="agent_operator", tina="tenant_administrator")
    now = NOW + timedelta(minutes=minutes)
    told = page(POLICY_OF_LEVELS, people, since=NOW, now=now)
    assert (told.level, len(told.people)) == (level, level)
    assert told.again_at == NOW + timedelta(minutes=again)


@pytest.mark.row("B6")
def test_a_level_with_nobody_in_it_is_passed_over_at_once():
    told = page(POLICY_OF_LEVELS, everybody(tina="tenant_administrator"), since=NOW, now=NOW)
    assert (told.level, len(told.people)) == (2, 1)


SERVED = {"invoice-reader": "Accounts Payable", "payer": "Payments"}
NEEDS = {"service:Payments": {"agent:payer"}, "agent:payer": {"tool:ledger"}}


@pytest.mark.row("S3")
@pytest.mark.parametrize(
    ("named", "affected"),
    [
        ("agent:invoice-reader", "Accounts Payable"),
        ("invoice-reader", "Accounts Payable"),
        ("payments", "Payments"),
        ("service:Payments", "Payments"),
        ("tool:ledger", "Payments"),
        ("tool:printer", "printer"),
        ("checkout", "checkout"),
    ],
)
def test_an_incident_names_what_of_the_business_it_affects(named, affected):
    assert business_service(named, SERVED, NEEDS) == affected


@pytest.mark.row("S3")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("chg-1001", ("change", "CHG-1001")),
        ("REQ12", ("request", "REQ-12")),
        ("INC-7", ("incident", "INC-7")),
        ("CHG0030001", ("ticket", "CHG0030001")),
        ("ops-17", ("ticket", "OPS-17")),
        ("https://wiki.example.com/a", ("page", "https://wiki.example.com/a")),
    ],
)
def test_what_is_linked_has_one_spelling(text, found):
    assert read_target(text) == found


@pytest.mark.parametrize("text", ["", "a b", "javascript:alert(1)", "http://x y", "x" * 50])
def test_what_names_nothing_is_refused_with_examples(text):
    with pytest.raises(InvalidIncident) as refused:
        read_target(text)
    assert "CHG-1001" in refused.value.accepted


@pytest.mark.row("S3")
@pytest.mark.parametrize(
    "title",
    ["", "  ", "Slow\nPayments", "Slow\x07", "Slow \u202etnemyap", "Slow\u2028", "Slow\u200b", "x" * 201],
    ids=["empty", "blank", "a line break", "a bell", "turned around", "a line separator", "unseen", "too long"],
)
def test_a_title_that_is_not_one_line_of_what_can_be_seen_is_refused(title):
    with pytest.raises(InvalidIncident, match="A title has 1 to 200 characters, none of them") as refused:
        check_title(title)
    assert refused.value.where == "title"


@pytest.mark.row("S3")
@pytest.mark.parametrize("title", ["p95 > 2 s & 3 < 4", "نمی\u200cشود", "👩\u200d💻 is gone", "x" * 200])
def test_a_title_may_be_in_any_script(title):
    assert check_title(f" {title} ") == title


@pytest.mark.row("S3")
def test_no_alert_is_lost_for_a_title_that_breaks_its_line():
    told = replace(alert(), title="Slow\r\n\tPayments \u202e\x00", key="k\n1")
    assert readable(told).title == "Slow Payments"
    assert readable(replace(told, title="\u202e\n")).title == "k 1"
    assert readable(replace(told, title="", key="\u202e")).title == "An alert without words"
