"""/api/v1/{tenants,users,roles,grants,tokens,policies}: who is here and what holds."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from core.access import (
    GrantView,
    TokenView,
    add_person,
    create_token,
    grant_role,
    list_grants,
    list_people,
    list_tokens,
    revoke_role,
    revoke_token,
)
from core.access.scopes import TokenScope
from core.access.visiting import visible_tenants
from core.approvals import PolicyCatalogue, policies_in_force
from core.db import Database
from core.durations import EXAMPLES, parse_duration
from core.errors import ErrorKind, InvalidInput
from core.roles.hierarchy import PARENTS, ScopeKind, title
from core.roles.permissions import ROLE_PERMISSIONS, names
from web.endpoint import Call, Method, Reply, endpoint
from web.paging import Item, Page
from web.schema import Id, Input, Output, Path

_Email = Annotated[str, Field(max_length=300, pattern=r"^[^@\s]+@[^@\s]+$")]


class UserOut(Output):
    """A person and the roles they hold."""

    id: UUID
    email: str
    name: str
    title: str
    time_zone: str
    active: bool
    roles: list[str]


class UserIn(Input):
    """A new person."""

    email: _Email
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

    email: _Email
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


class TokenIn(Input):
    """A new API token."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    expires_in: Annotated[str, Field(max_length=40, description="such as 30 days")] = "90 days"
    scopes: Annotated[
        list[str] | None,
        Field(max_length=10, description="none: all that the person may do, and for somebody else everything but vote"),
    ] = None
    email: Annotated[str | None, Field(max_length=300, description="whose; none: mine")] = None


class TokenOut(Output):
    """A token, without its secret."""

    id: UUID
    name: str
    scopes: list[str] | None
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewTokenOut(TokenOut):
    """A new token. `token` is shown this once."""

    token: str


class TenantOut(Output):
    """A tenant and its policy."""

    tenant_id: str
    name: str
    policy: dict[str, Any]
    created_at: datetime


class PolicyOut(Output):
    """An approval policy in force."""

    key: str
    title: str
    version: str
    applies_to: list[str]
    document: dict[str, Any]


class ByGrant(Path):
    """One grant."""

    grant_id: Id


class ByToken(Path):
    """One token."""

    token_id: Id


_MANAGING = (ErrorKind.FORBIDDEN, ErrorKind.CONFLICT, ErrorKind.NOT_FOUND)


class Administration:
    """People, roles, grants, tokens, tenants, policies."""

    def __init__(self, database: Database, catalogue: PolicyCatalogue) -> None:
        self._database = database
        self._catalogue = catalogue

    @endpoint(Method.GET, "/api/v1/users", summary="List people", tags=("administration",))
    async def users(self, call: Call[None, None, None]) -> Page[UserOut]:
        """Everybody in the tenant, by e-mail."""
        everybody = await list_people(self._database, call.actor)
        return _whole(
            [
                UserOut(
                    id=person.id,
                    email=person.email,
                    name=person.name,
                    title=person.title,
                    time_zone=person.time_zone,
                    active=person.active,
                    roles=sorted(everybody.roles.get(person.id, frozenset())),
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
            ),
        )

    @endpoint(Method.GET, "/api/v1/roles", summary="List roles", tags=("administration",))
    async def roles(self, call: Call[None, None, None]) -> Page[RoleOut]:
        """The hierarchy as the framework draws it, with what each role permits."""
        del call
        return _whole(
            [
                RoleOut(key=role, title=title(role), parent=parent, permissions=names(ROLE_PERMISSIONS[role]))
                for role, parent in PARENTS.items()
            ]
        )

    @endpoint(Method.GET, "/api/v1/grants", summary="List grants", tags=("administration",))
    async def grants(self, call: Call[None, None, None]) -> Page[GrantOut]:
        """Who holds which role, where."""
        return _whole([_grant_out(grant) for grant in await list_grants(self._database, call.actor)])

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

    @endpoint(Method.GET, "/api/v1/tokens", summary="List my tokens", tags=("administration",))
    async def tokens(self, call: Call[None, None, None]) -> Page[TokenOut]:
        """Without their secrets."""
        return _whole([_token_out(token) for token in await list_tokens(self._database, call.actor)])

    @endpoint(
        Method.POST,
        "/api/v1/tokens",
        summary="Create a token",
        tags=("administration",),
        errors=_MANAGING,
        responses={201: NewTokenOut},
        permission="everybody for themselves; manage users for others",
    )
    async def create_token(self, call: Call[TokenIn, None, None]) -> Reply:
        """The secret is shown this once."""
        body = call.body
        lifetime = parse_duration(body.expires_in)
        if lifetime is None:
            raise InvalidInput(f"'{body.expires_in}' is not a duration.", where="expires_in", accepted=EXAMPLES)
        view, text = await create_token(
            self._database,
            call.actor,
            name=body.name,
            lifetime=timedelta(seconds=lifetime.total_seconds()),
            scopes=_scopes(body.scopes),
            email=body.email,
        )
        return Reply(201, NewTokenOut(**_token_out(view).model_dump(), token=text))

    @endpoint(
        Method.DELETE,
        "/api/v1/tokens/{token_id}",
        summary="Revoke a token",
        tags=("administration",),
        errors=_MANAGING,
        permission="everybody for their own; manage users for others'",
    )
    async def revoke_token(self, call: Call[None, None, ByToken]) -> None:
        """It is refused from the next call on."""
        await revoke_token(self._database, call.actor, call.path.token_id)

    @endpoint(Method.GET, "/api/v1/tenants", summary="List tenants", tags=("administration",))
    async def tenants(self, call: Call[None, None, None]) -> Page[TenantOut]:
        """One's own; all of them for an enterprise administrator."""
        found = await visible_tenants(self._database, call.actor)
        return _whole(
            [
                TenantOut(
                    tenant_id=each.tenant_id, name=each.name, policy=each.policy.to_json(), created_at=each.created_at
                )
                for each in found
            ]
        )

    @endpoint(Method.GET, "/api/v1/policies", summary="List approval policies", tags=("administration",))
    async def policies(self, call: Call[None, None, None]) -> Page[PolicyOut]:
        """Those in force for this tenant."""
        policies = await policies_in_force(self._database, self._catalogue, call.actor)
        return _whole(
            [
                PolicyOut(
                    key=each.key,
                    title=each.title,
                    version=each.version,
                    applies_to=list(each.applies_to),
                    document=each.to_json(),
                )
                for each in policies
            ]
        )


def _whole(items: list[Item]) -> Page[Item]:
    """A list that is short enough to be one page."""
    return Page(items=items, next_cursor=None)


def _scopes(given: list[str] | None) -> frozenset[TokenScope] | None:
    if given is None:
        return None
    unknown = sorted(set(given) - set(TokenScope))
    if unknown:
        raise InvalidInput(f"'{unknown[0]}' is not a scope.", where="scopes", accepted=tuple(TokenScope))
    return frozenset(TokenScope(scope) for scope in given)


def _grant_out(grant: GrantView) -> GrantOut:
    return GrantOut(
        id=grant.id,
        email=grant.email,
        role=grant.role,
        scope=grant.scope_kind,
        scope_id=grant.scope_id,
        granted_by=grant.granted_by,
    )


def _token_out(token: TokenView) -> TokenOut:
    return TokenOut(
        id=token.id,
        name=token.name,
        scopes=None if token.scopes is None else list(token.scopes),
        created_at=token.created_at,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
        revoked_at=token.revoked_at,
    )
