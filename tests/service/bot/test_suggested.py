"""Who gets a message at once where some are suggested, and when the others get theirs (P2, B3)."""

import contextlib
import socket

import pytest
from aiohttp import web

from bot.living import DIRECT, LivingMessages
from bot.slack.workspace import Workspace, make_client
from core import links
from core.approvals import RequestEvent
from core.ids import EventId, uuid7
from core.outbox import Event
from sandbox.server import Options, create_app
from tests.factories import agent, policies

REVIEW = policies(
    "Agent Creation Approval:\n"
    "  stages:\n"
    "    - {stage: review, approvers: [meta_agent_manager], criteria: [], timeout: 24 hours}\n"
)


@contextlib.asynccontextmanager
async def messages_of(company):
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    people = [
        {"id": f"U{number:04}", "name": key, "real_name": person.name, "email": person.email}
        for number, (key, person) in enumerate(company.people.items())
    ]
    options = Options(
        base_url=url,
        product_url="http://127.0.0.1:9",
        signing_secret="s",
        bot_token="xoxb-1",
        app_token="xapp-1",
        people={
            "team": {"id": "T1ACME", "name": "Acme", "domain": "acme"},
            "people": people,
            "channels": [{"id": "C0APPROVALS", "name": "approvals", "members": "*"}],
        },
    )
    runner = web.AppRunner(create_app(options, systems={}), shutdown_timeout=0.5)
    await runner.setup()
    await web.SockSite(runner, bound).start()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(runner.cleanup)
        client = make_client("xoxb-1", f"{url}/slack/api/")
        workspace = Workspace(tenant=company.tenant, team_id="T1ACME", client=client, database=company.database)
        names = {each["id"]: each["name"] for each in people}

        async def refresh(_chat_user: str) -> None:
            return

        living = LivingMessages(workspace, "C0APPROVALS", "C0APPROVALS", refresh)

        async def after(event: RequestEvent, request_id, **data) -> set[str]:
            """Who has a message of the request once this event is told."""
            subject = f"request:{request_id}"
            await living.deliver(
                Event(company.tenant, EventId(uuid7()), subject, event, data, occurred_at=company.clock.now())
            )
            async with company.database.tenant(company.tenant) as tx:
                found = await links.messages_of(tx, request_id, workspace.slug)
            return {names[slot.place] for slot in found if slot.role == DIRECT}

        yield after


@pytest.mark.row("P2", "B3")
async def test_those_suggested_are_told_at_once_and_the_others_with_the_reminder(company):
    second = await company.add("second", "meta_agent_manager")
    opened = await company.gate(REVIEW).decide(
        company.actor("agent_developer"),
        action="agent.create",
        resource=agent(),
        context={"justification": "Reads invoices.", "suggested_approvers": [second.email]},
    )
    async with messages_of(company) as after:
        assert await after(RequestEvent.STAGE_OPENED, opened.request_id) == {"agent_developer", "second"}
        people = [str(company.people[who].id) for who in ("second", "meta_agent_manager")]
        await after(RequestEvent.REMINDED, opened.request_id, stage="review", people=people)
        everybody = {"agent_developer", "second", "meta_agent_manager"}
        assert await after(RequestEvent.VOTED, opened.request_id) == everybody
