"""What happens around every request, and what the process says about itself."""

import asyncio

import aiohttp
import pytest
from structlog.testing import capture_logs

from core.errors import ErrorKind, NotFound, Unavailable
from tests.unit.web.sample import DANA, NOTE, World, serving
from web import health
from web.auth import client_ip
from web.errors import Place
from web.ports import HealthCheck
from web.problems import problem_of, status_of


async def test_a_sane_request_id_is_kept_and_returned(client: aiohttp.ClientSession):
    async with client.get("/healthz", headers={"X-Request-Id": "trace-7/a:b=1"}) as answer:
        assert answer.headers["X-Request-Id"] == "trace-7/a:b=1"


@pytest.mark.parametrize("offered", ["", "a b", "a" * 129, "<script>"])
async def test_any_other_request_id_is_replaced(client: aiohttp.ClientSession, offered: str):
    async with client.get("/healthz", headers={"X-Request-Id": offered}) as answer:
        assert len(answer.headers["X-Request-Id"]) == 36


async def test_every_answer_carries_the_safe_headers(client: aiohttp.ClientSession):
    for path in ("/healthz", "/nothing", "/broken", "/moved", "/api/v1/export"):
        async with client.get(path, allow_redirects=False) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Server"] == "countersign"


async def test_what_an_address_names_and_is_not_there_is_placed_in_the_path(client: aiohttp.ClientSession):
    async with client.get(f"/api/v1/notes/{DANA}") as answer:
        (error,) = (await answer.json(content_type=None))["errors"]
    assert (answer.status, error["location"], error["parameter"]) == (404, "path", "note_id")


@pytest.mark.parametrize(
    ("where", "has_body", "found"),
    [
        ("incident", False, (Place.PATH, "incident_id")),  # as a use case calls it
        ("report", True, (Place.PATH, "report")),
        ("service", False, (Place.QUERY, "service")),
        ("owner", True, (Place.BODY, "#/owner")),
    ],
)
def test_a_place_that_a_use_case_names_is_looked_for_in_the_path_first(where, has_body, found):
    error = NotFound(where=where)
    problem = problem_of(error, correlation_id="c", has_body=has_body, path=("incident_id", "report"))
    (item,) = problem.errors
    assert (item.location, item.pointer or item.parameter) == found


async def test_a_fault_of_ours_is_logged_once_and_tells_nothing(client: aiohttp.ClientSession):
    with capture_logs() as logs:
        async with client.get("/broken") as answer:
            text = await answer.text()
            problem = await answer.json(content_type="application/problem+json")
    assert answer.status == 500
    assert "secret" not in text
    assert "ZeroDivision" not in text
    assert problem["correlation_id"] == answer.headers["X-Request-Id"]
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["http_request_failed"]


async def test_every_request_is_logged_once_with_its_route_and_never_its_query(client: aiohttp.ClientSession):
    with capture_logs() as logs:
        async with client.get(f"/api/v1/notes/{NOTE}?token=secret"):
            pass
        async with client.get("/moved", allow_redirects=False):
            pass
    served = [entry for entry in logs if entry["event"] == "http_request_served"]
    assert [(entry["route"], entry["status"], entry["ip_address"]) for entry in served] == [
        ("/api/v1/notes/{note_id}", 200, "127.0.0.1"),
        ("/moved", 302, "127.0.0.1"),
    ]
    assert "secret" not in repr(logs)


async def test_requests_are_measured_by_route_method_and_status(world: World, client: aiohttp.ClientSession):
    for path in (f"/api/v1/notes/{NOTE}", "/nothing/7", "/nothing/8"):
        async with client.get(path):
            pass
    async with client.request("PROPFIND", "/healthz"):
        pass
    async with client.get("/metrics") as answer:
        assert answer.content_type == "text/plain"
        lines = (await answer.text()).splitlines()
    counts = {line for line in lines if line.startswith("countersign_http_request_seconds_count")}
    assert counts == {
        'countersign_http_request_seconds_count{method="GET",route="/api/v1/notes/{note_id}",status="200"} 1.0',
        'countersign_http_request_seconds_count{method="GET",route="unmatched",status="404"} 2.0',
        'countersign_http_request_seconds_count{method="other",route="unmatched",status="405"} 1.0',
    }


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "seen"),
    [
        ("192.0.2.1", [], 0, "192.0.2.1"),
        ("192.0.2.1", ["203.0.113.9"], 0, "192.0.2.1"),
        ("192.0.2.1", ["203.0.113.9"], 1, "203.0.113.9"),
        ("192.0.2.1", ["6.6.6.6, 203.0.113.9"], 1, "203.0.113.9"),
        ("192.0.2.1", ["6.6.6.6", "203.0.113.9, 198.51.100.7"], 2, "203.0.113.9"),
        ("192.0.2.1", [], 1, "192.0.2.1"),
        ("192.0.2.1", ["[2001:db8::1]:4711"], 1, "2001:db8::1"),
        ("192.0.2.1", ["203.0.113.9:4711"], 1, "203.0.113.9"),
        ("192.0.2.1", ["unknown"], 1, None),
        ("fe80::1%eth0", [], 0, "fe80::1"),
        (None, [], 0, None),
        ("", ["x"], 0, None),
    ],
)
def test_the_client_is_whom_the_outermost_trusted_proxy_saw(
    peer: str | None, forwarded: list[str], trusted: int, seen: str | None
):
    assert client_ip(peer, forwarded, trusted_proxies=trusted) == seen


def test_every_kind_of_failure_has_a_status():
    assert {kind: int(status_of(kind)) for kind in ErrorKind} == {
        ErrorKind.INVALID: 422,
        ErrorKind.UNAUTHENTICATED: 401,
        ErrorKind.FORBIDDEN: 403,
        ErrorKind.NOT_FOUND: 404,
        ErrorKind.CONFLICT: 409,
        ErrorKind.LIMITED: 429,
        ErrorKind.UNAVAILABLE: 503,
    }


async def _works() -> None:
    return


async def _is_down() -> None:
    raise Unavailable("The database does not answer.")


async def _breaks() -> None:
    raise ZeroDivisionError("a secret detail")


async def _hangs() -> None:
    await asyncio.Event().wait()


async def test_a_process_is_ready_when_every_check_passes():
    world = World(checks=[HealthCheck("database", _works), HealthCheck("outbox", _works)])
    async with serving(world) as client, client.get("/readyz") as answer:
        assert (answer.status, (await answer.json())["status"]) == (200, "ready")


@pytest.mark.row("X9")
async def test_a_process_that_cannot_tell_is_not_ready():
    async with serving(World()) as client, client.get("/readyz") as answer:
        assert (answer.status, await answer.json()) == (503, {"status": "not_ready", "checks": []})


@pytest.mark.row("X9")
async def test_each_failing_check_says_why_and_secrets_stay_inside(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(health, "CHECK_TIMEOUT_S", 0.05)
    checks = [("database", _is_down), ("outbox", _breaks), ("scheduler", _hangs), ("policies", _works)]
    world = World(checks=[HealthCheck(name, probe) for name, probe in checks])
    found: list[dict[str, str]] = []
    with capture_logs() as logs:
        async with serving(world) as client:
            for _ in range(2):
                async with client.get("/readyz") as answer:
                    assert answer.status == 503
                    found = (await answer.json())["checks"]
            async with client.get("/healthz") as alive:
                assert (alive.status, await alive.json()) == (200, {"status": "alive"})
    assert [(check["name"], check["status"], check["detail"]) for check in found] == [
        ("database", "failed", "The database does not answer."),
        ("outbox", "failed", "The check failed; see the log."),
        ("scheduler", "failed", "No answer within 0 seconds."),
        ("policies", "ok", None),
    ]
    warned = [entry["check"] for entry in logs if entry["event"] == "health_check_failed"]
    assert sorted(warned) == ["database", "outbox", "scheduler"]
