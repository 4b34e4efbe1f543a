"""What an action does to an agent, and when it is legal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.agents import AgentExists, UnknownAgent, WrongAgentState, after_action, check_action
from tests.factories import agent

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
LATER = NOW + timedelta(days=1)


def created(**facts):
    return after_action("agent.create", None, agent(**facts), by="dana@enterprise-corp.example", now=NOW)


def after(before, action, **resource):
    return after_action(action, before, resource, by="sam@enterprise-corp.example", now=LATER)


def test_a_created_agent_is_registered_with_who_answers_for_it_and_what_it_serves():
    made = created(model="large", agent_type="reader")
    assert (made.name, made.state, made.version, made.agent_type) == ("invoice-reader", "registered", 1, "reader")
    assert (made.created_by, made.created_at, made.updated_at) == ("dana@enterprise-corp.example", NOW, NOW)
    assert made.attributes == {"model": "large"}


@pytest.mark.parametrize(("action", "state"), [("agent.deploy", "deployed"), ("agent.retire", "retired")])
def test_an_action_moves_the_agent_and_counts_its_version(action, state):
    moved = after(created(), action)
    assert (moved.state, moved.version, moved.created_at, moved.updated_at) == (state, 2, NOW, LATER)


def test_a_modification_changes_what_it_names_and_nothing_else():
    before = created(model="small", region="eu")
    changed = after(before, "agent.modify", name="invoice-reader", owner="lee@x.example", model="large", sponsor=" ")
    assert (changed.owner, changed.sponsor, changed.state) == ("lee@x.example", before.sponsor, "registered")
    assert changed.attributes == {"model": "large", "region": "eu"}
    assert after(before, "agent.modify", agent_type="writer").agent_type == "writer"


def test_a_name_is_given_once():
    check_action("agent.create", "invoice-reader", None)
    with pytest.raises(AgentExists, match="An agent named 'invoice-reader' exists already; it is registered."):
        check_action("agent.create", "invoice-reader", created())


@pytest.mark.parametrize("action", ["agent.deploy", "agent.modify", "agent.retire"])
def test_only_a_living_agent_can_be_changed(action):
    check_action(action, "invoice-reader", created())
    with pytest.raises(UnknownAgent):
        check_action(action, "invoice-reader", None)
    with pytest.raises(WrongAgentState) as refused:
        check_action(action, "invoice-reader", after(created(), "agent.retire"))
    assert refused.value.accepted == ("deployed", "registered")
