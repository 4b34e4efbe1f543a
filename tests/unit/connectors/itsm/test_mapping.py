"""Mapping files: what they say of a ticket, and how their mistakes are named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.yamlfile import parse_yaml
from connectors.itsm.base import TicketKind, TicketState
from connectors.itsm.field_map import MappedFields
from connectors.itsm.mapping import (
    FACTS,
    FieldRule,
    Mapping,
    UnmappableError,
    limits_of,
    load_mapping,
    read_mapping,
)
from connectors.itsm.mapping.limits import GIVEN, MOVED, Limits
from core.errors import ConfigError
from core.tickets import Direction, Owner

pytestmark = pytest.mark.row("N1", "N6")
CHANGE, INCIDENT = TicketKind.CHANGE, TicketKind.INCIDENT


def mapping(text: str, connector: str = "servicenow") -> Mapping:
    return read_mapping(parse_yaml(text, file="map.yaml"), limits_of(connector))


def outgoing(text: str, **facts: object) -> dict[str, object]:
    return mapping(text).outgoing(CHANGE, {**FACTS, **facts})


def test_an_empty_file_maps_nothing(tmp_path):
    (tmp_path / "map.yaml").write_text("")

    assert load_mapping(tmp_path / "map.yaml", limits_of("servicenow")).outgoing(CHANGE, FACTS) == {}


def test_a_template_puts_facts_into_a_field():
    text = 'fields: {u_ref: "{request.reference} by {requester.name}", u_service: "{resource.business_service}"}'

    assert outgoing(text) == {"u_ref": "REQ-1042 by Dana Reyes", "u_service": "Payments"}


def test_a_single_placeholder_keeps_the_type_of_its_value():
    assert outgoing('fields: {u_score: "{risk.score}"}') == {"u_score": 7}


def test_what_is_not_known_of_a_request_leaves_its_field_out():
    assert outgoing('fields: {u_cost: "{resource.cost_center}", u_note: {cel: resource.cost_center}}') == {}


def test_a_cel_expression_computes_a_field():
    text = """
    fields:
      u_external: {cel: 'resource.business_service == "Payments" && risk.score > 5'}
      u_approvers: {cel: 'stages.map(s, s.approvers[0])'}
    """

    assert outgoing(text) == {"u_external": True, "u_approvers": ["lee.wong@example.com"]}


def test_an_expression_that_cannot_be_told_of_a_request_names_its_field():
    with pytest.raises(UnmappableError) as caught:
        outgoing("fields: {u_half: {cel: 'int(resource.cost) / 2'}}", resource={"cost": "much"})
    assert caught.value.target == "u_half"


def test_values_are_put_into_their_words_and_back():
    text = 'fields: {u_env: {value: "{resource.environment}", values: {production: "1", test: "2"}}}'
    (rule,) = mapping(text).fields(CHANGE)

    assert outgoing(text, resource={"environment": "production"}) == {"u_env": "1"}
    assert (rule.ours("2"), rule.ours("9"), rule.choices) == ("test", "9", ("1", "2"))


def test_a_rule_is_written_to_by_us_and_owned_by_us_if_nothing_else_is_said():
    (rule,) = mapping('fields: {justification: "{request.justification}"}').fields(CHANGE)

    assert (rule.target, rule.direction, rule.owner, rule.fact) == ("justification", Direction.OUT, Owner.OURS, "")
    assert (rule.is_written, rule.is_read) == (True, False)


def test_a_rule_may_go_both_ways_and_names_what_it_feeds():
    text = """
    fields:
      justification: {value: "{request.justification}", direction: both, owner: latest, fact: justification}
      business_service: {direction: in, owner: theirs, fact: resource.business_service}
      u_ignored: {direction: none}
    """
    both, inward, none = mapping(text).fields(CHANGE)

    assert (both.owner, both.fact, both.is_written, both.is_read) == (Owner.LATEST, "justification", True, True)
    assert inward == FieldRule("business_service", None, Direction.IN, Owner.THEIRS, "resource.business_service")
    assert (none.is_written, none.is_read) == (False, False)
    assert outgoing(text) == {"justification": "Reads invoices and books them."}


def test_a_kind_has_its_own_fields_over_those_of_all():
    found = mapping("""
    fields: {u_a: "for all", u_b: "for all"}
    kinds: {incident: {fields: {u_b: "incident"}}}
    """)

    assert found.outgoing(CHANGE, FACTS) == {"u_a": "for all", "u_b": "for all"}
    assert found.outgoing(INCIDENT, FACTS) == {"u_a": "for all", "u_b": "incident"}


def test_risk_becomes_the_priorities_of_its_level_and_other_levels_are_left_alone():
    found = mapping("priorities: {high: {impact: 1, urgency: '2'}}")

    assert found.outgoing(CHANGE, FACTS) == {"impact": "1", "urgency": "2"}
    assert found.outgoing(CHANGE, {"risk": {"level": "low"}}) == {}
    assert found.outgoing(CHANGE, {}) == {}


def test_states_are_read_and_written_by_kind():
    found = mapping("""
    states: {in: {"11": in_approval}}
    kinds: {incident: {states: {out: {closed: 6}}}}
    """)

    assert found.of(CHANGE).read == {"11": TicketState.IN_APPROVAL}
    assert found.of(INCIDENT).written == {TicketState.CLOSED: "6"}


def test_people_are_named_by_address_whatever_its_case_or_found_by_an_attribute():
    users = mapping("""
    users:
      people: {Dana.Reyes@example.com: dreyes}
      by: employee_number
      value: "E-{resource.employee}"
      default: countersign
    """).users

    assert (users.named("dana.reyes@EXAMPLE.com"), users.named("lee@example.com")) == ("dreyes", "")
    assert users.sought({"resource": {"employee": "12"}}, "dana@example.com") == "E-12"
    assert (users.by, users.default) == ("employee_number", "countersign")


MISTAKES = [
    ("feilds: {}", 1, "feilds", "'feilds' is not a key here. Did you mean 'fields'?"),
    ('fields:\n  u_a: "{request.refrence}"', 2, "fields.u_a", "Did you mean 'request.reference'?"),
    ('fields:\n  u_a: "{request.reference"', 2, "fields.u_a", "A single '{' stands here"),
    ("fields:\n  u_a:\n    cel: 'requestor.email'", 3, "fields.u_a.cel", "Did you mean 'requester'?"),
    ("fields:\n  u_a:\n    cel: 'risk.'", 3, "fields.u_a.cel", "cannot be read"),
    ("fields:\n  u_a: {cel: 'risk.score', value: x}", 2, "fields.u_a", "Give either 'value' (a template) or 'cel'"),
    ("fields:\n  u_a: {value: x, direction: inn}", 2, "fields.u_a.direction", "Did you mean 'in'?"),
    ("fields:\n  u_a: {value: x, owner: our}", 2, "fields.u_a.owner", "Did you mean 'ours'?"),
    ("fields:\n  u_a: {direction: out}", 2, "fields.u_a", "needs its value"),
    ("fields:\n  u_a: {direction: in}", 2, "fields.u_a", "names the fact that it feeds"),
    ("fields:\n  u_a: {value: x, fact: justification}", 2, "fields.u_a.fact", "Nothing comes from this field."),
    ("fields:\n  u_a: {direction: in, fact: change.starts_at}", 2, "fields.u_a", "travels both ways, and is ours in doubt"),
    ("fields:\n  u_a: {direction: both, owner: theirs, fact: change.ends_at}", 2, "fields.u_a", "is ours in doubt"),
    ("fields:\n  u_a: {value: x, direction: both, fact: change.ends_at}", 2, "fields.u_a.value",
     "What it holds is said by 'change.ends_at'."),
    ("fields:\n  u_a: {direction: in, fact: incident.severity}", 2, "fields.u_a", "'incident.severity' travels both ways."),
    ("fields:\n  u_a: {value: x, direction: both, fact: incident.severity}", 2, "fields.u_a.value",
     "What it holds is said by 'incident.severity'."),
    ("fields:\n  u_a: {direction: in, fact: requester.email}", 2, "fields.u_a.fact", "is no fact that may be fed"),
    ("fields:\n  u_a: {value: x, direction: both, fact: justification, values: {a: '1', b: '1'}}", 2,
     "fields.u_a.values", "could not be read back"),
    ("fields:\n  state: '3'", 2, "fields.state", "A ticket is moved, not edited"),
    ("kinds:\n  incident:\n    fields:\n      priority: '1'", 4, "kinds.incident.fields.priority",
     "The system calculates it from impact and urgency"),
    ("priorities:\n  hihg: {impact: '1'}", 2, "priorities.hihg", "Did you mean 'high'?"),
    ("states:\n  out:\n    approved: '5'", 3, "states.out.approved", "ServiceNow walks a change through its own model"),
    ("states:\n  in:\n    '-5': closed", 3, "states.in.-5", "What '-5' means is fixed by the system for change."),
    ("states:\n  in:\n    '11': aproved", 3, "states.in.11", "Did you mean 'approved'?"),
    ("users:\n  people: {dana: dreyes}", 2, "users.people.dana", "'dana' is no e-mail address."),
    ("users:\n  value: x", 2, "users.value", "give 'by' too"),
    ("kinds:\n  incidnet: {}", 2, "kinds.incidnet", "Did you mean 'incident'?"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "key", "message"), MISTAKES)
def test_a_mistake_is_named_with_its_file_line_and_key(text, line, key, message):
    with pytest.raises(ConfigError) as caught:
        mapping(text)

    found = caught.value
    assert message in found.message
    assert (found.file, found.line) == ("map.yaml", line)
    assert found.key == key or f"'{key}'" in found.message


DECLARED = Limits(declared={"reason": None, "cost_centre": None, "number": GIVEN, "state": MOVED}, sections=("fields",))
NO_FIELDS = "none: declare some under 'fields' of its file"


@pytest.mark.parametrize(
    ("text", "limits", "key", "message", "accepted"),
    [
        ("fields:\n  nosuch: x", DECLARED, "fields.nosuch", "no field 'nosuch'", tuple(DECLARED.declared)),
        ("fields:\n  reson: x", DECLARED, "fields.reson", "Did you mean 'reason'?", tuple(DECLARED.declared)),
        ("fields:\n  state: x", DECLARED, "fields.state", "'state' cannot be written. A ticket is moved", ("direction: in",)),
        ("fields:\n  number: x", DECLARED, "fields.number", "The system gives it.", ("direction: in",)),
        ("states:\n  in: {a: closed}", DECLARED, "states", "is not a key here", ("fields", "kinds")),
        ("kinds:\n  change: {priorities: {}}", DECLARED, "kinds.change.priorities", "is not a key here", ("fields",)),
        ("fields:\n  reason: x", replace(DECLARED, declared={}), "fields.reason", "no field 'reason'", (NO_FIELDS,)),
        ("fields:\n  reason: x", replace(DECLARED, cannot_write="It cannot."), "fields.reason", "It cannot.",
         ("direction: in", "direction: none")),
    ],
)  # fmt: skip
def test_of_a_declared_system_a_mapping_names_what_its_file_declares_and_nothing_else(
    text, limits, key, message, accepted
):
    with pytest.raises(ConfigError) as caught:
        read_mapping(parse_yaml(text, file="map.yaml"), limits)

    assert message in caught.value.message
    assert (caught.value.file, caught.value.key, caught.value.accepted) == ("map.yaml", key, accepted)


def test_what_is_only_read_may_be_given_by_the_system():
    text = "fields: {number: {direction: in, fact: resource.number}}"
    (rule,) = read_mapping(parse_yaml(text, file="map.yaml"), DECLARED).fields(CHANGE)
    assert (rule.target, rule.fact) == ("number", "resource.number")


def test_a_mistake_for_every_kind_is_one_problem():
    with pytest.raises(ConfigError) as caught:
        mapping("fields: {u_a: {value: x, owner: our}}")

    assert "problems" not in caught.value.message
    assert caught.value.accepted == ("ours", "theirs", "latest")


def test_jira_finds_people_by_their_address_alone_and_says_so():
    with pytest.raises(ConfigError, match="name those under 'people'"):
        mapping("users: {by: employee}", "jira")


def test_the_documented_facts_are_the_ones_that_there_are():
    page = (Path(__file__).parents[4] / "docs" / "connectors" / "mapping.md").read_text()
    for subject, fields in FACTS.items():
        row = next(line for line in page.splitlines() if line.startswith(f"| `{subject}` |"))
        names = fields if isinstance(fields, dict) else fields[0]
        assert [name for name in names if f"`{name}`" not in row] == []


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=8), min_size=1, max_size=5))
def test_what_a_table_of_values_writes_it_reads_back_where_no_two_are_one(values):
    distinct = {ours: theirs for theirs, ours in {theirs: ours for ours, theirs in values.items()}.items()}
    rule = FieldRule("u_a", None, values=distinct)

    assert [rule.ours(theirs) for theirs in distinct.values()] == list(distinct)


@pytest.mark.row("N1", "G6")
@pytest.mark.parametrize(
    ("fields", "direction"),
    [
        ("{}", Direction.OUT),
        (
            "{start_date: {direction: both, fact: change.starts_at}, end_date: {direction: both, fact: change.ends_at}}",
            Direction.BOTH,
        ),
        ("{start_date: {direction: both, fact: change.starts_at}}", Direction.NONE),
        (
            "{start_date: {direction: both, fact: change.ends_at}, end_date: {direction: both, fact: change.starts_at}}",
            Direction.NONE,
        ),
        ("{start_date: {direction: none}, end_date: {direction: none}}", Direction.NONE),
        ('{start_date: "{request.created_at}"}', Direction.NONE),
    ],
)
def test_the_file_says_which_way_planned_dates_travel_and_keeps_those_that_it_fills_itself(fields, direction):
    mapped = MappedFields(
        read_mapping(parse_yaml(f"fields: {fields}", file="map.yaml"), limits_of("servicenow")), "https://c.example"
    )

    assert mapped.times(TicketKind.CHANGE, ("start_date", "end_date")) is direction
    kept = {rule.field for rule in mapped.rules(TicketKind.CHANGE)}
    assert kept == ({"start_date"} if "created_at" in fields else set())


@pytest.mark.row("N1", "S3")
@pytest.mark.parametrize(
    ("written", "way"),
    [
        ("fields: {}", (Direction.OUT, Owner.OURS)),
        ("fields: {impact: {direction: both, fact: incident.severity}}", (Direction.BOTH, Owner.OURS)),
        (
            "fields: {urgency: {direction: both, owner: latest, fact: incident.severity}}",
            (Direction.BOTH, Owner.LATEST),
        ),
        ("fields: {impact: {direction: none}}", (Direction.NONE, Owner.OURS)),
        ('fields: {impact: "2"}', (Direction.NONE, Owner.OURS)),  # the file fills it itself
        ('priorities: {high: {urgency: "1"}}', (Direction.NONE, Owner.OURS)),
    ],
)
def test_the_file_says_which_way_severities_of_incidents_travel(written, way):
    mapping = read_mapping(parse_yaml(f"kinds: {{incident: {{{written}}}}}", file="map.yaml"), limits_of("servicenow"))
    mapped = MappedFields(mapping, "https://c.example")
    assert mapped.severities(("impact", "urgency")) == way
    assert mapped.rules(TicketKind.INCIDENT) == () or 'impact: "2"' in written
