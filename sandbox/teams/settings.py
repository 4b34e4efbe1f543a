"""What the simulated tenant is told at start: credentials, the product's address, people, channels and chats.

It reads the same people file as Slack. What Teams knows beyond that stands under `teams`, all of it optional:
`{tenant_id, name, app: {id, name, secret}, team, people: {<e-mail>: {aad, id, upn, locale, guest, installed}},
channels: [{name, id?, members?}], chats: [{name, id?, members, installed?}]}`; whatever is left out is derived from the
rest, so that ids are the same at every start.
"""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sandbox.teams.world import App, Conversation, Person, Place, Tenant

_IDS: Final = uuid.UUID("6f1b2c54-7d0a-4e0a-9a53-3f6f0a4f7a11")  # derived ids are version 5 below this one
DEFAULT_SECRET: Final = "sandbox-teams-client-secret"  # noqa: S105 - worth nothing outside this sandbox
MESSAGES_PATH: Final = "/api/messages"
_PERSON_FIELDS: Final = frozenset({"aad", "id", "upn", "locale", "guest", "installed"})


@dataclass(frozen=True, slots=True)
class TeamsSettings:
    """Addresses without a trailing slash: `base_url` of Teams itself, `product_url` of the bot."""

    base_url: str
    product_url: str
    people: Mapping[str, Any]

    @property
    def service_url(self) -> str:
        """The connector's address as activities carry it: with a slash at its end."""
        return f"{self.base_url}/"

    @property
    def login_url(self) -> str:
        """Where tokens are issued and the keys are published."""
        return f"{self.base_url}/login"

    @property
    def messages_url(self) -> str:
        """The bot's messaging endpoint, as the directory has it at the start."""
        return f"{self.product_url}{MESSAGES_PATH}"


def build_tenant(document: Mapping[str, Any]) -> Tenant:
    """A tenant with these people and channels and nothing said yet. Raises ValueError for a bad entry."""
    given = document.get("teams", {})
    if not isinstance(given, Mapping) or not isinstance(given.get("people", {}), Mapping):
        raise ValueError("`teams` in the people file, and `people` in it, must be objects.")  # noqa: TRY004 - a bad file
    name = given.get("name") or document.get("team", {}).get("name", "Sandbox")
    app = given.get("app", {})
    tenant_id = given.get("tenant_id") or _guid(f"tenant {name}")
    tenant = Tenant(
        tenant_id,
        name,
        App(app.get("id") or _guid(f"app {name}"), app.get("name", "Countersign"), app.get("secret") or DEFAULT_SECRET),
        {
            "id": _thread_id(f"{tenant_id} General", "tacv2"),
            "name": given.get("team") or name,
            "aadGroupId": _guid(f"{tenant_id} group"),
        },
    )
    more = given.get("people", {})
    emails = {row.get("email") for row in document.get("people", [])}
    if set(more) - emails:
        raise ValueError(f"`teams.people` names {min(set(more) - emails)!r}, whom the people file does not know.")
    for row in document.get("people", []):
        person = _person(tenant, row, more.get(row.get("email"), {}))
        tenant.people[person.id] = person
    rows = list(given.get("channels") or document.get("channels", []))
    if not any(str(row["name"]).casefold() == "general" for row in rows):
        rows.insert(0, {"name": "General"})
    for row in rows:
        _add(tenant, _channel(tenant, row, document))
    for row in given.get("chats", []):
        _add(tenant, _chat(tenant, row, document))
    return tenant


def _person(tenant: Tenant, row: Mapping[str, Any], more: Mapping[str, Any]) -> Person:
    unknown = set(more) - _PERSON_FIELDS
    if unknown:
        known = ", ".join(sorted(_PERSON_FIELDS))
        raise ValueError(f"{row.get('email')} has no {min(unknown)!r} in Teams. Accepted: {known}.")
    try:
        email = str(row["email"])
        name = row.get("real_name") or row["name"]
    except KeyError as exc:
        raise ValueError(f"A person needs {exc.args[0]!r}: {dict(row)}") from exc
    aad = more.get("aad") or _guid(f"{tenant.id} {email}")
    guest = bool(more.get("guest", False))
    outside = f"{email.replace('@', '_')}#EXT#@{tenant.name.lower()}.example"  # as the directory names guests
    return Person(
        id=more.get("id") or f"29:1{_word(f'{tenant.app.id} {aad}', 40)}",
        aad=aad,
        name=name,
        email=email,
        upn=more.get("upn") or (outside if guest else email),
        tz=row.get("tz", "UTC"),
        locale=more.get("locale", "en-US"),
        title=row.get("title", ""),
        guest=guest,
        installed=bool(more.get("installed", True)),
    )


def _channel(tenant: Tenant, row: Mapping[str, Any], document: Mapping[str, Any]) -> Conversation:
    """A channel of the one team; the team's General channel has the team's own id."""
    name = str(row["name"]).removeprefix("#")
    own = tenant.team["id"] if name.casefold() == "general" else _thread_id(f"{tenant.id} {name}", "tacv2")
    id_ = row.get("teams_id") or own
    members = _members(tenant, row, document)
    return Conversation(id_, name, Place.CHANNEL, members, installed=bool(row.get("app", True)))


def _chat(tenant: Tenant, row: Mapping[str, Any], document: Mapping[str, Any]) -> Conversation:
    name = str(row["name"])
    id_ = row.get("id") or _thread_id(f"{tenant.id} chat {name}", "v2")
    members = _members(tenant, row, document)
    return Conversation(id_, name, Place.GROUP, members, installed=bool(row.get("installed", True)))


def _members(tenant: Tenant, row: Mapping[str, Any], document: Mapping[str, Any]) -> list[str]:
    """The people's ids; a member may be given by e-mail, or by the id or name that the people file has for Slack."""
    given: str | Iterable[str] = row.get("members", "*")
    if given == "*":
        return list(tenant.people)
    emails = {word: r["email"] for r in document.get("people", []) for word in (r.get("id"), r.get("name"), r["email"])}
    by_email = {person.email: person.id for person in tenant.people.values()}
    unknown = [word for word in given if word not in emails]
    if unknown:
        raise ValueError(f"{row['name']!r} has members that nobody knows: {', '.join(unknown)}")
    return [by_email[emails[word]] for word in given]


def _add(tenant: Tenant, conversation: Conversation) -> None:
    if conversation.id in tenant.conversations:
        raise ValueError(f"Two conversations have the id {conversation.id!r}.")
    tenant.conversations[conversation.id] = conversation


def _guid(words: str) -> str:
    return str(uuid.uuid5(_IDS, words))


def _word(words: str, length: int) -> str:
    digest = hashlib.sha512(words.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode()[:length]


def _thread_id(words: str, kind: str) -> str:
    return f"19:{hashlib.sha256(words.encode()).hexdigest()[:32]}@thread.{kind}"
