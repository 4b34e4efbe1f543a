"""/api/v1/preferences: what the caller has chosen for themselves."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from core.accounts import my_accounts
from core.actor import Actor
from core.db import Database
from core.errors import ErrorKind
from core.preferences import Preferences as Chosen
from core.preferences import get_preferences, set_preferences
from web.endpoint import Call, Method, endpoint
from web.schema import Input, Output

_Digest = Annotated[str, Field(max_length=20, description="off, on, or a time from 05:00 to 11:00 where they live")]
_Quiet = Annotated[str, Field(max_length=20, description="off, or hours where they live, such as 22:00-07:00")]


class PreferencesIn(Input):
    """What is chosen; what is left out stays as it is."""

    digest: _Digest | None = None
    platform: Literal["last_active", "slack", "teams", "both"] | None = None
    quiet_hours: _Quiet | None = None


class UnreachableOut(Output):
    """A platform that refuses what is written to the caller, until they are active there again."""

    platform: Literal["slack", "teams"]
    since: datetime


class PreferencesOut(Output):
    """When the caller has their digest, where they are told if they have accounts on both, and when it is quiet."""

    digest: str  # off, or a time where they live
    platform: Literal["last_active", "slack", "teams", "both"]
    quiet_hours: str  # off, or from when to when, where they live
    unreachable: list[UnreachableOut]


class Preferences:
    """The caller's preferences."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @endpoint(
        Method.GET,
        "/api/v1/preferences",
        summary="Show one's own preferences",
        tags=("preferences",),
        errors=(ErrorKind.FORBIDDEN,),
        permission="every person for themselves",
    )
    async def show(self, call: Call[None, None, None]) -> PreferencesOut:
        """The defaults for whoever has chosen nothing."""
        return await self._shown(call.actor, await get_preferences(self._database, call.actor))

    @endpoint(
        Method.PUT,
        "/api/v1/preferences",
        summary="Set one's own preferences",
        tags=("preferences",),
        errors=(ErrorKind.FORBIDDEN,),
        permission="every person for themselves",
        example={"digest": "09:15", "platform": "teams", "quiet_hours": "22:00-07:00"},
    )
    async def put(self, call: Call[PreferencesIn, None, None]) -> PreferencesOut:
        """They count from the next message on; what was sent before is kept up to date where it stands."""
        body = call.body
        chosen = await set_preferences(
            self._database, call.actor, digest=body.digest, platform=body.platform, quiet_hours=body.quiet_hours
        )
        return await self._shown(call.actor, chosen)

    async def _shown(self, actor: Actor, chosen: Chosen) -> PreferencesOut:
        accounts = await my_accounts(self._database, actor)
        return PreferencesOut(
            digest=chosen.digest_choice,
            platform=chosen.platform_choice,
            quiet_hours=chosen.quiet_choice,
            unreachable=[
                UnreachableOut(platform=each.chat.platform.value, since=each.unreachable_since)
                for each in accounts.linked
                if each.unreachable_since
            ],
        )
