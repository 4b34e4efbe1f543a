"""Notifications: when and where the reader is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from aiohttp import web

from core.accounts import Platform, my_accounts
from core.errors import CountersignError
from core.preferences import LAST_ACTIVE, Preferences, Told, get_preferences, set_preferences
from web.console.forms import read_form
from web.console.front import Look, see_other
from web.problems import status_of

PLACE: Final = "/console/notifications"
PLATFORMS: Final[Mapping[str, str]] = {
    LAST_ACTIVE: "Where I was last active",
    Told.SLACK: "In Slack",
    Told.TEAMS: "In Microsoft Teams",
    Told.BOTH: "In both",
}

NAMES: Final[Mapping[Platform, str]] = {Platform.SLACK: "Slack", Platform.TEAMS: "Microsoft Teams"}


async def notifications(look: Look) -> web.Response:
    """`GET /console/notifications`."""
    return await _page(look)


async def save(look: Look) -> web.Response:
    """`POST /console/notifications`: what the form says is chosen."""
    form = await read_form(look.request, look.visitor)
    digest = form.text("at") if form.text("digest") == "on" else "off"
    quiet = form.text("quiet_hours").strip() or "off"
    try:
        await set_preferences(
            look.database, look.actor, digest=digest, platform=form.text("platform"), quiet_hours=quiet
        )
    except CountersignError as error:
        return await _page(look, error=error, typed=form.typed())
    return see_other(f"{PLACE}?done=saved")


async def _page(
    look: Look, *, error: CountersignError | None = None, typed: Mapping[str, str] | None = None
) -> web.Response:
    chosen = await get_preferences(look.database, look.actor)
    accounts = await my_accounts(look.database, look.actor)
    return look.page(
        "notifications.html",
        place="security",
        status=int(status_of(error.kind)) if error else 200,
        typed=typed or _typed(chosen),
        platforms=PLATFORMS,
        unreachable=[
            (NAMES[each.chat.platform], each.unreachable_since) for each in accounts.linked if each.unreachable_since
        ],
        has_both=len({each.chat.platform for each in accounts.linked}) > 1,
        message=error.sentence() if error else "",
        failed=(error.where or "") if error else "",
        said="Saved." if look.query("done") == "saved" and error is None else "",
    )


def _typed(chosen: Preferences) -> Mapping[str, str]:
    return {
        "digest": "on" if chosen.has_digest else "",
        "at": f"{chosen.digest_at:%H:%M}",
        "platform": chosen.platform_choice,
        "quiet_hours": str(chosen.quiet or ""),
    }
