"""What a server says of its forms, held against the administrator's mapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.itsm.base import Finding, Health, TicketKind
from connectors.itsm.mapping import Target, distinct, examine, examine_states, needed
from connectors.itsm.remedy.client import RemedyClient
from connectors.itsm.remedy.people import People
from connectors.itsm.remedy.settings import RemedySettings
from connectors.itsm.remedy.wire import FORMS, text


class Forms:
    """Reads only. New tickets are ordered on the form for creating, and moved on the form behind it."""

    def __init__(self, client: RemedyClient, people: People, settings: RemedySettings) -> None:
        self._client = client
        self._people = people
        self._mapping = settings.mapping

    async def examine(self) -> tuple[Finding, ...]:
        """How every mapped field, status and person stands there; nothing without a mapping."""
        found: list[Finding] = []
        for kind in TicketKind:
            form = FORMS[kind]
            if needed(self._mapping, kind):
                found += examine(self._mapping, kind, await self.targets(form.create), where=form.create)
            own = self._mapping.of(kind)
            if own.written or own.read:
                states = (await self.targets(form.entry)).get(form.status, Target()).choices
                found += examine_states(self._mapping, kind, states, where=form.entry)
        return (*distinct(found), *await self._named())

    async def targets(self, form: str) -> dict[str, Target]:
        """What the form says of each of its fields."""
        rows = await self._client.described(form)
        return {text(row.get("name")): Target(row.get("access") != "READ_ONLY", _labels(row)) for row in rows}

    async def _named(self) -> tuple[Finding, ...]:
        users = self._mapping.users
        found = []
        for login in dict.fromkeys((*users.people.values(), *([users.default] if users.default else ()))):
            subject = f"Mapped person {login}"
            if await self._people.with_login(login):
                found.append(Finding(subject, Health.OK, "Known there."))
            else:
                step = f"Write the login id of an enabled person of CTM:People into {self._mapping.file}."
                found.append(Finding(subject, Health.FAILED, "Remedy knows no enabled person of this login.", step))
        return tuple(found)


def _labels(row: Mapping[str, Any]) -> tuple[str, ...]:
    limit = row.get("limit")
    options = limit.get("enum_limits") if isinstance(limit, dict) else None
    return (
        tuple(text(one.get("label")) for one in options if isinstance(one, dict)) if isinstance(options, list) else ()
    )
