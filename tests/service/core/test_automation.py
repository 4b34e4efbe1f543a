"""Rules on a real database: each acts once, within its limits, never in a circle, and can be held up (N5)."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from core.access import PermissionMissing, add_person, directory, service_actor
from core.access.errors import ScopeMissing
from core.actor import Door
from core.approvals import Choice, cast_vote, comment, get_request
from core.automation import (
    AutomationEvent,
    Engine,
    HereActions,
    Result,
    list_rules,
    load_trouble,
    pause_rule,
    rehearse,
    resume_rule,
    rule_history,
)
from core.automation.errors import UnknownRule
from core.emergency import grant
from core.errors import CountersignError, Forbidden, NotFound
from core.incidents import Severity
from core.outbox import Event, past_events
from tests.automation_world import ADMINISTRATOR, World, rulebook
from tests.factories import agent, ask
from tests.incident_desk import IncidentDesk

NOTE = '  - {name: note, on: request.opened, then: [{comment: {on: request, text: "{request.reference} is for {agent.name}."}}]}\n'
pytestmark = pytest.mark.row("N5")


def world(company, catalogue, yaml, **more):
    return World(company, catalogue, rulebook(company, yaml), **more)


async def opened(company, catalogue, name="invoice-reader"):
    pending = await ask(company, catalogue, resource=agent(name))
    return pending.request_id


async def comments(company, request_id):
    request = await get_request(company.database, company.actor("agent_developer"), request_id)
    return [each.text for each in request.comments]


async def event_of(world, kind):
    async with world.company.database.tenant(world.company.tenant) as tx:
        found = await past_events(tx, types=[kind], since=tx.now - timedelta(days=1), limit=10)
    return found[-1]


async def test_what_a_rule_says_is_done_once_and_stands_in_its_history(company, catalogue):
    rules = world(company, catalogue, NOTE)
    request_id = await opened(company, catalogue)
    await rules.settle()
    assert await comments(company, request_id) == ["REQ-1001 is for invoice-reader."]
    (run,) = await rules.history()
    (effect,) = run.effects
    assert (run.rule, run.result, run.event_type) == ("note", Result.FIRED, "request.opened")
    assert (effect.state, effect.outcome) == ("done", "It stands under REQ-1001.")
    (view,) = await list_rules(company.database, rules.book, company.actor(ADMINISTRATOR))
    assert (view.last_fired_at, view.counts[Result.FIRED]) == (run.ran_at, 1)


async def test_a_rule_that_waits_for_a_decision_learns_who_took_it_and_why(company, catalogue):
    told = NOTE.replace("request.opened", "request.rejected").replace(
        "is for {agent.name}", "{event.by}: {event.reason}"
    )
    rules = world(company, catalogue, told)
    request_id = await opened(company, catalogue)
    actor = company.actor("meta_agent_manager")
    request = await get_request(company.database, actor, request_id)
    await cast_vote(
        company.database, actor, request_id, choice=Choice.REJECT, reason="Too risky.", seen_digest=request.digest
    )
    await rules.settle()
    assert await comments(company, request_id) == [f"REQ-1001 {actor.email}: Too risky.."]


async def test_an_event_that_is_delivered_again_and_an_action_that_crashed_after_it_was_done_change_nothing(
    company, catalogue
):
    rules = world(company, catalogue, NOTE)
    request_id = await opened(company, catalogue)
    await rules.settle()
    engine, here = Engine(company.database, rules.book), HereActions(company.database, company.gate(catalogue))
    await engine.deliver(await event_of(rules, "request.opened"))
    action = await event_of(rules, AutomationEvent.HERE)
    await asyncio.gather(
        here.deliver(action), here.deliver(action), engine.deliver(await event_of(rules, "request.opened"))
    )
    await rules.settle()
    assert len(await comments(company, request_id)) == len(await rules.history()) == 1


async def test_a_crash_before_the_end_of_an_action_leaves_nothing_of_it_and_it_is_done_again(
    company, catalogue, monkeypatch
):
    rules, failures = world(company, catalogue, NOTE), [RuntimeError("killed")]

    async def dies_once(*args):
        if failures:
            raise failures.pop()
        await finish(*args)

    finish = __import__("core.automation.store", fromlist=["finish_effect"]).finish_effect
    monkeypatch.setattr("core.automation.store.finish_effect", dies_once)  # between the effect and its mark
    request_id = await opened(company, catalogue)
    await rules.settle()
    assert failures == []
    assert await comments(company, request_id) == ["REQ-1001 is for invoice-reader."]


async def test_two_replicas_that_ask_the_rules_at_once_let_each_act_once_and_keep_its_limit(
    company, catalogue, other_replica
):
    yaml = NOTE.rstrip("}\n") + ", limits: {per_hour: 2}}\n"
    rules = world(company, catalogue, yaml)
    for number in range(4):
        await opened(company, catalogue, f"reader-{number}")
    async with company.database.tenant(company.tenant) as tx:
        events = await past_events(tx, types=["request.opened"], since=tx.now - timedelta(days=1), limit=10)
    engines = [Engine(database, rules.book) for database in (company.database, other_replica)]
    await asyncio.gather(*(engine.deliver(event) for event in events for engine in engines))
    assert Counter(await rules.results()) == {"fired": 2, "suppressed": 2}


async def test_what_the_gate_denies_a_rule_is_kept_although_the_action_fails(company, catalogue):
    resource, twice = agent("payments-reader"), '"{request.justification} {request.justification}"'
    yaml = (
        "  - name: asks\n    on: request.opened\n    then:\n"
        f"      - open_approval: {{action: agent.create, resource: {resource}, justification: {twice}}}\n"
        "      - open_approval: {action: agent.deploy, resource: {name: nobody-knows-it}, justification: Needed.}\n"
    )
    rules = world(company, catalogue, yaml)
    await ask(company, catalogue, justification="x" * 2001)  # twice is more than a request takes
    await rules.settle()

    ((too_long, unknown),) = [run.effects for run in await rules.history()]
    assert (too_long.state, unknown.state) == ("dead", "dead")
    (decided,) = await company.trail(action="agent_create", result="denied")
    assert decided["details"]["reasons"] == [too_long.outcome]
    denied = await company.trail(action="automation.open_approval", result="denied")
    assert {(each["resource"], each["details"]["reason"]) for each in denied} == {
        ("payments-reader", too_long.outcome),
        ("nobody-knows-it", unknown.outcome),
    }


async def test_one_action_that_is_refused_does_not_stop_the_others(company, catalogue):
    yaml = (
        "  - name: both\n    on: request.opened\n    then:\n"
        '      - open_approval: {action: agent.deploy, resource: {name: nobody-knows-it}, justification: "x"}\n'
        '      - comment: {on: request, text: "Seen."}\n'
    )
    rules = world(company, catalogue, yaml)
    request_id = await opened(company, catalogue)
    await rules.settle()
    assert await comments(company, request_id) == ["Seen."]
    (run,) = await rules.history()
    assert [effect.state for effect in run.effects] == ["dead", "done"]
    assert "nobody-knows-it" in run.effects[0].outcome


async def test_beyond_its_limit_a_rule_is_suppressed_and_administrators_are_told_once_an_hour(company, catalogue):
    yaml = (
        '  - {name: echo, on: request.commented, then: [{notify: {channel: approvals, text: "{event.text}"}}],'
        " limits: {per_subject: 2, per_hour: 3}}\n"
    )
    rules = world(company, catalogue, yaml)
    request_id = await opened(company, catalogue)
    dana = company.actor("agent_developer")
    for number in range(5):
        await comment(company.database, dana, request_id, kind="comment", text=f"{number}")
    await rules.settle()
    assert await rules.results() == ["fired", "fired", "suppressed", "suppressed", "suppressed"]
    assert len(await rules.events(AutomationEvent.TROUBLE)) == 1
    async with company.database.tenant(company.tenant) as tx:
        trouble = await load_trouble(tx, next(run.id for run in await rules.history() if run.result == "suppressed"))
    assert [person.email for person in trouble.administrators] == [company.people[ADMINISTRATOR].email]
    company.advance(hours=1, seconds=1)
    await comment(company.database, dana, request_id, kind="comment", text="later")
    await rules.settle()
    assert (await rules.results())[-1] == "fired"


async def test_rules_that_would_go_round_in_a_circle_are_stopped_and_administrators_are_told_once(company, catalogue):
    yaml = (
        '  - {name: ping, on: request.commented, then: [{comment: {on: request, text: "ping"}}]}\n'
        '  - {name: pong, on: request.commented, then: [{comment: {on: request, text: "pong"}}]}\n'
    )
    rules = world(company, catalogue, yaml)
    request_id = await opened(company, catalogue)
    for _ in range(2):
        await comment(company.database, company.actor("agent_developer"), request_id, kind="comment", text="Hello.")
        await rules.settle()
    # Hello. -> ping, pong -> each once more by the other one, and no further
    assert Counter(await comments(company, request_id)) == {"Hello.": 2, "ping": 4, "pong": 4}
    runs = await rules.history()
    assert Counter(run.result for run in runs) == {Result.FIRED: 8, Result.STOPPED: 12}
    stopped = next(run for run in runs if run.result is Result.STOPPED)
    assert stopped.rule in stopped.chain
    assert stopped.reason.startswith("It has led to this itself: ")
    assert len(await rules.events(AutomationEvent.TROUBLE)) == 2  # each rule once


async def test_what_a_rule_asked_for_stays_its_own_however_much_later_something_happens_to_it(company, catalogue):
    yaml = (
        "  - name: ask-again\n    on: [request.expired, bypass.granted]\n    then:\n"
        '      - open_approval: {action: agent.create, resource: {name: "again-{event.type}", sponsor: s@x.example, owner: o@x.example, business_service: Ops}, justification: "Once more."}\n'
    )
    rules = world(company, catalogue, yaml)
    holder = company.actor(ADMINISTRATOR)
    await grant(
        company.database,
        holder,
        action="agent.deploy",
        resource="bot",
        justification="Payments stand still and nobody can pay.",
        duration=timedelta(hours=1),
    )
    await rules.settle()
    (run,) = await rules.history()
    assert run.effects[0].outcome == "REQ-1001 is open."
    (origin,) = [data["origin"] for data in await rules.events("request.opened")]
    assert origin == ["ask-again"]
    request_id = (await event_of(rules, "request.opened")).subject_id
    event = await event_of(rules, "request.opened")
    later = Event(event.tenant, event.id, f"request:{request_id}", "request.expired", {}, company.clock.now())
    await Engine(company.database, rules.book).deliver(later)  # a deadline tells of it, and knows of no rule
    # the same id as before, so that it is the same event to the rule's history
    stopped = (await rules.history())[-1]
    assert (stopped.result, stopped.chain) == (Result.STOPPED, ("ask-again",))


async def test_a_rule_s_own_account_asks_and_can_never_decide(company, catalogue):
    actor = await service_actor(company.database, company.tenant, key="note", name="Rule note")
    again = await service_actor(company.database, company.tenant, key="note", name="Rule note")
    assert (actor, actor.door) == (again, Door.SYSTEM)
    request_id = await opened(company, catalogue)
    with pytest.raises(ScopeMissing):
        await cast_vote(company.database, actor, request_id, choice=Choice.APPROVE, reason="Yes.")
    async with company.database.tenant(company.tenant) as tx:
        everybody = await directory(tx)
    assert actor.user not in everybody.active
    assert not any(actor.user in holders for holders in everybody.by_role.values())
    with pytest.raises(CountersignError, match="e-mail"):
        await add_person(company.database, company.actor(ADMINISTRATOR), email=actor.email, name="Mallory")
    with pytest.raises(Forbidden):  # nothing that needs an administrator either, though it is the system's door
        await pause_rule(company.database, rulebook(company, NOTE), actor, "note")


async def test_a_paused_rule_does_nothing_until_it_is_resumed(company, catalogue):
    rules, boss = world(company, catalogue, NOTE), company.actor(ADMINISTRATOR)
    await pause_rule(company.database, rules.book, boss, "note")
    first = await opened(company, catalogue, "first")
    await rules.settle()
    await resume_rule(company.database, rules.book, boss, "note")
    second = await opened(company, catalogue, "second")
    await rules.settle()
    assert (len(await comments(company, first)), len(await comments(company, second))) == (0, 1)
    assert [each["action"] for each in await company.trail() if each["action"].startswith("automation.")] == [
        "automation.pause",
        "automation.resume",
        "automation.fired",
    ]
    with pytest.raises(UnknownRule):
        await pause_rule(company.database, rules.book, boss, "nothing")


async def test_whoever_may_not_see_the_audit_sees_no_rules_and_whoever_may_not_configure_pauses_none(
    company, catalogue
):
    rules, nobody = world(company, catalogue, NOTE), company.actor("security_operator")
    for call in (
        list_rules(company.database, rules.book, nobody),
        rule_history(company.database, nobody),
        rehearse(company.database, nobody, rules.book.find(company.tenant, "note")),
        pause_rule(company.database, rules.book, company.actor("audit_reviewer"), "note"),
    ):
        with pytest.raises(PermissionMissing):
            await call


async def test_a_dry_run_shows_exactly_what_would_have_been_done_and_sends_and_keeps_nothing(company, catalogue):
    rules = world(company, catalogue, NOTE.rstrip("}\n") + ", limits: {per_hour: 2}}\n")
    boss, rule = company.actor(ADMINISTRATOR), rules.book.find(company.tenant, "note")
    first = await opened(company, catalogue, "reader-0")
    for number in (1, 2):
        await opened(company, catalogue, f"reader-{number}")
    found = await rehearse(company.database, boss, rule, since=timedelta(days=1))
    assert [each.result for each in found] == [Result.FIRED, Result.FIRED, Result.SUPPRESSED]
    assert [dict(each.actions[0].values) for each in found[:2]] == [
        {"text": "REQ-1001 is for reader-0."},
        {"text": "REQ-1002 is for reader-1."},
    ]
    (one,) = await rehearse(company.database, boss, rule, event_id=found[1].event_id)
    assert one == found[1]
    with pytest.raises(NotFound):
        await rehearse(company.database, boss, rule, event_id=first)
    assert await rules.history() == await comments(company, first) == []


async def test_a_rule_in_mode_dry_run_shows_in_its_history_what_it_would_have_done(company, catalogue):
    rules = world(company, catalogue, NOTE.rstrip("}\n") + ", mode: dry_run}\n")
    request_id = await opened(company, catalogue)
    await rules.settle()
    (run,) = await rules.history()
    assert (run.result, run.effects[0].state, run.effects[0].values) == (
        Result.REHEARSED,
        "rehearsed",
        {"text": "REQ-1001 is for invoice-reader."},
    )
    assert await comments(company, request_id) == []


async def test_a_condition_that_cannot_be_told_is_shown_and_nothing_is_done(company, catalogue):
    yaml = (
        "  - {name: risky, on: [request.opened, bypass.granted], when: 'bypass.risk == \"high\"',"
        " then: [{notify: {channel: approvals, text: x}}]}\n"
    )
    rules = world(company, catalogue, yaml)
    await opened(company, catalogue)
    await rules.settle()
    (run,) = await rules.history()
    assert (run.result, run.effects) == (Result.UNCLEAR, ())
    assert "cannot be told" in run.reason


@pytest.mark.row("N5", "S3")
async def test_rules_listen_to_incidents_and_know_what_they_affect(company, catalogue):
    yaml = (
        "  - name: critical\n    on: incident.opened\n    when: 'incident.severity == \"critical\"'\n    then:\n"
        '      - notify: {channel: approvals, text: "{incident.reference} affects {incident.business_service}"}\n'
    )
    rules, desk = world(company, catalogue, yaml), IncidentDesk(company)
    await desk.fires("mild", service="Support")
    await desk.fires(severity=Severity.CRITICAL)
    await rules.settle()
    (run,) = await rules.history()
    assert (run.result, run.effects[0].values["text"]) == (Result.FIRED, "INC-1002 affects Payments")
