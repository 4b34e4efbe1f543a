"""What a mapping file makes of a ticket, over real HTTP, in every system that takes one (N1, N2, N3)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from config.yamlfile import parse_yaml
from connectors.itsm.base import Health, Refused, TicketDraft, TicketKind
from connectors.itsm.mapping import FACTS
from connectors.itsm.rehearsal import rehearse_create
from connectors.itsm.rule_checking import examine_rules
from connectors.itsm.tickets import OUR_NAMES
from core.automation import AskedField, Surroundings, asked_fields, read_rules
from tests.contract.itsm.bench import Bench, make_draft, patch
from tests.contract.itsm.systems import MAPPED

pytestmark = pytest.mark.row("N1", "N2", "N3")


@pytest.fixture(params=MAPPED)
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with MAPPED[request.param]() as running:
        yield running


def asked_for(key: str, kind: TicketKind = TicketKind.CHANGE) -> TicketDraft:
    facts = {**FACTS, "resource": {**FACTS["resource"], "environment": "prod"}}
    return replace(make_draft(key, kind, {}), requester_email="dana.reyes@example.com", facts=facts)


async def test_a_mapping_decides_over_fields_priorities_and_the_person(bench):
    mapped = bench.connect(mapping=bench.map(bench.mapping))
    await mapped.create(asked_for("mapped-1"))
    found = bench.values("mapped-1")
    await mapped.close()

    assert {name: found.get(name) for name in bench.mapped} == bench.mapped


async def test_a_mapping_decides_over_the_state_as_far_as_the_system_allows(bench):
    kind, target, label = bench.mapped_state
    mapped = bench.connect(mapping=bench.map(bench.mapping))
    ticket = await mapped.create(asked_for("mapped-2", kind))
    moved = await mapped.update(ticket, patch(target, note="as mapped"))
    again = await mapped.update(ticket, patch(target, note="as mapped"))
    await mapped.close()

    assert (moved.label, again.label) == (label, label)


async def test_a_mapped_field_that_cannot_be_told_refuses_the_ticket_and_names_the_field(bench):
    mapped = bench.connect(mapping=bench.map("fields: {x: {cel: 'int(resource.name + resource.environment)'}}"))

    with pytest.raises(Refused, match="The mapping's field 'x' cannot be told") as refused:
        await mapped.create(asked_for("mapped-3"))
    await mapped.close()

    assert refused.value.field == "x"
    assert bench.with_key("mapped-3") == []


async def test_the_doctor_looks_at_every_mapped_field_state_and_person(bench):
    mapped = bench.connect(mapping=bench.map(bench.mapping))
    result = await mapped.check()
    await mapped.close()

    found = [one for one in result.findings if one.subject.startswith("Mapped")]
    assert {(one.health, one.next_step) for one in found} == {(Health.OK, "")}
    assert len(found) >= len(bench.mapped) - 1


async def test_the_doctor_names_a_field_that_is_not_there_one_that_is_read_only_and_a_value_it_does_not_take(bench):
    field, value = bench.choice
    lines = [f"{field}: {value}", "u_nowhere: x", *([f"{bench.read_only}: x"] if bench.read_only else ())]
    mapped = bench.connect(mapping=bench.map(f"kinds: {{change: {{fields: {{{', '.join(lines)}}}}}}}"))
    result = await mapped.check()
    await mapped.close()

    failed = {one.subject.split()[2]: one.message for one in result.findings if one.health is Health.FAILED}
    assert failed.pop("u_nowhere").startswith("There is no such field.")
    assert not result.is_usable
    if bench.read_only:
        assert failed.pop(bench.read_only.split()[0]) == "It cannot be written."
    (message,) = failed.values()
    assert message.startswith(f"It does not take '{value}', but ")


async def test_a_rehearsal_that_fails_before_any_write_says_why(bench):
    mapped = bench.connect(mapping=bench.map("fields: {x: {cel: 'int(resource.name + resource.environment)'}}"))

    with pytest.raises(Refused, match="The mapping's field 'x' cannot be told"):
        await rehearse_create(mapped, asked_for("tried-2"))
    await mapped.close()


def ruled(on: str, fields: str) -> list[AskedField]:
    text = f"rules: [{{name: mark-it, on: {on}, then: [{{update_ticket: {{system: any, fields: {{{fields}}}}}}}]}}]"
    rules = read_rules(parse_yaml(text, file="rules.yaml"), Surroundings(None, str))
    return list(asked_fields(rules, "any"))


async def test_the_doctor_says_how_the_fields_that_rules_write_stand(bench):
    field, value = bench.choice
    wrong = f"{field}: {value}, u_nowhere: '{{request.reference}}', {bench.field}: '{{request.reference}}'"
    lines = f"{wrong}, {bench.read_only}: x" if bench.read_only else wrong
    system = bench.connect()
    found = await examine_rules(system, ruled("request.opened", lines), tuple(TicketKind))
    await system.close()

    said = {one.subject: (one.health, one.message) for one in found}
    assert said[f"Field {bench.field} of rule mark-it"][0] is Health.OK
    assert said["Field u_nowhere of rule mark-it"][0] is Health.FAILED
    assert said["Field u_nowhere of rule mark-it"][1].startswith("There is no such field.")
    health, message = said[f"Field {field} of rule mark-it"]
    assert (health, message.startswith(f"It does not take '{value}', but ")) == (Health.FAILED, True)
    if bench.read_only:
        assert said[f"Field {bench.read_only} of rule mark-it"][0] is Health.FAILED


@pytest.mark.row("N5")
async def test_a_field_by_that_systems_own_name_is_filled_in_a_new_ticket(bench):
    value = "By the rule's own word."
    system = bench.connect()
    await system.create(make_draft("ruled-1", fields={**bench.new_fields, "u_nowhere": value}))
    await system.close()

    found = bench.values("ruled-1")
    assert {name: found.get(name) for name in bench.new_values} == bench.new_values
    described = found[bench.describes]
    assert f"U nowhere: {value}" in described
    assert not any(str(each) in described for each in bench.new_fields.values())


@pytest.mark.row("N5")
async def test_the_doctor_says_how_the_fields_of_tickets_that_rules_make_stand(bench):
    field, value = bench.choice
    (name, *_rest) = bench.new_fields
    lines = f"'{field}': {value}, u_nowhere: x, '{name}': '{{request.reference}}', business_service: Payments"
    lines += f", '{bench.reserved}': x"
    text = (
        "rules: [{name: make-it, on: request.opened, then: [{create_ticket: {system: any, kind: change, summary: x, "
        f"fields: {{{lines}}}}}}}]}}]"
    )
    rules = read_rules(parse_yaml(text, file="rules.yaml"), Surroundings(None, str))
    system = bench.connect()
    found = await examine_rules(system, asked_fields(rules, "any"), (TicketKind.CHANGE,))
    await system.close()

    said = {one.subject.removeprefix("Field ").removesuffix(" of rule make-it"): one for one in found}
    assert said[name].health is Health.OK
    assert "business_service" not in said  # ours, and told in the description at least
    assert said["u_nowhere"].message.startswith("There is no such field.")
    assert "rules.yaml:" in said["u_nowhere"].next_step
    assert said[bench.reserved].message == "It cannot be written."
    if field not in OUR_NAMES:  # whose words are ours, like high
        assert said[field].message.startswith(f"It does not take '{value}', but ")


@pytest.mark.parametrize(("slug", "name"), [("servicenow", "backout_plan"), ("remedy", "Reason For Change")])
async def test_the_doctor_warns_of_a_field_that_only_some_of_a_rules_tickets_have(slug, name):
    async with MAPPED[slug]() as running:
        system = running.connect()
        (found,) = await examine_rules(system, ruled("ticket.changed", f"'{name}': x"), tuple(TicketKind))
        await system.close()

    assert (found.health, found.message) == (
        Health.WARNING,
        "Tickets of kind incident have no such field; the rule cannot write it there.",
    )
