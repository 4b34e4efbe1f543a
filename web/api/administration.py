"""/api/v1/{tenants,users,roles,grants}: who is here and what they hold."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from core.access import (
    GrantView,
    add_person,
    grant_role,
    list_grants,
    list_people,
    revoke_role,
)
from core.access.visiting import visible_tenants
from core.db import Database
from core.errors import ErrorKind, InvalidInput
from core.roles.hierarchy import PARENTS, ScopeKind, title
from core.roles.permissions import ROLE_PERMISSIONS, names
from web.api.shapes import Email
from web.endpoint import Call, Method, Reply, endpoint
from web.paging import Page, whole
from web.schema import Id, Input, Output, Path


class UserOut(Output):
    """A person and the roles they hold."""

    id: UUID
    email: str
    name: str
    title: str
    time_zone: str
    active: bool
    roles: list[str]
    groups: list[str]
    manager: str  # e-mail; empty: nobody
    fallback: str  # who decides while they are away and have named nobody; empty: nobody in particular


class UserIn(Input):
    """A new person."""

    email: Email
    name: Annotated[str, Field(min_length=1, max_length=200)]
    title: Annotated[str, Field(max_length=200)] = ""
    time_zone: Annotated[str, Field(max_length=60)] = "UTC"


class RoleOut(Output):
    """A role, what stands above it and what it permits."""

    key: str
    title: str
    parent: str | None
    permissions: list[str]


class GrantIn(Input):
    """A role for a person."""

    email: Email
    role: Annotated[str, Field(max_length=100)]
    scope: Annotated[str, Field(max_length=20, description="enterprise, tenant, project or agent")] = "tenant"
    scope_id: Annotated[str, Field(max_length=120, description="of the project or agent")] = ""


class GrantOut(Output):
    """A grant."""

    id: UUID
    email: str
    role: str
    scope: str
    scope_id: str
    granted_by: str


class TenantOut(Output):
    """A tenant and its policy."""

    tenant_id: str
    name: str
    policy: dict[str, Any]
    created_at: datetime


class ByGrant(Path):
    """One grant."""

    grant_id: Id


_MANAGING = (ErrorKind.FORBIDDEN, ErrorKind.CONFLICT, ErrorKind.NOT_FOUND)


class Administration:
    """People, roles, grants, tenants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @endpoint(Method.GET, "/api/v1/users", summary="List people", tags=("administration",))
    async def users(self, call: Call[None, None, None]) -> Page[UserOut]:
        """Everybody in the tenant, by e-mail."""
        everybody = await list_people(self._database, call.actor)
        return whole(
            [
                UserOut(
                    id=person.id,
                    email=person.email,
                    name=person.name,
                    title=person.title,
                    time_zone=person.time_zone,
                    active=person.active,
                    roles=sorted(everybody.roles.get(person.id, frozenset())),
                    groups=sorted(everybody.groups_of(person.id)),
                    manager=everybody.people[person.manager].email if person.manager else "",
                    fallback=everybody.people[person.fallback].email if person.fallback else "",
                )
                for person in sorted(everybody.people.values(), key=lambda each: each.email)
            ]
        )

    @endpoint(
        Method.POST,
        "/api/v1/users",
        summary="Add a person",
        tags=("administration",),
        errors=_MANAGING,
        responses={201: UserOut},
        permission="manage users",
    )
    async def add_user(self, call: Call[UserIn, None, None]) -> Reply:
        """The person exists; grant them a role next."""
        body = call.body
        person = await add_person(
            self._database, call.actor, email=body.email, name=body.name, title=body.title, time_zone=body.time_zone
        )
        return Reply(
            201,
            UserOut(
                id=person.id,
                email=person.email,
                name=person.name,
                title=person.title,
                time_zone=person.time_zone,
                active=True,
                roles=[],
                groups=[],
                manager="",
                fallback="",
            ),
        )

    @endpoint(Method.GET, "/api/v1/roles", summary="List roles", tags=("administration",))
    async def roles(self, call: Call[None, None, None]) -> Page[RoleOut]:
        """The hierarchy as the framework draws it, with what each role permits."""
        del call
        return whole(
            [
                RoleOut(key=role, title=title(role), parent=parent, permissions=names(ROLE_PERMISSIONS[role]))
                for role, parent in PARENTS.items()
            ]
        )

    @endpoint(Method.GET, "/api/v1/grants", summary="List grants", tags=("administration",))
    async def grants(self, call: Call[None, None, None]) -> Page[GrantOut]:
        """Who holds which role, where."""
        return whole([_grant_out(grant) for grant in await list_grants(self._database, call.actor)])

    @endpoint(
        Method.POST,
        "/api/v1/grants",
        summary="Grant a role",
        tags=("administration",),
        errors=_MANAGING,
        responses={201: GrantOut},
        permission="manage users; never to oneself, never above one's own role",
    )
    async def grant(self, call: Call[GrantIn, None, None]) -> Reply:
        """The person holds the role."""
        body = call.body
        if body.scope not in set(ScopeKind):
            raise InvalidInput(f"'{body.scope}' is not a scope.", where="scope", accepted=tuple(ScopeKind))
        grant = await grant_role(
            self._database,
            call.actor,
            email=body.email,
            role=body.role,
            scope_kind=ScopeKind(body.scope),
            scope_id=body.scope_id,
        )
        return Reply(201, _grant_out(grant))

    @endpoint(
        Method.DELETE,
        "/api/v1/grants/{grant_id}",
        summary="Take a role away",
        tags=("administration",),
        errors=_MANAGING,
        permission="manage users",
    )
    async def revoke_grant(self, call: Call[None, None, ByGrant]) -> None:
        """The person does not hold it any more."""
        await revoke_role(self._database, call.actor, call.path.grant_id)

    @endpoint(Method.GET, "/api/v1/tenants", summary="List tenants", tags=("administration",))
    async def tenants(self, call: Call[None, None, None]) -> Page[TenantOut]:
        """One's own; all of them for an enterprise administrator."""
        found = await visible_tenants(self._database, call.actor)
        return whole(
            [
                TenantOut(
                    tenant_id=each.tenant_id, name=each.name, policy=each.policy.to_json(), created_at=each.created_at
                )
                for each in found
            ]
        )


def _grant_out(grant: GrantView) -> GrantOut:
    return GrantOut(
        id=grant.id,
        email=grant.email,
        role=grant.role,
        scope=grant.scope_kind,
        scope_id=grant.scope_id,
        granted_by=grant.granted_by,
    )
