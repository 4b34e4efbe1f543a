"""Rules in YAML: what is wrong is said with its place, what is accepted and what was probably meant (N5)."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.settings import SHIPPED
from config.yamlfile import load_yaml, parse_yaml
from core.access_requests import read_endpoint
from core.automation import ActionKind, KnownSystem, Limits, Mode, Rule, Surroundings, load_rulebook, read_rules
from core.automation.triggers import EXAMPLES, TRIGGERS, subjects_of
from core.errors import ConfigError
from core.ids import TenantId

KEPT = {"change": {"justification"}, "emergency_change": {"justification"}}  # of tickets in ServiceNow, by a mapping


def why_not(kind, field):
    if field == "state":
        return "The action 'transition' does that."
    return "A mapping keeps it." if field in KEPT.get(kind, ()) else ""


SYSTEMS = {
    "jira": KnownSystem(("change", "incident")),
    "servicenow": KnownSystem(("change", "incident"), why_not=why_not),
    "desk": KnownSystem(("change",), fields=("impact", "cost_centre")),
}
AROUND = Surroundings(SYSTEMS, read_endpoint)
DOCS = Path(__file__).parents[4] / "docs" / "automation.md"


def read(text, around=AROUND):
    return read_rules(parse_yaml(text, file="acme.yaml"), around)


def rule(**changes):
    fields = {
        "name": "tell-the-owner",
        "on": "request.opened",
        "then": '[{notify: {role: security_manager, text: "{request.reference}"}}]',
        **changes,
    }
    return "rules:\n  - " + "\n    ".join(f"{key}: {value}" for key, value in fields.items()) + "\n"


@pytest.mark.row("N5")
def test_a_rule_says_when_under_which_condition_what_is_done_and_how_often():
    (found,) = read(
        rule(
            on="[bypass.granted, ticket.closed]",
            when="'time.working_hours'",
            limits="{per_hour: 3, per_subject: 1}",
            react_to_own="true",
            mode="dry_run",
        )
    )
    assert (found.on, found.limits) == (("bypass.granted", "ticket.closed"), Limits(3, 1))
    assert (found.react_to_own, found.mode, found.source) == (True, Mode.DRY_RUN, "acme.yaml:2")
    assert [(action.kind, action.fixed) for action in found.then] == [
        (ActionKind.NOTIFY, {"who": "role", "to": "security_manager"})
    ]


@pytest.mark.row("N5")
@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (rule(on="request.openned"), 3, "Did you mean 'request.opened'?"),
        (rule(whem="'true'"), 5, "Did you mean 'when'?"),
        (rule(when="'request.refrence == \"x\"'"), 5, "Did you mean 'reference'?"),
        (rule(when="'bypass.risk == \"high\"'"), 5, "A condition here cannot speak of 'bypass'."),
        (rule(then='[{notify: {role: security_manager, text: "{request.refrence}"}}]'), 4, "Did you mean 'reference'?"),
        (rule(then='[{notify: {role: security_manager, text: "{ticket.number}"}}]'), 4, "cannot speak of 'ticket'"),
        (rule(then='[{notify: {role: security_manager, text: "{"}}]'), 4, "a brace itself is written twice: '{{'"),
        (rule(then="[{notify: {role: security_manger, text: x}}]"), 4, "security_manager"),
        (rule(then="[{notify: {text: x}}]"), 4, "a person, a role or a channel"),
        (rule(then="[{notfy: {channel: x, text: x}}]"), 4, "Did you mean 'notify'?"),
        (rule(then="[{create_ticket: {system: jria, kind: incident, summary: x}}]"), 4, "Did you mean 'jira'?"),
        (rule(then="[{create_ticket: {system: desk, kind: incident, summary: x}}]"), 4, "Accepted: change."),
        (rule(then="[{update_ticket: {fields: {impact: 1}}}]"), 4, "Say which 'system'"),
        (rule(then="[{update_ticket: {system: jria, fields: {impact: 1}}}]"), 4, "Did you mean 'jira'?"),
        (rule(then="[{update_ticket: {system: jira, field: {impact: 1}}}]"), 4, "Did you mean 'fields'?"),
        (rule(then="[{update_ticket: {system: jira, fields: {}}}]"), 4, "Name at least one field"),
        (rule(then="[{update_ticket: {system: jira, fields: {impact: [1]}}}]"), 4, "Here stands a text."),
        (rule(then='[{update_ticket: {system: jira, fields: {x: "{request.refrence}"}}}]'), 4, "'reference'?"),
        (rule(then="[{update_ticket: {system: desk, fields: {cost_center: 1}}}]"), 4, "Did you mean 'cost_centre'?"),
        (rule(then="[{update_ticket: {system: desk, fields: {risk: 1}}}]"), 4, "Accepted: impact, cost_centre."),
        (rule(then="[{update_ticket: {system: servicenow, fields: {state: 3}}}]"), 4, "The action 'transition'"),
        (rule(then="[{update_ticket: {system: servicenow, fields: {justification: x}}}]"), 4, "A mapping keeps it."),
        (rule(then="[{transition: {to: closed}}]"), 4, "Say which 'system'"),
        (rule(then="[{transition: {system: jira, to: close}}]"), 4, "Did you mean 'closed'?"),
        (rule(on="bypass.granted", then="[{comment: {on: request, text: x}}]"), 4, "Comments stand under requests"),
        (
            rule(then="[{open_approval: {action: agent.create, resource: {owner: x}, justification: x}}]"),
            4,
            "Name the agent",
        ),
        (rule(then="[{call_webhook: {url: https://x.example, secret: whsec_c2VjcmV0}}]"), 4, "say where it is"),
        (rule(then="[{call_webhook: {url: ftp://x.example, secret: {env: X}}}]"), 4, "This is no web address."),
        (rule(then="[]"), 4, "1 to 10 actions"),
        (rule(name="Tell the owner"), 2, "is no name"),
        (rule(limits="{per_hour: 0}"), 5, "not a whole number from 1"),
    ],
)
def test_a_mistake_is_said_with_its_line_and_what_would_be_accepted(text, line, said):
    with pytest.raises(ConfigError) as refused:
        read(text)
    assert (refused.value.file, refused.value.line) == ("acme.yaml", line)
    assert said in refused.value.sentence()
    assert "c2VjcmV0" not in refused.value.sentence()


@pytest.mark.row("N5")
def test_what_a_field_shall_hold_may_be_a_text_a_number_a_yes_or_no_or_nothing():
    (found,) = read(rule(then='[{update_ticket: {system: jira, fields: {a: "{request.risk}", b: 2, c: true, d: ""}}}]'))
    (action,) = found.then
    assert (action.kind, action.system) == (ActionKind.UPDATE_TICKET, "jira")
    texts = {name: template.text for name, template in action.texts.items()}
    assert texts == {"fields.a": "{request.risk}", "fields.b": "2", "fields.c": "true", "fields.d": ""}


@pytest.mark.row("N5")
@pytest.mark.parametrize("trigger", ["ticket.closed", "ticket.changed"])
def test_a_field_that_is_kept_in_some_kinds_of_tickets_may_be_written_in_others(trigger):
    for action in (
        "{update_ticket: {fields: {justification: x}}}",
        "{update_ticket: {system: servicenow, fields: {justification: x}}}",
    ):
        (found,) = read(rule(on=trigger, then=f"[{action}]"))
        assert len(found.then) == 1


@pytest.mark.row("N5")
def test_a_field_that_is_nobody_s_to_write_is_refused_for_each_event_at_which_it_is():
    text = rule(
        on="[request.opened, ticket.closed]", then="[{update_ticket: {system: servicenow, fields: {justification: x}}}]"
    )
    with pytest.raises(ConfigError, match="A mapping keeps it"):
        read(text)


@pytest.mark.row("N5")
def test_a_version_changes_with_what_a_rule_says_and_with_nothing_else():
    (plain,), (described,) = read(rule()), read(rule(description="For the owner."))
    (limited,) = read(rule(limits="{per_hour: 1}"))
    assert plain.version == described.version != limited.version


@pytest.mark.row("N5")
def test_a_tenant_has_the_rules_of_its_file_and_of_its_folder(tmp_path):
    (tmp_path / "acme.yaml").write_text(rule())
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "more.yaml").write_text(rule(name="another"))
    book = load_rulebook(tmp_path, {"acme": SYSTEMS}, check_url=read_endpoint)
    assert [each.name for each in book.of(TenantId("acme"))] == ["tell-the-owner", "another"]
    assert book.of(TenantId("northwind")) == ()
    (tmp_path / "acme" / "more.yaml").write_text(rule())
    with pytest.raises(ConfigError, match="two rules 'tell-the-owner'"):
        load_rulebook(tmp_path, {"acme": SYSTEMS}, check_url=read_endpoint)


@pytest.mark.row("N5")
def test_the_rules_that_ship_are_read_without_any_ticket_system_and_do_nothing_yet():
    book = load_rulebook(SHIPPED / "automation", {}, check_url=read_endpoint)
    rules = book.of(TenantId("enterprise-corp"))
    assert {each.mode for each in rules} == {Mode.DRY_RUN}
    assert len(rules) == 2


@pytest.mark.row("N5")
def test_the_documentation_names_every_event_and_variable_and_its_examples_are_accepted(tmp_path):
    text = DOCS.read_text()
    assert [trigger for trigger in TRIGGERS if f"`{trigger}`" not in text] == []
    names = [f"{subject}.{name}" for subject, fields in EXAMPLES.items() for name in fields]
    assert [name for name in names if f"`{name}`" not in text] == []
    examples = [block.partition("```")[0] for block in text.split("```yaml\n")[1:]]
    read_examples: list[Rule] = []
    for number, example in enumerate(examples):
        file = tmp_path / f"{number}.yaml"
        file.write_text(example)
        read_examples += read_rules(load_yaml(file), AROUND)
    assert len(read_examples) >= 3
    assert {action.kind for each in read_examples for action in each.then} == set(ActionKind)


@pytest.mark.row("N5")
def test_what_can_be_spoken_of_follows_from_what_is_listened_to():
    assert "bypass" not in subjects_of(["request.opened"])
    assert {"ticket", "request", "bypass"} <= set(subjects_of(["ticket.closed"]))
