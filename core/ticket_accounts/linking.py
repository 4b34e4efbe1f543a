"""The signed link of an account in a ticket system.

The code goes from our page, which takes a second factor, to a ticket of ours over there: the account that writes it
down becomes its person's. Whoever makes somebody else write theirs gets an account that counts as themselves, and as
nobody more.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from core.access import directory, member_of
from core.accounts import LinkedBy
from core.actor import Actor, Door
from core.audit import AuditCategory, audited, record
from core.db import Database, Transaction
from core.signin import Proof, confirm_it_is_you
from core.ticket_accounts import store
from core.ticket_accounts.accounts import ALPHABET, CODE, TicketAccount

LINK_LASTS: Final = timedelta(minutes=15)  # a system that nobody can hurry is asked every twenty seconds
_GROUPS: Final = 3
_GROUP_CHARS: Final = 4


async def begin_ticket_link(
    database: Database, actor: Actor, system: str, *, proof: Proof, password: str
) -> tuple[str, Actor]:
    """The code that links whichever account writes it on a ticket of ours there, once; and the actor, proven.

    Takes a second factor, or the password of whoever has none. Raises what `confirm_it_is_you` raises.
    """
    actor = await confirm_it_is_you(database, actor, proof, password=password)
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(_GROUP_CHARS)) for _ in range(_GROUPS))
    code = "-".join(("LINK", *groups))
    async with audited(database, actor, action="ticket_account.link_begin", resource=system) as tx:
        until = tx.now + LINK_LASTS
        await store.begin(tx, system, member_of(actor), code_hash=_hash(code), until=until)
        await record(
            tx,
            actor,
            action="ticket_account.link_begin",
            resource=system,
            subject_id=actor.user,
            category=AuditCategory.SECURITY,
            details={"until": until.isoformat()},
        )
    return code, actor


async def finish_ticket_link(tx: Transaction, system: str, written: Sequence[tuple[str, str, str]]) -> frozenset[int]:
    """Accounts whose people wrote their codes are linked; which of the notes (account, name, text) did that.

    Notes come in the order in which they were written: of two accounts with one code, the first was sent it.
    """
    used: set[int] = set()
    for index, (account, name, said) in enumerate(written):
        found = CODE.search(said)
        user = await store.take(tx, system, _hash(found[0])) if found and account else None
        if user is None:
            continue
        used.add(index)
        await bind(tx, _there(tx, system, account, name), TicketAccount(
            system=system, account=account, user=user, linked_by=LinkedBy.SIGNED_LINK, linked_at=tx.now, name=name
        ))  # fmt: skip
    return frozenset(used)


async def bind(tx: Transaction, actor: Actor, account: TicketAccount) -> None:
    """The account is that person's; whoever had it before has it no more."""
    await store.lock(tx, account.system, account.account)
    before = await store.find(tx, account.system, account.account)
    everybody = (await directory(tx)).people
    if before is not None and before.account != account.account:
        await store.drop(tx, before)  # one account, spelled otherwise
    await store.put(tx, account)
    had = everybody.get(before.user) if before is not None and before.user != account.user else None
    await record(
        tx,
        actor,
        action="ticket_account.link",
        resource=everybody[account.user].email,
        subject_id=account.user,
        category=AuditCategory.SECURITY,
        details={
            "account": str(account),
            "account_name": account.name,
            "linked_by": account.linked_by,
            "before": had.email if had else None,
        },
    )


def _there(tx: Transaction, system: str, account: str, name: str) -> Actor:
    """Whoever it is that has this account."""
    return Actor(
        tenant=tx.tenant,
        user=None,
        email=f"{system}:{account}",
        name=name or account,
        door=Door.TICKET,
        scopes=frozenset(),
    )


def _hash(code: str) -> bytes:
    return hashlib.sha256(code.upper().encode()).digest()
