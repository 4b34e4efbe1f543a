"""What a tenant says of its incidents: who is paged and when, who may work on them, what follows (S3, B6).

Every part has a default, so that a document that says nothing of incidents has them too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from core.tenants.bypass_policy import Who

SEVERITIES: Final = ("critical", "high", "medium", "low")  # the worst first
NOBODY: Final = Who()
RESPONDERS: Final = Who(
    roles=("agent_operator", "agent_developer", "monitoring_specialist", "security_operator", "security_analyst")
)


@dataclass(frozen=True, slots=True)
class PageLevel:
    """Who is told when nobody has acknowledged an incident so long after it was opened."""

    who: Who
    after: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class IncidentPolicy:
    """How incidents open, whom they page, and what they owe."""

    reopen_within: timedelta = timedelta(minutes=30)  # a re-fire within that opens the same incident again
    resolves_itself: bool = True  # when every alert of it is resolved
    page_from: str = "high"  # the least severity that pages people; the channel is told of all
    escalation: tuple[PageLevel, ...] = (
        PageLevel(Who(roles=("agent_operator", "meta_agent_manager"))),
        PageLevel(Who(roles=("tenant_administrator",)), timedelta(minutes=15)),
    )
    remind_every: timedelta = timedelta(minutes=10)
    responders: Who = RESPONDERS  # and the roles above theirs, and whoever is paged or has a part in it
    stakeholders: Who = NOBODY  # who follow what pages, without working on it
    update_every: Mapping[str, timedelta] = field(
        default_factory=lambda: {"critical": timedelta(minutes=30), "high": timedelta(hours=2)}
    )  # severity -> how long stakeholders may be without a status update
    tickets_from: str = "high"  # the least severity that has a ticket in each system that takes incidents
    review_from: str = "high"  # the least severity that owes a review
    review_due: timedelta = timedelta(days=5)
    close_after: timedelta = timedelta(days=7)  # resolved so long, with nothing owed

    def to_json(self) -> dict[str, Any]:
        """As stored; durations in seconds. `from_json` reads it back."""
        return {
            "reopen_within": self.reopen_within.total_seconds(),
            "resolves_itself": self.resolves_itself,
            "page_from": self.page_from,
            "escalation": [{**_who(each.who), "after": each.after.total_seconds()} for each in self.escalation],
            "remind_every": self.remind_every.total_seconds(),
            "responders": _who(self.responders),
            "stakeholders": _who(self.stakeholders),
            "update_every": {key: every.total_seconds() for key, every in self.update_every.items()},
            "tickets_from": self.tickets_from,
            "review_from": self.review_from,
            "review_due": self.review_due.total_seconds(),
            "close_after": self.close_after.total_seconds(),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any] | None) -> IncidentPolicy:
        """The policy that was stored; the defaults where a release that knew of no incidents stored it."""
        if stored is None:
            return cls()
        return cls(
            reopen_within=timedelta(seconds=stored["reopen_within"]),
            resolves_itself=stored["resolves_itself"],
            page_from=stored["page_from"],
            escalation=tuple(
                PageLevel(_who_of(each), timedelta(seconds=each["after"])) for each in stored["escalation"]
            ),
            remind_every=timedelta(seconds=stored["remind_every"]),
            responders=_who_of(stored["responders"]),
            stakeholders=_who_of(stored["stakeholders"]),
            update_every={key: timedelta(seconds=every) for key, every in stored["update_every"].items()},
            tickets_from=stored["tickets_from"],
            review_from=stored["review_from"],
            review_due=timedelta(seconds=stored["review_due"]),
            close_after=timedelta(seconds=stored["close_after"]),
        )


def _who(who: Who) -> dict[str, list[str]]:
    return {"roles": list(who.roles), "groups": list(who.groups), "people": list(who.people)}


def _who_of(stored: Mapping[str, Any]) -> Who:
    return Who(tuple(stored["roles"]), tuple(stored["groups"]), tuple(stored["people"]))
