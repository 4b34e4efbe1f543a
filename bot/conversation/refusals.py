"""Refusals of votes, told with the names and titles of the request that they were cast on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from bot.conversation.chat import Chat
from bot.views.votes import restated
from core.access import member_of
from core.actor import Actor
from core.approvals import get_request
from core.approvals.errors import AlreadyDecided, InvalidVote, NotAnApprover, StageAlreadyDecided


@asynccontextmanager
async def told_of_request(chat: Chat, actor: Actor, request_id: UUID, *, stage: str | None) -> AsyncIterator[None]:
    """What the use case inside refuses is said about the request as it stands now. `stage`: the one that was named."""
    try:
        yield
    except (AlreadyDecided, InvalidVote, NotAnApprover, StageAlreadyDecided) as exc:
        request = await get_request(chat.database, actor, request_id)
        raise restated(exc, request, member_of(actor), stage) from exc
