"""/api/v1/callbacks: addresses that may be told of the end of an access request."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from core.access_requests import CallbackView, Network, list_callbacks, register_callback, remove_callback
from core.db import Database
from core.errors import ErrorKind
from web.endpoint import Call, Idempotency, Method, Reply, endpoint
from web.schema import Id, Input, Output, Path


class NewCallbackIn(Input):
    """An address of an agent platform."""

    endpoint: Annotated[str, Field(min_length=1, max_length=2000, examples=["https://agents.example.com/callbacks"])]


class CallbackOut(Output):
    """A registered address."""

    id: UUID
    endpoint: str
    created_by: str
    created_at: datetime


class NewCallbackOut(CallbackOut):
    """The same with the secret that notices to it are signed with. It is not shown again."""

    secret: Annotated[str, Field(description="whsec_… as in Standard Webhooks")]


class CallbacksOut(Output):
    """All of them, newest first."""

    items: list[CallbackOut]


class ByCallback(Path):
    """One registration."""

    callback_id: Id


class Callbacks:
    """Registered addresses."""

    def __init__(self, database: Database, *, internal: Sequence[Network]) -> None:
        self._database = database
        self._internal = internal

    @endpoint(
        Method.POST,
        "/api/v1/callbacks",
        summary="Register a callback",
        tags=("callbacks",),
        responses={201: NewCallbackOut},
        errors=(ErrorKind.FORBIDDEN, ErrorKind.CONFLICT),
        idempotency=Idempotency.IGNORED,
        permission="modify configuration",
    )
    async def register(self, call: Call[NewCallbackIn, None, None]) -> Reply:
        """The address may be named in access requests. Registering it again adds a second secret, to change over to.

        An answer that is lost took its secret with it: register again and remove the other.
        """
        view = await register_callback(self._database, call.actor, call.body.endpoint, allowed=self._internal)
        return Reply(201, NewCallbackOut.model_validate(view))

    @endpoint(
        Method.GET,
        "/api/v1/callbacks",
        summary="List callbacks",
        tags=("callbacks",),
        errors=(ErrorKind.FORBIDDEN,),
        permission="modify configuration",
    )
    async def list(self, call: Call[None, None, None]) -> CallbacksOut:
        """Without their secrets."""
        found = await list_callbacks(self._database, call.actor)
        return CallbacksOut(items=[_out(view) for view in found])

    @endpoint(
        Method.DELETE,
        "/api/v1/callbacks/{callback_id}",
        summary="Remove a callback",
        tags=("callbacks",),
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND),
        permission="modify configuration",
    )
    async def remove(self, call: Call[None, None, ByCallback]) -> None:
        """The address is told nothing more, unless it is registered once more."""
        await remove_callback(self._database, call.actor, call.path.callback_id)


def _out(view: CallbackView) -> CallbackOut:
    return CallbackOut(id=view.id, endpoint=view.endpoint, created_by=view.created_by, created_at=view.created_at)
