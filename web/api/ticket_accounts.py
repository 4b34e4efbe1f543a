"""/api/v1/users/{user_id}/ticket-accounts: whose accounts in ticket systems are, so that approvals there count."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from core.accounts import LinkedBy
from core.db import Database
from core.deliveries import Connected
from core.errors import ErrorKind
from core.ids import TenantId, UserId
from core.ticket_accounts import (
    AccountSystem,
    TicketAccount,
    list_ticket_accounts,
    set_ticket_account,
    unlink_ticket_account,
)
from web.endpoint import Call, Method, endpoint
from web.paging import Page, whole
from web.schema import Id, Input, Output, Path


class TicketAccountIn(Input):
    """How it is known that the account is the person's."""

    linked_by: Literal["directory", "administrator"] = "administrator"
    name: Annotated[str, Field(max_length=200, description="what the account is called, for people to know it")] = ""


class TicketAccountOut(Output):
    """An account in a ticket system and how it became the person's."""

    system: str
    account: str
    name: str
    linked_by: str
    linked_at: datetime


class ByPerson(Path):
    """One person."""

    user_id: Id


class ByTicketAccount(Path):
    """One account of one person."""

    user_id: Id
    system: Annotated[str, Field(max_length=64, description="servicenow, jira, remedy, or the name of a declared one")]
    account: Annotated[
        str,
        Field(max_length=200, description="ServiceNow: user name; Jira: account id, or name; Remedy: login"),
    ]


_MANAGING = (ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND)


class TicketAccounts:
    """Accounts of people in ticket systems."""

    def __init__(self, database: Database, connected: Connected) -> None:
        self._database = database
        self._connected = connected

    @endpoint(
        Method.GET,
        "/api/v1/users/{user_id}/ticket-accounts",
        summary="List somebody's accounts in ticket systems",
        tags=("ticket accounts",),
        errors=_MANAGING,
        permission="everybody for their own; manage users for others'",
    )
    async def list(self, call: Call[None, None, ByPerson]) -> Page[TicketAccountOut]:
        """Those that are linked, the latest first."""
        found = await list_ticket_accounts(self._database, call.actor, UserId(call.path.user_id))
        return whole([_shown(each) for each in found])

    @endpoint(
        Method.PUT,
        "/api/v1/users/{user_id}/ticket-accounts/{system}/{account}",
        summary="Set somebody's account in a ticket system",
        tags=("ticket accounts",),
        errors=(*_MANAGING, ErrorKind.CONFLICT),
        permission="manage users; never above one's own role",
        example={"linked_by": "directory"},
    )
    async def put(self, call: Call[TicketAccountIn, None, ByTicketAccount]) -> TicketAccountOut:
        """What it approves there is their vote from now on. An account that is somebody else's is unlinked first."""
        account = await set_ticket_account(
            self._database,
            call.actor,
            UserId(call.path.user_id),
            call.path.system,
            call.path.account,
            among=_systems(self._connected, call.actor.tenant),
            linked_by=LinkedBy(call.body.linked_by),
            name=call.body.name,
        )
        return _shown(account)

    @endpoint(
        Method.DELETE,
        "/api/v1/users/{user_id}/ticket-accounts/{system}/{account}",
        summary="Unlink somebody's account in a ticket system",
        tags=("ticket accounts",),
        errors=_MANAGING,
        permission="everybody for their own; manage users for others'",
    )
    async def delete(self, call: Call[None, None, ByTicketAccount]) -> None:
        """What it approves there counts no more; no e-mail address links it again."""
        user = UserId(call.path.user_id)
        await unlink_ticket_account(self._database, call.actor, user, call.path.system, call.path.account)


def _systems(connected: Connected, tenant: TenantId) -> tuple[AccountSystem, ...]:
    return tuple(
        AccountSystem(each.name, each.ignores_case, each.own_accounts())
        for each in connected.of(tenant)
        if each.own_accounts is not None
    )


def _shown(account: TicketAccount) -> TicketAccountOut:
    return TicketAccountOut(
        system=account.system,
        account=account.account,
        name=account.name,
        linked_by=account.linked_by,
        linked_at=account.linked_at,
    )
