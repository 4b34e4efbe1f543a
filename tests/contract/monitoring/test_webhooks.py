"""Any other system: CloudEvents, signed so that the specification's own library accepts them (M5)."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest
from aiohttp import web

from connectors.monitoring import CONNECTORS, MonitoringSettings
from connectors.monitoring.base import NotSent, OutcomeUnknown, Refused, Throttled
from core.deliveries import Health
from tests.contract.monitoring.conftest import happening, line, point

SECRET = f"whsec_{base64.b64encode(b'k' * 32).decode()}"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

pytestmark = pytest.mark.row("M5")


@contextlib.asynccontextmanager
async def receiver(*statuses):
    """An address that answers with these statuses in turn, then 204; what came, and the system that sends there."""
    came, answers = [], list(statuses)

    async def handle(request):
        came.append((request.headers.copy(), await request.read()))
        return web.Response(status=answers.pop(0) if answers else 204, headers={"Retry-After": "7"})

    app = web.Application()
    app.router.add_post("/in", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/in"
    settings = MonitoringSettings(url, SECRET, "https://countersign.example", now=lambda: NOW, connect_s=1, read_s=1)
    system = CONNECTORS["webhooks"].connect(settings)
    yield system, came
    await system.close()
    await runner.cleanup()


def is_signed(headers, body):
    """As the specification says, apart from our own code."""
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    digest = hmac.new(b"k" * 32, content, hashlib.sha256).digest()
    return headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


async def test_a_happening_is_a_signed_cloudevent_with_its_own_id():
    told = happening()
    async with receiver() as (system, came):
        assert await system.send_events([told]) == [None]
    ((headers, body),) = came
    document = json.loads(body)
    assert is_signed(headers, body)
    assert (headers["webhook-id"], headers["Content-Type"]) == (told.id, "application/cloudevents+json")
    assert (document["specversion"], document["id"]) == ("1.0", told.id)
    assert (document["type"], document["source"]) == ("countersign.incident.opened", "https://countersign.example")
    assert (document["subject"], document["data"]["severity"]) == ("INC-12", "high")


async def test_a_repetition_bears_the_same_id():
    points, lines = [point(), point("countersign.b")], [line(), line()]
    async with receiver() as (system, came):
        for _ in range(2):
            await system.send_points(points)
            await system.send_records(lines)
    assert [headers["webhook-id"] for headers, _ in came[:2]] == [headers["webhook-id"] for headers, _ in came[2:]]
    assert all(is_signed(*each) for each in came)
    assert [each["id"] for each in json.loads(came[1][1])] == [each.id for each in lines]
    assert len(json.loads(came[0][1])["data"]["points"]) == 2


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (410, Refused), (400, Refused), (301, Refused), (429, Throttled), (503, Throttled), (401, NotSent),
        (502, NotSent), (504, NotSent), (408, NotSent), (500, OutcomeUnknown),
    ],
)  # fmt: skip
async def test_each_status_is_one_of_the_four_failures(status, expected):
    async with receiver(status) as (system, _came):
        (outcome,) = await system.send_events([happening()])
    assert type(outcome) is expected


async def test_the_check_sends_a_test_event():
    async with receiver() as (system, came):
        assert [each.health for each in await system.check()] == [Health.OK]
    assert json.loads(came[0][1])["type"] == "countersign.test"
