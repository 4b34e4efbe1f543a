"""Guards of rules, as properties: no set of rules goes on for ever, and none does more than its limits (N5)."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.automation import DEPTH_MAX, Action, ActionKind, Limits, Result, Rule
from core.automation.rules import Counts, Happening, concerns, effect_id, judge, plan
from core.automation.templates import Template
from core.automation.triggers import EXAMPLES, VOCABULARY
from core.conditions import Facts, compile_condition
from core.ids import uuid7
from core.origin import NOWHERE, Origin, origin_in

FACTS = Facts(EXAMPLES)
UNLIMITED = Limits(10**6, 10**6)
REQUEST, TICKET = "request", "ticket"
# What each action makes happen in the worst of worlds: every event that it could ever lead to, whoever brings it about.
LEADS_TO = {
    ActionKind.COMMENT: ("request.commented",),
    ActionKind.TRANSITION: ("ticket.changed", "ticket.closed"),
    ActionKind.UPDATE_TICKET: ("ticket.changed", "request.amended"),  # by what the system makes of it
    ActionKind.CREATE_TICKET: ("ticket.created", "ticket.changed", "ticket.commented", "ticket.closed"),
    ActionKind.OPEN_APPROVAL: ("request.opened", "request.commented", "request.approved", "request.expired"),
    ActionKind.NOTIFY: (),
    ActionKind.CALL_WEBHOOK: (),  # what its receiver does is theirs: only limits hold there
}
MAKES = {ActionKind.CREATE_TICKET: TICKET, ActionKind.OPEN_APPROVAL: REQUEST}
WRITES = {ActionKind.TRANSITION, ActionKind.UPDATE_TICKET}  # by our own account, into a ticket
HEARD = sorted({event for events in LEADS_TO.values() for event in events})


def happening(event="request.opened", origin=NOWHERE, *, subject="request:1", is_ours=False, facts=FACTS):
    return Happening(event, subject, origin, is_ours, facts)


def rule(name="a", on=("request.opened",), kinds=(ActionKind.NOTIFY,), **changes):
    actions = tuple(Action(kind, texts={"text": Template("{request.reference}")}) for kind in kinds)
    return Rule(name=name, on=tuple(on), then=actions, **changes)


RULES = st.lists(
    st.builds(
        rule,
        name=st.sampled_from("abcdef"),
        on=st.sets(st.sampled_from(HEARD), min_size=1),
        kinds=st.lists(st.sampled_from(list(ActionKind)), min_size=1, max_size=2),
        react_to_own=st.booleans(),
        limits=st.just(UNLIMITED),
    ),
    max_size=6,
    unique_by=lambda each: each.name,
)


def live_on(rules, first):
    """How many rules act because of one outside event; whatever a rule has made keeps where it comes from."""
    made: dict[str, Origin] = {}
    waiting, acted, number = deque([happening(first)]), 0, 1
    while waiting:
        now = waiting.popleft()
        origin = made.get(now.subject, NOWHERE).then(*now.origin.rules)
        for each in rules:
            finding = concerns(each, now)
            verdict = judge(each, finding, origin, Counts()) if finding else None
            if verdict is None or verdict.result is not Result.FIRED:
                continue
            acted += 1
            assert acted <= 100_000, "this world goes on for ever"
            then = origin.then(each.name)
            for filled in plan(each, now):
                subject, is_ours = now.subject, filled.kind in WRITES
                if filled.kind in MAKES:
                    number += 1
                    subject = f"{MAKES[filled.kind]}:{number}"
                    made[subject] = then
                # People and deadlines act on what was made without naming a rule; what a rule itself does names it.
                carried = NOWHERE if filled.kind in MAKES else then
                waiting.extend(
                    happening(event, carried, subject=subject, is_ours=is_ours and event.startswith("ticket."))
                    for event in LEADS_TO[filled.kind]
                )
    return acted


@pytest.mark.row("N5")
@settings(max_examples=150)
@given(RULES, st.sampled_from(HEARD))
def test_no_set_of_rules_goes_on_for_ever(rules, first):
    live_on(rules[:3], first)  # 3! orders of up to 8 events each: with a fourth rule the worst world is 32 times larger


@pytest.mark.row("N5")
@given(st.lists(st.text(max_size=5), max_size=12), st.text(max_size=5))
def test_a_rule_acts_once_in_a_chain_and_a_chain_has_an_end(before, name):
    origin = NOWHERE.then(*before)
    each = rule(name)
    verdict = judge(each, concerns(each, happening()), origin, Counts())
    may = name not in origin.rules and len(origin.rules) < DEPTH_MAX
    assert (verdict.result is Result.FIRED) == may
    assert origin_in(origin.marked({"text": "x"})) == origin


@pytest.mark.row("N5")
@given(st.integers(1, 5), st.integers(1, 5), st.lists(st.sampled_from("xyz"), max_size=40))
def test_a_rule_does_no_more_than_its_limits_whatever_comes(per_hour, per_subject, subjects):
    acted: Counter[str] = Counter()
    each = rule(limits=Limits(per_hour, per_subject))
    for subject in subjects:
        verdict = judge(each, concerns(each, happening()), NOWHERE, Counts(acted.total(), acted[subject]))
        if verdict.result is Result.FIRED:
            acted[subject] += 1
    assert acted.total() <= per_hour
    assert max(acted.values(), default=0) <= per_subject
    if len(subjects) <= min(per_hour, per_subject):
        assert acted.total() == len(subjects)


@pytest.mark.row("N5")
def test_what_our_own_account_did_there_fires_no_rule_unless_it_wants_that():
    echo = happening("ticket.changed", is_ours=True)
    assert concerns(rule(on=("ticket.changed",)), echo) is None
    assert concerns(rule(on=("ticket.changed",), react_to_own=True), echo).holds
    assert concerns(rule(on=("ticket.changed",)), happening("ticket.changed")).holds


@pytest.mark.row("N5")
def test_a_condition_that_cannot_be_told_does_not_hold_and_says_why():
    when = compile_condition('bypass.risk == "high"', subjects=("bypass",), vocabulary=VOCABULARY)
    each = rule(when=when)
    verdict = judge(each, concerns(each, happening(facts=Facts({"event": {}}))), NOWHERE, Counts())
    assert verdict.result is Result.UNCLEAR
    assert verdict.reason.startswith("Whether its condition holds cannot be told:")
    assert judge(each, concerns(each, happening(facts=Facts({"bypass": {"risk": "low"}}))), NOWHERE, Counts()) is None


@pytest.mark.row("N5")
@given(st.text(min_size=1, max_size=9), st.text(min_size=1, max_size=9), st.integers(0, 9), st.integers(0, 9))
def test_each_action_of_each_rule_about_each_event_has_a_key_of_its_own(one, other, first, second):
    event = uuid7()
    assert (effect_id(event, one, first) == effect_id(event, other, second)) == ((one, first) == (other, second))
    assert effect_id(event, one, first) != effect_id(uuid7(), one, first)


@pytest.mark.row("N5")
def test_a_chain_names_each_rule_once_in_the_order_in_which_they_acted():
    assert Origin(("a",)).then("b", "a", "c").rules == ("a", "b", "c")


def update(**fields):
    texts = {f"fields.{name}": Template(text) for name, text in fields.items()}
    return rule(on=("ticket.closed",), kinds=()), Action(ActionKind.UPDATE_TICKET, "jira", {}, texts)


@pytest.mark.row("N5")
def test_a_field_of_which_nothing_is_known_is_left_as_it_is_and_only_the_empty_text_empties_one():
    each, action = update(risk="{bypass.risk}", impact="{bypass.nothing}", note="")
    (filled,) = plan(replace(each, then=(action,)), happening("ticket.closed"))
    assert filled.group("fields") == {"risk": "high", "note": ""}
