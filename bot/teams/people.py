"""Who is who: accounts of one Microsoft 365 tenant, by their directory ids, and our people."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from bot.teams.connector import Member
from bot.teams.places import Places
from core.access import PersonView, UnknownPerson, directory
from core.accounts import (
    Account,
    ChatId,
    Platform,
    Profile,
    UnknownChatAccount,
    account_of,
    find_account,
    match_by_email,
    may_match_by_email,
    refuse,
)
from core.actor import Actor, Door

DIRECTORY_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class People:
    """The people of a Microsoft 365 tenant who are people of ours."""

    places: Places

    def chat(self, chat_user: str) -> ChatId:
        """The account of this tenant."""
        return ChatId(Platform.TEAMS, self.places.tenant_id, chat_user)

    async def actor(self, chat_user: str) -> Actor:
        """The person behind a verified account. Raises UnknownChatAccount, which is recorded."""
        try:
            account, person = await self._person_behind(chat_user)
        except UnknownChatAccount as exc:
            await refuse(self.places.database, self.places.tenant, Profile(self.chat(chat_user)), exc)
            raise
        return Actor(
            tenant=self.places.tenant,
            user=person.id,
            email=person.email,
            name=person.name,
            door=Door.TEAMS,
            user_agent=f"Teams/{self.places.tenant_id}/{chat_user}",
            linked_by=account.linked_by,
        )

    async def person(self, mention: str) -> str:
        """The e-mail behind a directory id, a name or an address typed in a command. Raises UnknownPerson."""
        if "@" in mention:
            return mention
        if DIRECTORY_ID.fullmatch(mention.lower()):
            try:
                return (await self._person_behind(mention.lower()))[1].email
            except UnknownChatAccount as exc:
                raise UnknownPerson(
                    "This chat account is not linked to anybody here.",
                    where="person",
                    next_step="Give their e-mail address, or ask them to write approve link.",
                ) from exc
        async with self.places.database.tenant(self.places.tenant) as tx:
            people = (await directory(tx)).people.values()
        wanted = mention.lower()
        found = [each for each in people if wanted in (each.name.lower(), each.email.partition("@")[0])]
        return found[0].email if len(found) == 1 else mention

    async def chat_user(self, person: PersonView) -> str | None:
        """The person's account here; None if they have none. Their address counts as in `match_by_email`."""
        places = self.places
        async with places.database.tenant(places.tenant) as tx:
            known = await account_of(tx, Platform.TEAMS, places.tenant_id, person.id)
            may_match = await may_match_by_email(tx)
        if known or not may_match:
            return known.chat_user if known else None
        for member in (await places.roster()).values():
            if person.email.lower() not in {member.upn, member.email}:
                continue
            try:
                account, found = await match_by_email(places.database, places.tenant, await self._profile(member))
            except UnknownChatAccount:  # a guest, or somebody whose two addresses are two people's
                continue
            if found.id == person.id:
                return account.chat.chat_user
        return None

    async def profile(self, chat_user: str) -> Profile:
        """What the directory says of the account; no more than its id where the app meets it nowhere."""
        member = await self.places.member(chat_user) if DIRECTORY_ID.fullmatch(chat_user) else None
        if member is None or member.directory_id != chat_user:
            return Profile(self.chat(chat_user))
        return await self._profile(member)

    async def _person_behind(self, chat_user: str) -> tuple[Account, PersonView]:
        """The account and its person. Raises UnknownChatAccount."""
        if not DIRECTORY_ID.fullmatch(chat_user):  # an anonymous guest of a meeting, or another bot
            raise UnknownChatAccount
        places = self.places
        async with places.database.tenant(places.tenant) as tx:
            account = await find_account(tx, self.chat(chat_user))
            person = (await directory(tx)).people.get(account.user) if account else None
        if account is None or person is None:
            profile = await self.profile(chat_user)
            account, person = await match_by_email(places.database, places.tenant, profile)
        if not person.active:
            raise UnknownChatAccount("Your account is not active any more.")
        return account, person

    async def _profile(self, member: Member) -> Profile:
        """Guests bring addresses that the directory did not verify."""
        is_foreign = member.is_guest or member.tenant_id not in {"", self.places.tenant_id}
        email = "" if is_foreign else await self._address(member)
        return Profile(self.chat(member.directory_id), name=member.name, email=email, is_foreign=is_foreign)

    async def _address(self, member: Member) -> str:
        """That of the account's two addresses which is somebody's here; none if they are two people's."""
        addresses = [address for address in dict.fromkeys((member.upn, member.email)) if address]
        async with self.places.database.tenant(self.places.tenant) as tx:
            by_email = (await directory(tx)).by_email
        known = {by_email[address].id: address for address in addresses if address in by_email}
        if len(known) > 1:
            return ""
        return next(iter(known.values()), next(iter(addresses), ""))
