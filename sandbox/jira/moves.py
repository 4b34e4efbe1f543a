"""Moving issues: which transitions are open to whom, what they demand, and approvals that make a move by themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from sandbox.jira.catalogue import APPROVERS_FIELD, FIELDS, ISSUE_TYPES, STATUSES
from sandbox.jira.errors import Refused
from sandbox.jira.site import Event, Site, status_item
from sandbox.jira.store import Approval, Issue, Person
from sandbox.jira.values import Dialect
from sandbox.jira.workflow import WORKFLOWS, Transition, Workflow


@dataclass(frozen=True, slots=True)
class Author:
    """Who writes, and in which dialect."""

    person: Person
    dialect: Dialect


def workflow_of(issue: Issue) -> Workflow:
    """The workflow of the issue's type."""
    return WORKFLOWS[ISSUE_TYPES[issue.type].workflow]


def available(issue: Issue, person: Person) -> list[Transition]:
    """The transitions open to this person in the present status; none while an approval is pending."""
    if issue.pending is not None:
        return []
    return [one for one in workflow_of(issue).moves if issue.status in one.origins and person.is_in(one.group)]


def choose(issue: Issue, wanted: Any, person: Person, *, conflict_status: int) -> Transition:
    """The transition with this id, if it is open. Raises Refused in the vendor's words."""
    if not isinstance(wanted, str | int) or isinstance(wanted, bool) or wanted == "":
        raise Refused("Missing 'transition' identifier")
    move = workflow_of(issue).move(str(wanted))
    if move is None:
        raise Refused(f"Transition id '{wanted}' is not valid for this issue.")
    if move not in available(issue, person):
        raise Refused(
            f"It seems that you have tried to perform a workflow operation ({move.name}) that is not valid for the "
            "current state of this issue. The likely cause is that somebody has changed the issue recently, please "
            "look at the issue history for details.",
            status=conflict_status,
        )
    return move


def missing(move: Transition, values: Mapping[str, Any], held: Mapping[str, Any]) -> dict[str, str]:
    """Fields that the transition's screen demands and nobody filled in."""
    return {
        name: f"{FIELDS[name].name} is required."
        for name in move.required
        if not values.get(name) and not (name not in values and held.get(name))
    }


def perform(site: Site, issue: Issue, move: Transition, values: Mapping[str, Any], *, by: Person) -> None:
    """The issue has moved, its resolution follows, and approval is asked for where the new status wants it."""
    old, new = STATUSES[issue.status], STATUSES[move.target]
    sets = dict(values)
    if move.resolution:
        sets["resolution"] = move.resolution
    if move.reopens:
        sets["resolution"] = None
    had = issue.values.get("resolution")
    items = site.set_values(issue, sets)
    site.set_status(issue, move.target)
    has = issue.values.get("resolution")
    if has != had:
        issue.resolved = site.stamp() if has else None
    items.append(status_item((old.id, old.name), (new.id, new.name)))
    change = site.keep(issue, items, by)
    site.tell(Event("jira:issue_updated", issue, by, "issue_generic", change))
    ask(site, issue)


def ask(site: Site, issue: Issue) -> None:
    """The people of the approval step are asked, if the present status has one and there are any."""
    step = workflow_of(issue).step(issue.status)
    if step is None:
        return
    people = issue.values.get(APPROVERS_FIELD) or [one.account_id for one in site.store.members(step.default_group)]
    if people:
        decisions = dict.fromkeys(people, "pending")
        number = site.store.next_id("approval", 1)
        issue.approvals.append(
            Approval(number, step.name, issue.status, step.approve, step.decline, step.needed, site.stamp(), decisions)
        )


def decide(site: Site, issue: Issue, approval: Approval, decision: str, *, by: Person) -> None:
    """The caller's answer is kept; the move follows when enough said yes, or one said no. Raises Refused."""
    if decision not in {"approve", "decline"}:
        raise Refused("The decision must be 'approve' or 'decline'.")
    if not may_answer(approval, by):
        raise Refused("You do not have permission to answer this approval.", status=HTTPStatus.FORBIDDEN)
    approval.decisions[by.account_id] = "approved" if decision == "approve" else "declined"
    yeses = sum(one == "approved" for one in approval.decisions.values())
    if decision == "approve" and yeses < min(approval.needed, len(approval.decisions)):
        site.touch(issue)
        return
    approval.final = "approved" if decision == "approve" else "declined"
    approval.completed = site.stamp()
    move = workflow_of(issue).move(approval.approve if decision == "approve" else approval.decline)
    assert move is not None
    perform(site, issue, move, {}, by=by)


def may_answer(approval: Approval, person: Person) -> bool:
    """Whether this person is asked and has not answered, and the matter is open."""
    return approval.final == "pending" and approval.decisions.get(person.account_id) == "pending"
