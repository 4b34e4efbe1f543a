"""What the bot sends: the checks on an activity, and its place in a conversation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from sandbox.teams.cards import check_card
from sandbox.teams.errors import ConnectorError
from sandbox.teams.schema import CARD
from sandbox.teams.walk import card_of
from sandbox.teams.world import Conversation, Json, Message, Place, Tenant

SIZE_MAX_BYTES: Final = 28 * 1024  # Teams, "Format your bot messages": about 28 KB with everything in it
ATTACHMENTS_MAX: Final = 10  # cards of a carousel
_CARDS: Final = "application/vnd.microsoft.card."
_OTHER_CARDS: Final = frozenset({"hero", "thumbnail", "signin", "oauth", "list"})
_TYPES: Final = ("message", "typing")
_TEXT_FORMATS: Final = (None, "plain", "markdown", "xml")


def checked(activity: Any, size_bytes: int) -> tuple[Json, list[str]]:
    """The activity and what is to be noted about its card. Raises ConnectorError for what Teams would refuse."""
    if not isinstance(activity, dict):
        raise ConnectorError("BadArgument", "The activity must be a JSON object.")
    if size_bytes > SIZE_MAX_BYTES:
        raise ConnectorError("MessageSizeTooBig", f"Message size too large: {size_bytes} of {SIZE_MAX_BYTES} bytes.")
    kind = activity.get("type")
    if kind not in _TYPES:
        raise ConnectorError("BadArgument", f"Unknown activity type {kind!r}; accepted: message, typing.")
    text, attachments = activity.get("text"), activity.get("attachments") or []
    if text is not None and not isinstance(text, str):
        raise ConnectorError("BadArgument", "text: a text is expected.")
    if activity.get("textFormat") not in _TEXT_FORMATS:
        raise ConnectorError("BadArgument", "textFormat: plain, markdown or xml is expected.")
    notes = _attachments(attachments)
    if kind == "message" and not (text or "").strip() and not attachments:
        raise ConnectorError("BadArgument", "Activity must include a text or an attachment.")
    return activity, notes


def size_of(activity: Mapping[str, Any]) -> int:
    """Bytes of the activity as it travels."""
    return len(json.dumps(activity, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))


def deliver(
    world: Tenant,
    conversation: Conversation,
    root: str | None,
    activity: Json,
    *,
    notes: list[str],
    only: str | None = None,
) -> Message | None:
    """The message stands in the conversation; None when no single message can be named afterwards.

    A text with a card becomes two messages, and then there is no id (Teams, "Update and delete messages").
    """
    if activity["type"] == "typing":
        return None
    if root is None and conversation.kind is Place.CHANNEL and activity.get("replyToId"):
        root = _root_of(conversation, str(activity["replyToId"]))
    bot = world.app.bot
    if (activity.get("text") or "").strip() and card_of(activity) is not None:
        words = {key: value for key, value in activity.items() if key not in {"attachments", "summary"}}
        world.post(conversation, bot, words, root=root, only=only)
        card = {key: value for key, value in activity.items() if key != "text"}
        world.post(conversation, bot, card, root=root, only=only).notes = notes
        return None
    message = world.post(conversation, bot, activity, root=root, only=only)
    message.notes = notes
    return message


def own_message(world: Tenant, conversation: Conversation, id_: str) -> Message:
    """The bot's own message with this id. Raises ConnectorError."""
    message = conversation.find(id_)
    if message is None:
        raise ConnectorError("ActivityNotFoundInConversation")
    if message.by != world.app.bot:
        raise ConnectorError("NotEnoughPermissions", "A bot can change its own messages only.")
    return message


def _root_of(conversation: Conversation, id_: str) -> str:
    message = conversation.find(id_)
    if message is None:
        raise ConnectorError("ActivityNotFoundInConversation")
    return message.root or message.id


def _attachments(attachments: Any) -> list[str]:
    if not isinstance(attachments, list):
        raise ConnectorError("BadArgument", "attachments: a list is expected.")
    if len(attachments) > ATTACHMENTS_MAX:
        raise ConnectorError("BadArgument", f"attachments: at most {ATTACHMENTS_MAX} are accepted.")
    notes: list[str] = []
    for index, attachment in enumerate(attachments):
        place = f"attachments[{index}]"
        kind = attachment.get("contentType") if isinstance(attachment, dict) else None
        if not isinstance(kind, str):
            raise ConnectorError("BadArgument", f"{place}.contentType: a text is expected.")
        if kind == CARD:
            found = check_card(attachment.get("content"))
            if found.errors:
                raise ConnectorError("BadArgument", f"Invalid card in {place}.content: {' '.join(found.errors)}")
            notes += found.notes
        elif kind.startswith(_CARDS):
            if kind.removeprefix(_CARDS) not in _OTHER_CARDS or not isinstance(attachment.get("content"), dict):
                raise ConnectorError("BadArgument", f"{place}: Unknown attachment type {kind!r}.")
        elif not kind.startswith(("image/", "text/")):
            raise ConnectorError("BadArgument", f"{place}: Unknown attachment type {kind!r}.")
    return notes
