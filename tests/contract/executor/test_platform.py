"""The calls to an agent platform over real HTTP: signed, idempotent, and every failure one of the four (G6)."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from app.changes import examine_executors
from config.settings import Settings
from connectors.executor import AgentPlatform, Checker
from connectors.executor.platform import UnknownThere
from connectors.itsm.base import ConnectorError, NotSent, OutcomeUnknown, Refused, Throttled
from core.rollouts import Check, CheckKind, Order, Plan, RolloutState, Said
from sandbox.faults import Fault
from sandbox.platform import create as create_platform
from tests.contract.itsm.serving import serving

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Bench:
    """A platform that takes no time, and our calls to it."""

    def __init__(self, system, faults, url):
        self.system, self.faults, self.url = system, faults, url
        self.secret = system.describe()["secret"]
        self.calls = self.platform(self.secret)

    def platform(self, secret, url=None):
        return AgentPlatform(url or self.url, secret, connect_s=1.0, read_s=0.5, now=lambda: NOW)


@pytest_asyncio.fixture
async def bench():
    async with serving("platform", create_platform, options={"step_s": 0}) as (system, faults, url):
        opened = Bench(system, faults, url)
        yield opened
        await opened.calls.close()


def order(**changes):
    facts = {
        "id": uuid4(),
        "kind": "change",
        "reference": "CHG-7",
        "title": "Raise the limit — für alle",
        "resources": ("service:Payments",),
        "environment": "",
        "state": RolloutState.STARTING,
        "reasons": (),
        "ordered_by": "Dana Whitfield",
        "plan": Plan(),
        "metrics": {},
    }
    return Order(**facts | changes)


async def test_what_is_ordered_twice_is_done_once(bench):
    wanted = order()
    assert (await bench.calls.start(wanted)).said is Said.ACCEPTED
    await bench.calls.start(wanted)
    (rollout,) = bench.system.records("rollout")
    assert (rollout["id"], rollout["title"], rollout["change"]) == (str(wanted.id), wanted.title, "CHG-7")


async def test_how_far_it_is_comes_with_its_figures(bench):
    wanted = order()
    await bench.calls.start(wanted)
    report = await bench.calls.status(wanted.id)
    while report.said is not Said.SUCCEEDED:
        report = await bench.calls.status(wanted.id)
    assert (report.progress, dict(report.metrics)) == (100, {"error_rate": 0.002})


@pytest.mark.parametrize(
    ("fault", "failure"),
    [
        (Fault.DOWN, OutcomeUnknown),
        (Fault.SERVER_ERROR, OutcomeUnknown),
        (Fault.TIMEOUT, OutcomeUnknown),
        (Fault.COMMIT_THEN_TIMEOUT, OutcomeUnknown),
        (Fault.BAD_JSON, OutcomeUnknown),
        (Fault.RATE_LIMITED, Throttled),
    ],
)
async def test_an_order_that_fails_may_have_arrived_unless_the_platform_says_no(bench, fault, failure):
    bench.faults.add("platform", fault, 1, 0.2)
    with pytest.raises(failure):
        await bench.calls.start(order())


async def test_what_the_platform_refuses_is_refused_with_its_reason(bench):
    with pytest.raises(Refused, match="status 422: It touches nothing"):
        await bench.calls.start(order(resources=()))


@pytest.mark.row("G8")
async def test_only_the_platform_itself_says_that_it_has_no_such_rollout(bench):
    with pytest.raises(UnknownThere, match="status 404: There is no such rollout"):
        await bench.calls.undo(order())
    gateway = bench.platform(bench.secret, f"{bench.url}/away")  # it has a 404 for everything
    with pytest.raises(NotSent, match="status 404"):
        await gateway.undo(order())
    await gateway.close()


async def test_a_wrong_secret_is_somebodys_to_put_right_and_nothing_is_lost_by_waiting(bench):
    other = bench.platform("whsec_" + "A" * 40)
    with pytest.raises(NotSent, match="does not accept our signature"):
        await other.start(order())
    await other.close()
    assert bench.system.records("rollout") == []


async def test_the_platform_refuses_what_nobody_signed(bench):
    async with aiohttp.ClientSession() as session, session.post(f"{bench.url}/rollouts", json={}) as answer:
        assert answer.status == 401


async def test_a_port_that_nobody_listens_on_was_not_reached(bench):
    closed = bench.platform(bench.secret, "http://127.0.0.1:9")
    with pytest.raises(ConnectorError) as failed:
        await closed.status(uuid4())
    assert isinstance(failed.value, NotSent)
    await closed.close()


@pytest.mark.row("G7")
async def test_checks_see_what_addresses_and_figures_say_and_no_answer_is_a_failure(bench):
    await bench.system.edit("resource", "service:Ledger", {"healthy": False})
    health, figures = f"{bench.url}/health/{{resource}}", f"{bench.url}/figures/{{resource}}"
    plan = Plan(
        checks=(
            Check("Health", CheckKind.HEALTH, url=health),
            Check("Errors", CheckKind.METRIC, metric="error_rate", at_most=0.05),
            Check("Latency", CheckKind.METRIC, metric="p95", at_most=1.0),
            Check("Query", CheckKind.QUERY, url=figures, value="/data/error_rate", at_least=0.0, at_most=0.05),
            Check("Nowhere", CheckKind.QUERY, url=figures, value="/data/nothing", at_most=1),
            Check("Down", CheckKind.HEALTH, url="http://127.0.0.1:9/health"),
        )
    )
    checker = Checker(connect_s=0.5, read_s=0.5)
    both = order(resources=("service:Payments", "service:Ledger"), plan=plan, metrics={"error_rate": 0.01})
    found = {each.check: (each.passed, each.value) for each in await checker.look(both)}
    assert found["Health"] == (False, "It answered 503.")
    assert found["Errors"] == (True, "0.01")
    assert found["Latency"] == (False, "The platform reports no 'p95'.")
    assert found["Query"] == (False, "0.31, wanted at least 0 and at most 0.05")
    assert found["Nowhere"] == (False, "There is nothing at /data/nothing.")
    assert found["Down"][0] is False
    one = order(plan=plan, metrics={"error_rate": 0.01, "p95": 0.4})
    assert {each.check for each in await checker.look(one) if each.passed} == {"Health", "Errors", "Latency", "Query"}
    await checker.close()


@pytest.mark.row("G7")
@pytest.mark.parametrize("figure", ["1" + "0" * 400, "1e400", '"1e400"', "NaN", "true", "null", '"many"'])
async def test_a_figure_that_cannot_be_reckoned_with_fails_its_check(figure):
    async def answer(_request):
        return web.Response(text=f'{{"n": {figure}}}', content_type="application/json")

    app = web.Application()
    app.router.add_get("/figure", answer)
    checker = Checker(connect_s=0.5, read_s=0.5)
    async with TestServer(app) as server:
        check = Check("Figure", CheckKind.QUERY, url=str(server.make_url("/figure")), value="/n", at_least=0.0)
        (found,) = await checker.look(order(plan=Plan(checks=(check,))))
    await checker.close()
    assert (found.passed, found.value) == (False, "There is no number at /n.")


async def test_the_doctor_says_whether_it_answers_and_knows_the_secret(bench):
    def settings(secret):
        return Settings(executor={"url": bench.url, "tenant": "enterprise-corp", "secret": secret})

    (fine,) = await examine_executors(settings(bench.secret))
    assert (fine["subject"], fine["health"]) == ("agent platform of enterprise-corp", "ok")
    (wrong,) = await examine_executors(settings("whsec_" + "A" * 40))
    assert wrong["health"] == "failed"
    assert "does not accept our signature" in wrong["message"]
