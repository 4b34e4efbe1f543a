"""/api/v1/tokens: what programs present instead of a password (R5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field

from core.access import TokenScope, TokenView, create_token, list_tokens, revoke_token
from core.db import Database
from core.durations import EXAMPLES, parse_duration
from core.errors import ErrorKind, InvalidInput
from web.endpoint import Call, Method, Reply, endpoint
from web.paging import Page, whole
from web.schema import Id, Input, Output, Path


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


class ByToken(Path):
    """One token."""

    token_id: Id


_MANAGING = (ErrorKind.FORBIDDEN, ErrorKind.CONFLICT, ErrorKind.NOT_FOUND)


class Tokens:
    """API tokens."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @endpoint(Method.GET, "/api/v1/tokens", summary="List my tokens", tags=("tokens",))
    async def list(self, call: Call[None, None, None]) -> Page[TokenOut]:
        """Without their secrets."""
        return whole([_token_out(token) for token in await list_tokens(self._database, call.actor)])

    @endpoint(
        Method.POST,
        "/api/v1/tokens",
        summary="Create a token",
        tags=("tokens",),
        errors=_MANAGING,
        responses={201: NewTokenOut},
        permission="everybody for themselves; manage users for others",
    )
    async def create(self, call: Call[TokenIn, None, None]) -> Reply:
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
        tags=("tokens",),
        errors=_MANAGING,
        permission="everybody for their own; manage users for others'",
    )
    async def revoke(self, call: Call[None, None, ByToken]) -> None:
        """It is refused from the next call on."""
        await revoke_token(self._database, call.actor, call.path.token_id)


def _scopes(given: list[str] | None) -> frozenset[TokenScope] | None:
    if given is None:
        return None
    unknown = sorted(set(given) - set(TokenScope))
    if unknown:
        raise InvalidInput(f"'{unknown[0]}' is not a scope.", where="scopes", accepted=tuple(TokenScope))
    return frozenset(TokenScope(scope) for scope in given)


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
