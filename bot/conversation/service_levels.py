"""Service levels, as typed after /sla: services, one of them, its error budgets, credits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog

from bot.cards import Card, Picture
from bot.commands import Intent, Verb
from bot.conversation.chat import Chat
from bot.views.service_levels import credits_card, error_budget_card, service_card, services_card
from core.actor import Actor
from core.charts import Chart, PictureFailed, PictureFormat, Theme, service_charts
from core.pictures import UnusablePicture, keep_picture
from core.sla import StatusView, get_course, get_status, list_credits, list_services

SERVICES_MAX: Final = 2000  # that are looked through for the worst
VERBS: Final = frozenset({Verb.SERVICES, Verb.ERROR_BUDGET, Verb.CREDITS})

log = structlog.get_logger()


def is_of_service_levels(intent: Intent) -> bool:
    """Whether the line speaks of a service, and not of an incident."""
    return intent.verb in VERBS or (intent.verb is Verb.SHOW and intent.number is None)


async def on_service_level(chat: Chat, actor: Actor, intent: Intent) -> Card:
    """The typed line is answered. Raises UnknownService."""
    database, console = chat.database, chat.console
    if intent.verb is Verb.CREDITS:
        return credits_card(await list_credits(database, chat.sla, actor), console=console)
    if not intent.text:
        return services_card(await list_services(database, chat.sla, actor, limit=SERVICES_MAX), console=console)
    status = await get_status(database, chat.sla, actor, intent.text)
    if intent.verb is Verb.ERROR_BUDGET:
        return error_budget_card(status, pictures=await _pictures(chat, actor, status, ("budget",)), console=console)
    pictures = await _pictures(chat, actor, status, ("response-time", "budget"))
    return service_card(status, pictures=pictures, console=console)


async def _pictures(chat: Chat, actor: Actor, status: StatusView, names: Sequence[str]) -> tuple[Picture, ...]:
    """The charts at addresses that the platform can fetch; none where it cannot, or nothing was sampled."""
    if not chat.address or chat.renderer is None or status.last_sample_at is None:
        return ()
    course = await get_course(chat.database, chat.sla, actor, status.service)
    charts = [each for each in service_charts(course) if each.name in names]
    return tuple([picture for each in charts if (picture := await _kept(chat, actor, status, each)) is not None])


async def _kept(chat: Chat, actor: Actor, status: StatusView, chart: Chart) -> Picture | None:
    assert chat.renderer is not None  # asked before
    try:
        png = await chat.renderer.draw(chart, PictureFormat.PNG, Theme.LIGHT)
        async with chat.database.tenant(actor.tenant) as tx:
            key = f"sla:{status.service}:{chart.name}"
            path = await keep_picture(tx, png, key=key, name=f"{chart.name}.png")
    except (PictureFailed, UnusablePicture):
        log.warning("chat_pictures_not_drawn", chart=chart.name)
        return None
    return Picture(f"{chat.address}{path}", chart.description, chart.title)
