"""/api/v1/groups, and who reports to whom: what policies read to find approvers."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from core.access import Directory, GroupView, delete_group, list_people, put_group, set_manager
from core.db import Database
from core.errors import ErrorKind
from core.ids import UserId
from web.api.convert import person_out
from web.api.shapes import PersonOut
from web.endpoint import Call, Method, endpoint
from web.paging import Page, whole
from web.schema import Id, Input, Output, Path


class GroupIn(Input):
    """A group as it is to be."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    members: Annotated[list[str], Field(max_length=5000, description="their e-mail addresses")]


class GroupOut(Output):
    """A group; members who have left are not asked."""

    key: str
    title: str
    members: list[PersonOut]


class ManagerIn(Input):
    """To whom the person reports."""

    manager: Annotated[str, Field(max_length=300, description="e-mail; empty: nobody")]


class ByGroup(Path):
    """One group."""

    key: Annotated[str, Field(max_length=100)]


class ByUser(Path):
    """One person."""

    user_id: Id


_MANAGING = (ErrorKind.FORBIDDEN, ErrorKind.CONFLICT, ErrorKind.NOT_FOUND)


class Groups:
    """Groups and managers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @endpoint(Method.GET, "/api/v1/groups", summary="List groups", tags=("groups",))
    async def list(self, call: Call[None, None, None]) -> Page[GroupOut]:
        """Every group, by key."""
        everybody = await list_people(self._database, call.actor)
        return whole([_shown(group, everybody) for group in everybody.groups.values()])

    @endpoint(
        Method.PUT,
        "/api/v1/groups/{key}",
        summary="Set a group",
        tags=("groups",),
        errors=_MANAGING,
        permission="manage users; nobody adds themselves",
        example={"title": "Site reliability", "members": ["lee@example.com"]},
    )
    async def put(self, call: Call[GroupIn, None, ByGroup]) -> GroupOut:
        """The group has this title and exactly these members; policies ask it as `group:<key>`."""
        body = call.body
        group = await put_group(
            self._database, call.actor, call.path.key, title=body.title, members=tuple(body.members)
        )
        return _shown(group, await list_people(self._database, call.actor))

    @endpoint(
        Method.DELETE,
        "/api/v1/groups/{key}",
        summary="Delete a group",
        tags=("groups",),
        errors=_MANAGING,
        permission="manage users",
    )
    async def delete(self, call: Call[None, None, ByGroup]) -> None:
        """Stages that would ask it ask whoever stands above it."""
        await delete_group(self._database, call.actor, call.path.key)

    @endpoint(
        Method.PUT,
        "/api/v1/users/{user_id}/manager",
        summary="Set somebody's manager",
        tags=("groups",),
        errors=_MANAGING,
        permission="manage users; nobody chooses their own",
        example={"manager": "lee@example.com"},
    )
    async def set_manager(self, call: Call[ManagerIn, None, ByUser]) -> None:
        """Policies ask them as `requester.manager`."""
        await set_manager(self._database, call.actor, UserId(call.path.user_id), call.body.manager)


def _shown(group: GroupView, everybody: Directory) -> GroupOut:
    people = sorted((everybody.people[user] for user in group.members), key=lambda person: person.email)
    return GroupOut(key=group.key, title=group.title, members=[person_out(person) for person in people])
