"""Whom to tell first: people suggested by the requester, or by the policy (P2).

A suggestion gives nobody a vote and takes none away: it only says who hears of it at once, where the stage has others
as well. They hear of it with the stage's reminder, and see it among what waits for them from the beginning.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy import extract, func, select

from core.access import Directory, PersonView
from core.approvals.analytics import places_asked
from core.approvals.asking import PeopleByRole
from core.approvals.errors import InvalidSuggestion
from core.approvals.model import requests
from core.approvals.policy import ApprovalPolicy
from core.approvals.quorum import Quorum
from core.approvals.routing import first_asked
from core.db import Transaction
from core.ids import UserId

SUGGESTED_MAX: Final = 10
WHERE: Final = "context.suggested_approvers"
LOOKED_BACK: Final = timedelta(days=90)
_NAMED_IN_ERROR: Final = 8


@dataclass(frozen=True, slots=True)
class Experience:
    """How somebody has dealt with requests for one action lately. `median_s` runs from being asked to voting."""

    decided: int = 0
    median_s: float | None = None
    waiting_now: int = 0

    @property
    def expected_s(self) -> float:
        """How long an answer may take, to rank by: their usual time, once for each that waits. Unknown is last."""
        return float("inf") if self.median_s is None else self.median_s * (1 + self.waiting_now)


def suggested_people(
    policy: ApprovalPolicy,
    requester: UserId,
    people: PeopleByRole,
    everybody: Directory,
    *,
    wished: object,
    skipped: frozenset[str],
) -> frozenset[UserId]:
    """Whom the requester wishes to be told first (e-mail addresses), and whom the policy names.

    Raises InvalidSuggestion for somebody unknown, or whom no stage asks: the wish would silently do nothing.
    """
    needed = [stage for stage in policy.stages if stage.key not in skipped]
    named = frozenset[UserId]().union(*(people.get(key, ()) for stage in needed for key in stage.suggested))
    emails = _emails(wished)
    if not emails:
        return named - {requester}
    askable = frozenset[UserId]().union(
        *(first_asked(stage, people, excluded=frozenset({requester})).people for stage in needed)
    )
    by_requester = set()
    for email in emails:
        person = everybody.by_email.get(email)
        if person is None or person.id not in askable:
            raise InvalidSuggestion(
                f"{email} is not asked on any stage of this request.", where=WHERE, accepted=_names(askable, everybody)
            )
        by_requester.add(person.id)
    return named | by_requester - {requester}


def told_first(quorum: Quorum, suggested: Collection[UserId], asked: Collection[UserId]) -> frozenset[UserId]:
    """Who of those asked hears of the stage before the others; nobody where the suggested could not decide it alone."""
    found = frozenset(suggested) & frozenset(asked)
    return found if isinstance(quorum, int) and quorum <= len(found) < len(asked) else frozenset()


async def experience(tx: Transaction, action: str, people: Collection[UserId]) -> Mapping[UserId, Experience]:
    """What these people did about requests for the action in the last ninety days; who did nothing is not in it."""
    asked = places_asked(tx, tx.now - LOOKED_BACK, tx.now).where(requests.c.action == action).subquery()
    has_voted = asked.c.cast_at.is_not(None)
    took_s = extract("epoch", asked.c.cast_at - asked.c.asked_at)
    rows = await tx.connection.execute(
        select(
            asked.c.who,
            func.count().filter(has_voted).label("decided"),
            func.percentile_cont(0.5).within_group(took_s).filter(has_voted).label("median_s"),
            func.count().filter(asked.c.waits).label("waiting"),
        )
        .where(asked.c.who.in_(tuple(people)))
        .group_by(asked.c.who)
    )
    return {
        UserId(row.who): Experience(row.decided, None if row.median_s is None else float(row.median_s), row.waiting)
        for row in rows
    }


def ranked(
    people: Collection[PersonView], known: Mapping[UserId, Experience], away: Collection[UserId]
) -> tuple[PersonView, ...]:
    """Who is likely to answer soonest first; whoever is away last."""

    def place(person: PersonView) -> tuple[bool, float, int, str]:
        found = known.get(person.id, Experience())
        return person.id in away, found.expected_s, found.waiting_now, person.name

    return tuple(sorted(people, key=place))


def _emails(wished: object) -> tuple[str, ...]:
    if wished is None:
        return ()
    if not isinstance(wished, list) or not all(isinstance(each, str) for each in wished):
        raise InvalidSuggestion(
            "Suggested approvers are a list of e-mail addresses.", where=WHERE, accepted=('["dana@example.com"]',)
        )
    if len(wished) > SUGGESTED_MAX:
        raise InvalidSuggestion(f"Suggest {SUGGESTED_MAX} people at most; here are {len(wished)}.", where=WHERE)
    return tuple(dict.fromkeys(each.strip().lower() for each in wished))


def _names(people: Collection[UserId], everybody: Directory) -> tuple[str, ...]:
    emails = sorted(everybody.people[user].email for user in people)
    more = len(emails) - _NAMED_IN_ERROR
    return (*emails[:_NAMED_IN_ERROR], *((f"{more} more",) if more > 0 else ()))
