"""Notices of ended access requests on a real database, to a receiver that is really there (X1, N6)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network

import pytest
from aiohttp import web
from sqlalchemy import text

from connectors.callbacks import Callbacks
from connectors.callbacks import posting as module
from core.access import PermissionMissing
from core.access_requests import (
    ENDINGS,
    AccessRequestEvent,
    AddressRefused,
    CallbackWish,
    Evaluated,
    Submission,
    judge,
    list_callbacks,
    register_callback,
    remove_callback,
    settle_tasks,
    submit,
)
from core.access_requests.addresses import Reachable
from core.access_requests.errors import UnknownCallback
from core.ids import EventId
from core.outbox import Dispatcher, Event, Permanent, RetryPolicy, Subscription, list_deliveries
from tests.factories import agent, policies, vote

LOOPBACK = (ip_network("127.0.0.0/8"),)
TASKS_URL = "https://countersign.example/access/v1/requests"
RULES = policies(
    'Creation:\n  applies_to: ["agent.create"]\n'
    "  stages: [{stage: security_review, approvers: [security_manager], timeout: 8 hours}]\n"
)


@dataclass
class Receiver:
    """An agent platform's address. Answers with what `answers` says, then with 204."""

    url: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[web.Response] = field(default_factory=list)

    async def take(self, request):
        """One notice."""
        self.got.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        return self.answers.pop(0) if self.answers else web.Response(status=204)


@pytest.fixture
async def receiver():
    listening = Receiver()
    app = web.Application()
    app.router.add_route("*", "/{tail:.*}", listening.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    listening.url = f"http://127.0.0.1:{runner.addresses[0][1]}/callbacks"
    yield listening
    await runner.cleanup()


def is_genuine(headers, body, secret):
    """What a receiver does, written apart from the sender."""
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), content, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(mac).decode()}" in headers["webhook-signature"].split()


async def register(company, endpoint, who="tenant_administrator"):
    return await register_callback(company.database, company.actor(who), endpoint, allowed=LOOPBACK)


async def approved_task(company, endpoint, name="invoice-reader", **wish):
    """A task with a callback, whose request has been approved."""
    dana, gate, resource = company.actor("agent_developer"), company.gate(RULES), agent(name)
    named = {
        "subject": {"type": "user", "id": dana.email},
        "resource": {"type": "agent", "id": name},
        "action": {"name": "agent.create"},
    }
    found = await judge(company.database, gate, dana, dana, Evaluated("agent.create", resource, named))
    wanted = Submission(
        action="agent.create",
        resource=resource,
        named=named,
        context={},
        evaluation_id=found.evaluation_id,
        expires_at=found.offered_until,
        body_digest=name,
        callback=CallbackWish(endpoint, **wish),
    )
    task = await submit(company.database, gate, dana, wanted)
    await vote(company, task.request.id, "security_manager")
    return task


async def ended_event(company):
    """The event that tells of it, as the outbox brings it."""
    async with company.database.tenant(company.tenant) as tx:
        request = (await tx.connection.execute(text("SELECT request_id FROM access_tasks"))).scalar_one()
    over = Event(company.tenant, EventId(request), f"request:{request}", "request.approved", {}, company.clock.now())
    await settle_tasks(company.database, over)
    async with company.database.tenant(company.tenant) as tx:
        row = (
            await tx.connection.execute(text("SELECT * FROM outbox_events WHERE type = 'access_request.ended'"))
        ).one()
    return Event(row.tenant_id, EventId(row.event_id), row.subject, row.type, row.data, row.occurred_at)


def sender(company, internal=LOOPBACK):
    return Callbacks(company.database, TASKS_URL, internal)


@pytest.mark.row("X1")
async def test_a_notice_says_which_task_is_over_and_how_signed_with_the_address_s_secret(company, receiver):
    secret = (await register(company, receiver.url)).secret
    task = await approved_task(company, receiver.url, state="session-7")
    await sender(company).deliver(await ended_event(company))
    ((headers, body),) = receiver.got
    assert json.loads(body) == {
        "state": "session-7",
        "task": {"id": task.id, "status": "approved", "status_endpoint": f"{TASKS_URL}/{task.id}"},
    }
    assert is_genuine(headers, body, secret)
    assert not is_genuine(headers, body + b" ", secret)
    assert headers["webhook-timestamp"] == str(int(company.clock.now().timestamp()))


@pytest.mark.row("X1", "N6")
async def test_an_attempt_made_again_is_the_same_notice(company, receiver):
    await register(company, receiver.url)
    await approved_task(company, receiver.url)
    event = await ended_event(company)
    receiver.answers = [web.Response(status=500)]
    with pytest.raises(Exception, match="answered 500"):
        await sender(company).deliver(event)
    company.advance(minutes=5)
    await sender(company).deliver(event)
    (first, body), (second, again) = receiver.got
    assert (first["webhook-id"], body) == (second["webhook-id"], again)
    assert first["webhook-timestamp"] != second["webhook-timestamp"]


@pytest.mark.row("X1")
async def test_a_secret_is_changed_without_a_gap(company, receiver):
    old = await register(company, receiver.url)
    await approved_task(company, receiver.url)
    event = await ended_event(company)
    new = await register(company, receiver.url)
    await sender(company).deliver(event)
    await remove_callback(company.database, company.actor("tenant_administrator"), old.id)
    await sender(company).deliver(event)
    genuine = [[is_genuine(headers, body, each) for each in (old.secret, new.secret)] for headers, body in receiver.got]
    assert genuine == [[True, True], [False, True]]
    await remove_callback(company.database, company.actor("tenant_administrator"), new.id)
    with pytest.raises(Permanent, match="not registered any more"):
        await sender(company).deliver(event)


@pytest.mark.row("X1")
@pytest.mark.parametrize(
    ("status", "headers", "error", "words"),
    [
        (302, {"Location": "http://169.254.169.254/latest"}, Permanent, "redirects are not followed"),
        (307, {"Location": "/elsewhere"}, Permanent, "redirects are not followed"),
        (410, {}, Permanent, "no more notices"),
        (429, {"Retry-After": "17"}, Exception, "answered 429"),  # it alone is tried later: the others go on
        (404, {}, Exception, "answered 404"),
    ],
)
async def test_what_the_address_answers_decides_whether_it_is_tried_again(
    company, receiver, status, headers, error, words
):
    await register(company, receiver.url)
    await approved_task(company, receiver.url)
    receiver.answers = [web.Response(status=status, headers=headers)]
    with pytest.raises(error, match=words):
        await sender(company).deliver(await ended_event(company))
    assert len(receiver.got) == 1


@pytest.mark.row("X1")
async def test_an_address_that_turned_inside_since_is_not_reached(company, receiver):
    await register(company, receiver.url)
    await approved_task(company, receiver.url)
    event = await ended_event(company)
    with pytest.raises(Exception, match="goes by https"):
        await sender(company, internal=()).deliver(event)
    assert receiver.got == []


@pytest.mark.row("X1")
async def test_a_connection_goes_to_what_was_checked_and_not_to_what_the_name_says_now(receiver):
    """The name leads nowhere; only the address that was found and checked is connected to."""
    port = int(receiver.url.rpartition(":")[2].partition("/")[0])
    target = Reachable("agents.invalid", port, (ip_address("127.0.0.1"),))
    await module._status(f"http://agents.invalid:{port}/callbacks", target, b"{}", {})
    assert [headers["host"] for headers, _body in receiver.got] == [f"agents.invalid:{port}"]


@pytest.mark.row("X1", "N6")
async def test_the_outbox_brings_each_task_s_end_once_and_shows_what_could_not_be_brought(company, receiver):
    await register(company, receiver.url)
    dead = "http://127.0.0.1:9/nobody"
    await register(company, dead)
    first = await approved_task(company, receiver.url, "first-bot")
    second = await approved_task(company, dead, "second-bot")
    receiver.answers = [web.Response(status=500)]  # its first attempt fails

    async def settle(event):
        await settle_tasks(company.database, event)

    retry = RetryPolicy(attempts=3, base_s=0.0)
    dispatcher = Dispatcher(
        company.database,
        [
            Subscription("access_tasks", frozenset(map(str, ENDINGS)), settle),
            Subscription("callbacks", frozenset({str(AccessRequestEvent.ENDED)}), sender(company).deliver, retry),
        ],
    )
    dispatcher.start()
    try:
        async with asyncio.timeout(30):
            while True:
                async with company.database.tenant(company.tenant) as tx:
                    found = await list_deliveries(tx, subscriber="callbacks", state=None, after=None, limit=10)
                if len(found) == 2 and all(each.state != "pending" for each in found):
                    break
                await dispatcher.wake()
                await asyncio.sleep(0.05)
    finally:
        await dispatcher.stop()
    assert sorted((each.state, each.attempts) for each in found) == [("dead", 3), ("done", 2)]
    (failed,) = (each for each in found if each.state == "dead")
    assert "ClientConnectorError at 127.0.0.1." in failed.last_error
    assert failed.subject.startswith("access_task:")
    assert second.id != first.id
    assert len({headers["webhook-id"] for headers, _body in receiver.got}) == 1
    assert {json.loads(body)["task"]["id"] for _headers, body in receiver.got} == {first.id}


@pytest.mark.row("X1", "R6")
async def test_only_whoever_may_change_the_configuration_registers_an_address_and_it_is_recorded(company, receiver):
    for who in ("audit_reviewer", "agent_operator"):
        with pytest.raises(PermissionMissing):
            await register(company, receiver.url, who)
    assert len(await company.trail(action="callback.register", result="denied")) == 2
    made = await register(company, receiver.url)
    (listed,) = await list_callbacks(company.database, company.actor("tenant_administrator"))
    assert (listed.id, listed.secret) == (made.id, None)
    assert made.secret not in repr(made)
    trail = await company.trail(action="callback.register", result="success")
    assert made.secret not in json.dumps(trail)
    with pytest.raises(AddressRefused):
        await register(company, "https://[::1]/callbacks")
    with pytest.raises(UnknownCallback):
        await remove_callback(
            company.database, company.actor("tenant_administrator"), EventId(company.people["agent_developer"].id)
        )
