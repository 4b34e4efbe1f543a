"""The simulated Slack put together: one application, one workspace, one way to the product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from sandbox.faults import Faults, fault_middleware
from sandbox.slack.acts import EVENTS, Acts
from sandbox.slack.api import WebApi, failed, throttled
from sandbox.slack.delivery import Delivery
from sandbox.slack.files import file_json
from sandbox.slack.hub import Hub
from sandbox.slack.methods_files import FileAddresses
from sandbox.slack.methods_people import channel_json, user_json
from sandbox.slack.oauth import OAuth
from sandbox.slack.options import SlackOptions
from sandbox.slack.reaction import message_json
from sandbox.slack.responses import ResponseUrls
from sandbox.slack.settings import SlackSettings, build_workspace
from sandbox.slack.sockets import Sockets
from sandbox.slack.world import Json
from sandbox.system import ControlError

_TYPES = ("message", "user", "channel", "ephemeral", "modal", "home", "file", "delivery")


class SlackSystem:
    """Slack as one of the sandbox's systems."""

    slug = "slack"

    def __init__(self, faults: Faults, settings: SlackSettings, snapshot: Mapping[str, Any] | None) -> None:
        world = build_workspace(settings.people)
        if snapshot is not None:
            world.restore(snapshot)
        self.hub = Hub(settings, world)
        self.sockets = Sockets(settings.base_url, world.app.id)
        self.delivery = Delivery(settings, self.sockets)
        self.oauth = OAuth(self.hub)
        self.acts = Acts(self.hub, self.delivery, frozenset(EVENTS))
        self.options = SlackOptions(self.hub, self.delivery, self.acts)
        if snapshot is not None:
            self.options.choose(snapshot.get("options", {}))
        self.app = web.Application(
            middlewares=[fault_middleware(self.slug, faults, throttled=throttled, failed=failed)],
            client_max_size=4 * 1024**2,
        )
        api = WebApi(self.hub, self.sockets, self.oauth)
        self.app.router.add_route("GET", "/api/{method}", api.serve)
        self.app.router.add_route("POST", "/api/{method}", api.serve)
        self.app.router.add_post("/response/{token}", ResponseUrls(self.hub).serve)
        files = FileAddresses(self.hub)
        self.app.router.add_post("/upload/v1/{token}", files.upload)
        self.app.router.add_get("/files-pri/{id}/{name}", files.fetch)
        self.app.router.add_get("/oauth/v2/authorize", self.oauth.page)
        self.app.router.add_post("/oauth/v2/authorize", self.oauth.decide)
        self.app.router.add_get("/socket", self.sockets.serve)
        self.app.on_shutdown.append(self._close)

    def records(self, type_: str | None, /) -> list[dict[str, Any]]:
        """Everything in the workspace as rows with a `type`. Raises ValueError for an unknown type."""
        if type_ is not None and type_ not in _TYPES:
            raise ControlError(f"Slack has no records of type {type_!r}.", accepted=_TYPES)
        rows = self._rows()
        return [row for row in rows if type_ in {None, row["type"]}]

    async def edit(self, type_: str, id_: str, fields: Mapping[str, Any], /) -> dict[str, Any]:
        """The user after an administrator's edit: `deleted`, `email`, `title`, `real_name` or `tz`."""
        if type_ != "user":
            raise ValueError(f"In Slack only users can be edited here, not {type_!r}.")
        person = self.hub.world.people[id_]
        for key, value in fields.items():
            if key not in {"deleted", "email", "title", "real_name", "tz"}:
                raise ValueError(f"A user has no field {key!r}. Accepted: deleted, email, title, real_name, tz.")
            if not isinstance(value, bool if key == "deleted" else str):
                raise ControlError(f"`{key}` must be a {'boolean' if key == 'deleted' else 'text'}.")
        self.hub.world.edit_person(person, fields)
        return user_json(self.hub, person)

    def snapshot(self) -> dict[str, Any]:
        """The workspace as JSON, and the options in force."""
        return self.hub.world.snapshot() | {"options": self.options.chosen}

    def configure(self, options: Mapping[str, Any], /) -> None:
        """The options are in force.

        `rate_limits` {enabled, burst, per_minute}, `events` [names], `event_retry_delays` [seconds], `scopes`,
        `file_processing_s` (how long an uploaded picture cannot be shown yet), `closed` (people to whom the app may not
        write, and Slack's word for it).
        """
        self.options.choose(options)

    async def reset(self) -> None:
        """The workspace is as on the first day: the people file's people and channels, and nothing said.

        The app stays installed and connected; rights handed out so far (triggers, response addresses, codes) are void.
        """
        self.hub.world.begin_again(build_workspace(self.hub.settings.people))
        self.hub.capabilities.forget()
        self.oauth.forget()
        self.acts.forget()
        await self.delivery.forget()
        self.options.begin_again()

    def describe(self) -> dict[str, Any]:
        """Where Slack is reached and what the product needs to know; the secrets are those of this sandbox alone."""
        settings, world = self.hub.settings, self.hub.world
        return {
            "url": settings.base_url,
            "api_url": f"{settings.base_url}/api/",
            "team": {"id": world.team.id, "name": world.team.name},
            "app_id": world.app.id,
            "bot_user": world.app.bot_user,
            "bot_token": settings.bot_token,
            "app_token": settings.app_token,
            "signing_secret": settings.signing_secret,
            "authorize_url": f"{settings.base_url}/oauth/v2/authorize",
            "client_id": world.app.client_id,
            "client_secret": world.app.client_secret,
            "people": {person.email: person.id for person in world.people.values()},
            "channels": {c.name: c.id for c in world.channels.values() if c.im_user is None},
        }

    def _rows(self) -> list[Json]:
        world = self.hub.world
        rows: list[Json] = [{"type": "user", **user_json(self.hub, person)} for person in world.people.values()]
        for channel in world.channels.values():
            rows.append({"type": "channel", **channel_json(self.hub, channel), "members": channel.members})
            rows.extend(
                {**message_json(world, message, []), "type": "message", "channel": channel.id}
                for message in channel.messages
            )
        rows.extend(
            {**told.message, "type": "ephemeral", "user": told.user, "channel": told.channel}
            for told in world.ephemerals
        )
        rows.extend({**view, "type": "modal"} for view in world.views.values())
        rows.extend({**view, "type": "home", "user": user} for user, view in world.homes.items())
        rows.extend(
            {"type": "file", **file_json(file, self.hub.settings.base_url, world.app.bot_user, is_ready=True)}
            for file in world.files.by_id.values()
            if file.completed is not None
        )
        rows.extend(
            {"type": "delivery", "at": d.at, "kind": d.kind, "via": d.via, "took_ms": d.took_ms, "error": d.error}
            for d in self.delivery.log
        )
        return rows

    async def _close(self, _app: web.Application) -> None:
        await self.sockets.close()
        await self.delivery.close()
