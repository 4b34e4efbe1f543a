"""Pictures in Teams: it takes none from a bot, but fetches them from an address of ours (docs/decisions/0038)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from bot.cards import Picture
from bot.pictures import CardOf, Drawing, picture_key
from bot.teams.workspace import Workspace
from core.access import PersonView
from core.links import MessageSlot
from core.pictures import UnusablePicture, keep_picture

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class TeamsGallery:
    """Pictures stand at our own address for a while. `address`: where Teams can reach us; empty: words alone."""

    workspace: Workspace
    address: str

    @property
    def takes_pictures(self) -> bool:
        """Whether Teams may fetch pictures from us."""
        return bool(self.address)

    async def say_once(self, slot: MessageSlot, card_of: CardOf, drawings: Sequence[Drawing]) -> None:
        """The slot has a message with the pictures, unless it had one already. Raises PlaceUnusable."""
        if await self.workspace.is_said(slot):
            return
        pictures = await self._kept(slot, drawings) if self.takes_pictures else ()
        await self.workspace.say_once(slot, card_of(pictures))

    async def show(
        self, slot: MessageSlot, card_of: CardOf, drawings: Sequence[Drawing], *, viewers: Sequence[PersonView] = ()
    ) -> MessageSlot:
        """The slot's message exists and shows the card with the pictures. Raises PlaceUnusable."""
        pictures = await self._kept(slot, drawings) if self.takes_pictures else ()
        return await self.workspace.show(slot, card_of(pictures), viewers=viewers)

    async def _kept(self, slot: MessageSlot, drawings: Sequence[Drawing]) -> tuple[Picture, ...]:
        """The drawings at their addresses: the same at every delivery."""
        kept: list[Picture] = []
        async with self.workspace.database.tenant(self.workspace.tenant) as tx:
            for each in drawings:
                try:
                    path = await keep_picture(tx, each.png, key=picture_key(slot, each.name), name=each.name)
                except UnusablePicture:
                    log.warning("chat_picture_not_kept", picture=each.name, size_bytes=len(each.png))
                    continue
                kept.append(Picture(f"{self.address}{path}", each.alt, each.title))
        return tuple(kept)
