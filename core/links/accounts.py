"""Which chat account is which person. Linked by verified e-mail for now; the platform verified it, not we."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.db import Transaction
from core.ids import UserId
from core.links.model import chat_accounts


@dataclass(frozen=True, slots=True)
class ChatAccount:
    """A person's account in one workspace of one platform."""

    platform: str
    workspace: str
    chat_user: str
    user: UserId


async def link_account(tx: Transaction, account: ChatAccount, *, linked_by: str) -> None:
    """The chat account is that person from now on."""
    await tx.connection.execute(
        insert(chat_accounts)
        .values(
            tenant_id=tx.tenant,
            platform=account.platform,
            workspace=account.workspace,
            chat_user=account.chat_user,
            user_id=account.user,
            linked_by=linked_by,
            linked_at=tx.now,
        )
        .on_conflict_do_update(
            index_elements=["tenant_id", "platform", "workspace", "chat_user"],
            set_={"user_id": account.user, "linked_by": linked_by, "linked_at": tx.now},
        )
    )


async def person_of(tx: Transaction, platform: str, workspace: str, chat_user: str) -> UserId | None:
    """The person behind a chat account, if it is linked."""
    columns = chat_accounts.c
    found = (
        await tx.connection.execute(
            select(columns.user_id).where(
                columns.tenant_id == tx.tenant,
                columns.platform == platform,
                columns.workspace == workspace,
                columns.chat_user == chat_user,
            )
        )
    ).scalar()
    return None if found is None else UserId(found)


async def account_of(tx: Transaction, platform: str, workspace: str, user: UserId) -> str | None:
    """The person's account in that workspace, if it is linked."""
    columns = chat_accounts.c
    found: str | None = (
        await tx.connection.execute(
            select(columns.chat_user)
            .where(
                columns.tenant_id == tx.tenant,
                columns.platform == platform,
                columns.workspace == workspace,
                columns.user_id == user,
            )
            .order_by(columns.linked_at.desc())
            .limit(1)
        )
    ).scalar()
    return found
