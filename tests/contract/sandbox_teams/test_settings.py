"""The people file, as Teams reads it: the same ids at every start, and an error that says what is wrong."""

from __future__ import annotations

import re
from typing import Any

import pytest

from sandbox.teams.settings import build_tenant
from tests.contract.sandbox_teams.conftest import PEOPLE


def test_ids_are_the_same_at_every_start_and_differ_between_people():
    first, second = build_tenant(PEOPLE), build_tenant(PEOPLE)
    assert list(first.people) == list(second.people)
    assert list(first.conversations) == list(second.conversations)
    assert (first.id, first.app.id) == (second.id, second.app.id)
    assert len({person.aad for person in first.people.values()}) == len(PEOPLE["people"])
    assert all(person.id.startswith("29:") for person in first.people.values())


def test_a_guest_has_the_name_that_the_directory_gives_guests():
    guest = next(person for person in build_tenant(PEOPLE).people.values() if person.guest)
    assert (guest.email, guest.upn) == ("gil@elsewhere.example", "gil_elsewhere.example#EXT#@acme.example")


def test_the_team_has_a_general_channel_with_its_own_id():
    tenant = build_tenant(PEOPLE)
    assert tenant.conversations[tenant.team["id"]].name == "General"


def test_ids_and_credentials_may_be_given():
    teams = {
        "tenant_id": "t",
        "app": {"id": "a", "name": "Bot", "secret": "s"},
        "people": {"ann@acme.example": {"aad": "x", "id": "29:ann"}},
    }
    tenant = build_tenant(PEOPLE | {"teams": teams})
    assert (tenant.id, tenant.app.bot, tenant.app.name, tenant.app.secret) == ("t", "28:a", "Bot", "s")
    assert tenant.people["29:ann"].aad == "x"


@pytest.mark.parametrize(
    ("teams", "sentence"),
    [
        ([], "`teams` in the people file, and `people` in it, must be objects."),
        ({"people": []}, "`teams` in the people file, and `people` in it, must be objects."),
        (
            {"people": {"eve@acme.example": {}}},
            "`teams.people` names 'eve@acme.example', whom the people file does not know.",
        ),
        (
            {"people": {"ann@acme.example": {"shoe": 42}}},
            "ann@acme.example has no 'shoe' in Teams. Accepted: aad, guest, id, installed, locale, upn.",
        ),
        ({"chats": [{"name": "x", "members": ["eve"]}]}, "'x' has members that nobody knows: eve"),
        (
            {"chats": [{"name": "x", "id": "19:1"}, {"name": "y", "id": "19:1"}]},
            "Two conversations have the id '19:1'.",
        ),
    ],
)
def test_a_bad_entry_is_named(teams: Any, sentence: str):
    with pytest.raises(ValueError, match=f"^{re.escape(sentence)}$"):
        build_tenant(PEOPLE | {"teams": teams})
