"""Which platform tells somebody who has accounts on several, and what happens where one cannot (B8)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from bot.platform import PlaceUnusable, Platform
from core import accounts
from core.access import PersonView
from core.accounts import ChatId, note_seen
from core.accounts import Platform as ChatPlatform
from core.errors import Unavailable
from core.preferences import Unheard, covers, is_settled, note_unreached, settle_telling

log = structlog.get_logger()


class BackAgain(Unavailable):
    """Somebody could not be written to, and can be by now."""

    code = "chat.back_again"


@dataclass(frozen=True, slots=True)
class Reach:
    """The platforms that are served. With one of them there is nothing to decide."""

    platforms: list[Platform] = field(default_factory=list)  # each adds itself when it is opened

    async def is_told(
        self, platform: Platform, person: PersonView, *, subject: UUID, noticed_by: UUID | None = None
    ) -> bool:
        """Whether the person has what is new of the subject on this platform; the same for whoever asks, and later.

        `noticed_by`: the event by which they are told of it anew, which may be elsewhere than the first time.
        """
        here = self._here(platform)
        if len(here) < 2:
            return True
        async with platform.database.tenant(platform.tenant) as tx:
            settled = await is_settled(tx, person.id, subject=noticed_by or subject)
        if not settled:
            await _meet(person, (each for each in here if each is not platform))
        async with platform.database.tenant(platform.tenant) as tx:
            told = await settle_telling(tx, person.id, subject=subject, here=_workspaces(here), moved_by=noticed_by)
        return covers(told, ChatPlatform(platform.slug))

    async def writes(
        self, platform: Platform, person: PersonView, chat_user: str, write: Awaitable[object], *, about: Unheard | None
    ) -> bool:
        """Whether the person could be written to in their own place; if not they are told elsewhere, if they can.

        `about`: of what they are told here; None if only what exists is edited. Raises BackAgain if they let us write
        to them meanwhile: then trying again helps.
        """
        tried_at = platform.database.clock.now()
        try:
            await write
        except PlaceUnusable as exc:  # they have not got the app, or blocked it
            log.warning("chat_person_unreachable", person=str(person.id), error=str(exc))
            here = self._here(platform)
            for other in here if about else ():
                await other.chat_user(person)  # an account that nobody has met yet is known from then on
            chat = _chat(platform, chat_user)
            async with platform.database.tenant(platform.tenant) as tx:
                is_known = await note_unreached(
                    tx, person.id, chat, tried_at=tried_at, about=about, here=_workspaces(here)
                )
            if not is_known:
                raise BackAgain from exc
            return False
        return True

    def _here(self, platform: Platform) -> list[Platform]:
        return [each for each in self.platforms if each.tenant == platform.tenant]


async def _meet(person: PersonView, platforms: Iterable[Platform]) -> None:
    """The person's accounts are known: else the first platform to look would think that there is no other."""
    for platform in platforms:
        try:
            await platform.chat_user(person)
        except Exception:  # a platform that is down decides nothing, and keeps nobody from being told on the other
            log.warning("chat_account_not_looked_up", platform=platform.slug, person=str(person.id), exc_info=True)


async def note_active(platform: Platform, chat_user: str) -> None:
    """It is known that the account was just active. What goes wrong is nobody's concern but the log's."""
    try:
        await note_seen(platform.database, platform.tenant, _chat(platform, chat_user))
    except Exception:  # nobody's click may fail for it
        log.warning("chat_activity_not_noted", exc_info=True)


async def note_added(platform: Platform, chat_user: str) -> None:
    """It is known that the account can be written to: its person has just added the app."""
    await accounts.note_added(platform.database, platform.tenant, _chat(platform, chat_user))


async def note_gone(platform: Platform, chat_user: str) -> None:
    """It is known that the account cannot be written to: its person has just removed the app."""
    async with platform.database.tenant(platform.tenant) as tx:
        await accounts.note_unreachable(tx, _chat(platform, chat_user), tried_at=tx.now)


@asynccontextmanager
async def activity(platform: Platform, chat_user: str) -> AsyncIterator[None]:
    """The body does what somebody asked for; beside it, and never before it, the account is noted as active."""
    noted = asyncio.create_task(note_active(platform, chat_user))
    try:
        yield
    finally:
        await noted


def _chat(platform: Platform, chat_user: str) -> ChatId:
    return ChatId(ChatPlatform(platform.slug), platform.workspace_id, chat_user)


def _workspaces(here: Iterable[Platform]) -> frozenset[tuple[ChatPlatform, str]]:
    return frozenset((ChatPlatform(each.slug), each.workspace_id) for each in here)
