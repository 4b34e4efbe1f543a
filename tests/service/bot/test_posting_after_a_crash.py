"""A process that dies between posting and storing the message's id: whoever comes next finds it (B3, N6)."""

import contextlib
import socket

import pytest
from aiohttp import web

from bot.cards import Card, Plain, Section
from bot.slack import render
from bot.slack.workspace import METADATA_EVENT, PLATFORM, Workspace, make_client
from core.ids import uuid7
from core.links import MessageSlot, reserve_message
from sandbox.server import Options, create_app

CHANNEL = "C0APPROVALS"
CARD = Card("REQ-1001", (Section((Plain("REQ-1001"),)),))
PEOPLE = {
    "team": {"id": "T1ACME", "name": "Acme", "domain": "acme"},
    "people": [{"id": "U1ANN", "name": "ann", "real_name": "Ann Lee", "email": "ann@acme.example"}],
    "channels": [{"id": CHANNEL, "name": "approvals", "members": "*"}],
}


@pytest.fixture
async def workspace(company):
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    options = Options(
        base_url=url,
        product_url="http://127.0.0.1:9",
        signing_secret="s",
        bot_token="xoxb-1",
        app_token="xapp-1",
        people=PEOPLE,
    )
    runner = web.AppRunner(create_app(options, systems={}), shutdown_timeout=0.5)
    await runner.setup()
    await web.SockSite(runner, bound).start()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(runner.cleanup)
        client = make_client("xoxb-1", f"{url}/slack/api/")
        yield Workspace(tenant=company.tenant, team_id="T1ACME", client=client, database=company.database)


async def dies_after_posting(workspace, slot, thread=None):
    """The message stands on the platform; of its id nobody knows."""
    async with workspace.database.tenant(workspace.tenant) as tx:
        await reserve_message(tx, slot)
    posted = await workspace.client.chat_postMessage(
        channel=CHANNEL,
        thread_ts=thread,
        **render.message(CARD),
        metadata={"event_type": METADATA_EVENT, "event_payload": {"key": slot.key}},
    )
    return posted["ts"]


@pytest.mark.row("B3", "N6")
@pytest.mark.parametrize("place", [CHANNEL, "approvals"])
async def test_a_message_whose_id_was_not_stored_is_found_and_not_posted_again(workspace, place):
    slot = MessageSlot(uuid7(), PLATFORM, place, "channel")
    ts = await dies_after_posting(workspace, slot)

    shown = await workspace.show(slot, CARD)

    history = await workspace.client.conversations_history(channel=CHANNEL)
    assert (shown.message_id, [message["ts"] for message in history["messages"]]) == (ts, [ts])


@pytest.mark.row("B3", "N6")
async def test_a_line_of_a_thread_whose_id_was_not_stored_is_found_and_not_posted_again(workspace):
    subject = uuid7()
    root = await workspace.show(MessageSlot(subject, PLATFORM, CHANNEL, "channel"), CARD)
    line = MessageSlot(subject, PLATFORM, CHANNEL, f"thread:{uuid7()}", channel=CHANNEL)
    ts = await dies_after_posting(workspace, line, thread=root.message_id)

    shown = await workspace.show(line, CARD, thread=root.message_id)

    replies = await workspace.client.conversations_replies(channel=CHANNEL, ts=root.message_id)
    assert (shown.message_id, [message["ts"] for message in replies["messages"]]) == (ts, [root.message_id, ts])
