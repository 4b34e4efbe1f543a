"""One chat account becomes one person's, or nobody's, in the caller's transaction: state, audit and event together."""

from __future__ import annotations

from core.access import directory
from core.accounts import store
from core.accounts.accounts import Account, LinkedBy, Profile
from core.accounts.events import AccountEvent
from core.actor import Actor
from core.audit import AuditCategory, record
from core.db import Transaction
from core.ids import UserId
from core.outbox import emit


async def bind(tx: Transaction, actor: Actor, profile: Profile, user: UserId, *, linked_by: LinkedBy) -> Account:
    """The account is that person's; whoever had it before has it no more. The caller holds `store.lock`."""
    before = await store.find(tx, profile.chat)
    everybody = (await directory(tx)).people
    had = before.user if before is not None and before.user != user else None
    if before is not None and had is not None:
        await store.note_unlinked(tx, before, by=actor.email)
    seen = before.last_seen_at if before is not None and before.user == user else None  # another's acts are not theirs
    account = Account(profile.chat, user, linked_by, tx.now, profile.name, profile.workspace_name, seen)
    await store.put(tx, account)
    await store.forget_unlinked(tx, profile.chat, user)
    await record(
        tx,
        actor,
        action="chat_account.link",
        resource=everybody[user].email,
        subject_id=user,
        category=AuditCategory.SECURITY,
        details={
            "account": str(profile.chat),
            "account_name": profile.name,
            "linked_by": linked_by,
            "before": everybody[had].email if had else None,
        },
    )
    if linked_by is not LinkedBy.VERIFIED_EMAIL:  # they know nothing new of who they are
        data = {"account": _named(account), "user": str(user), "before": str(had) if had else None, "by": actor.email}
        await emit(tx, subject=f"person:{user}", type=AccountEvent.LINKED, data={**data, "linked_by": linked_by})
    return account


async def unbind(tx: Transaction, actor: Actor, account: Account) -> None:
    """The account is nobody's, and no e-mail address makes it anybody's again. The caller holds `store.lock`."""
    await store.remove(tx, account.chat)
    await store.note_unlinked(tx, account, by=actor.email)
    person = (await directory(tx)).people[account.user]
    await record(
        tx,
        actor,
        action="chat_account.unlink",
        resource=person.email,
        subject_id=person.id,
        category=AuditCategory.SECURITY,
        details={"account": str(account.chat), "account_name": account.name, "linked_by": account.linked_by},
    )
    data = {"account": _named(account), "user": str(person.id), "by": actor.email}
    await emit(tx, subject=f"person:{person.id}", type=AccountEvent.UNLINKED, data=data)


def _named(account: Account) -> dict[str, str]:
    return {
        "platform": account.chat.platform,
        "workspace": account.chat.workspace,
        "chat_user": account.chat.chat_user,
        "name": account.name,
    }
