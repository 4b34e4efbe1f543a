"""/api/v1/users/{user_id}/chat-accounts: whose chat accounts they are, as directories and administrators say."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from core.accounts import Account, LinkedBy, chat_id, list_accounts, set_account, unlink_account
from core.db import Database
from core.errors import ErrorKind
from core.ids import UserId
from web.endpoint import Call, Method, endpoint
from web.paging import Page, whole
from web.schema import Id, Input, Output, Path


class ChatAccountIn(Input):
    """How it is known that the account is the person's."""

    linked_by: Literal["directory", "administrator"] = "administrator"
    name: Annotated[str, Field(max_length=200, description="what the account is called, for people to know it")] = ""


class ChatAccountOut(Output):
    """A chat account and how it became the person's."""

    platform: str
    workspace: str
    chat_user: str
    name: str
    workspace_name: str
    linked_by: str
    linked_at: datetime


class ByUser(Path):
    """One person."""

    user_id: Id


class ByAccount(Path):
    """One chat account of one person."""

    user_id: Id
    platform: Annotated[str, Field(max_length=20, description="slack or teams")]
    workspace: Annotated[str, Field(max_length=64, description="Slack: the team's id; Teams: the directory's id")]
    chat_user: Annotated[str, Field(max_length=64, description="Slack: the member's id; Teams: the user's object id")]


_MANAGING = (ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND)


class ChatAccounts:
    """Chat accounts of people."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @endpoint(
        Method.GET,
        "/api/v1/users/{user_id}/chat-accounts",
        summary="List somebody's chat accounts",
        tags=("chat accounts",),
        errors=_MANAGING,
        permission="everybody for their own; manage users for others'",
    )
    async def list(self, call: Call[None, None, ByUser]) -> Page[ChatAccountOut]:
        """Those that are linked, the latest first."""
        found = await list_accounts(self._database, call.actor, UserId(call.path.user_id))
        return whole([_shown(each) for each in found])

    @endpoint(
        Method.PUT,
        "/api/v1/users/{user_id}/chat-accounts/{platform}/{workspace}/{chat_user}",
        summary="Set somebody's chat account",
        tags=("chat accounts",),
        errors=_MANAGING,
        permission="manage users; never above one's own role",
        example={"linked_by": "directory"},
    )
    async def put(self, call: Call[ChatAccountIn, None, ByAccount]) -> ChatAccountOut:
        """The account is theirs; one of that workspace that was set for them before is not any more."""
        account = await set_account(
            self._database,
            call.actor,
            UserId(call.path.user_id),
            chat_id(call.path.platform, call.path.workspace, call.path.chat_user),
            linked_by=LinkedBy(call.body.linked_by),
            name=call.body.name,
        )
        return _shown(account)

    @endpoint(
        Method.DELETE,
        "/api/v1/users/{user_id}/chat-accounts/{platform}/{workspace}/{chat_user}",
        summary="Unlink somebody's chat account",
        tags=("chat accounts",),
        errors=_MANAGING,
        permission="everybody for their own; manage users for others'",
    )
    async def delete(self, call: Call[None, None, ByAccount]) -> None:
        """What is done with it is refused, until it is linked again; no e-mail address links it."""
        account = chat_id(call.path.platform, call.path.workspace, call.path.chat_user)
        await unlink_account(self._database, call.actor, UserId(call.path.user_id), account)


def _shown(account: Account) -> ChatAccountOut:
    return ChatAccountOut(
        platform=account.chat.platform,
        workspace=account.chat.workspace,
        chat_user=account.chat.chat_user,
        name=account.name,
        workspace_name=account.workspace_name,
        linked_by=account.linked_by,
        linked_at=account.linked_at,
    )
