"""The `ticket` block of a policy (X6)."""

from __future__ import annotations

import pytest

from config.yamlfile import parse_yaml
from core.approvals.policy import ApprovalPolicy
from core.approvals.policy_file import read_policies
from core.errors import ConfigError
from core.named_tickets import MustName, TicketKind, TicketNeed, TicketState, Window

pytestmark = pytest.mark.row("X6")
STAGE = "  stages: [{stage: review, approvers: [security_manager], timeout: 1 hour}]\n"


def policy(block: str, stages: str = STAGE) -> ApprovalPolicy:
    text = f'Creation:\n  applies_to: ["agent.create"]\n{stages}{block}'
    (found,) = read_policies(parse_yaml(text, file="policies.yaml"))
    return found


def refused(block: str, stages: str = STAGE) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        policy(block, stages)
    return caught.value


def test_a_whole_block_is_read_and_read_back_from_the_store():
    found = policy(
        "  ticket:\n    when: 'risk.level == \"high\"'\n    systems: [servicenow]\n"
        "    kinds: [change, emergency_change]\n    states: [approved, implementing]\n"
        "    names: [resource]\n    window: informs\n"
    )
    assert found.ticket is not None
    assert found.ticket.when is not None
    assert found.ticket.when.text == 'risk.level == "high"'
    assert found.ticket.kinds == (TicketKind.CHANGE, TicketKind.EMERGENCY_CHANGE)
    assert found.ticket.states == (TicketState.APPROVED, TicketState.IMPLEMENTING)
    assert (found.ticket.names, found.ticket.window) == ((MustName.RESOURCE,), Window.INFORMS)
    stored = ApprovalPolicy.from_json(found.to_json())
    assert (stored.ticket, stored.version) == (found.ticket, found.version)


@pytest.mark.parametrize("block", ["  ticket: {}\n", "  ticket: {required: true}\n"])
def test_what_is_left_out_is_the_careful_choice(block):
    assert policy(block).ticket == TicketNeed()


def test_a_policy_without_the_block_has_the_version_that_it_always_had():
    plain = policy("")
    assert plain.ticket is None
    assert "ticket" not in plain.to_json()
    assert plain.version != policy("  ticket: {}\n").version


@pytest.mark.parametrize(
    ("block", "line", "key", "said"),
    [
        ("  ticket:\n    windw: informs\n", 5, "Creation.ticket.windw", "Did you mean 'window'?"),
        ("  ticket:\n    window: bound_grant\n", 5, "Creation.ticket.window", "Did you mean 'bounds_grant'?"),
        ("  ticket:\n    kinds: [chnage]\n", 5, "Creation.ticket.kinds.0", "Did you mean 'change'?"),
        ("  ticket:\n    states: [approved, done]\n", 5, "Creation.ticket.states.1", "'done' is not accepted here."),
        ("  ticket:\n    states: []\n", 5, "Creation.ticket.states", "name a state"),
        ("  ticket:\n    names: [requestor]\n", 5, "Creation.ticket.names.0", "Did you mean 'requester'?"),
        ("  ticket:\n    systems: [Service Now]\n", 5, "Creation.ticket.systems.0", "cannot be the name"),
        ("  ticket:\n    required: false\n", 5, "Creation.ticket.required", "Leave the whole block out"),
        ("  ticket:\n    required: true\n    when: 'true'\n", 5, "Creation.ticket.required", "Say either"),
        ("  ticket:\n    when: 'riks.level == \"high\"'\n", 5, "Creation.ticket.when", "Did you mean 'risk'?"),
        ("  ticket: yes please\n", 4, "Creation.ticket", "Here stands a mapping"),
    ],
)
def test_each_mistake_is_named_with_its_line_and_what_is_meant(block, line, key, said):
    found = refused(block)
    assert (found.file, found.line, found.key) == ("policies.yaml", line, key)
    assert said in found.message


def test_a_policy_that_asks_nobody_has_nothing_that_would_wait_for_a_ticket():
    assert "nothing would wait for it" in refused("  ticket: {}\n", "  stages: []\n").message
