"""Chat accounts as values: what identifies one, what its platform says of it, whose it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from core.errors import InvalidInput
from core.ids import UserId


class Platform(StrEnum):
    """Where people chat."""

    SLACK = "slack"
    TEAMS = "teams"


class LinkedBy(StrEnum):
    """How an account came to be a person's, weakest first."""

    VERIFIED_EMAIL = "verified_email"  # the platform says that the address is theirs; we asked nobody
    SIGNED_LINK = "signed_link"  # they signed in to us, and gave a code in that account
    DIRECTORY = "directory"  # the company's directory says so
    ADMINISTRATOR = "administrator"  # somebody who may manage users says so


@dataclass(frozen=True, slots=True)
class ChatId:
    """One account in one workspace (for Teams: directory tenant) of one platform."""

    platform: Platform
    workspace: str
    chat_user: str

    def __str__(self) -> str:
        return f"{self.platform}:{self.workspace}/{self.chat_user}"


@dataclass(frozen=True, slots=True)
class Profile:
    """What the platform says of an account. `email` is empty where the platform has not verified it.

    `is_foreign`: a bot, a deactivated account, or a guest whom another organisation vouches for.
    """

    chat: ChatId
    name: str = ""
    email: str = ""
    workspace_name: str = ""
    is_foreign: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """A chat account and its person."""

    chat: ChatId
    user: UserId
    linked_by: LinkedBy
    linked_at: datetime
    name: str = ""
    workspace_name: str = ""
    last_seen_at: datetime | None = None  # when somebody last did something with it; None: not yet
    unreachable_since: datetime | None = None  # when its platform first refused to be written to; None: it does not


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A chat account that was a person's and is not any more."""

    chat: ChatId
    name: str
    workspace_name: str
    unlinked_at: datetime
    unlinked_by: str  # e-mail


_UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# Slack, "User and team ids"; Microsoft Graph: a user's and a tenant's id are GUIDs.
_FORMS: Final[Mapping[Platform, tuple[re.Pattern[str], re.Pattern[str], tuple[str, str]]]] = {
    Platform.SLACK: (
        re.compile(r"[TE][A-Z0-9]{2,30}"),
        re.compile(r"[UW][A-Z0-9]{2,30}"),
        ("T0123ABCD", "U0123ABCD"),
    ),
    Platform.TEAMS: (re.compile(_UUID), re.compile(_UUID), ("the directory's id", "the user's object id")),
}


def chat_id(platform: str, workspace: str, chat_user: str) -> ChatId:
    """The account's identity, as an administrator writes it. Raises InvalidInput."""
    if platform not in set(Platform):
        raise InvalidInput(f"'{platform}' is not a chat platform.", where="platform", accepted=tuple(Platform))
    known = Platform(platform)
    workspace_form, user_form, examples = _FORMS[known]
    if not workspace_form.fullmatch(workspace):
        raise InvalidInput(f"'{workspace}' is not a workspace's id.", where="workspace", accepted=examples[:1])
    if not user_form.fullmatch(chat_user):
        raise InvalidInput(f"'{chat_user}' is not a chat account's id.", where="chat_user", accepted=examples[1:])
    return ChatId(known, workspace, chat_user)
