"""Incidents over a real database: alerts, people, time (S3, B6)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from core.access import UnknownPerson
from core.access.scopes import TokenScope
from core.db import next_number
from core.incidents import (
    RESERVED,
    Effect,
    Severity,
    ToldAlert,
    acknowledge,
    add_follow_up,
    assign,
    change_follow_up,
    change_severity,
    close,
    correct_start,
    finish_follow_up,
    give_role,
    link,
    list_follow_ups,
    note,
    open_or_update,
    post_update,
    refusal_of,
    release,
    reopen,
    report,
    resolve,
    review,
    take_alert,
    timeline,
    unlink,
)
from core.incidents.errors import (
    InvalidIncident,
    NotAResponder,
    NotTheOwner,
    UnknownIncident,
    UnknownTarget,
    WrongState,
)
from core.outbox import past_events
from core.sla.watching import SOURCE
from core.tenants import IncidentPolicy, TenantPolicy, Who, provision
from tests.factories import START
from tests.incident_desk import alert, incident_desk

__all__ = ["incident_desk"]  # a fixture

OPERATOR = "agent_operator"


async def opened_by_hand(desk, who="audit_reviewer", **said):
    given = {"title": "Invoices come twice", "severity": "high", "service": "Payments", **said}
    return await report(desk.company.database, desk.company.actor(who), **given)


@pytest.mark.row("S3")
async def test_an_alert_opens_one_incident_that_says_what_is_affected_and_pages_the_first_level(incident_desk):
    desk = incident_desk
    outcome = await desk.fires()
    assert (outcome.effect, outcome.reference) == (Effect.OPEN, "INC-1001")
    assert (await desk.fires(started_at=START)).effect is Effect.COUNT

    found = await desk.show(outcome)
    assert (found.state, found.severity, found.source, found.affected) == ("open", "high", "sla", "Payments")
    assert {each.name for each in found.paged} == {"Agent Operator", "Meta Agent Manager"}
    assert [(each.key, each.state, each.times, each.labels) for each in found.alerts] == [
        ("payments/p95", "firing", 2, {"region": "eu"})
    ]
    assert [each.id for each in await desk.all(is_open=True)] == [found.id]
    (recorded,) = await desk.company.trail(action="incident.opened")
    assert (recorded["resource"], recorded["user_id"]) == ("INC-1001", "system")
    async with desk.company.database.tenant(desk.company.tenant) as tx:
        (event,) = await past_events(tx, types=["incident.opened"], since=START, limit=9)
    assert (event.subject, event.data["business_service"]) == (f"incident:{found.id}", "Payments")


@pytest.mark.row("S3")
async def test_of_forty_alerts_of_one_key_at_the_same_time_one_opens_an_incident(incident_desk):
    desk = incident_desk
    outcomes = await asyncio.gather(*(desk.tell(alert()) for _ in range(40)))
    assert len({each.incident_id for each in outcomes}) == 1
    assert sorted(each.effect for each in outcomes).count(Effect.OPEN) == 1
    (found,) = await desk.all()
    assert found.alerts[0].times == 40


@pytest.mark.row("S3")
async def test_alerts_of_a_group_share_an_incident_that_is_resolved_with_the_last_of_them(incident_desk):
    desk = incident_desk
    first = await desk.fires("a", group="payments", severity=Severity.MEDIUM)
    second = await desk.fires("b", group="payments", severity=Severity.CRITICAL)
    assert second.incident_id == first.incident_id
    assert (await desk.show(first)).severity == "critical"

    assert (await desk.ends("a")).effect is Effect.RESOLVE_ALERT
    assert (await desk.ends("b")).effect is Effect.RESOLVE
    found = await desk.show(first)
    assert (found.state, found.resolved_by, found.review_state) == ("resolved", None, "due")
    assert await desk.kinds(first) == ["opened", "alert_fired", "severity_changed", "alert_resolved", "resolved"]


@pytest.mark.row("S3")
async def test_what_flaps_is_one_incident_and_what_comes_back_later_is_another(incident_desk):
    desk = incident_desk
    first = await desk.fires()
    for _ in range(3):
        await desk.ends()
        desk.later(minutes=5)
        assert (await desk.fires()).effect is Effect.REOPEN
    found = await desk.show(first)
    assert (found.state, found.reopened, found.review_state) == ("open", 3, None)
    assert found.paged

    await desk.ends()
    desk.later(minutes=31)
    again = await desk.fires()
    assert (again.effect, again.reference) == (Effect.OPEN, "INC-1002")
    assert [each.target for each in (await desk.show(again)).links] == ["INC-1001"]


@pytest.mark.row("S3")
async def test_an_alert_that_waits_for_a_person_who_resolves_sees_what_they_did(incident_desk):
    desk = incident_desk
    first = await desk.fires()
    await desk.do(acknowledge, OPERATOR, first)
    told = [desk.tell(alert(started_at=START + timedelta(seconds=second))) for second in range(1, 9)]
    await asyncio.gather(desk.do(resolve, OPERATOR, first, resolution="Restarted."), *told, return_exceptions=True)
    found = await desk.show(first)
    kinds = await desk.kinds(first)
    assert len(await desk.all()) == 1
    after = kinds[kinds.index("resolved") :]
    assert found.state == ("open" if "reopened" in after else "resolved")
    assert "alert_fired" not in after[: after.index("reopened")] if "reopened" in after else len(after) == 1


@pytest.mark.row("S3")
async def test_an_alert_is_rolled_back_with_the_transaction_that_told_it(incident_desk):
    desk = incident_desk
    with pytest.raises(RuntimeError):
        async with desk.company.database.tenant(desk.company.tenant) as tx:
            await open_or_update(tx, alert())
            raise RuntimeError
    assert await desk.all() == ()
    async with desk.company.database.tenant(desk.company.tenant) as tx:
        with pytest.raises(InvalidIncident):
            await open_or_update(tx, alert(tenant="northwind"))


@pytest.mark.row("B6")
async def test_it_is_told_again_and_further_up_until_somebody_acknowledges_it(incident_desk, runner):
    desk = incident_desk
    incident = await desk.fires()
    for minutes in (10, 5, 10):
        desk.later(minutes=minutes)
        await runner.run_due()
    found = await desk.show(incident)
    assert {"Tenant Administrator"} < {each.name for each in found.paged}
    assert (await desk.kinds(incident))[1:] == ["page_repeated", "paged", "page_repeated"]

    found = await desk.do(acknowledge, "tenant_administrator", incident)
    assert (found.state, found.acknowledged_by.name) == ("acknowledged", "Tenant Administrator")
    desk.later(minutes=20)
    await runner.run_due()
    assert (await desk.kinds(incident))[-1] == "acknowledged"
    with pytest.raises(WrongState, match="^Tenant Administrator looks after INC-1001 already") as refused:
        await desk.do(acknowledge, OPERATOR, incident)
    assert "resolve" in refused.value.accepted
    with pytest.raises(WrongState, match="^You look after INC-1001 already"):
        await desk.do(acknowledge, "tenant_administrator", incident)

    found = await desk.do(release, "tenant_administrator", incident, reason="My shift is over.")
    assert (found.state, found.acknowledged_by) == ("open", None)
    desk.later(minutes=10)
    await runner.run_due()
    assert (await desk.kinds(incident))[-1] == "page_repeated"


@pytest.mark.row("B6")
async def test_a_person_reports_works_on_and_resolves_an_incident_and_the_timeline_tells_of_it(incident_desk, runner):
    desk = incident_desk
    began = START - timedelta(hours=1)
    incident = await opened_by_hand(desk, started_at=began)
    assert (incident.started_at, incident.reported_at, incident.reporter.name) == (began, START, "Audit Reviewer")
    owner = desk.company.people[OPERATOR]
    await desk.do(acknowledge, OPERATOR, incident)
    await desk.do(assign, OPERATOR, incident, email=owner.email)
    await desk.do(give_role, OPERATOR, incident, role="commander", email=owner.email)
    await desk.do(change_severity, OPERATOR, incident, severity="critical", reason="All of Europe.")
    desk.later(minutes=31)
    await runner.run_due()
    await desk.do(post_update, OPERATOR, incident, text="We are restarting the reader.")
    async with desk.database.tenant(desk.company.tenant) as tx:
        await next_number(tx, "CHG")  # a change
    await desk.do(link, OPERATOR, incident, target="CHG-1001")
    await desk.do(link, OPERATOR, incident, target="chg1001")
    await desk.do(unlink, OPERATOR, incident, target="CHG-1001")
    await desk.do(note, "compliance_analyst", incident, text="A customer called.", at=START - timedelta(minutes=30))
    await desk.do(correct_start, OPERATOR, incident, started_at=START - timedelta(hours=2))
    found = await desk.do(resolve, OPERATOR, incident, resolution="Restarted.", cause="A leak.")
    assert (found.state, found.cause, found.resolved_by.name) == ("resolved", "A leak.", "Agent Operator")
    assert found.started_at == START - timedelta(hours=2)

    entries = await timeline(desk.company.database, desk.company.actor(OPERATOR), incident.id)
    assert [(each.kind, each.text) for each in entries][:1] == [("noted", "A customer called.")]
    assert [each.kind for each in entries][1:] == [
        "opened",
        "acknowledged",
        "assigned",
        "role_given",
        "severity_changed",
        "updated",
        "linked",
        "unlinked",
        "start_corrected",
        "resolved",
    ]
    assert [each.text for each in entries if each.is_public] == ["We are restarting the reader."]
    (corrected,) = [each for each in entries if each.corrected_to]
    began = START - timedelta(hours=2)
    assert (corrected.corrected_to, corrected.text) == (began, f"It began {began:%Y-%m-%d %H:%M} UTC")
    page = await timeline(
        desk.company.database, desk.company.actor(OPERATOR), incident.id, after=(entries[3].at, entries[3].id), limit=2
    )
    assert [each.id for each in page] == [each.id for each in entries[4:6]]

    reopened = await desk.do(reopen, OPERATOR, incident, reason="It leaks again.")
    assert (reopened.state, reopened.resolved_at, reopened.review_state) == ("open", None, None)


@pytest.mark.row("B6", "S3")
async def test_a_status_update_is_asked_for_where_somebody_follows_what_pages(incident_desk, runner):
    desk = incident_desk
    followed = IncidentPolicy(
        stakeholders=Who(roles=("compliance_analyst",)), update_every=dict.fromkeys(Severity, timedelta(minutes=30))
    )
    severe, mild = await opened_by_hand(desk), await opened_by_hand(desk, severity="low")
    desk.later(minutes=121)
    await runner.run_due()
    assert "update_due" not in await desk.kinds(severe)  # nobody has a stake in it
    await provision(desk.database, TenantPolicy(tenant_id="enterprise-corp", incidents=followed))
    desk.later(minutes=121)
    await runner.run_due()
    assert (await desk.kinds(severe)).count("update_due") == 1
    assert "update_due" not in await desk.kinds(mild)


@pytest.mark.row("B6")
async def test_only_responders_and_those_with_a_part_in_it_work_on_an_incident(incident_desk):
    desk = incident_desk
    incident = await opened_by_hand(desk)
    with pytest.raises(NotAResponder) as refused:
        await desk.do(acknowledge, "compliance_analyst", incident)
    assert "agent_operator" in refused.value.accepted
    (denied,) = await desk.company.trail(action="incident.acknowledged", result="denied")
    assert denied["details"]["code"] == "incidents.not_a_responder"
    await desk.do(assign, OPERATOR, incident, email=desk.company.people["compliance_analyst"].email)
    assert (await desk.do(acknowledge, "compliance_analyst", incident)).state == "acknowledged"
    with pytest.raises(UnknownPerson):
        await desk.do(assign, OPERATOR, incident, email="nobody@example.com")
    with pytest.raises(UnknownIncident):
        await desk.show(4711)
    only_reads = desk.company.actor(OPERATOR, scopes=frozenset({TokenScope.READ}))
    with pytest.raises(Exception, match="does not cover"):
        await resolve(desk.company.database, only_reads, incident.id, resolution="x")


@pytest.mark.row("S3")
async def test_an_incident_of_low_severity_pages_nobody_until_it_gets_worse(incident_desk):
    desk = incident_desk
    incident = await opened_by_hand(desk, severity="low")
    assert incident.paged == ()
    found = await desk.do(change_severity, OPERATOR, incident, severity="critical")
    assert found.paged
    with pytest.raises(WrongState):
        await desk.do(change_severity, OPERATOR, incident, severity="critical")
    with pytest.raises(InvalidIncident) as refused:
        await desk.do(change_severity, OPERATOR, incident, severity="hgih")
    assert "high" in refused.value.message


@pytest.mark.row("S6")
async def test_a_review_is_owed_and_closes_it_and_follow_ups_are_tracked_to_their_effect(incident_desk, runner):
    desk = incident_desk
    database, actor = desk.company.database, desk.company.actor(OPERATOR)
    incident = await opened_by_hand(desk)
    await desk.do(resolve, OPERATOR, incident, resolution="Restarted.")
    with pytest.raises(WrongState, match="owes its review"):
        await desk.do(close, OPERATOR, incident)
    desk.later(days=5)
    await runner.run_due()
    assert (await desk.show(incident)).review_state == "overdue"

    owner = desk.company.people["agent_developer"]
    follow_up = await desk.do(
        add_follow_up,
        OPERATOR,
        incident,
        title="Cache the rates",
        owner=owner.email,
        due_at=desk.company.clock.now() + timedelta(days=3),
        before="p95 4.2 s",
    )
    found = await desk.do(review, OPERATOR, incident, summary="Too slow.", causes="No cache.", went_well="Paging.")
    assert (found.state, found.review_state, found.cause) == ("closed", "done", "No cache.")
    async with database.tenant(desk.company.tenant) as tx:
        (told,) = await past_events(tx, types=["incident.reviewed"], since=START, limit=9)
    assert (told.data["by"], found.review.by.name) == ("Agent Operator", "Agent Operator")

    desk.later(days=3)
    await runner.run_due()
    assert (await desk.kinds(incident))[-1] == "follow_up_due"
    with pytest.raises(NotTheOwner):
        await finish_follow_up(database, desk.company.actor("compliance_analyst"), follow_up.id, evidence="x")
    done = await finish_follow_up(
        database, desk.company.actor("agent_developer"), follow_up.id, evidence="CHG-1009", after="p95 0.9 s"
    )
    assert (done.state, done.before, done.after) == ("done", "p95 4.2 s", "p95 0.9 s")
    with pytest.raises(WrongState):
        await change_follow_up(database, actor, follow_up.id, drop="Not needed.")
    assert [each.id for each in await list_follow_ups(database, actor, state="done")] == [follow_up.id]
    assert await list_follow_ups(database, actor, mine=True) == ()
    texts = [each.text for each in (await desk.show(incident)).newest]
    assert texts[-1] == "Done: Cache the rates (before: p95 4.2 s; after: p95 0.9 s)"


@pytest.mark.row("S3")
async def test_one_that_comes_back_after_its_review_owes_another_which_says_its_cause_anew(incident_desk, runner):
    desk = incident_desk
    incident = await opened_by_hand(desk)
    await desk.do(resolve, OPERATOR, incident, resolution="Restarted.")
    await desk.do(review, OPERATOR, incident, summary="Too slow.", causes="No cache.")
    again = await desk.do(reopen, OPERATOR, incident, reason="It is slow again.")
    assert (again.review_state, again.review_due_at, again.review.summary) == (None, None, "Too slow.")
    over = await desk.do(resolve, OPERATOR, incident, resolution="Restarted again.")
    assert (over.state, over.review_state) == ("resolved", "due")
    with pytest.raises(WrongState, match="owes its review"):
        await desk.do(close, OPERATOR, incident)
    desk.later(days=5)
    await runner.run_due()
    assert (await desk.show(incident)).review_state == "overdue"
    found = await desk.do(review, OPERATOR, incident, summary="Slow again.", causes="A leak.")
    assert (found.state, found.review_state, found.cause) == ("closed", "done", "A leak.")


@pytest.mark.row("S3")
async def test_a_cause_that_was_said_at_the_resolution_stands_beside_that_of_the_review(incident_desk):
    desk = incident_desk
    incident = await opened_by_hand(desk)
    await desk.do(resolve, OPERATOR, incident, resolution="Restarted.", cause="Memory.")
    for causes in ("No bound.", "No bound on the cache."):
        found = await desk.do(review, OPERATOR, incident, summary="Too slow.", causes=causes)
        assert (found.cause, found.review.causes) == ("Memory.", causes)


@pytest.mark.row("S3")
async def test_an_owner_who_is_nobody_here_is_refused_at_the_owner(incident_desk):
    desk, operator = incident_desk, incident_desk.company.actor(OPERATOR)
    incident = await opened_by_hand(desk)
    said = {"title": "Cache the rates", "due_at": START + timedelta(days=7)}
    with pytest.raises(UnknownPerson) as refused:
        await add_follow_up(desk.database, operator, incident.id, owner="nobody@example.com", **said)
    assert refused.value.where == "owner"
    agreed = await add_follow_up(desk.database, operator, incident.id, owner=operator.email, **said)
    with pytest.raises(UnknownPerson) as refused:
        await change_follow_up(desk.database, operator, agreed.id, owner="nobody@example.com")
    assert refused.value.where == "owner"


@pytest.mark.row("S3")
async def test_what_is_resolved_and_owes_nothing_is_closed_by_time_and_found_by_words(incident_desk, runner):
    desk = incident_desk
    incident = await opened_by_hand(desk, severity="low", title="The printer is out of paper")
    await desk.do(resolve, OPERATOR, incident, resolution="Filled.")
    desk.later(days=7)
    await runner.run_due()
    assert (await desk.show(incident)).state == "closed"
    assert [each.reference for each in await desk.all(contains="PAPER")] == ["INC-1001"]
    assert [each.reference for each in await desk.all(contains="inc-1001")] == ["INC-1001"]
    assert await desk.all(severity="high") == ()
    assert [each.reference for each in await desk.all(service="payments", state="closed")] == ["INC-1001"]


IMPOSSIBLE = (
    pytest.param(datetime(1, 1, 1, tzinfo=UTC), id="the first instant"),
    pytest.param(START - timedelta(days=367), id="more than a year ago"),
    pytest.param(START + timedelta(minutes=6), id="still to come"),
    pytest.param(datetime(9999, 12, 31, 23, tzinfo=UTC), id="the last day"),
)


@pytest.mark.row("S3", "B6")
@pytest.mark.parametrize("at", IMPOSSIBLE)
async def test_a_time_at_which_nothing_told_now_can_have_been_is_refused_at_every_door(incident_desk, at):
    desk = incident_desk
    incident = await opened_by_hand(desk)
    operator = desk.company.actor(OPERATOR)
    told = ToldAlert(source="probe", key="k", state="firing", severity="high", title="Slow", started_at=at)
    doors = (
        lambda: opened_by_hand(desk, started_at=at),
        lambda: desk.fires("other", started_at=at),
        lambda: desk.ends("other", started_at=at),
        lambda: take_alert(desk.database, operator, told),
        lambda: desk.do(correct_start, OPERATOR, incident, started_at=at),
        lambda: desk.do(note, OPERATOR, incident, text="Seen.", at=at),
    )
    for door in doors:
        with pytest.raises(InvalidIncident) as refused:
            await door()
        assert refused.value.where in {"started_at", "at"}
        assert refused.value.accepted
    assert [each.reference for each in await desk.all()] == ["INC-1001"]
    assert (await desk.show(incident)).started_at == START


@pytest.mark.row("S3")
async def test_an_alert_that_fires_for_years_is_followed_to_its_end(incident_desk):
    desk = incident_desk
    incident = await desk.fires()
    desk.later(days=800)
    assert (await desk.fires(started_at=START)).effect is Effect.COUNT
    assert (await desk.ends(started_at=START)).effect is Effect.RESOLVE
    assert (await desk.show(incident)).state == "resolved"


@pytest.mark.row("S3")
@pytest.mark.parametrize(
    ("odd", "where"),
    [
        ({"link": "javascript:alert(1)"}, "link"),
        ({"link": "not a url"}, "link"),
        ({"link": "https://"}, "link"),
        ({"title": "  "}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"service": "x" * 121}, "service"),
        ({"words": "x" * 4001}, "words"),
        ({"labels": {"a/b.c": "x" * 501}}, "/labels/a~1b.c"),
        ({"labels": {"x" * 121: ""}}, "/labels/" + "x" * 121),
        ({"labels": {str(each): "" for each in range(51)}}, "labels"),
    ],
)
async def test_what_an_alert_would_lose_is_refused_where_its_teller_can_be_told(incident_desk, odd, where):
    desk = incident_desk
    said = {"source": "probe", "key": "k", "state": "firing", "severity": "high", "title": "Slow", **odd}
    with pytest.raises(InvalidIncident) as refused:
        await take_alert(desk.database, desk.company.actor(OPERATOR), ToldAlert(**said))
    assert refused.value.where == where
    assert await desk.all() == ()


@pytest.mark.row("S3", "R6")
async def test_only_responders_and_platforms_tell_of_alerts_and_never_of_our_own(incident_desk):
    desk = incident_desk
    ours = await desk.fires(source=SOURCE)
    assert SOURCE in RESERVED
    said = {"key": "payments/p95", "state": "resolved", "severity": "high", "title": "Slow", "started_at": START}
    for who in ("audit_reviewer", "compliance_manager"):
        with pytest.raises(NotAResponder):
            await take_alert(desk.database, desk.company.actor(who), ToldAlert(source="probe", **said))
    denied = await desk.company.trail(action="incident.alert_told", result="denied")
    assert [each["details"]["code"] for each in denied] == ["incidents.not_a_responder"] * 2
    for source in (*RESERVED, " SLA "):
        with pytest.raises(InvalidIncident, match="of Countersign itself"):
            await take_alert(desk.database, desk.company.actor(OPERATOR), ToldAlert(source=source, **said))
    assert (await desk.show(ours)).state == "open"

    fires = ToldAlert(source="probe", **{**said, "state": "firing"})
    platform = desk.company.actor("meta_agent_manager", scopes=frozenset({TokenScope.DECIDE}))
    assert (await take_alert(desk.database, platform, fires)).effect is Effect.OPEN
    responder = desk.company.actor("security_operator", scopes=frozenset({TokenScope.REQUEST}))
    assert (await take_alert(desk.database, responder, fires)).effect is Effect.COUNT
    with pytest.raises(Exception, match="does not cover"):
        only_reads = desk.company.actor(OPERATOR, scopes=frozenset({TokenScope.READ}))
        await take_alert(desk.database, only_reads, fires)


@pytest.mark.row("S3")
@pytest.mark.parametrize(
    ("wanted", "where"),
    [
        ({"state": "x"}, "state"),
        ({"severity": "x"}, "severity"),
        ({"since": START, "until": START - timedelta(hours=1)}, "since"),
    ],
)
async def test_a_filter_that_nothing_can_match_is_refused(incident_desk, wanted, where):
    with pytest.raises(InvalidIncident) as refused:
        await incident_desk.all(**wanted)
    assert refused.value.where == where
    assert refused.value.accepted or where == "since"


@pytest.mark.row("B6")
@pytest.mark.parametrize("target", ["CHG-1001", "REQ-99999", "BYP-1", "inc1002", "INC-0"])
async def test_an_incident_is_linked_with_nothing_of_ours_that_there_is_not(incident_desk, target):
    incident = await opened_by_hand(incident_desk)
    with pytest.raises(UnknownTarget) as refused:
        await incident_desk.do(link, OPERATOR, incident, target=target)
    assert refused.value.where == "target"
    assert (await incident_desk.show(incident)).links == ()


@pytest.mark.row("B6")
async def test_doors_know_before_an_act_who_may_and_asking_is_no_denial(incident_desk):
    desk = incident_desk
    incident = await opened_by_hand(desk)
    assert await desk.do(refusal_of, OPERATOR, incident) is None
    assert await desk.do(refusal_of, "audit_reviewer", incident) is None  # who reported it
    assert isinstance(await desk.do(refusal_of, "compliance_analyst", incident), NotAResponder)
    assert await desk.company.trail(action="incident.show", result="denied") == []
