"""What a morning digest holds, as it stands when it is sent. For subscribers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time
from typing import Final

from core.access import PersonView, directory
from core.approvals import Agenda, load_agenda
from core.db import Database
from core.delegations import away_altogether
from core.emergency import BypassView, reviews_waiting
from core.ids import TenantId, UserId
from core.preferences import Preferences, all_preferences

LISTED: Final = 6  # of each kind; with their buttons more do not fit into one message


@dataclass(frozen=True, slots=True)
class Digest:
    """What waits for the person, what has become of their own requests, and which reviews they can do."""

    person: PersonView
    at: time  # when it comes, where they live
    since: datetime  # a move since then is news
    agenda: Agenda
    reviews: tuple[BypassView, ...]


async def load_digest(database: Database, tenant: TenantId, user: UserId, *, since: datetime) -> Digest | None:
    """The person's digest; None if nothing waits for them, or they are not to have one now."""
    async with database.tenant(tenant) as tx:
        person = (await directory(tx)).people.get(user)
        chosen = (await all_preferences(tx)).get(user, Preferences())
        if person is None or not person.active or not chosen.has_digest or user in await away_altogether(tx):
            return None
        agenda = await load_agenda(tx, user, since=since, limit=LISTED)
        waiting = await reviews_waiting(tx)
        reviews = tuple(each for each in waiting if any(who.id == user for who in each.reviewers))
        if not agenda.total and not reviews:
            return None
        return Digest(person, chosen.digest_at, since, agenda, reviews)
