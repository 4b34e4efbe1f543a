"""A freshly provisioned site: a few people, and one finished issue as history."""

from __future__ import annotations

from typing import Any, Final

from sandbox.jira import attached, issues, moves
from sandbox.jira.auth import INTEGRATION
from sandbox.jira.calls import ADMINISTRATORS
from sandbox.jira.moves import Author
from sandbox.jira.site import Site
from sandbox.jira.store import Person
from sandbox.jira.values import Dialect
from sandbox.jira.workflow import APPROVERS, CAB

INTEGRATION_EMAIL: Final = "countersign@example.com"
OPERATOR: Final = "mia.krystof"  # the person behind an edit that names nobody
USERS: Final = "jira-users"
PEOPLE: Final = (
    (OPERATOR, "Mia Krystof", "mia.krystof@example.com", (APPROVERS, CAB, ADMINISTRATORS)),
    ("emma.richards", "Emma Richards", "emma.richards@example.com", ()),
    ("noah.park", "Noah Park", "noah.park@example.com", (APPROVERS, CAB)),
    ("lena.fox", "Lena Fox", "lena.fox@example.com", ()),
)
SPEECH: Final = Dialect(cloud=True, version=2)


def provision(site: Site) -> None:
    """The site holds its people and one finished issue."""
    _add(site, INTEGRATION, "Countersign Integration", INTEGRATION_EMAIL, (APPROVERS, ADMINISTRATORS))
    for name, shown, email, groups in PEOPLE:
        _add(site, name, shown, email, groups)
    _write_history(site)


def add_people(site: Site, people: Any) -> None:
    """These `{email, name?, groups?}` are known too. Raises ValueError for anything else."""
    if not isinstance(people, list) or not all(isinstance(one, dict) and one.get("email") for one in people):
        raise ValueError("'people' must be a list of objects with at least an e-mail address.")
    for one in people:
        email = str(one["email"])
        if site.store.person_by(email) is None:
            name = email.partition("@")[0]
            groups = tuple(str(group) for group in one.get("groups", ()))
            _add(site, name, str(one.get("name") or name), email, groups)


def author(site: Site, who: str) -> Author:
    """This person (by account id, name or address) as somebody who writes. Raises ValueError."""
    person = site.store.person_by(who)
    if person is None:
        raise ValueError(f"There is nobody here called {who!r}.")
    return Author(person, SPEECH)


def _add(site: Site, name: str, shown: str, email: str, groups: tuple[str, ...]) -> None:
    account_id = f"5b10ac8d82e05b22cc7{int(site.store.next_id('person')):05d}"
    site.store.people[account_id] = Person(account_id, name, shown, email, [USERS, *groups])


def _write_history(site: Site) -> None:
    emma, mia = author(site, "emma.richards"), author(site, OPERATOR)
    fields = {
        "project": {"key": "GOV"},
        "issuetype": {"name": "Task"},
        "summary": "Move the claims assistant to the new retrieval index",
        "description": "The nightly index rebuild took too long; the new index is incremental.",
        "labels": ["claims"],
        "assignee": {"accountId": emma.person.account_id},
    }
    issue = issues.create(site, fields, {}, (), author=emma)
    for move, by in (("21", emma), ("31", mia), ("51", emma)):
        chosen = moves.choose(issue, move, by.person, conflict_status=400)
        moves.perform(site, issue, chosen, {}, by=by.person)
    said = attached.read_comment({"body": "Index live, latency down by a third."}, SPEECH)
    attached.comment(site, issue, said, author=emma)
    done = moves.choose(issue, "61", emma.person, conflict_status=400)
    moves.perform(site, issue, done, {"resolution": "10000"}, by=emma.person)
