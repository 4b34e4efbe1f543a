"""What Slack's refusals mean: whether to try again, to post anew, or to tell somebody elsewhere."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

import aiohttp
from slack_sdk.errors import SlackApiError

from bot.platform import PlaceUnusable
from bot.slack.ids import PERSON_ID
from core.links import MessageSlot
from core.outbox import Throttle

# The message is gone or cannot be edited any more: post anew instead of trying for ever (Slack, chat.update).
LOST: Final = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found", "is_inactive"}
)
# Trying again does not help (Slack, chat.postMessage).
UNUSABLE: Final = frozenset({"channel_not_found", "not_in_channel", "is_archived", "restricted_action"})
# Nor with a direct message (Slack, chat.postMessage and conversations.open). The last two mean that the app was removed
# from the workspace: for a channel that is waited for, as its messages have no other way.
UNREACHABLE: Final = UNUSABLE | {
    "cannot_dm_bot",
    "messages_tab_disabled",
    "user_disabled",
    "user_not_found",
    "user_not_visible",
    "is_inactive",
    "account_inactive",
    "token_revoked",
}


# Slack's own failures, which may pass (Slack, "Errors" of every method).
FAILED_THERE: Final = frozenset({"fatal_error", "internal_error", "service_unavailable", "request_timeout"})
# An answer that one person alone sees cannot be given in the channel (Slack, chat.postEphemeral).
NOT_SHOWN_THERE: Final = UNUSABLE | {"user_not_in_channel"}


class ResponseNotTaken(Exception):
    """Slack does not take an answer at a response_url: it is over, or used up, or Slack fails."""

    def __init__(self, status: int, said: str) -> None:
        self.status = status
        super().__init__(f"{status} {said[:200]}".strip())


def error_of(exc: SlackApiError) -> str:
    """Slack's own error code."""
    return str(exc.response.get("error", "unknown"))


def translated(exc: SlackApiError) -> Exception:
    """What the outbox, or whoever posts, should make of the failure."""
    if error_of(exc) in UNUSABLE:
        return PlaceUnusable(error_of(exc))
    if exc.response.status_code == 429 or error_of(exc) in {"ratelimited", "rate_limited"}:
        return Throttle(float(exc.response.headers.get("Retry-After", 1)))
    return exc


def may_pass(failure: Exception) -> bool:
    """Whether the same call may succeed a little later: Slack or the way to it failed, and nothing was refused."""
    if isinstance(failure, ResponseNotTaken):
        return failure.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if isinstance(failure, SlackApiError):
        status = int(failure.response.status_code)
        return status >= HTTPStatus.INTERNAL_SERVER_ERROR or error_of(failure) in FAILED_THERE
    return isinstance(failure, TimeoutError | aiohttp.ClientError)


def refusal_of(exc: SlackApiError, slot: MessageSlot) -> Exception:
    """What the outbox should make of a message that Slack does not take in this place."""
    if PERSON_ID.fullmatch(slot.place) and error_of(exc) in UNREACHABLE:
        return PlaceUnusable(error_of(exc))
    return translated(exc)
