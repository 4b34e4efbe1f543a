"""Who our account is, in which time zone it asks, and who somebody with an e-mail address is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.itsm.base import Refused
from connectors.itsm.jira.client import JiraClient
from connectors.itsm.jira.wire import Person, items, mapping, person, text

FURTHEST_WEST: Final = timedelta(hours=-12)
_CHANGE: Final = timedelta(hours=3)  # no clock change is longer


class People:
    """Answers by the site; only our own account is remembered."""

    def __init__(self, client: JiraClient) -> None:
        self._client = client
        self._own: Person | None = None
        self._zone: ZoneInfo | None = None

    @property
    def known_self(self) -> Person | None:
        """Our account, if it was asked for before."""
        return self._own

    async def myself(self) -> Person:
        """The account that our credential belongs to. Raises Refused if the site takes us for nobody."""
        if self._own is None:
            row = mapping(await self._client.read("myself"))
            found = person(row)
            if not found.id:
                raise Refused("Jira does not say which account this credential belongs to.", field="user")
            self._zone = _zone(text(row.get("timeZone")))
            self._own = found
        return self._own

    async def local_minute(self, at: datetime) -> str:
        """A minute that is not after this instant, as a query of our account writes it.

        Queries are read in the account's own zone, where an hour comes twice when clocks go back: the earlier is meant.
        """
        await self.myself()
        offsets = [FURTHEST_WEST]
        if self._zone is not None:
            near = (at - _CHANGE, at, at + _CHANGE)
            offsets = [one.astimezone(self._zone).utcoffset() or timedelta() for one in near]
        return (at.astimezone(UTC) + min(offsets)).strftime("%Y/%m/%d %H:%M")

    async def user(self, name: str) -> dict[str, Any]:
        """This user as a field holds them: on Cloud by account id, on Data Center by name."""
        site = await self._client.site()
        return {"accountId" if site.is_cloud else "name": name}

    async def reporter(self, email: str) -> dict[str, Any] | None:
        """The active person with this e-mail address, as a field holds them; None if there is not exactly one."""
        site = await self._client.site()
        name = "query" if site.is_cloud else "username"
        try:
            rows = items(await self._client.read("user/search", {name: email, "maxResults": 10}))
        except Refused:
            return None  # an account without the right to look people up names nobody
        found = [person(row) for row in rows if mapping(row).get("active") is not False]
        # On Cloud people may hide their address; they are found by it nevertheless.
        fitting = [
            one for one in found if one.email.casefold() == email.casefold() or (site.is_cloud and not one.email)
        ]
        if len(fitting) != 1 or not fitting[0].id:
            return None
        return {"accountId" if site.is_cloud else "name": fitting[0].id}


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        return None
