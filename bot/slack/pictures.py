"""Pictures in Slack: uploaded by the app, for its messages alone, and shown in a block by their id."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.cards import Picture
from bot.pictures import CardOf, Drawing
from bot.slack.limits import FILE_ALT_MAX
from bot.slack.refusals import error_of, translated
from bot.slack.workspace import Workspace
from bot.wording import clipped
from core.access import PersonView
from core.links import MessageSlot

log = structlog.get_logger()

T = TypeVar("T")

# The workspace or the installation does not let the app upload: trying again would change nothing.
NOT_TAKEN: Final = frozenset(
    {
        "missing_scope",
        "file_uploads_disabled",
        "file_type_not_allowed",
        "file_upload_size_restricted",
        "restricted_action",
        "not_allowed_token_type",
    }
)


# Slack looks a picture through after its upload; until then no message can show it (node-slack-sdk, issue 1865).
READY_PAUSES_S: Final = (0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True, slots=True)
class SlackGallery:
    """Pictures are uploaded before the message that shows them."""

    workspace: Workspace
    ready_pauses_s: Sequence[float] = READY_PAUSES_S

    @property
    def takes_pictures(self) -> bool:
        """It is tried; whether the app may upload, Slack says then."""
        return True

    async def say_once(self, slot: MessageSlot, card_of: CardOf, drawings: Sequence[Drawing]) -> None:
        """The slot has a message with the pictures, unless it had one already. Raises PlaceUnusable."""
        if await self.workspace.is_said(slot):
            return
        await self._shown(drawings, lambda pictures: self.workspace.say_once(slot, card_of(pictures)))

    async def show(
        self, slot: MessageSlot, card_of: CardOf, drawings: Sequence[Drawing], *, viewers: Sequence[PersonView] = ()
    ) -> MessageSlot:
        """The slot's message exists and shows the card with the pictures. Raises PlaceUnusable."""
        show = self.workspace.show
        return await self._shown(drawings, lambda pictures: show(slot, card_of(pictures), viewers=viewers))

    async def _shown(self, drawings: Sequence[Drawing], write: Callable[[Sequence[Picture]], Awaitable[T]]) -> T:
        """What `write` returns: with the pictures once Slack has looked them through, without them if it takes long."""
        uploaded = [await _upload(self.workspace.client, each) for each in drawings]
        pictures = [picture for picture in uploaded if picture is not None]
        for pause_s in self.ready_pauses_s if pictures else ():
            try:
                return await write(pictures)
            except SlackApiError as exc:
                if not _is_not_ready(exc):
                    raise
                await asyncio.sleep(pause_s)
        if pictures:
            log.warning("chat_pictures_not_shown", reason="Slack has not looked them through in time")
        return await write(())


async def _upload(client: AsyncWebClient, drawing: Drawing) -> Picture | None:
    """The picture as the workspace has it; None, and a line in the log, if the app may not upload."""
    try:
        answer = await client.files_upload_v2(
            file=drawing.png, filename=drawing.name, title=drawing.title, alt_txt=clipped(drawing.alt, FILE_ALT_MAX)
        )
    except SlackApiError as exc:
        if error_of(exc) not in NOT_TAKEN:
            raise translated(exc) from exc
        needed = exc.response.get("needed", "")
        log.warning("chat_picture_not_uploaded", error=error_of(exc), needed=needed, picture=drawing.name)
        return None
    return Picture("", drawing.alt, drawing.title, file=str(answer["files"][0]["id"]))


def _is_not_ready(exc: SlackApiError) -> bool:
    """Whether a message was refused because Slack has not looked its picture through yet."""
    return error_of(exc) == "invalid_blocks" and "invalid slack file" in str(exc.response.get("errors", ""))
