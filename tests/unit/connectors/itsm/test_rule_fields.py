"""Which fields of a ticket a rule may write: those that no mapping keeps and no other action is for (N5)."""

from __future__ import annotations

import pytest

from config.yamlfile import parse_yaml
from connectors.itsm.base import Capabilities, Connector, FieldUse, TicketKind
from connectors.itsm.mapping import Mapping, limits_of, read_mapping
from connectors.itsm.registry import CONNECTORS
from connectors.itsm.rule_fields import RuleFields

pytestmark = pytest.mark.row("N5")
CHANGE, EMERGENCY, INCIDENT = TicketKind.CHANGE, TicketKind.EMERGENCY_CHANGE, TicketKind.INCIDENT


def fields(slug="servicenow", text="", **keys):
    mapping = read_mapping(parse_yaml(text, file="map.yaml"), limits_of(slug)) if text else Mapping()
    return RuleFields.of(CONNECTORS[slug], mapping, keys={TicketKind(kind): name for kind, name in keys.items()})


@pytest.mark.parametrize(
    ("slug", "name", "said"),
    [
        ("servicenow", "state", "'transition'"),
        ("servicenow", "approval", "'transition'"),
        ("servicenow", "correlation_id", "Our key"),
        ("servicenow", "work_notes", "'comment'"),
        ("servicenow", "number", "The system gives it"),
        ("jira", "status", "'transition'"),
        ("jira", "Labels", "Our key"),
        ("jira", "Issue Type", "'change_type'"),
        ("remedy", "Change Request Status", "'transition'"),
    ],
)
def test_what_another_action_is_for_is_refused_by_its_name(slug, name, said):
    assert said in fields(slug).why_not(CHANGE, name)


def test_what_is_calculated_in_some_kinds_of_tickets_is_written_in_others():
    found = fields()
    assert "write those" in found.why_not(INCIDENT, "priority")
    assert found.why_not(CHANGE, "priority") == ""


def test_the_field_that_holds_our_key_is_that_of_the_connection():
    found = fields("remedy", change="Vendor Ticket Number", incident="Own Key")
    assert "Our key" in found.why_not(CHANGE, "Vendor Ticket Number")
    assert "Our key" in found.why_not(INCIDENT, "Own Key")
    assert found.why_not(INCIDENT, "Vendor Ticket Number") == ""


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ('"{request.justification}"', "would put a rule's value back"),
        ("{direction: in, fact: justification}", "becomes justification here"),
        ('{value: "{request.justification}", direction: both, fact: justification}', "becomes justification here"),
        ('{value: "{request.justification}", direction: none}', ""),
    ],
)
def test_a_field_that_the_mapping_keeps_is_the_mapping_s_in_the_kinds_of_tickets_that_it_maps(given, said):
    found = fields(text=f"kinds: {{change: {{fields: {{u_why: {given}}}}}}}")
    why = found.why_not(CHANGE, "u_why")
    assert (said in why, bool(why)) == (True, bool(said))
    assert not why or "map.yaml" in why
    assert found.why_not(INCIDENT, "u_why") == ""


def test_priorities_that_are_written_once_are_a_rule_s_from_then_on():
    assert fields(text="priorities: {high: {impact: 1}}").why_not(CHANGE, "impact") == ""


def test_a_declared_system_has_the_fields_of_its_file_and_those_of_its_state_and_key_are_no_rule_s():
    uses = {"status": FieldUse.STATE, "ref": FieldUse.KEY, "id": FieldUse.GIVEN, "cost": FieldUse.FREE}
    found = RuleFields.of(declared(fields=True, uses=uses), Mapping(), keys={})
    assert found.known == ("cost",)
    assert [bool(found.why_not(EMERGENCY, name)) for name in uses] == [True, True, True, False]


def test_a_system_whose_file_says_nothing_of_writing_has_no_field_that_a_rule_may_write():
    found = RuleFields.of(declared(fields=False, uses={}), Mapping(), keys={})
    assert found.why_not(CHANGE, "cost") == "No field can be written in Desk: its file declares no 'fields.write'."


def declared(*, fields, uses):
    can = Capabilities(
        change_requests=True,
        incidents=True,
        comments=True,
        webhooks=True,
        idempotent_create=False,
        summary_max_chars=100,
        incremental_by=None,
        fields=fields,
    )
    return Connector("desk", "Desk", dict, lambda settings: settings, can, uses)
