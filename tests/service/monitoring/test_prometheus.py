"""What services did, by query: each minute once, no minute left out, whoever fails in between (S2)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from datetime import timedelta

import pytest
import pytest_asyncio
from aiohttp import web
from sqlalchemy import text

from connectors.monitoring.prometheus import Counters, Prometheus, PrometheusDesk
from connectors.monitoring.prometheus.asking import CONCURRENT
from core.sla import Sampler, get_status, load_sla_catalogue
from core.sla.series import minute_of
from tests.factories import START
from tests.service.conftest import CHANGES

pytestmark = pytest.mark.row("S2")
CATALOGUE = load_sla_catalogue(CHANGES.parent / "sla")
LAST = minute_of(START)  # ends a minute after the tests begin
WAITS = text("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype IN ('transactionid', 'tuple') AND NOT granted)")
COUNTERS = Counters("payments", total="calls", failed="failures", duration="times_bucket")


class Server:
    """Answers range queries out of what each selector has for each minute; or as `odd` says."""

    def __init__(self):
        self.sums: dict[str, dict[int, float]] = {"calls": {}, "failures": {}}
        self.odd = None
        self.asked = []

    async def answer(self, request):
        self.asked.append(request.query["query"])
        if self.odd is not None:
            return await self.odd()
        name = request.query["query"].split("increase(")[1].split("[")[0]
        minutes = range(int(request.query["start"]) // 60 - 1, int(request.query["end"]) // 60)
        points = self.sums.get(name, {})
        values = [[(minute + 1) * 60, str(points[minute])] for minute in minutes if minute in points]
        result = [{"metric": {}, "values": values}] if values else []
        return web.json_response({"status": "success", "data": {"resultType": "matrix", "result": result}})


@contextlib.asynccontextmanager
async def listening(server):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        app = web.Application()
        app.router.add_get("/api/v1/query_range", server.answer)
        runner = web.AppRunner(app, shutdown_timeout=0.5)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        await runner.cleanup()


@pytest_asyncio.fixture
async def server():
    return Server()


@pytest_asyncio.fixture
async def desks(company, other_replica, server):
    """Two replicas of the product."""
    async with listening(server) as url:
        opened = []
        for database in (company.database, other_replica):
            system = Prometheus(url, "secret", connect_s=1.0, read_s=0.5)
            opened.append(PrometheusDesk(company.tenant, system, [COUNTERS], database, Sampler(database)))
        yield opened
        for each in opened:
            await each.system.close()


async def minutes(company):
    """Operations and failures of each minute that has any."""
    sql = "SELECT minute, total, failed FROM sla_slices WHERE grain = 'minute' AND service = 'payments' ORDER BY minute"
    async with company.database.tenant(company.tenant) as tx:
        return {row.minute: (row.total, row.failed) for row in await tx.connection.execute(text(sql))}


async def hours(company):
    sql = "SELECT sum(total) FROM sla_slices WHERE grain = 'hour' AND service = 'payments'"
    async with company.database.tenant(company.tenant) as tx:
        return (await tx.connection.execute(text(sql))).scalar_one()


async def status(company):
    return await get_status(company.database, CATALOGUE, company.actor("agent_operator"), "payments")


def a_minute_later(company, by=1):
    company.clock.advance(timedelta(minutes=by))


async def test_a_first_look_takes_the_last_hour_and_the_next_what_has_come_since(company, desks, server):
    server.sums["calls"] = {LAST - 61 - back: 10.0 for back in range(-60, 60)}
    server.sums["failures"] = {LAST - 5: 3.0}
    company.clock.advance(timedelta(seconds=15))
    await desks[0].look()
    assert await minutes(company) == {LAST - back: (10, 3 if back == 5 else 0) for back in range(60, 0, -1)}
    await desks[0].look()
    assert len(server.asked) == 3  # nothing new has ended: nobody is asked
    server.sums["calls"][LAST] = 7.4
    a_minute_later(company)
    await desks[0].look()
    found = await minutes(company)
    assert (len(found), found[LAST]) == (61, (7, 0))
    assert await hours(company) == 607


async def test_two_replicas_at_once_take_every_minute_once(company, desks, server):
    server.sums["calls"] = {LAST - back: 10.0 for back in range(1, 11)}
    company.clock.advance(timedelta(seconds=15))
    await asyncio.gather(*(each.look() for each in desks))
    assert sum("calls" in each for each in server.asked) == 2  # both asked, and one of them was first
    server.sums["calls"][LAST] = 10.0
    a_minute_later(company)
    await asyncio.gather(*(each.look() for each in reversed(desks)))
    assert await minutes(company) == {LAST - back: (10, 0) for back in range(10, -1, -1)}
    assert await hours(company) == 110


async def test_a_process_that_dies_between_mark_and_counts_has_taken_neither(company, desks, server):
    server.sums["calls"] = {LAST - 1: 10.0, LAST: 20.0}
    company.clock.advance(timedelta(seconds=15))
    await desks[0].look()
    a_minute_later(company)
    async with company.database.tenant(company.tenant) as tx:
        await tx.connection.execute(
            text("SELECT 1 FROM sla_services FOR UPDATE")
        )  # counts wait here, the mark is moved
        look = asyncio.create_task(desks[0].look())
        while not (await tx.connection.execute(WAITS)).scalar_one():
            pass
        look.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await look
    assert await minutes(company) == {LAST - 1: (10, 0)}
    await desks[1].look()
    assert await minutes(company) == {LAST - 1: (10, 0), LAST: (20, 0)}


def answering(status=200, body="", **headers):
    async def answer():
        return web.Response(status=status, text=body, headers=headers)

    return answer


async def hanging():
    await asyncio.sleep(2)
    return web.Response()


def whole(**more):
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": []}, **more})


@pytest.mark.parametrize(
    "odd",
    [
        answering(500, "broken"),
        answering(503, json.dumps({"status": "error", "errorType": "timeout", "error": "query timed out"})),
        answering(422, json.dumps({"status": "error", "errorType": "execution", "error": "too many samples"})),
        answering(429, "", **{"Retry-After": "30"}),
        answering(200, "<html>sign in</html>"),
        answering(200, json.dumps({"status": "success", "data": {"resultType": "vector", "result": []}})),
        answering(200, json.dumps({"status": "success", "data": {"resultType": "matrix", "result": [{"metric": {}}]}})),
        answering(200, whole(warnings=["store 3 did not answer"])),
        answering(302, "", Location="https://login.example"),
        hanging,
    ],
    ids=["500", "503", "422", "429", "a page", "a vector", "no values", "a part", "a redirect", "a time-out"],
)
async def test_an_answer_that_is_none_loses_no_minute_and_makes_none_up(company, desks, server, odd):
    server.sums["calls"] = {LAST - back: 10.0 for back in range(1, 4)}
    server.odd = odd
    company.clock.advance(timedelta(seconds=15))
    await desks[0].look()
    assert await minutes(company) == {}
    server.odd = None
    a_minute_later(company)
    await desks[0].look()
    assert await minutes(company) == {LAST - back: (10, 0) for back in (3, 2, 1)}


@pytest.mark.row("N6")
async def test_a_server_that_does_not_answer_is_not_waited_for_by_each_of_its_services(company, server):
    many = [Counters(f"s-{each}", total="calls", failed="failures", duration="times_bucket") for each in range(40)]
    async with listening(server) as url:
        system = Prometheus(url, "secret", connect_s=1.0, read_s=0.5)
        desk = PrometheusDesk(company.tenant, system, many, company.database, Sampler(company.database))
        server.odd = hanging
        company.clock.advance(timedelta(seconds=15))
        await desk.look()
        assert len(server.asked) <= 2 * CONCURRENT  # those that were under way
        server.odd, tried = None, len(server.asked)
        a_minute_later(company)
        await desk.look()
        assert len(server.asked) >= tried + len(many)
        await system.close()


async def test_a_server_that_asks_for_more_time_is_left_alone_so_long(company, desks, server):
    server.odd = answering(429, "", **{"Retry-After": "90"})
    company.clock.advance(timedelta(seconds=15))
    await desks[0].look()
    a_minute_later(company)
    await desks[0].look()
    assert len(server.asked) == 1
    a_minute_later(company)
    await desks[0].look()
    assert len(server.asked) == 2


async def test_a_remark_about_the_question_is_no_missing_part(company, desks, server):
    server.odd = answering(200, whole(warnings=["PromQL info: metric might not be a counter"]))
    company.clock.advance(timedelta(seconds=15))
    await desks[0].look()
    server.odd, server.sums["calls"] = None, {LAST - 1: 10.0}
    await desks[0].look()
    assert await minutes(company) == {}  # it was an answer: nothing was counted


async def test_after_more_than_an_hour_the_rest_is_a_gap(company, desks, server):
    company.clock.advance(timedelta(seconds=15))
    server.sums["calls"] = {LAST + ahead: 10.0 for ahead in range(-1, 200)}
    await desks[0].look()
    a_minute_later(company, by=90)
    await desks[0].look()
    assert list(await minutes(company)) == [LAST - 1, *range(LAST + 30, LAST + 90)]


async def test_a_service_of_which_no_times_are_known_has_no_response_time(company, desks, server):
    server.sums["calls"] = {LAST - 1: 10.0}
    company.clock.advance(timedelta(seconds=15))
    await desks[0].look()
    found = await status(company)
    assert (found.response_time_p95, found.success_rate) == (None, 1.0)


GAP = {LAST - 6, LAST - 5}  # nothing was scraped
RESET = LAST - 3  # the service began anew
A_SCRAPE = {"200": 18, "500": 2}  # operations between two scrapes, by status
BUCKETS = {"0.1": 12, "0.5": 18, "2.5": 20, "+Inf": 20}


def scraped():
    """What a Prometheus scraped four times a minute in the last ten, in the OpenMetrics format."""
    sums = dict.fromkeys((*A_SCRAPE, *BUCKETS), 0)
    found: dict[str, list[tuple[int, int]]] = {name: [] for name in sums}
    for minute in range(LAST - 10, LAST):
        for second in (5, 20, 35, 50):
            if (minute, second) == (RESET, 20):
                sums = dict.fromkeys(sums, 0)
            for name, more in (A_SCRAPE | BUCKETS).items():
                sums[name] += more
                if minute not in GAP:
                    found[name].append((minute * 60 + second, sums[name]))
    yield "# TYPE calls counter"
    for status_ in A_SCRAPE:
        yield from (f'calls_total{{status="{status_}"}} {value} {at}' for at, value in found[status_])
    yield "# TYPE times histogram"
    for le in BUCKETS:
        yield from (f'times_bucket{{le="{le}"}} {value} {at}' for at, value in found[le])
    yield "# EOF\n"


async def run(*command):
    done = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await done.communicate()
    assert done.returncode == 0, output.decode()


@contextlib.asynccontextmanager
async def real_prometheus(folder, port):
    """A real Prometheus that knows these minutes and no others."""
    (folder / "prometheus.yml").write_text("global: {}\n")
    (folder / "scraped.txt").write_text("\n".join(scraped()))
    await run(
        "promtool", "tsdb", "create-blocks-from", "openmetrics", str(folder / "scraped.txt"), str(folder / "tsdb")
    )
    process = await asyncio.create_subprocess_exec(
        "prometheus",
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        "--storage.tsdb.retention.time=10y",
        f"--web.listen-address=127.0.0.1:{port}",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(30):
            async for line in process.stderr:
                if b"ready to receive web requests" in line:
                    break
        drained = asyncio.create_task(process.stderr.read())
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()
        await drained


async def test_a_real_prometheus_counts_as_many_as_there_were_over_a_gap_and_a_restart(company, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    counters = Counters(
        "payments", total="calls_total", failed='calls_total{status=~"5.."}', duration='times_bucket{le!=""}'
    )
    company.clock.advance(timedelta(seconds=15))
    async with real_prometheus(tmp_path, port) as url:
        system = Prometheus(url, None)
        assert [each.health for each in await system.check()] == ["ok"]
        await PrometheusDesk(company.tenant, system, [counters], company.database, Sampler(company.database)).look()
        await system.close()
    assert await minutes(company) == {minute: (80, 8) for minute in range(LAST - 10, LAST) if minute not in GAP}
    found = await status(company)
    assert found.response_time_p50 == pytest.approx(0.05, rel=0.01)
    assert found.response_time_p95 == pytest.approx(1.5, rel=0.01)
    assert (found.success_rate, found.is_exact) == (0.9, False)
