"""The report of violations: what was not kept, alerts at their worst, and why they were (S8, S5)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.charts import ReportFormat, write_report
from core.incidents import IncidentFilter, Suspected, list_incidents, resolve, review
from core.outbox import past_events
from core.sla import AlertFilter, Sample, Sampler, list_alerts, service_report
from core.suspects import HEARD, keep_likeliest
from tests.service.core.test_sla import CATALOGUE, look, steady


@pytest.fixture
def sampler(database):
    return Sampler(database)


async def outage(company, sampler):
    """Version 1.9 fails for nine minutes after an hour and a half of quiet; then all is well for six hours and more."""
    operator = company.actor("agent_operator")
    await sampler.take(operator, steady(company, minutes=90, ago=1))
    for _ in range(3):
        company.advance(minutes=3)
        now = company.clock.now()
        await sampler.take(
            operator,
            [
                Sample(
                    "payments",
                    now - timedelta(minutes=minute, seconds=5 * number),
                    0.2,
                    success=number == 0,
                    labels=(("version", "1.8" if number == 0 else "1.9"),),
                )
                for minute in range(3)
                for number in range(10)
            ],
        )
        await look(company)
    for _ in range(26):
        company.advance(minutes=15)
        await sampler.take(operator, steady(company, minutes=15))
        await look(company)


async def heard(company):
    """What the service hears of incidents."""
    async with company.database.tenant(company.tenant) as tx:
        events = await past_events(tx, types=tuple(HEARD), since=company.clock.now() - timedelta(days=9), limit=99)
    for event in events:
        await keep_likeliest(company.database, event)


async def lines(company):
    """The violations under their headings, each as one line."""
    actor = company.actor("agent_operator")
    period = f"{company.clock.now():%Y-%m}"
    report = await service_report(company.database, CATALOGUE, actor, "violations", period=period)
    text = (await write_report(report, ReportFormat.CSV, renderer=None)).decode()
    return [each for each in text.splitlines() if each.startswith(("payments,availability", "INC-"))]


async def causes(company):
    return [each for each in await lines(company) if each.startswith("INC-")]


@pytest.mark.row("S3", "S8")
async def test_an_alert_is_reported_as_it_was_while_it_was_worst(company, sampler):
    await outage(company, sampler)
    (told,) = await list_alerts(
        company.database, company.actor("agent_operator"), AlertFilter(objective="availability")
    )
    assert (told.state, told.worst.kind, told.worst.severity) == ("resolved", "fast_burn", "critical")
    assert told.severity != "critical"
    assert "times too fast over 60 min" in told.worst.words
    (line,) = [each for each in await lines(company) if each.startswith("payments,availability burns its budget very")]
    assert "critical,INC-1001" in line
    assert told.worst.words in line


@pytest.mark.row("S8", "S5")
async def test_a_violation_names_its_incident_and_its_cause_as_far_as_that_is_known(company, sampler):
    await outage(company, sampler)
    (line,) = await causes(company)
    said = "payments: availability burns its budget very fast"
    assert line.startswith("INC-1001,payments: ")
    assert said in line
    assert line.endswith(',"None is written down, and nothing is suspected."')
    await heard(company)
    (line,) = await causes(company)
    assert "None is written down; suspected is version=1.9 (" in line
    assert "samples that failed (100%) have version = 1.9, 0 of" in line
    responder = company.actor("agent_operator")
    (incident,) = await list_incidents(company.database, responder, IncidentFilter())
    texts = {"summary": "It was down.", "causes": "The pool of connections ran dry."}
    await review(company.database, responder, incident.id, **texts)
    (line,) = await causes(company)
    assert line.endswith(",The pool of connections ran dry. (by its review)")


@pytest.mark.row("S8")
async def test_the_cause_that_was_written_down_as_it_was_resolved_goes_before_what_is_suspected(company, sampler):
    await outage(company, sampler)
    await heard(company)
    responder = company.actor("agent_operator")
    company.advance(minutes=15)
    await sampler.take(responder, steady(company, minutes=15, failing=9))
    await look(company)
    (incident,) = await list_incidents(company.database, responder, IncidentFilter(is_open=True))
    await resolve(company.database, responder, incident.id, resolution="Scaled.", cause="Too few workers.")
    (newest, *_earlier) = await causes(company)
    assert newest.startswith(incident.reference)
    assert newest.endswith(",Too few workers. (as it was resolved)")


def test_what_is_suspected_is_said_with_how_likely_it_is_and_why():
    found = Suspected(reference="CHG-7", title="New ledger", confidence=0.871, reasons="it was done 4 min before")
    assert str(found) == "CHG-7, New ledger (87%): it was done 4 min before."
