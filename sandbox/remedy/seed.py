"""A freshly installed server: a few people and groups, and one finished change as history."""

from __future__ import annotations

from typing import Any, Final

from sandbox.remedy.arserver import SYSTEM, ArServer, Caller
from sandbox.remedy.schema import CHANGE, CHANGE_CREATE, FORMS, GROUPS, PEOPLE, SIGNATURE

COMPANY: Final = "Calbro Services"
OPERATOR: Final = "Mary"  # the person behind an edit that names nobody
PEOPLE_THERE: Final = (
    ("countersign", "Countersign", "Integration", "countersign@example.com", "Service account"),
    ("Mary", "Mary", "Mann", "mary.mann@example.com", "Change Manager"),
    ("Allen", "Allen", "Allbrook", "allen.allbrook@example.com", "Platform Engineer"),
    ("Bob", "Bob", "Baxter", "bob.baxter@example.com", "Service Desk Lead"),
    ("Ian", "Ian", "Plyment", "ian.plyment@example.com", "Director of Infrastructure"),
)
GROUPS_THERE: Final = {
    "AI Platform": ("countersign", "Allen"),
    "Change Management": ("Mary",),
    "Change Advisory Board": ("Mary", "Ian"),
    "Service Desk": ("Bob",),
}
DAY_S: Final = 86_400


def provision(server: ArServer) -> None:
    """The server holds its people and groups, and one finished change."""
    for person in PEOPLE_THERE:
        _add(server, *person)
    for name, members in GROUPS_THERE.items():
        row = {"Support Group Name": name, "Company": COMPANY, "Support Organization": "IT Support",
               "Members": ";".join(members)}  # fmt: skip
        server.add(FORMS[GROUPS], row, by=SYSTEM)
    _write_history(server)


def add_people(server: ArServer, people: Any) -> None:
    """These `{email, name?, title?}` are known too. Raises ValueError for anything else."""
    if not isinstance(people, list) or not all(isinstance(one, dict) and one.get("email") for one in people):
        raise ValueError("'people' must be a list of objects with at least an e-mail address.")
    for one in people:
        email = str(one["email"])
        if server.store.find_by(PEOPLE, "Internet E-mail", email) is None:
            login = email.partition("@")[0]
            first, _, last = str(one.get("name") or login).partition(" ")
            _add(server, login, first, last or first, email, str(one.get("title", "")))


def _add(server: ArServer, login: str, first: str, last: str, email: str, title: str) -> None:
    row = {"Remedy Login ID": login, "First Name": first, "Last Name": last, "Internet E-mail": email,
           "Full Name": f"{first} {last}", "JobTitle": title, "Company": COMPANY, "Profile Status": 1}  # fmt: skip
    server.add(FORMS[PEOPLE], row, by=SYSTEM)


def _write_history(server: ArServer) -> None:
    allen, start = Caller("Allen"), server.seconds() - 3 * DAY_S
    values = {
        "Description": "Move the claims assistant to the new retrieval index",
        "Detailed Description": "The nightly index rebuild took too long; the new index is incremental.",
        "Status": "Draft", "Impact": "3-Moderate/Limited", "Urgency": "3-Medium", "Change Type": "Change",
        "Timing": "Normal", "Risk Level": "Risk Level 2", "Company": COMPANY, "Location Company": COMPANY,
        "First Name": "Allen", "Last Name": "Allbrook", "Scheduled Start Date": start,
        "Scheduled End Date": start + 3600, "ASGRP": "AI Platform", "ServiceCI": "Claims Processing",
    }  # fmt: skip
    number = server.create(FORMS[CHANGE_CREATE], values, by=allen)["Change_Entry_ID"]
    change = server.store.entries(FORMS[CHANGE].base)[number]
    for status, more in (
        ("Request For Authorization", {}),
        ("Scheduled For Approval", {}),
        ("Implementation In Progress", {"Actual Start Date": start}),
        ("Completed", {"Actual End Date": start + 1800, "Status Reason": "Successful"}),
        ("Closed", {}),
    ):
        server.update(FORMS[CHANGE], change, {"Change Request Status": status, **more}, by=allen)
        for asked in server.store.where(SIGNATURE, Request=number, Approvers="Mary", Approval_Status=0):
            server.update(FORMS[SIGNATURE], asked, {"Approval Status": "Approved"}, by=Caller("Mary"))
