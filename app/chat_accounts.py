"""`countersign user chat`: which chat accounts are a person's, on behalf of whoever runs the installation."""

from __future__ import annotations

from typing import Any

from app.administration import existing, operator, run
from app.container import Service
from config.settings import Settings
from core.access import PersonView, find_person
from core.accounts import Account, ChatId, LinkedBy, chat_id, list_accounts, set_account, unlink_account
from core.actor import Actor


def listed(settings: Settings, tenant: str, *, email: str) -> list[dict[str, Any]]:
    """The person's chat accounts."""

    async def read(service: Service) -> list[dict[str, Any]]:
        actor, person = await _who(service, tenant, email)
        return [_shown(each) for each in await list_accounts(service.database, actor, person.id)]

    return run(settings, read)


def put(
    settings: Settings, tenant: str, *, email: str, account: tuple[str, str, str], directory: bool
) -> dict[str, Any]:
    """The account (platform, workspace, id) is the person's."""
    chat = chat_id(*account)
    linked_by = LinkedBy.DIRECTORY if directory else LinkedBy.ADMINISTRATOR

    async def write(service: Service) -> dict[str, Any]:
        actor, person = await _who(service, tenant, email)
        return _shown(await set_account(service.database, actor, person.id, chat, linked_by=linked_by))

    return run(settings, write)


def unlink(settings: Settings, tenant: str, *, email: str, account: tuple[str, str, str]) -> None:
    """The account is the person's no more."""
    chat: ChatId = chat_id(*account)

    async def remove(service: Service) -> None:
        actor, person = await _who(service, tenant, email)
        await unlink_account(service.database, actor, person.id, chat)

    run(settings, remove)


async def _who(service: Service, tenant: str, email: str) -> tuple[Actor, PersonView]:
    actor = operator(await existing(service, tenant))
    async with service.database.tenant(actor.tenant) as tx:
        return actor, await find_person(tx, email)


def _shown(account: Account) -> dict[str, Any]:
    return {
        "platform": str(account.chat.platform),
        "workspace": account.chat.workspace,
        "chat_user": account.chat.chat_user,
        "name": account.name,
        "linked_by": str(account.linked_by),
        "linked_at": account.linked_at,
    }
