"""The simulated Teams put together: one tenant, one bot, one way to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from aiohttp import web

from sandbox.faults import Faults, fault_middleware
from sandbox.system import ControlError
from sandbox.teams.acts import Acts
from sandbox.teams.clicks import Clicks
from sandbox.teams.connector import BODY_MAX_BYTES, Connector
from sandbox.teams.delivery import Delivery
from sandbox.teams.dialogs import Dialogs
from sandbox.teams.directory import member_for_bot, member_json
from sandbox.teams.errors import failed, throttled
from sandbox.teams.forge import Forger
from sandbox.teams.hub import Hub, Keys
from sandbox.teams.jwt import SigningKey
from sandbox.teams.options import TeamsOptions
from sandbox.teams.reaction import dialog_json, message_json
from sandbox.teams.settings import TeamsSettings, build_tenant
from sandbox.teams.tokens import ISSUER, SCOPE, TokenService
from sandbox.teams.world import Json, Person

_TYPES: Final = ("user", "conversation", "message", "dialog", "toast", "home", "delivery")
_EDITABLE: Final[Mapping[str, type]] = {
    "deleted": bool,
    "blocked": bool,
    "installed": bool,
    "guest": bool,
    "name": str,
    "email": str,
    "upn": str,
    "title": str,
    "tz": str,
    "locale": str,
}


class TeamsSystem:
    """Teams as one of the sandbox's systems."""

    slug = "teams"

    def __init__(self, faults: Faults, settings: TeamsSettings, snapshot: Mapping[str, Any] | None) -> None:
        world = build_tenant(settings.people)
        if snapshot is None:
            keys = Keys(SigningKey.fresh(), SigningKey.fresh())
        else:  # the same keys as before: a bot asks for new ones once an hour at most
            world.restore(snapshot)
            service, login, *former = [SigningKey.restored(kept) for kept in snapshot["keys"]]
            keys = Keys(service, login, former)
        self.hub = Hub(settings, world, keys)
        self.tokens = TokenService(self.hub)
        self.delivery = Delivery(self.hub)
        self.acts = Acts(self.hub, self.delivery)
        self.dialogs = Dialogs(self.hub, self.delivery)
        self.clicks = Clicks(self.hub, self.delivery, self.acts, self.dialogs)
        self.forger = Forger(self.hub, self.delivery)
        self.options = TeamsOptions(self.hub, self.delivery, self.tokens)
        if snapshot is not None:
            self.options.choose(snapshot["options"])
        self.app = web.Application(
            middlewares=[fault_middleware(self.slug, faults, throttled=throttled, failed=failed)],
            client_max_size=BODY_MAX_BYTES,
        )
        self.app.add_routes([*self.tokens.routes(), *Connector(self.hub, self.tokens).routes()])
        self.app.on_shutdown.append(self._close)

    def records(self, type_: str | None, /) -> list[dict[str, Any]]:
        """Everything in the tenant as rows with a `type`. Raises ControlError for an unknown type."""
        if type_ is not None and type_ not in _TYPES:
            raise ControlError(f"Teams has no records of type {type_!r}.", accepted=_TYPES)
        return [row for row in self._rows() if type_ in {None, row["type"]}]

    async def edit(self, type_: str, id_: str, fields: Mapping[str, Any], /) -> dict[str, Any]:
        """The user (by either id or e-mail) after an administrator's edit, or the person's own: `blocked`."""
        if type_ != "user":
            raise ValueError(f"In Teams only users can be edited here, not {type_!r}.")
        world = self.hub.world
        person = member_for_bot(world, id_) or next((p for p in world.people.values() if p.email == id_), None)
        if person is None:
            raise LookupError(id_)
        for key, value in fields.items():
            if key not in _EDITABLE:
                raise ValueError(f"A user has no field {key!r}. Accepted: {', '.join(_EDITABLE)}.")
            if not isinstance(value, _EDITABLE[key]):
                raise ControlError(f"`{key}` must be a {'boolean' if _EDITABLE[key] is bool else 'text'}.")
        world.edit_person(person, fields)
        return self._user(person)

    def snapshot(self) -> dict[str, Any]:
        """The tenant as JSON, its keys, and the options in force."""
        keys = self.hub.keys
        kept = [key.kept() for key in (keys.service, keys.login, *keys.former)]
        return self.hub.world.snapshot() | {"keys": kept, "options": self.options.chosen}

    def configure(self, options: Mapping[str, Any], /) -> None:
        """See TeamsOptions.choose."""
        self.options.choose(options)

    async def reset(self) -> None:
        """The tenant is as on the first day: the people file's people and channels, and nothing said.

        Keys and tokens stay good, as the bot holds them.
        """
        self.hub.world.begin_again(build_tenant(self.hub.settings.people))
        await self.delivery.forget()
        self.options.begin_again()

    def describe(self) -> dict[str, Any]:
        """Where Teams is reached and what the product needs to know; the secrets are those of this sandbox alone."""
        settings, world = self.hub.settings, self.hub.world
        login = settings.login_url
        return {
            "url": settings.base_url,
            "page_url": f"{settings.base_url}/",
            "service_url": settings.service_url,
            "app_id": world.app.id,
            "app_name": world.app.name,
            "client_secret": world.app.secret,
            "tenant_id": world.id,
            "openid_metadata_url": f"{login}/v1/.well-known/openidconfiguration",
            "jwks_url": f"{login}/v1/.well-known/keys",
            "token_issuer": ISSUER,
            "login_endpoint": login,
            "token_url": f"{login}/{world.id}/oauth2/v2.0/token",
            "token_scope": SCOPE,
            "messages_url": self.delivery.endpoint,
            "team": dict(world.team),
            "people": {p.email: {"id": p.id, "aad": p.aad, "installed": p.installed} for p in world.people.values()},
            "channels": {c.name: c.id for c in world.conversations.values() if c.kind != "personal"},
        }

    def _user(self, person: Person) -> Json:
        more = {"tz": person.tz, "locale": person.locale, "title": person.title}
        flags = {name: getattr(person, name) for name in ("installed", "blocked", "deleted", "guest")}
        return member_json(self.hub.world, person) | more | flags

    def _rows(self) -> list[Json]:
        world = self.hub.world
        rows: list[Json] = [{"type": "user", **self._user(person)} for person in world.people.values()]
        for conversation in world.conversations.values():
            row = {key: value for key, value in asdict(conversation).items() if key != "messages"}
            rows.append({**row, "type": "conversation", "reference": self._reference(conversation.id)})
            rows.extend(
                {**message_json(world, message), "type": "message", "channel": conversation.id}
                | {"activity": message.activity}
                for message in conversation.messages
            )
        rows.extend({**dialog_json(dialog), "type": "dialog", "user": dialog.user} for dialog in world.dialogs.values())
        rows.extend({**toast, "type": "toast", "kind": toast["kind"]} for toast in world.toasts)
        rows.extend({"type": "home", "user": user, "cards": cards} for user, cards in world.homes.items())
        rows.extend({**asdict(delivered), "type": "delivery"} for delivered in self.delivery.log)
        return rows

    def _reference(self, conversation_id: str) -> Json:
        """The conversation reference that a bot would keep."""
        world = self.hub.world
        return {
            "serviceUrl": self.hub.settings.service_url,
            "channelId": "msteams",
            "conversation": {"id": conversation_id, "tenantId": world.id},
            "bot": {"id": world.app.bot, "name": world.app.name},
        }

    async def _close(self, _app: web.Application) -> None:
        await self.delivery.close()
