"""The Bolt app: every listener acknowledges first and hands over to one function."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from bot.conversation.home import publish
from bot.reach import activity
from bot.slack import acts
from bot.slack.context import Desk, chat_user_of
from bot.slack.submissions import on_submission
from bot.slack.workspace import Workspace
from core.db import Database
from core.ids import TenantId

log = structlog.get_logger()


async def connect(client: AsyncWebClient, database: Database, *, tenant: str, console: str = "") -> Workspace:
    """The workspace behind the client's token. Raises SlackApiError for a token that Slack refuses."""
    identity = await client.auth_test()
    return Workspace(
        tenant=TenantId(tenant),
        team_id=str(identity["team_id"]),
        client=client,
        database=database,
        console=console,
        name=str(identity.get("team") or ""),
    )


def make_app(desk: Desk, *, signing_secret: str | None) -> AsyncApp:
    """The app for one workspace. Without a signing secret it serves Socket Mode alone: the socket is the proof."""
    # Bolt asks for a secret in any case. With one that nobody knows, no call by HTTP can ever be verified.
    app = AsyncApp(client=desk.workspace.client, signing_secret=signing_secret or secrets.token_hex())

    async def command(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        await ack()
        async with activity(desk.workspace, chat_user_of(body)):
            await acts.command(desk, body, respond)

    async def click(ack: AsyncAck, body: dict[str, Any], respond: AsyncRespond) -> None:
        await ack()
        async with activity(desk.workspace, chat_user_of(body)):
            await acts.click(desk, body, respond)

    async def submission(ack: AsyncAck, body: dict[str, Any]) -> None:
        async with activity(desk.workspace, chat_user_of(body)):
            await on_submission(desk, body, ack)

    async def home_opened(event: Mapping[str, Any]) -> None:
        if event.get("tab") == "home":
            async with activity(desk.workspace, event["user"]):
                await publish(desk.chat, event["user"])

    app.command(re.compile(r"/(approve|bypass|change|sla|budget)"))(command)
    app.action(re.compile(r".*"))(click)
    app.view(re.compile(r".*"))(submission)
    app.event("app_home_opened")(home_opened)
    app.event("message")(_ignored)  # we post in channels; what people write there is theirs
    return app


async def open_socket(app: AsyncApp, app_token: str) -> AsyncSocketModeHandler:
    """A Socket Mode connection, kept open until `close_async`."""
    handler = AsyncSocketModeHandler(app, app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    return handler


async def _ignored() -> None:
    return
