"""SQL of accounts in ticket systems and of links that wait."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, and_, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from core.accounts import LinkedBy
from core.db import Transaction
from core.ids import UserId
from core.ticket_accounts.accounts import TicketAccount, Waiting
from core.ticket_accounts.model import ticket_accounts, ticket_links

_A: Final = ticket_accounts.c
_L: Final = ticket_links.c


async def lock(tx: Transaction, system: str, account: str) -> None:
    """Nobody else changes whose account it is until this transaction ends."""
    key = {"key": f"ticket account {tx.tenant} {system} {account.lower()}"}
    await tx.connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), key)


async def find(tx: Transaction, system: str, account: str) -> TicketAccount | None:
    """The account, if it is anybody's."""
    row = await _row(tx, system, account)
    return None if row is None or row.unlinked_at is not None else _account(row)


async def was_unlinked(tx: Transaction, system: str, account: str) -> bool:
    """Whether somebody has unlinked the account, and nobody has linked it since."""
    row = await _row(tx, system, account)
    return row is not None and row.unlinked_at is not None


async def put(tx: Transaction, account: TicketAccount) -> None:
    """The account is that person's, whoever had it."""
    values = {
        "user_id": account.user,
        "name": account.name,
        "linked_by": account.linked_by,
        "linked_at": account.linked_at,
        "unlinked_at": None,
        "unlinked_by": "",
        "ignores_case": account.ignores_case,
    }
    await tx.connection.execute(
        insert(ticket_accounts)
        .values(tenant_id=tx.tenant, system=account.system, account=account.account, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "system", "account"], set_=values)
    )


async def unlink(tx: Transaction, account: TicketAccount, *, by: str) -> None:
    """The account is nobody's; it is remembered that it was."""
    await tx.connection.execute(
        update(ticket_accounts)
        .where(_A.tenant_id == tx.tenant, _A.system == account.system, _A.account == account.account)
        .values(unlinked_at=tx.now, unlinked_by=by)
    )


async def drop(tx: Transaction, account: TicketAccount) -> None:
    """This spelling of the account is forgotten."""
    await tx.connection.execute(
        delete(ticket_accounts).where(
            _A.tenant_id == tx.tenant, _A.system == account.system, _A.account == account.account
        )
    )


async def linked(tx: Transaction, *, user: UserId | None = None, system: str | None = None) -> Sequence[TicketAccount]:
    """The accounts that are linked, the latest first: of everybody or one person, in every system or one."""
    asked = select(ticket_accounts).where(_A.tenant_id == tx.tenant, _A.unlinked_at.is_(None))
    asked = asked if user is None else asked.where(_A.user_id == user)
    asked = asked if system is None else asked.where(_A.system == system)
    rows = await tx.connection.execute(asked.order_by(_A.linked_at.desc(), _A.system, _A.account))
    return tuple(map(_account, rows))


async def begin(tx: Transaction, system: str, user: UserId, *, code_hash: bytes, until: datetime) -> None:
    """The link waits, in the place of the person's link before."""
    values = {"code_hash": code_hash, "expires_at": until}
    await tx.connection.execute(
        insert(ticket_links)
        .values(tenant_id=tx.tenant, system=system, user_id=user, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "system", "user_id"], set_=values)
    )


async def take(tx: Transaction, system: str, code_hash: bytes) -> UserId | None:
    """Whose link this code ends; None if none waits for it. It waits no more, whether in time or not."""
    found = await tx.connection.execute(
        delete(ticket_links)
        .where(_L.tenant_id == tx.tenant, _L.system == system, _L.code_hash == code_hash)
        .returning(_L.user_id, _L.expires_at)
    )
    row = found.first()
    return None if row is None or row.expires_at <= tx.now else UserId(row.user_id)


async def waiting(tx: Transaction, user: UserId) -> Sequence[Waiting]:
    """The person's links that wait."""
    rows = await tx.connection.execute(
        select(_L.system, _L.expires_at)
        .where(_L.tenant_id == tx.tenant, _L.user_id == user, _L.expires_at > tx.now)
        .order_by(_L.system)
    )
    return [Waiting(*row) for row in rows]


async def _row(tx: Transaction, system: str, account: str) -> Row[Any] | None:
    """The account in this spelling, else in another one where case says nothing; one that is linked comes first."""
    exactly = _A.account == account
    found = await tx.connection.execute(
        select(ticket_accounts)
        .where(_A.tenant_id == tx.tenant, _A.system == system)
        .where(or_(exactly, and_(_A.ignores_case, func.lower(_A.account) == account.lower())))
        .order_by(_A.unlinked_at.is_(None).desc(), exactly.desc(), _A.linked_at.desc())
        .limit(1)
    )
    return found.first()


def _account(row: Row[Any]) -> TicketAccount:
    return TicketAccount(
        system=row.system,
        account=row.account,
        user=UserId(row.user_id),
        linked_by=LinkedBy(row.linked_by),
        linked_at=row.linked_at,
        name=row.name,
        ignores_case=row.ignores_case,
    )
