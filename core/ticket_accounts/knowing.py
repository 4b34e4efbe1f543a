"""Who is behind an account in a ticket system. What it says of an address counts only where a tenant says so."""

from __future__ import annotations

from collections.abc import Mapping

from core.access import PersonView, directory
from core.db import Transaction
from core.ids import UserId
from core.tenants import tenant_policy
from core.ticket_accounts import store


async def person_behind(tx: Transaction, system: str, account: str, *, email: str) -> tuple[PersonView, str] | None:
    """Whose account it is, if they are still here, and how that is known; None where nobody knows.

    An account that was unlinked is not matched by its address.
    """
    everybody = await directory(tx)
    known = await store.find(tx, system, account) if account else None
    if known is not None:
        person = everybody.people.get(known.user)
        return (person, known.linked_by) if person is not None and person.active else None
    if not email or not (await tenant_policy(tx)).tickets.email_match:
        return None
    if account and await store.was_unlinked(tx, system, account):
        return None
    person = everybody.by_email.get(email.lower())
    return (person, "verified_email") if person is not None and person.active else None


async def accounts_in(tx: Transaction, system: str) -> Mapping[UserId, str]:
    """The account of each person who has one there, the latest linked; empty for whoever the address alone tells."""
    found: dict[UserId, str] = {}
    for each in await store.linked(tx, system=system):
        found.setdefault(each.user, each.account)
    if (await tenant_policy(tx)).tickets.email_match:
        people = (await directory(tx)).people.values()
        return {**{person.id: "" for person in people if person.active}, **found}
    return found
