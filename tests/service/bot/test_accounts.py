"""Who is behind a Slack account, and who is told when that changes (X2)."""

import contextlib
import socket
from dataclasses import replace

import aiohttp
import pytest
from aiohttp import web

from bot.accounts import AccountMessages
from bot.slack.workspace import Workspace, make_client
from core.access import UnknownPerson
from core.accounts import LinkedBy, UnknownChatAccount, set_account
from core.ids import EventId
from core.outbox import Event
from core.outbox.model import outbox_events
from core.tenants import TenantPolicy, provision
from core.tenants.policy import ChatPolicy
from sandbox.server import Options, create_app

TEAM = "T1ACME"


@contextlib.asynccontextmanager
async def slack(company):
    """The workspace, where everybody has an account, and what stands in somebody's direct messages."""
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    ids = {who: f"U{number:04}" for number, who in enumerate(company.people)}
    options = Options(
        base_url=url,
        product_url="http://127.0.0.1:9",
        signing_secret="s",
        bot_token="xoxb-1",
        app_token="xapp-1",
        people={
            "team": {"id": TEAM, "name": "Acme", "domain": "acme"},
            "people": [
                {"id": ids[who], "name": who, "real_name": person.name, "email": person.email}
                for who, person in company.people.items()
            ],
            "channels": [],
        },
    )
    runner = web.AppRunner(create_app(options, systems={}), shutdown_timeout=0.5)
    await runner.setup()
    await web.SockSite(runner, bound).start()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(runner.cleanup)
        client = make_client("xoxb-1", f"{url}/slack/api/")
        workspace = Workspace(company.tenant, TEAM, client, company.database, name="Acme")

        async def told(who):
            async with (
                aiohttp.ClientSession() as session,
                session.get(
                    f"{url}/control/slack/messages", params={"channel": f"@{company.people[who].email}"}
                ) as answer,
            ):
                return [message["text"] for message in (await answer.json())["messages"]]

        yield workspace, ids, told


@pytest.mark.row("X2")
async def test_a_matched_account_acts_as_its_person_and_says_how_sure_that_is(company):
    async with slack(company) as (workspace, ids, _told):
        actor = await workspace.actor(ids["security_manager"])
        assert (actor.user, actor.linked_by) == (company.people["security_manager"].id, LinkedBy.VERIFIED_EMAIL)
        assert await workspace.chat_user(company.people["agent_developer"]) == ids["agent_developer"]


@pytest.mark.row("X2", "R6")
async def test_where_addresses_prove_nothing_accounts_are_strangers_and_nobody_gets_their_messages(company):
    policy = TenantPolicy(tenant_id=company.tenant, chat=ChatPolicy(email_match=False))
    await provision(company.database, policy)
    async with slack(company) as (workspace, ids, _told):
        for _try in range(3):
            with pytest.raises(UnknownChatAccount) as refusal:
                await workspace.actor(ids["security_manager"])
        assert "/approve link" in refusal.value.sentence()
        assert await workspace.chat_user(company.people["security_manager"]) is None
        with pytest.raises(UnknownPerson):
            await workspace.person(ids["agent_developer"])  # who is named has not tried anything
        refused = await company.trail(action="chat_account.use")
        assert [each["user_id"] for each in refused] == [f"slack:{TEAM}/{ids['security_manager']}"]


@pytest.mark.row("X2")
async def test_the_account_its_person_and_whoever_had_it_are_told_once_each(company):
    async with slack(company) as (workspace, ids, told):
        before, after = "agent_operator", "security_manager"
        spare = (await workspace.actor(ids[after])).user  # they have an account already
        chat = replace(workspace.chat(ids["audit_reviewer"]))
        administrator = company.actor("tenant_administrator")
        for who in (before, after):
            await set_account(
                company.database, administrator, company.people[who].id, chat, linked_by=LinkedBy.ADMINISTRATOR
            )
        await workspace.actor(ids[before])
        async with company.database.tenant(company.tenant) as tx:
            row = (await tx.connection.execute(outbox_events.select().order_by(outbox_events.c.event_id))).all()[-1]
        event = Event(company.tenant, EventId(row.event_id), row.subject, row.type, row.data, row.occurred_at)
        for _delivery in range(2):
            await AccountMessages(workspace).deliver(event)
        assert spare == company.people[after].id
        assert [len(await told(who)) for who in ("audit_reviewer", after, before)] == [1, 1, 1]
        assert "is linked to Security Manager" in (await told("audit_reviewer"))[0]
        assert "is linked to you" in (await told(after))[0]
        assert "was yours" in (await told(before))[0]
