"""A freshly provisioned instance: a few people, groups, services and a little history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.servicenow.approvals import CAB, ECAB
from sandbox.servicenow.auth import Accounts
from sandbox.servicenow.dictionary import describe
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.schema import TABLES
from sandbox.servicenow.writing import ADMIN, APPROVAL_ADMIN, Account

INTEGRATION: Final = "countersign.integration"
INTEGRATION_PASSWORD: Final = "countersign-sandbox"  # noqa: S105 - of a simulator, printed for everyone
PERSON_PASSWORD: Final = "sandbox"  # noqa: S105 - the same
OPERATOR: Final = "beth.anglin"  # the person behind an edit that names nobody
SYSTEM: Final = Account("system", frozenset({ADMIN}))
PEOPLE: Final = (
    ("beth.anglin", "Beth Anglin", "beth.anglin@example.com", "Change Manager"),
    ("david.loo", "David Loo", "david.loo@example.com", "Platform Engineer"),
    ("fred.luddy", "Fred Luddy", "fred.luddy@example.com", "Director of Engineering"),
    ("luke.wilson", "Luke Wilson", "luke.wilson@example.com", "Security Engineer"),
    ("bow.ruggeri", "Bow Ruggeri", "bow.ruggeri@example.com", "Service Desk Lead"),
)
GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "AI Platform": (INTEGRATION, "david.loo", "luke.wilson"),
    "Change Management": ("beth.anglin",),
    CAB: ("beth.anglin", "fred.luddy"),
    ECAB: ("beth.anglin",),
    "Service Desk": ("bow.ruggeri",),
}
SERVICES: Final = ("Payments", "Customer Support", "Claims Processing", "Human Resources", "Data Platform")


def provision(instance: Instance, accounts: Accounts) -> None:
    """The instance holds its people, groups and services, and one finished change as history."""
    add_person(instance, INTEGRATION, "Countersign Integration", "countersign@example.com", "Service account")
    for user_name, name, email, title in PEOPLE:
        add_person(instance, user_name, name, email, title)
    for group, members in GROUPS.items():
        row = instance.insert("sys_user_group", {"name": group}, by=SYSTEM)
        for member in members:
            instance.insert("sys_user_grmember", {"user": member, "group": row.sys_id}, by=SYSTEM)
    for service in SERVICES:
        add_service(instance, service)
    _write_history(instance)
    let_in(instance, accounts)


def let_in(instance: Instance, accounts: Accounts) -> None:
    """Every person of the instance may sign in: the integration with its own password and roles, people with theirs.

    Its columns are described, also where a snapshot is older than their description.
    """
    describe(instance)
    for row in instance.store.table("sys_user").values():
        accounts.passwords.setdefault(row["user_name"], PERSON_PASSWORD)
        accounts.roles.setdefault(row["user_name"], frozenset({"itil"}))
    accounts.passwords[INTEGRATION] = INTEGRATION_PASSWORD
    accounts.roles[INTEGRATION] = frozenset({"itil", "sn_change_write", APPROVAL_ADMIN})
    accounts.roles[OPERATOR] = frozenset({"itil", "sn_change_write", APPROVAL_ADMIN})
    accounts.passwords["admin"] = PERSON_PASSWORD
    accounts.roles["admin"] = frozenset({ADMIN})


def add_person(instance: Instance, user_name: str, name: str, email: str, title: str = "") -> None:
    """The person is known by this account; nothing changes if the e-mail address is already there."""
    if instance.store.find_by("sys_user", "email", email) is None:
        first, _, last = name.partition(" ")
        fields = {"user_name": user_name, "name": name, "first_name": first, "last_name": last, "email": email}
        instance.insert("sys_user", {**fields, "title": title}, by=SYSTEM)


def add_service(instance: Instance, name: str) -> None:
    """The service is in the inventory, supported by the platform's group; nothing changes if it is already there."""
    if instance.store.find_by("cmdb_ci_service", "name", name) is None:
        instance.insert("cmdb_ci_service", {"name": name, "support_group": "AI Platform"}, by=SYSTEM)


def add_people(instance: Instance, accounts: Accounts, people: Any) -> None:
    """These `{email, name, title?}` are known too. Raises ValueError for anything else."""
    if not isinstance(people, list) or not all(isinstance(one, dict) and one.get("email") for one in people):
        raise ValueError("'people' must be a list of objects with at least an e-mail address.")
    for one in people:
        email = str(one["email"])
        name = str(one.get("name") or email.partition("@")[0])
        add_person(instance, email.partition("@")[0], name, email, str(one.get("title", "")))
    let_in(instance, accounts)


def add_services(instance: Instance, names: Any) -> None:
    """These services are in the inventory too. Raises ValueError for anything but a list of names."""
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise ValueError("'services' must be a list of names.")
    for name in names:
        add_service(instance, name[: TABLES["cmdb_ci_service"].columns["name"].max_length])


def _write_history(instance: Instance) -> None:
    # An administrator's sweep, so that no approval of the past needs replaying.
    fields = {
        "short_description": "Move the claims assistant to the new retrieval index",
        "description": "The nightly index rebuild took too long; the new index is incremental.",
        "type": "normal",
        "requested_by": "david.loo",
        "assignment_group": "AI Platform",
        "business_service": "Claims Processing",
        "cmdb_ci": "Claims Processing",
    }
    row = instance.insert("change_request", fields, by=Account("david.loo", frozenset({ADMIN})))
    done = {
        "state": "3", "approval": "approved", "active": "false", "close_code": "successful",
        "close_notes": "Index live, latency down by a third.", "closed_at": instance.stamp(),
    }  # fmt: skip
    instance.write(row, done, by=Account("beth.anglin"))
