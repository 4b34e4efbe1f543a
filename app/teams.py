"""Microsoft Teams as configured: the desk behind /api/messages, and its subscribers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import aiohttp

from app.chat_messages import Office
from app.container import Service
from bot.conversation.chat import Chat
from bot.conversation.home import publish
from bot.reach import Reach
from bot.teams.connector import Connector, make_connector, make_session
from bot.teams.context import Desk
from bot.teams.door import Credentials, Doorkeeper, refusals_of
from bot.teams.keys import SigningKeys
from bot.teams.people import People
from bot.teams.pictures import TeamsGallery
from bot.teams.places import Places
from bot.teams.workspace import Workspace
from config.chat import TeamsSettings
from config.settings import Role, Settings
from core.errors import CountersignError
from core.ids import TenantId
from core.outbox import Subscription


@dataclass(slots=True)
class Teams:
    """What this process runs of Teams; nothing if it is not configured."""

    desk: Desk | None = None
    subscriptions: list[Subscription] = field(default_factory=list)
    session: aiohttp.ClientSession | None = None
    grace_s: float = 0.0  # for what is under way when the process stops

    async def stop(self) -> None:
        """Nothing is under way any more, and no connection is open."""
        if self.desk is not None:
            await self.desk.close(within_s=self.grace_s)
        if self.session is not None:
            await self.session.close()


def open_teams(service: Service, reach: Reach) -> Teams:
    """Teams, ready and within reach; Microsoft is asked for a token when the first message is sent."""
    settings = service.settings.teams
    if settings.app_id is None or settings.tenant_id is None or settings.tenant is None:
        return Teams()
    session = make_session()
    places = Places(
        tenant=TenantId(settings.tenant),
        tenant_id=settings.tenant_id,
        connector=teams_connector(session, settings),
        database=service.database,
        service_url=settings.service_url,
    )
    public = service.settings.public_url
    workspace = Workspace(places, People(places), console=f"{public.rstrip('/')}/console" if public else "")
    reach.platforms.append(workspace)
    address = _address_of_pictures(service.settings)
    chat = Chat(
        platform=workspace,
        gate=service.gate,
        changes=service.changes,
        budgets=service.budgets,
        sla=service.sla,
        renderer=service.renderer,
        address=address,
    )

    async def refresh_home(chat_user: str) -> None:
        if await workspace.has_home(chat_user):
            await publish(chat, chat_user)

    subscriptions = Office(
        workspace,
        settings,
        TeamsGallery(workspace, address),
        service.renderer,
        refresh_home=refresh_home,
        reach=reach,
        rates=service.rates,
        budgets=service.budgets,
    ).subscriptions()
    if Role.BOT not in service.settings.roles:
        return Teams(subscriptions=subscriptions, session=session)
    credentials = Credentials(settings.app_id, settings.tenant_id, settings.issuer)
    door = Doorkeeper(
        keys=SigningKeys(session, settings.metadata_url, issuer=settings.issuer),
        credentials=credentials,
        refusals=refusals_of(service.database, places.tenant),
        now=service.database.clock.outside,  # tokens run out in Microsoft's time
    )
    return Teams(
        desk=Desk(workspace, chat, door),
        subscriptions=subscriptions,
        session=session,
        grace_s=service.settings.shutdown_grace_s / 2,
    )


def _address_of_pictures(settings: Settings) -> str:
    """Where Teams fetches pictures from; none where it may not, or where only this machine can reach us."""
    is_reachable = settings.public_url is not None or settings.demo
    return settings.base_url.rstrip("/") if settings.teams.pictures and is_reachable else ""


def teams_connector(session: aiohttp.ClientSession, settings: TeamsSettings) -> Connector:
    """The way to Teams of the configured bot. Raises RuntimeError if none is configured."""
    if settings.app_id is None or settings.tenant_id is None or settings.app_password is None:
        raise RuntimeError("Teams is not configured")
    return make_connector(
        session,
        app_id=settings.app_id,
        secret=settings.app_password,
        tenant_id=settings.tenant_id,
        login_url=settings.login_url,
        audience=settings.issuer,
    )


async def examine_teams(settings: TeamsSettings) -> list[dict[str, Any]]:
    """Whether Microsoft issues a token for the bot and publishes the keys by which we know Teams."""
    if not settings.enabled:
        next_step = "Set COUNTERSIGN_TEAMS__APP_ID; see docs/connectors/teams.md."
        return [_finding("warning", "Teams is not configured.", next_step)]
    async with make_session() as session:
        try:
            await teams_connector(session, settings).check()
            await SigningKeys(session, settings.metadata_url, issuer=settings.issuer).check()
        except CountersignError as exc:
            return [_finding("failed", exc.message, exc.next_step or "Check the network and teams.metadata_url.")]
        except (aiohttp.ClientError, TimeoutError) as exc:
            message = f"Microsoft cannot be reached: {type(exc).__name__}."
            return [_finding("failed", message, "Check the network and COUNTERSIGN_TEAMS__LOGIN_URL.")]
    return [_finding("ok", "Microsoft issues a token for the bot, and publishes the keys that Teams signs with.", "")]


def _finding(health: str, message: str, next_step: str) -> dict[str, Any]:
    return {"subject": "teams", "health": health, "message": message, "next_step": next_step}
