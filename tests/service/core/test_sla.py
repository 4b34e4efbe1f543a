"""Service levels against a real database: samples, status, objectives, alerts (S1, S2, S3)."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import timedelta

import pytest
import yaml

from config.yamlfile import parse_yaml
from core.access import PermissionMissing
from core.errors import Forbidden, InvalidInput
from core.incidents import IncidentFilter, list_incidents
from core.sla import (
    AlertFilter,
    OwnOperations,
    Sample,
    Sampler,
    Wish,
    change_objective,
    create_objective,
    drop_objective,
    export_openslo,
    get_status,
    import_openslo,
    label_counts,
    list_alerts,
    list_objectives,
    list_services,
    load_sla_catalogue,
    sample_store,
)
from core.sla.catalogue import SlaCatalogue
from core.sla.errors import InvalidObjective, ObjectiveExists, ObjectiveInFile, UnknownObjective, UnknownService
from core.sla.keeping import forget_old_slices
from core.sla.reading import EXACT_MAX
from core.sla.watching import evaluate
from core.tenants import TenantPolicy
from tests.factories import agent, found_company
from tests.service.conftest import CHANGES

SHIPPED = CHANGES.parent / "sla"
CATALOGUE = load_sla_catalogue(SHIPPED)
# The same without its throughput, which the few operations of these tests do not keep.
CALM = SlaCatalogue(
    {
        "default": parse_yaml(
            (SHIPPED / "default.yaml").read_text().replace('    throughput: "> 1000 operations/minute"\n', ""),
            file="default.yaml",
        )
    }
)


@pytest.fixture
def sampler(database):
    return Sampler(database)


async def take(company, sampler, samples, *, who="agent_operator"):
    return await sampler.take(company.actor(who), list(samples))


def steady(company, *, minutes, per_minute=10, seconds=0.2, failing=0, service="payments", ago=0):
    """So many operations in each of the last minutes, the last `failing` of each failed."""
    now = company.clock.now()
    return [
        Sample(
            service,
            now - timedelta(minutes=ago + minute, seconds=(5 * number) % 60),
            seconds,
            number >= failing,
        )
        for minute in range(minutes)
        for number in range(per_minute)
    ]


async def status(company, service="payments", *, catalogue=CALM, **window):
    return await get_status(company.database, catalogue, company.actor("agent_operator"), service, **window)


async def look(company):
    async with company.database.tenant(company.tenant) as tx:
        assert await evaluate(tx, CATALOGUE, address="https://x.example.com")


@pytest.mark.row("S2")
async def test_a_status_is_exactly_that_of_its_samples(company, sampler):
    chance = random.Random(5)
    now = company.clock.now()
    samples = [
        Sample("payments", now - timedelta(seconds=chance.uniform(0, 7200)), chance.paretovariate(1.2) / 100, chance.random() < 0.97)
        for _ in range(3000)
    ]  # fmt: skip
    for begin in range(0, 3000, 500):
        assert await take(company, sampler, samples[begin : begin + 500]) == 500
    found = await status(company)
    failed = sum(not each.success for each in samples)
    assert (found.samples, found.failed) == (3000, failed)
    assert (found.error_rate, found.success_rate) == (failed / 3000, 1 - failed / 3000)
    times = sorted(each.response_time for each in samples)
    rank = 0.95 * 2999
    wanted = times[int(rank)] + (times[int(rank) + 1] - times[int(rank)]) * (rank - int(rank))
    assert (found.response_time_p95, found.is_exact) == (pytest.approx(wanted, rel=1e-12), True)
    assert found.throughput_per_minute == pytest.approx(3000 / 120, rel=0.02)
    assert found.availability == pytest.approx(1 - failed / 3000, abs=0.01)
    assert found.measured_since is not None
    assert {each.objective.name: each.standing for each in found.objectives}["error_rate"] == "breached"


@pytest.mark.row("S2")
async def test_beyond_so_many_samples_the_percentile_comes_from_sketches_within_one_per_cent(company, sampler):
    chance = random.Random(7)
    now = company.clock.now()
    times = [chance.lognormvariate(-1, 1) for _ in range(EXACT_MAX + 2000)]
    samples = [Sample("hot", now - timedelta(seconds=chance.uniform(60, 80_000)), each, success=True) for each in times]
    for begin in range(0, len(samples), 8000):
        await take(company, sampler, samples[begin : begin + 8000])
    found = await status(company, "hot")
    wanted = sorted(times)[int(0.95 * (len(times) - 1))]
    assert (found.samples, found.is_exact) == (len(times), False)
    assert abs(found.response_time_p95 - wanted) <= 0.01 * wanted


@pytest.mark.row("S2")
async def test_late_samples_count_where_they_belong_and_writers_do_not_lose_each_others(
    company, sampler, other_replica
):
    late = [each for hour in range(1, 6) for each in steady(company, minutes=20, ago=60 * hour, per_minute=4)]
    chance = random.Random(1)
    chance.shuffle(late)
    writers = (sampler, Sampler(other_replica))
    parts = [late[begin::16] for begin in range(16)]
    await asyncio.gather(*(take(company, writers[number % 2], part) for number, part in enumerate(parts)))
    found = await status(company)
    assert (found.samples, found.failed, found.is_exact) == (400, 0, True)
    assert found.minutes_unsampled > 100  # nothing was heard between the bursts: that is not up


async def test_a_service_that_nobody_sampled_is_unknown_and_one_that_is_only_promised_is_empty(company, sampler):
    await take(company, sampler, steady(company, minutes=2))
    with pytest.raises(UnknownService, match="Did you mean 'payments'"):
        await status(company, "payment")
    wish = Wish(name="up", service="ledger", metric="availability", target="99.5%", window="calendar month")
    await create_objective(company.database, CATALOGUE, company.actor("meta_agent_manager"), wish)
    found = await status(company, "ledger")
    assert (found.availability, found.response_time_p95, found.samples, found.standing) == (None, None, 0, "no_data")
    listed = await list_services(company.database, CALM, company.actor("agent_operator"))
    assert [(each.service, each.standing) for each in listed] == [("ledger", "no_data"), ("payments", "met")]


@pytest.mark.row("S1")
async def test_objectives_of_the_api_go_before_those_of_files_and_can_be_changed_and_dropped(company):
    database, actor = company.database, company.actor("meta_agent_manager")
    wish = Wish(name="response_time", service="payments", metric="response_time", target="< 300 ms")
    made = await create_objective(database, CATALOGUE, actor, wish)
    with pytest.raises(ObjectiveExists):
        await create_objective(database, CATALOGUE, actor, wish)
    changed = await change_objective(
        database, CATALOGUE, actor, made.id, {"target": "< 250 ms", "window": "rolling 7d"}
    )
    assert (changed.version, changed.objective.words) == (2, "95% of response times < 250ms")
    listed = await list_objectives(database, CATALOGUE, actor)
    of_file = next(each for each in listed if each.origin == "file")
    with pytest.raises(ObjectiveInFile):
        await drop_objective(database, CATALOGUE, actor, of_file.id)
    with pytest.raises(PermissionMissing):
        await drop_objective(database, CATALOGUE, company.actor("compliance_manager"), made.id)
    await drop_objective(database, CATALOGUE, actor, made.id)
    with pytest.raises(UnknownObjective):
        await change_objective(database, CATALOGUE, actor, made.id, {})
    trail = [each["action"] for each in await company.trail() if each["action"].startswith("sla.objective")]
    assert sorted(set(trail)) == ["sla.objective_changed", "sla.objective_created", "sla.objective_dropped"]


@pytest.mark.row("S1")
async def test_an_export_is_imported_again_without_a_change_and_exported_as_it_was(company):
    database, actor = company.database, company.actor("meta_agent_manager")
    for wish in (
        Wish(name="fast", service="payments", metric="response_time", target="< 300 ms", window="calendar week"),
        Wish(name="availability", service="*", metric="availability", target="99.5%", description="As signed. " * 120),
        Wish(name="errors", service="ledger", metric="error_rate", target="<= 0.3%", window="rolling 90 minutes"),
        Wish(name="calls", service="ledger", metric="throughput", target="> 0.1 operations/minute", pages=False),
    ):
        await create_objective(database, CATALOGUE, actor, wish)
    for service in (None, "payments"):
        text = await export_openslo(database, CATALOGUE, actor, service=service)
        slos = [each["metadata"]["name"] for each in yaml.safe_load_all(text) if each["kind"] == "SLO"]
        assert len(slos) == len(set(slos)) == {None: 8, "payments": 6}[service]  # one of a file gives way to "*"'s own
        found = await import_openslo(database, CATALOGUE, actor, text)
        assert (found.created, found.changed, found.unchanged) == ((), (), len(slos))
        assert await export_openslo(database, CATALOGUE, actor, service=service) == text
    assert {each.version for each in await list_objectives(database, CATALOGUE, actor)} == {1}


@pytest.mark.row("S1")
async def test_an_import_makes_what_is_new_changes_what_is_other_and_says_what_it_was(company):
    database, actor = company.database, company.actor("meta_agent_manager")
    wish = Wish(name="fast", service="payments", metric="response_time", target="< 300 ms")
    await create_objective(database, CATALOGUE, actor, wish)
    text = await export_openslo(database, CATALOGUE, actor, service="payments")
    other = text.replace("value: 0.3", "value: 0.4").replace("target: 0.999", "target: 0.99")
    found = await import_openslo(database, CATALOGUE, actor, other)
    assert [each.objective.words for each in found.changed] == ["95% of response times < 400ms"]
    assert [each.objective.words for each in found.created] == ["availability >= 99%"]
    assert found.unchanged == 4
    (told,) = await company.trail(action="sla.objective_changed")
    assert told["details"]["before"] == "95% of response times < 300ms"


@pytest.mark.row("S3")
async def test_an_outage_is_one_alert_and_one_incident_that_ends_by_itself(company, sampler):
    await take(company, sampler, steady(company, minutes=90, ago=1))
    await look(company)
    assert (await status(company)).alerts == ()
    for _ in range(3):
        company.advance(minutes=3)
        await take(company, sampler, steady(company, minutes=3, failing=9))
        await look(company)
        await look(company)  # as other replicas and impatient samples make it
    found = await status(company)
    fast = ("fast_burn", "critical")
    assert {each.objective: (each.kind, each.severity) for each in found.alerts} == dict.fromkeys(
        ("availability", "success_rate", "error_rate"), fast
    )
    actor = company.actor("agent_operator")
    (incident,) = await list_incidents(company.database, actor, IncidentFilter())
    assert (incident.state, incident.severity) == ("open", "critical")
    for _ in range(26):  # the slowest tier looks back over six hours
        company.advance(minutes=15)
        await take(company, sampler, steady(company, minutes=15))
        await look(company)
    assert (await status(company)).alerts == ()
    (incident,) = await list_incidents(company.database, actor, IncidentFilter())
    assert incident.state == "resolved"
    told = [each["action"] for each in await company.trail()]
    assert (told.count("sla.alerted"), told.count("sla.recovered")) == (3, 3)


@pytest.mark.row("S3")
async def test_alerts_are_listed_newest_first_in_pages_and_every_filter_narrows(company, sampler):
    await take(company, sampler, steady(company, minutes=60))
    await take(company, sampler, steady(company, minutes=60, service="ledger"))
    for minutes in (8, 1):  # payments falls silent, is heard of again, and the ledger falls silent
        company.advance(minutes=minutes)
        await take(company, sampler, steady(company, minutes=minutes, service="ledger"))
        await look(company)
    for _ in range(27):  # the slowest tier looks back over six hours
        company.advance(minutes=15)
        await take(company, sampler, steady(company, minutes=15, per_minute=2))
        await look(company)
    database, actor = company.database, company.actor("audit_reviewer")

    async def listed(**wanted):
        return [(each.service, each.state) for each in await list_alerts(database, actor, AlertFilter(**wanted))]

    everything = [("ledger", "firing"), ("payments", "resolved")]
    assert await listed() == everything
    newest, oldest = await list_alerts(database, actor, AlertFilter(objective="availability"))
    assert newest.started_at > oldest.started_at
    (rest,) = await list_alerts(database, actor, AlertFilter(), after=(newest.started_at, newest.id), limit=5)
    assert rest == oldest
    assert await list_alerts(database, actor, AlertFilter(), limit=1) == (newest,)
    assert await listed(state="firing") == await listed(service="ledger") == everything[:1]
    assert await listed(since=oldest.resolved_at + timedelta(seconds=1)) == everything[:1]
    assert await listed(until=newest.started_at) == everything[1:]
    assert await listed(kind=newest.kind, severity=newest.severity, state="firing") == everything[:1]
    assert await listed(severity="low") == await listed(kind="breach") == await listed(objective="x") == []
    with pytest.raises(InvalidInput, match="No alert has the state 'open'") as refused:
        await listed(state="open")
    assert (refused.value.where, refused.value.accepted) == ("state", ("firing", "resolved"))


@pytest.mark.row("S3", "T1")
async def test_nobody_lists_the_alerts_of_another_tenant(company, sampler, database, clock):
    await take(company, sampler, steady(company, minutes=60))
    company.advance(minutes=8)
    await look(company)
    assert len(await list_alerts(database, company.actor("agent_operator"), AlertFilter())) == 1
    other = await found_company(database, clock, TenantPolicy(tenant_id="northwind"))
    assert await list_alerts(database, other.actor("agent_operator"), AlertFilter()) == ()


@pytest.mark.row("S3")
async def test_silence_is_told_of_after_a_while_and_nothing_else_is(company, sampler):
    await take(company, sampler, steady(company, minutes=60))
    company.advance(minutes=4)
    await look(company)
    assert (await status(company)).alerts == ()
    company.advance(minutes=3)
    await look(company)
    kinds = {each.objective: each.kind for each in (await status(company)).alerts}
    assert kinds["availability"] == "missing"


@pytest.mark.row("S3")
async def test_silence_of_a_service_that_was_hardly_heard_wakes_nobody_unless_an_objective_names_it(company, sampler):
    await take(company, sampler, steady(company, minutes=1, per_minute=1, service="ledger"))
    await take(company, sampler, steady(company, minutes=1, per_minute=1, service="payment"))
    wish = Wish(name="up", service="ledger", metric="availability", target="99.5%")
    await create_objective(company.database, CATALOGUE, company.actor("meta_agent_manager"), wish)
    for _ in range(4):
        company.advance(hours=2)
        await look(company)
    assert (await status(company, "payment")).alerts == ()
    assert [(each.objective, each.kind) for each in (await status(company, "ledger")).alerts] == [("up", "missing")]
    listed = await list_services(company.database, CALM, company.actor("agent_operator"))
    assert {each.service: each.alerts for each in listed} == {"ledger": 1, "payment": 0}


@pytest.mark.row("S2", "S3")
async def test_a_silent_service_is_not_met_and_is_down_once_the_whole_window_was_silent(company, sampler):
    await take(company, sampler, steady(company, minutes=60 * 24 * 5, per_minute=1))
    company.advance(minutes=10)
    for _ in range(2):  # before and after its alert
        found = await status(company)
        (line,) = await list_services(company.database, CALM, company.actor("agent_operator"))
        silent = "Nothing has been heard for 10 min; that counts as down."
        assert (found.standing, found.words, line.standing, line.words) == ("at_risk", silent) * 2
        assert found.availability < 1
        assert line.availability < 1
        await look(company)
    company.advance(hours=30)
    found = await status(company)
    (line,) = await list_services(company.database, CALM, company.actor("agent_operator"))
    assert (found.samples, found.availability, found.standing) == (0, 0, "breached")
    assert (line.availability, line.standing, line.words) == (0, "breached", found.words)
    not_kept = "79.9645% (availability >= 99.9% over the last 30 days is not kept)"
    assert found.words.startswith(f"Nothing has been heard for 30 h; that counts as down. {not_kept};")


@pytest.mark.row("S2", "S3")
async def test_a_service_that_broke_a_promise_before_it_fell_silent_says_which(company, sampler):
    await take(company, sampler, steady(company, minutes=60, failing=1))
    company.advance(minutes=20)
    found = await status(company)
    (line,) = await list_services(company.database, CALM, company.actor("agent_operator"))
    assert (found.standing, line.standing) == ("breached", "breached")
    for words in (found.words, line.words):
        assert words.startswith("Nothing has been heard for")
        assert "is not kept" in words


@pytest.mark.row("S2")
async def test_a_silent_service_is_not_met_though_nobody_is_woken_for_it(company, sampler):
    wish = Wish(name="availability", service="payments", metric="availability", target="99.9%", pages=False)
    await create_objective(company.database, CATALOGUE, company.actor("meta_agent_manager"), wish)
    await take(company, sampler, steady(company, minutes=60 * 24 * 5, per_minute=1))
    assert (await status(company)).standing == "met"
    company.advance(minutes=10)
    (line,) = await list_services(company.database, CALM, company.actor("agent_operator"))
    assert ((await status(company)).standing, line.standing) == ("at_risk", "at_risk")


@pytest.mark.row("S2")
async def test_availability_below_its_target_is_at_risk_while_its_budget_lasts(company, sampler):
    await take(company, sampler, steady(company, minutes=120, failing=1, per_minute=50))
    found = {each.objective.name: each for each in (await status(company)).objectives}["availability"]
    assert not found.objective.bound.admits(found.value)
    assert not found.budget.is_gone
    assert (found.standing, "is not kept so far" in found.words) == ("at_risk", True)


@pytest.mark.row("S2")
async def test_a_service_stands_as_the_worst_of_what_wakes_people_and_says_what_else_is_not_kept(company, sampler):
    slow = "10 operations/minute (throughput > 1000 operations/minute over the last 24 h is not kept)."

    async def said():
        found = await status(company, catalogue=CATALOGUE)
        (line,) = await list_services(company.database, CATALOGUE, company.actor("agent_operator"))
        assert (found.standing, found.words) == (line.standing, line.words)
        assert {each.objective.name: each.standing for each in found.objectives}["throughput"] == "breached"
        return found.standing, found.words

    await take(company, sampler, steady(company, minutes=60 * 12))
    assert await said() == ("met", f"What wakes people is met. {slow}")
    assert ((await status(company)).standing, (await status(company)).words) == ("met", "Every objective is met.")
    await take(company, sampler, steady(company, minutes=30, per_minute=9, failing=9))
    standing, words = await said()
    assert standing == "breached"
    first, then = words.index("(success rate > 99%"), words.index("(throughput > 1000")
    assert first < then  # what wakes people stands before what wakes nobody


async def test_nothing_is_met_while_its_alert_is_not_over(company, sampler):
    await take(company, sampler, steady(company, minutes=60 * 24, per_minute=1))
    company.advance(minutes=8)
    await look(company)
    await take(company, sampler, steady(company, minutes=8))
    found = await status(company)
    (line,) = await list_services(company.database, CALM, company.actor("agent_operator"))
    assert [each.objective for each in found.alerts] == ["availability"]
    assert (found.standing, line.standing) == ("at_risk", "at_risk")
    assert "Its alert is not over yet" in found.words


@pytest.mark.row("S2")
async def test_our_own_decisions_are_the_first_service_and_no_questions_are_no_outage(company, sampler, catalogue):
    own = OwnOperations(company.database, sampler)
    gate = company.gate(catalogue)
    gate.observed = own.note
    for number in range(3):
        await gate.decide(
            company.actor("agent_developer"), action="agent.create", resource=agent(f"reader-{number}"), context={}
        )
    await own.give()
    now = company.clock.now()
    async with company.database.tenant(company.tenant) as tx:
        (label,) = await label_counts(
            tx, ["countersign"], since=now - timedelta(hours=1), until=now + timedelta(hours=1), failures=0, limit=9
        )
    assert (label.label, label.value, label.total, label.failed) == ("action", "agent.create", 3, 0)
    company.advance(hours=9)
    found = await status(company, "countersign")
    assert (found.samples, found.failed, found.availability, found.minutes_unsampled) == (3, 0, 1.0, 0)
    assert 0 < found.response_time_p95 < 30
    await look(company)
    assert found.alerts == (await status(company, "countersign")).alerts == ()


async def test_samples_take_a_token_that_covers_them(company, sampler):
    reader = company.actor("agent_operator", scopes=frozenset({"read"}))
    with pytest.raises(Forbidden):
        await sampler.take(reader, steady(company, minutes=1))
    assert (await company.trail(action="sla.samples_taken"))[0]["result"] == "denied"


@pytest.mark.row("S2", "R6")
@pytest.mark.parametrize("count", [0, 1])
async def test_who_may_not_deploy_agents_sends_no_samples(company, sampler, count):
    with pytest.raises(PermissionMissing):
        await take(company, sampler, steady(company, minutes=count), who="audit_reviewer")
    assert (await company.trail(action="sla.samples_taken"))[0]["result"] == "denied"
    with pytest.raises(UnknownService):
        await status(company)


@pytest.mark.row("S2")
async def test_a_service_of_a_name_that_is_no_longer_taken_can_still_be_read(company, sampler):
    await take(company, sampler, steady(company, minutes=5, service="<old>"))
    assert (await status(company, "<old>")).samples == 50
    listed = await list_services(company.database, CALM, company.actor("agent_operator"))
    assert [each.service for each in listed] == ["<old>"]


async def test_an_objective_of_a_name_with_a_line_break_is_refused(company):
    wish = Wish(name="up", service="line\nbreak", metric="availability", target="99.5%")
    with pytest.raises(InvalidObjective, match="line break"):
        await create_objective(company.database, CATALOGUE, company.actor("meta_agent_manager"), wish)


async def test_a_percentile_of_what_is_no_response_time_is_refused(company):
    manager = company.actor("meta_agent_manager")
    wish = Wish(name="up", service="ledger", metric="availability", target="99.5%")
    with pytest.raises(InvalidObjective, match="Only a response time has a percentile") as refused:
        await create_objective(company.database, CATALOGUE, manager, replace(wish, percentile=0.95))
    assert refused.value.where == "percentile"
    made = await create_objective(company.database, CATALOGUE, manager, wish)
    with pytest.raises(InvalidObjective, match="Only a response time"):
        await change_objective(company.database, CATALOGUE, manager, made.id, {"percentile": 0.9})
    changed = await change_objective(company.database, CATALOGUE, manager, made.id, {"target": "99.9%"})
    assert "99.9" in changed.objective.target_words


async def test_minutes_are_forgotten_after_five_weeks_and_hours_still_know_them(company, sampler):
    await take(company, sampler, steady(company, minutes=30, ago=60 * 24 * 10))
    await take(company, sampler, steady(company, minutes=30))
    company.advance(days=30)
    async with company.database.tenant(company.tenant) as tx:
        await forget_old_slices(tx)
        always = (0, 10**8)
        wanted = sample_store.Wanted("payments", hours=always, minutes=(always,), sketches_from=None)
        (found,) = await sample_store.load_slices(tx, [wanted])
    assert [sum(each.total for each in some.values()) for some in (found.minutes, found.hours)] == [300, 600]
