"""What the connector service refuses, in the vendor's own codes; source: Teams, "Status codes from bot APIs"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

# code -> (HTTP status, what the vendor says); the names are the vendor's
TABLE: Final[Mapping[str, tuple[int, str]]] = {
    "BadArgument": (400, "The request is invalid."),
    "BadSyntax": (400, "Bad format of conversation ID."),
    "Unauthorized": (401, "Authorization has been denied for this request."),
    "BotNotRegistered": (401, "No registration found for this bot."),
    "BotDisabledByAdmin": (403, "The tenant admin disabled this bot."),
    "BotNotInConversationRoster": (403, "The bot is not part of the conversation roster."),
    "ConversationBlockedByUser": (403, "User blocked the conversation with the bot."),
    "ForbiddenOperationException": (403, "Bot is not installed in user's personal scope."),
    "MessageWritesBlocked": (403, "Thread is read only."),
    "NotEnoughPermissions": (403, "The bot does not have the permission for this operation."),
    "ActivityNotFoundInConversation": (404, "The message ID could not be found in the conversation."),
    "ConversationNotFound": (404, "Conversation not found."),
    "MemberNotFound": (404, "The specified user is not found in the conversation."),
    "PreconditionFailed": (412, "Precondition failed, please try again."),
    "MessageSizeTooBig": (413, "Message size too large."),
    "Throttled": (429, "Too many requests."),
    "ServiceError": (500, "Internal server error."),
    "BadGateway": (502, "Service error."),
    "ServiceUnavailable": (503, "Service is unavailable."),
    "GatewayTimeout": (504, "Gateway timeout."),
}


class ConnectorError(Exception):
    """The connector refuses with this code of `TABLE`; `message` replaces the vendor's general sentence."""

    def __init__(self, code: str, message: str | None = None, *, retry_after_s: float | None = None) -> None:
        self.code = code
        self.status, general = TABLE[code]
        self.message = message or general
        self.retry_after_s = retry_after_s
        super().__init__(self.message)

    def response(self) -> web.Response:
        """The refusal as the vendor sends it."""
        headers = {} if self.retry_after_s is None else {"Retry-After": f"{self.retry_after_s:g}"}
        body: dict[str, Any] = {"error": {"code": self.code, "message": self.message}}
        return web.json_response(body, status=self.status, headers=headers)


def throttled(retry_after_s: float) -> web.Response:
    """The answer to a call too many."""
    return ConnectorError("Throttled", retry_after_s=retry_after_s).response()


def failed() -> web.Response:
    """The answer when the service itself fails."""
    return ConnectorError("ServiceError").response()
