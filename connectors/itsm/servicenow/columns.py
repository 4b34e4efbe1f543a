"""What an instance says of its columns, held against the administrator's mapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from connectors.itsm.base import Finding, Health, Refused, TicketKind
from connectors.itsm.mapping import Target, distinct, examine, examine_states, needed
from connectors.itsm.servicenow.client import Row, ServiceNowClient
from connectors.itsm.servicenow.lookups import Lookups
from connectors.itsm.servicenow.mapping import TABLES
from connectors.itsm.servicenow.settings import ServiceNowSettings
from connectors.itsm.servicenow.wire import condition, query, text

PARENT: Final = "task"  # of change_request and incident: inherited columns are described there
_DICTIONARY: Final = ("name", "element", "read_only")
_CHOICE: Final = ("name", "element", "value")


class Columns:
    """Reads only."""

    def __init__(self, client: ServiceNowClient, lookups: Lookups, settings: ServiceNowSettings) -> None:
        self._client = client
        self._lookups = lookups
        self._mapping = settings.mapping

    async def examine(self) -> tuple[Finding, ...]:
        """How every mapped field, state and person stands there; nothing without a mapping."""
        found: list[Finding] = []
        for kind in TicketKind:
            table = TABLES[kind]
            names = [one.name for one in needed(self._mapping, kind)]
            if names:
                found += examine(self._mapping, kind, await self.targets(table, names), where=table)
            own = self._mapping.of(kind)
            if own.written or own.read:
                states = (await self._choices(table, ["state"])).get("state", ())
                found += examine_states(self._mapping, kind, states, where=table)
        return (*distinct(found), *await self._people())

    async def targets(self, table: str, names: Sequence[str]) -> dict[str, Target]:
        """The columns among these that the table has; what the table says itself counts before what task says."""
        rows = await self._described("sys_dictionary", table, names, fields=_DICTIONARY)
        choices = await self._choices(table, names)
        found = {
            text(row["element"]): Target(text(row["read_only"]) != "true", choices.get(text(row["element"]), ()))
            for row in sorted(rows, key=lambda row: text(row["name"]) == table)
        }
        for name in names:
            # The dictionary is often closed to ordinary accounts; a record shows its columns all the same.
            if name not in found and await self._shows(table, name):
                found[name] = Target(None, choices.get(name, ()))
        return found

    async def _choices(self, table: str, names: Sequence[str]) -> dict[str, tuple[str, ...]]:
        rows = await self._described("sys_choice", table, names, fields=_CHOICE)
        own = {text(row["element"]) for row in rows if text(row["name"]) == table}
        found: dict[str, tuple[str, ...]] = {}
        for row in rows:
            element = text(row["element"])
            if element not in own or text(row["name"]) == table:
                found[element] = tuple(dict.fromkeys((*found.get(element, ()), text(row["value"]))))
        return found

    async def _described(
        self, where: str, table: str, names: Sequence[str], *, fields: tuple[str, ...]
    ) -> tuple[Mapping[str, object], ...]:
        wanted = [name for name in names if name.replace("_", "").isalnum()]
        asked = query(
            condition("name", "IN", f"{table},{PARENT}"), condition("element", "IN", ",".join(wanted)), "ORDERBYsys_id"
        )
        try:
            rows: tuple[Row, ...] = (await self._client.select(where, asked, fields=fields)).rows
        except Refused:
            return ()
        # A condition on a column that is not there is dropped, so what came is looked at again.
        return tuple(row for row in rows if row["name"] in {table, PARENT} and row["element"] in names)

    async def _shows(self, table: str, name: str) -> bool:
        try:
            page = await self._client.select(table, "ORDERBYsys_id", fields=("sys_id", name), limit=1)
        except Refused:
            return False
        return bool(page.rows)

    async def _people(self) -> tuple[Finding, ...]:
        users = self._mapping.users
        found = []
        for name in dict.fromkeys((*users.people.values(), *([users.default] if users.default else ()))):
            subject = f"Mapped person {name}"
            if await self._lookups.user(name):
                found.append(Finding(subject, Health.OK, "Known there."))
            else:
                step = f"Write a user name or sys_id of sys_user into {self._mapping.file}."
                found.append(Finding(subject, Health.FAILED, "ServiceNow knows no such user.", step))
        return tuple(found)
