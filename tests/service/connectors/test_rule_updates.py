"""Rules write fields of tickets, in each system: once, not over people, and none that has another owner (N5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from connectors.itsm.base import OutcomeUnknown, Ticket, TicketKind
from connectors.itsm.happenings import EVENTS
from connectors.itsm.inbox import TicketInbox
from connectors.itsm.mapping import Mapping
from connectors.itsm.registry import CONNECTORS
from connectors.itsm.rule_fields import RuleFields
from connectors.itsm.settling import FieldSync
from connectors.itsm.subscriber import TicketSync
from core.approvals import comment, get_request, withdraw
from core.automation import rehearse
from core.outbox import Subscription
from sandbox.faults import Fault
from tests.automation_world import ADMINISTRATOR, SOON
from tests.contract.itsm.systems import SYSTEMS
from tests.factories import ask
from tests.service.connectors.mapped import OneField
from tests.service.connectors.test_rule_tickets import bench_ticket, ticket_of, world

pytestmark = pytest.mark.row("N5")
CHANGE = TicketKind.CHANGE
TYPES = frozenset(map(str, EVENTS))


@pytest.fixture(params=SYSTEMS)
async def bench(request):
    async with SYSTEMS[request.param]() as running:
        yield running


@pytest.fixture
async def servicenow():
    async with SYSTEMS["servicenow"]() as running:
        yield running


@pytest.fixture
async def told(company, catalogue):
    """What is told of a rule that acted upon a new request, once everything that follows from it is delivered."""
    opened: list[Any] = []

    async def tell(bench, yaml, *, fields=None, through=None):
        connected = bench.connect(read_timeout_s=2.0, total_timeout_s=10.0)
        opened.append(connected)
        rules = world(company, catalogue, yaml, through(connected) if through else connected)
        rules.fields = fields or RuleFields(is_verbatim=bench.capabilities.verbatim_fields)
        request_id = (await ask(company, catalogue)).request_id
        await rules.settle()
        return Told(rules, request_id, connected, await ticket_of(company, request_id))

    yield tell
    for each in opened:
        await each.close()


@dataclass(frozen=True)
class Told:
    rules: Any
    request_id: Any
    system: Any
    link: Any

    async def there(self, field):
        reading = await self.system.read(CHANGE, self.link.external_id, (field,))
        return reading.fields[field]

    async def effect(self):
        """Of the rule's one run, its one effect."""
        (run,) = await self.rules.history()
        (effect,) = run.effects
        return effect


@dataclass
class Watched:
    """A connection whose writes of fields are counted; after the first, `then` may happen and its answer be lost."""

    then: Any = None
    system: Any = None
    writes: int = 0

    def __call__(self, system: Any) -> Watched:
        self.system = system
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self.system, name)

    async def write(self, ticket: Ticket, fields: Any) -> Any:
        self.writes += 1
        reading = await self.system.write(ticket, fields)
        if self.then is None or self.writes > 1:
            return reading
        await self.then(ticket)
        raise OutcomeUnknown("The answer was lost.")


def updating(fields, on="request.opened", system="system: desk, "):
    return f"  - name: mark\n    on: {on}\n    then: [{{update_ticket: {{{system}fields: {fields}}}}}]\n"


async def commented(company, found):
    actor = company.actor("agent_developer")
    await comment(company.database, actor, found.request_id, kind="comment", text="Looked at.")
    await found.rules.settle()


def marking(bench, words="Marked by {request.reference}."):
    return updating(f'{{"{bench.field}": "{words}"}}')


async def test_a_field_holds_what_the_rule_says_and_the_history_shows_what_stood_there(bench, told):
    found = await told(bench, marking(bench))
    assert await found.there(bench.field) == "Marked by REQ-1001."
    effect = await found.effect()
    assert (effect.kind, effect.state) == ("update_ticket", "done")
    assert effect.values[f"fields.{bench.field}"] == "Marked by REQ-1001."
    assert f"before.{bench.field}" in effect.values
    assert effect.outcome.startswith(f"{found.link.number}: {bench.field} is 'Marked by REQ-1001.' now, and was '")


async def test_a_rehearsal_shows_the_fields_exactly_and_writes_nothing(company, bench, told):
    found = await told(bench, marking(bench).replace("name: mark", "name: mark\n    mode: dry_run"))
    (rule,) = found.rules.book.of(company.tenant)
    (would,) = await rehearse(company.database, company.actor(ADMINISTRATOR), rule)
    (action,) = would.actions
    assert (action.kind, action.system) == ("update_ticket", "desk")
    assert action.values == {f"fields.{bench.field}": "Marked by REQ-1001."}
    assert "Marked" not in await found.there(bench.field)
    assert (await found.effect()).state == "rehearsed"


async def test_our_own_writing_fires_no_rule_again(bench, told):
    yaml = marking(bench) + updating(f'{{"{bench.field}": "Again."}}', on="ticket.changed", system="").replace(
        "name: mark", "name: again"
    )
    found = await told(bench, yaml)
    before = await found.rules.results("again")
    for _ in range(3):
        await found.rules.look()
    assert await found.rules.results("mark") == ["fired"]
    assert await found.rules.results("again") == before == []
    assert await found.there(bench.field) == "Marked by REQ-1001."


@pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.COMMIT_THEN_TIMEOUT, Fault.SERVER_ERROR, Fault.DOWN])
async def test_a_write_that_failed_is_repeated_and_holds(company, bench, told, fault):
    found = await told(bench, updating(f'{{"{bench.field}": "Once."}}', on="request.commented"))
    found.rules.more.clear()  # nobody else writes to the ticket
    bench.fail(fault, 2, retry_after=0.0, match=bench.field_write(found.link))
    await commented(company, found)
    assert (await found.effect()).state == "done"
    assert await found.there(bench.field) == "Once."


async def test_a_write_whose_answer_was_lost_is_not_written_twice(bench, told):
    async def nothing(_ticket):
        return

    watched = Watched(nothing)
    found = await told(bench, marking(bench), through=watched)
    assert ((await found.effect()).state, watched.writes) == ("done", 1)
    assert await found.there(bench.field) == "Marked by REQ-1001."


async def test_what_a_person_writes_before_the_repetition_stays(bench, told):
    async def edited(ticket):
        await bench.edit(ticket, {bench.field: "A person's."})

    found = await told(bench, marking(bench), through=Watched(edited))
    assert await found.there(bench.field) == "A person's."
    effect = await found.effect()
    assert (effect.state, f"{bench.field} was changed there meanwhile and stays 'A person's.'" in effect.outcome) == (
        "done",
        True,
    )


async def test_what_stands_there_already_is_not_written_again(company, bench, told):
    watched = Watched()
    found = await told(bench, updating(f'{{"{bench.field}": "Discussed."}}', on="request.commented"), through=watched)
    for _ in range(2):
        await commented(company, found)
    first, second = [run.effects[0] for run in await found.rules.history()]
    assert (first.state, second.state, watched.writes) == ("done", "done", 1)
    assert second.outcome == f"{found.link.number}: {bench.field} was 'Discussed.' already."


async def test_a_field_that_the_system_does_not_have_makes_a_dead_letter_that_names_it(bench, told):
    effect = await (await told(bench, updating("{u_nowhere: x}"))).effect()
    assert (effect.state, "u_nowhere" in effect.outcome) == ("dead", True)


@pytest.mark.parametrize("slug", ["jira-cloud", "jira-datacenter", "remedy"])
async def test_a_value_that_the_system_refuses_makes_a_dead_letter_with_its_reason(told, slug):
    async with SYSTEMS[slug]() as bench:
        field, wrong = bench.choice
        found = await told(bench, updating(f'{{"{field}": "{wrong}"}}'))
        effect = await found.effect()
        assert (effect.state, wrong in effect.outcome) == ("dead", True)
        assert await found.there(field) != wrong


async def test_a_value_that_the_system_drops_in_silence_makes_a_dead_letter(servicenow, told):
    field = servicenow.read_only
    effect = await (await told(servicenow, updating(f"{{{field}: x}}"))).effect()
    assert (effect.state, f"'{field}' still holds ''" in effect.outcome) == ("dead", True)


async def test_a_field_that_the_mapping_keeps_is_refused_at_the_ticket_too(bench, told):
    mapping = bench.map(f'kinds: {{change: {{fields: {{"{bench.field}": "{{request.justification}}"}}}}}}')
    found = await told(bench, marking(bench), fields=RuleFields(mapping))
    effect = await found.effect()
    assert (effect.state, "would put a rule's value back" in effect.outcome) == ("dead", True)
    assert "Marked" not in await found.there(bench.field)


@pytest.mark.parametrize("slug", ["jira-cloud", "jira-datacenter"])
async def test_a_field_is_known_under_each_of_its_names(told, slug):
    async with SYSTEMS[slug]() as bench:
        mapping = bench.map("kinds: {change: {fields: {customfield_10028: Production}}}")
        effect = await (await told(bench, updating("{Environments: Staging}"), fields=RuleFields(mapping))).effect()
        assert (effect.state, "keeps 'customfield_10028'" in effect.outcome) == ("dead", True)
        labels = RuleFields.of(CONNECTORS["jira"], Mapping(), keys={})
        assert "Our key" in labels.why_not(CHANGE, "Labels")


async def test_a_ticket_that_is_gone_makes_a_dead_letter(company, bench, told):
    yaml = updating(f'{{"{bench.field}": x}}', on="request.withdrawn")
    found = await told(bench, yaml)
    await bench.delete(bench_ticket(found.link))
    found.rules.more.clear()  # nobody else touches the ticket
    await withdraw(company.database, company.actor("agent_developer"), found.request_id)
    await found.rules.settle()
    effect = await found.effect()
    assert (effect.state, "is gone there" in effect.outcome) == ("dead", True)


async def test_what_the_system_makes_of_our_writing_leads_to_no_rule_that_led_there(
    company, catalogue, servicenow, told
):
    """As where a rule of theirs calculates a mapped field from the one that ours has written."""
    yaml = updating('{backout_plan: "{request.revision}"}', on="request.amended")
    found = await told(servicenow, yaml)
    tenant, database = company.tenant, company.database
    fields = FieldSync(tenant, found.system, database, catalogue, OneField("justification"))
    sync = TicketSync("desk", tenant, found.system, database, fields)
    found.rules.more[:] = [Subscription("desk", TYPES, sync.deliver, SOON, deliver_many=sync.deliver_many)]
    inbox = TicketInbox("desk", tenant, found.system, database, maps_fields=True)
    await fields.settle(found.link)
    assert await inbox.look()  # from here on

    async def changed_by(account, words):
        change = {"justification": words, "sys_updated_by": account}
        await servicenow.system.edit("change_request", found.link.external_id, change)
        company.advance(seconds=30)
        assert await inbox.look()
        await found.rules.settle()

    await changed_by(servicenow.person, "A person's reason.")
    assert (await found.rules.results(), await found.there("backout_plan")) == (["fired"], "2")
    await changed_by(str(servicenow.system.describe()["user"]), "A calculated reason.")
    request = await get_request(database, company.actor("agent_developer"), found.request_id)
    assert (request.justification, request.revision) == ("A calculated reason.", 3)
    assert await found.rules.results() == ["fired", "stopped"]
    await changed_by(servicenow.person, "Another person's reason.")
    assert (await found.rules.results())[-1] == "fired"
