"""Nudges of connected systems: to the inbox that they are for, if they prove where they come from."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Protocol

from connectors.itsm.base import WebhookRejected
from core.actor import Actor, Door
from core.audit import AuditCategory, AuditResult, record
from core.db import Database
from core.errors import InvalidInput, NotFound, Unauthenticated
from core.ids import TenantId

RECORDED_EVERY_S: Final = 60.0  # refusals of one connector: anybody can send them, and none may flood the trail


class HookRefused(Unauthenticated):
    """This message does not prove where it comes from."""

    code = "hooks.refused"


class Hooked(Protocol):
    """A connected system of one tenant that calls us."""

    @property
    def slug(self) -> str:
        """Its name in the address."""
        ...

    @property
    def tenant(self) -> TenantId:
        """Whose it is."""
        ...

    @property
    def database(self) -> Database:
        """Where refusals are recorded."""
        ...

    async def receive(self, headers: Mapping[str, str], body: bytes) -> Sequence[InvalidInput] | None:
        """What it says is taken; returned is what of it could not be, where it says several things.

        Raises WebhookRejected for what does not prove its origin, InvalidInput or NotFound for what proves it and
        cannot be taken.
        """
        ...


class SystemHooks:
    """The hooks of every configured system."""

    def __init__(self, inboxes: Iterable[Hooked], *, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._inboxes = {(inbox.slug, str(inbox.tenant)): inbox for inbox in inboxes}
        self._elapsed = elapsed
        self._recorded: dict[tuple[str, str], float] = {}

    async def receive(
        self, connector: str, tenant: str, headers: Mapping[str, str], body: bytes, *, ip: str | None
    ) -> Sequence[InvalidInput]:
        """The system is asked what is new; returned is what of a message of several things could not be taken.

        Raises HookRefused for what does not prove its origin; NotFound or InvalidInput for what cannot be taken.
        """
        inbox = self._inboxes.get((connector, tenant))
        if inbox is None:
            raise NotFound("There is no such hook.")
        try:
            return await inbox.receive(headers, body) or ()
        except WebhookRejected as exc:
            await self._record(inbox, exc.reason, ip=ip)
            raise HookRefused(exc.reason) from exc

    async def _record(self, inbox: Hooked, reason: str, *, ip: str | None) -> None:
        which, moment = (inbox.slug, str(inbox.tenant)), self._elapsed()
        if moment - self._recorded.get(which, -RECORDED_EVERY_S) < RECORDED_EVERY_S:
            return
        self._recorded[which] = moment
        stranger = Actor(tenant=inbox.tenant, user=None, email="unknown", name="Unknown", door=Door.API, ip_address=ip)
        async with inbox.database.tenant(inbox.tenant) as tx:
            await record(
                tx,
                stranger,
                action="hook.receive",
                resource=f"/hooks/{inbox.slug}/{inbox.tenant}",
                result=AuditResult.DENIED,
                category=AuditCategory.SECURITY,
                details={"reason": reason},
            )
