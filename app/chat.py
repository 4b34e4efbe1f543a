"""Slack as configured: the app, its subscriber, and a Socket Mode connection where that is the mode."""

from __future__ import annotations

from dataclasses import dataclass, field

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp

from app.chat_messages import Office
from app.container import Service
from bot.conversation.chat import Chat
from bot.conversation.home import publish
from bot.reach import Reach
from bot.refused import Refusals
from bot.slack.app import connect, make_app, open_socket
from bot.slack.context import Desk
from bot.slack.front import refusals_of
from bot.slack.pictures import SlackGallery
from bot.slack.workspace import make_client
from config.chat import SlackMode
from config.settings import Role
from core.outbox import Subscription


@dataclass(slots=True)
class Slack:
    """What this process runs of Slack; nothing if it is not configured."""

    app: AsyncApp | None = None
    app_token: str | None = None
    refusals: Refusals | None = None  # at the address that Slack calls; in Socket Mode it calls none of ours
    subscriptions: list[Subscription] = field(default_factory=list)
    _socket: AsyncSocketModeHandler | None = None

    async def start(self) -> None:
        """In Socket Mode the connection is open."""
        if self.app is not None and self.app_token is not None:
            self._socket = await open_socket(self.app, self.app_token)

    async def stop(self) -> None:
        """The connection is closed."""
        if self._socket is not None:
            await self._socket.close_async()  # type: ignore[no-untyped-call]


async def open_slack(service: Service, reach: Reach) -> Slack:
    """Slack, connected and checked, and within reach. Raises SlackApiError if Slack refuses the token."""
    settings = service.settings.slack
    if settings.bot_token is None or settings.tenant is None:
        return Slack()
    client = make_client(settings.bot_token.get_secret_value(), settings.api_url)
    public = service.settings.public_url  # the bound address is often one that only this machine can reach
    console = f"{public.rstrip('/')}/console" if public else ""
    workspace = await connect(client, service.database, tenant=settings.tenant, console=console)
    reach.platforms.append(workspace)
    chat = Chat(
        platform=workspace,
        gate=service.gate,
        changes=service.changes,
        budgets=service.budgets,
        sla=service.sla,
        renderer=service.renderer,
        address=public.rstrip("/") if public else "",
    )
    subscriptions = Office(
        workspace,
        settings,
        SlackGallery(workspace),
        service.renderer,
        refresh_home=lambda chat_user: publish(chat, chat_user),
        reach=reach,
        rates=service.rates,
        budgets=service.budgets,
    ).subscriptions()
    is_socket = settings.mode is SlackMode.SOCKET
    secret = None if settings.signing_secret is None else settings.signing_secret.get_secret_value()
    app_token = settings.app_token.get_secret_value() if is_socket and settings.app_token else None
    if Role.BOT not in service.settings.roles:
        return Slack(subscriptions=subscriptions)
    return Slack(
        app=make_app(Desk(workspace, chat), signing_secret=secret),
        app_token=app_token,
        refusals=None if is_socket else refusals_of(service.database, workspace.tenant),
        subscriptions=subscriptions,
    )
