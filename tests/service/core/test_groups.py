"""Groups and managers, kept for policies to find approvers by (P2, R7)."""

from __future__ import annotations

import pytest

from core.access import PermissionMissing, UnknownPerson, delete_group, directory, list_people, put_group, set_manager
from core.access.errors import SelfGrant
from core.errors import InvalidInput, NotFound

BOSS = "tenant_administrator"


async def _groups(company) -> dict[str, set[str]]:
    everybody = await list_people(company.database, company.actor(BOSS))
    return {key: {everybody.people[user].email for user in group.members} for key, group in everybody.groups.items()}


@pytest.mark.row("P2")
async def test_a_group_has_exactly_the_members_that_were_set_last(company):
    tech, security = (company.people[role].email for role in ("meta_agent_manager", "security_manager"))
    for members in ([tech], [tech, security], [security]):
        await put_group(company.database, company.actor(BOSS), "sre", title="SRE", members=members)
        assert await _groups(company) == {"sre": set(members)}
    await delete_group(company.database, company.actor(BOSS), "sre")
    assert await _groups(company) == {}
    with pytest.raises(NotFound):
        await delete_group(company.database, company.actor(BOSS), "sre")


@pytest.mark.row("R7", "R6")
async def test_nobody_adds_themselves_to_a_group_chooses_their_own_manager_or_makes_themselves_one(company):
    me = company.people[BOSS]
    with pytest.raises(SelfGrant):
        await put_group(company.database, company.actor(BOSS), "sre", title="SRE", members=[me.email])
    with pytest.raises(SelfGrant):
        await set_manager(company.database, company.actor(BOSS), me.id, company.people["agent_developer"].email)
    with pytest.raises(SelfGrant):
        await set_manager(company.database, company.actor(BOSS), company.people["agent_developer"].id, me.email)
    assert await _groups(company) == {}


async def test_a_group_is_set_by_those_who_manage_users_and_holds_people_who_are_here(company):
    with pytest.raises(PermissionMissing):
        await put_group(company.database, company.actor("agent_developer"), "sre", title="SRE", members=[])
    with pytest.raises(UnknownPerson):
        await put_group(company.database, company.actor(BOSS), "sre", title="SRE", members=["nobody@example.com"])
    with pytest.raises(InvalidInput):
        await put_group(company.database, company.actor(BOSS), "S R E", title="SRE", members=[])
    assert await _groups(company) == {}


@pytest.mark.row("P2")
async def test_a_manager_stands_in_the_directory_and_can_be_taken_away(company):
    dana, lee = company.people["agent_developer"], company.people["meta_agent_manager"]
    for manager, expected in ((lee.email, lee.id), ("", None)):
        await set_manager(company.database, company.actor(BOSS), dana.id, manager)
        async with company.database.tenant(company.actor(BOSS).tenant) as tx:
            assert (await directory(tx)).people[dana.id].manager == expected
    with pytest.raises(InvalidInput):
        await set_manager(company.database, company.actor(BOSS), dana.id, dana.email)
