"""Who asks: a person of CTM:People, whom every ticket must name."""

from __future__ import annotations

from typing import Final

from connectors.itsm.base import Refused, TicketDraft
from connectors.itsm.mapping import facts_of
from connectors.itsm.remedy.client import RemedyClient
from connectors.itsm.remedy.qualification import both, compare
from connectors.itsm.remedy.settings import RemedySettings
from connectors.itsm.remedy.wire import text

PEOPLE: Final = "CTM:People"
_NAMES: Final = ("First Name", "Last Name")
_EMAIL: Final = "Internet E-mail"
_LOGIN: Final = "Remedy Login ID"


class People:
    """Looks people up; remembers nobody."""

    def __init__(self, client: RemedyClient, settings: RemedySettings) -> None:
        self._client = client
        self._settings = settings

    async def requester(self, draft: TicketDraft) -> tuple[str, str]:
        """First and last name of who asks.

        Whom the mapping names by login, else the enabled person of its attribute or of this address, else the mapping's
        default, else the configured one.
        """
        users, email = self._settings.mapping.users, draft.requester_email
        if named := users.named(email):
            found = await self.with_login(named)
        else:
            by, sought = users.by or _EMAIL, users.sought(facts_of(draft), email)
            found = await self._named(compare(by, "=", sought), by, sought) if sought else []
        if len(found) != 1 and users.default:
            found = await self.with_login(users.default)
        return found[0] if len(found) == 1 else (self._settings.first_name, self._settings.last_name)

    async def with_login(self, login: str) -> list[tuple[str, str]]:
        """The enabled people of this login id: one, or none."""
        return await self._named(compare(_LOGIN, "=", login), _LOGIN, login)

    async def by_login(self, login: str) -> tuple[str, str]:
        """Name and address of the enabled person with this login; empty if there is not one, or people are hidden."""
        if not login:
            return "", ""
        asked = both(compare(_LOGIN, "=", login), compare("Profile Status", "=", "Enabled"))
        try:
            page = await self._client.select(PEOPLE, asked, fields=(*_NAMES, _EMAIL, _LOGIN), limit=2)
        except Refused:
            return "", ""
        rows = [row for row in page.rows if text(row[_LOGIN]) == login]
        if len(rows) != 1:
            return "", ""
        return " ".join(text(rows[0][name]) for name in _NAMES), text(rows[0][_EMAIL])

    async def has_configured(self) -> bool:
        """Whether the person of the settings is known there."""
        first, last = self._settings.first_name, self._settings.last_name
        return bool(await self._named(both(compare(_NAMES[0], "=", first), compare(_NAMES[1], "=", last)), "", ""))

    async def _named(self, condition: str, field: str, value: str) -> list[tuple[str, str]]:
        asked = both(condition, compare("Profile Status", "=", "Enabled"))
        try:
            page = await self._client.select(PEOPLE, asked, fields=(*_NAMES, *([field] if field else ())), limit=2)
        except Refused:
            return []  # an account that may not read people asks in its own name; `check` says so
        rows = [row for row in page.rows if not field or text(row[field]).casefold() == value.casefold()]
        return [(text(row[_NAMES[0]]), text(row[_NAMES[1]])) for row in rows]


async def accounts_of(client: RemedyClient, first: str, last: str) -> tuple[str, ...]:
    """E-mail address and login of the one enabled person of this name; nothing where several, or none, have it.

    A ticket names its requester by name alone: of two people called the same it does not say which is meant.
    """
    named = both(compare(_NAMES[0], "=", first), compare(_NAMES[1], "=", last))
    asked = both(named, compare("Profile Status", "=", "Enabled"))
    try:
        page = await client.select(PEOPLE, asked, fields=(_EMAIL, _LOGIN), limit=2)
    except Refused:
        return ()  # an account that may not read people; `check` says so
    if len(page.rows) != 1:
        return ()
    return tuple(told for name in (_EMAIL, _LOGIN) if (told := text(page.rows[0][name])))
