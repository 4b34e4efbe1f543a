"""What people do in the workspace: type a command, click, fill in a modal, write, open App Home.

Each act returns what the person saw. Input that no real client could send raises ControlError (4xx).
"""

from __future__ import annotations

import asyncio
import html
import re
from collections.abc import Coroutine, Mapping
from typing import Any

from sandbox.changes import Kind
from sandbox.slack import inputs, payloads
from sandbox.slack.capabilities import ResponseUrl
from sandbox.slack.delivery import Ack, Delivery
from sandbox.slack.hub import ApiError, Hub
from sandbox.slack.modals import Modals
from sandbox.slack.reaction import ANSWERS, Watch
from sandbox.slack.responses import apply_response
from sandbox.slack.targets import Target, action_of, find_element, find_target
from sandbox.slack.world import Channel, Json, Person
from sandbox.system import ControlError

EVENTS = ("app_home_opened", "message.im", "message.channels", "app_mention")


class Acts:
    """A person's part, played through the product's doors."""

    def __init__(self, hub: Hub, delivery: Delivery, events: frozenset[str]) -> None:
        self._hub = hub
        self._delivery = delivery
        self._modals = Modals(hub)
        self._states: dict[tuple[str, str], Json] = {}
        self.events = events

    def forget(self) -> None:
        """What people chose in messages is not remembered."""
        self._states.clear()

    async def command(self, person: Person, channel: Channel, typed: str) -> Json:
        """What the person saw after typing a slash command."""
        name, _, text = typed.strip().partition(" ")
        if not name.startswith("/") or len(name) < 2:
            raise ControlError(f"A command starts with a slash; {typed!r} does not. To say something, use message.")
        self._enter(person, channel)
        known = [entry["command"] for entry in self._hub.world.app.commands]
        if name not in known and not self._hub.world.app.open_commands:
            raise ControlError(f"{name} is not a valid command in this workspace.", accepted=tuple(known))
        watch = Watch(self._hub.world, person.id)
        rights = self._hub.capabilities
        form = payloads.command_form(
            self._hub,
            person,
            channel,
            command=name,
            text=text.strip(),
            trigger_id=rights.trigger(person.id),
            response_url=self._hub.response_url(rights.response(person.id, channel.id)),
        )

        async def deliver() -> Ack:
            ack = await self._delivery.command(form)
            return self._answered(ack, person, channel)

        return await self._watched(watch, deliver())

    async def click(self, person: Person, place: Mapping[str, Any]) -> Json:
        """What the person saw after using a button or a select in a message, a modal or App Home."""
        target = find_target(self._hub, person, place)
        block, element = find_element(target.blocks, place)
        if target.channel is not None:
            self._enter(person, target.channel)
        action = action_of(self._hub, block, element, place.get("value"))
        state = self._remember(person, target, block, element, action)
        watch = Watch(self._hub.world, person.id)
        payload = payloads.interaction(self._hub, person, "block_actions") | self._context(person, target, state)
        payload |= {"trigger_id": self._hub.capabilities.trigger(person.id), "actions": [action]}
        return await self._watched(watch, self._delivery.interaction(payload))

    async def submit(self, person: Person, view_id: str, values: Mapping[str, Any]) -> Json:
        """What became of the modal: `closed`, `errors` by block id, and what else was seen."""
        view = self._modals.top(person, view_id)
        if not view.get("submit"):
            raise ControlError("This modal has no submit button.")
        self._modals.fill(view, values)
        refused = self._modals.refused(view)
        if refused:
            return self._modals.outcome(person, view, refused, {"ephemeral": [], "messages": [], "latency_ms": 0})
        watch = Watch(self._hub.world, person.id)
        payload = payloads.interaction(self._hub, person, "view_submission")
        payload |= {"trigger_id": self._hub.capabilities.trigger(person.id), "view": view, "response_urls": []}
        errors: dict[str, str] = {}

        async def deliver() -> Ack:
            ack = await self._delivery.interaction(payload)
            return self._modals.answered(person, view, ack, errors)

        report = await self._watched(watch, deliver(), at_once=errors)
        return self._modals.outcome(person, view, errors, report)

    async def close(self, person: Person, view_id: str) -> Json:
        """The modal is closed; the product hears of it if it asked to."""
        view = self._modals.top(person, view_id)
        cleared = bool(view["clear_on_close"])
        root = self._hub.world.stacks[person.id][0]
        self._hub.world.close(person.id, root if cleared else view_id)
        if view["notify_on_close"]:
            payload = payloads.interaction(self._hub, person, "view_closed")
            await self._delivery.interaction(payload | {"view": view, "is_cleared": cleared})
        return self._modals.outcome(person, view, {}, {})

    async def message(self, person: Person, channel: Channel, text: str, thread_ts: str | None) -> Json:
        """What the person saw after writing something; `ts` is the message's own."""
        if not text.strip():
            raise ControlError("There is nothing to send: `text` is empty.")
        self._enter(person, channel)
        message: Json = {"user": person.id, "team": self._hub.world.team.id, "text": self._written(text)}
        if thread_ts is not None:
            parent = channel.find(thread_ts)
            if parent is None:
                raise ControlError(f"There is no message {thread_ts} in {channel.name}.", status=404)
            message["thread_ts"] = parent.get("thread_ts", parent["ts"])
        watch = Watch(self._hub.world, person.id, answers=ANSWERS | {Kind.POSTED, Kind.UPDATED})
        posted = self._hub.world.post(channel, message)
        self._hub.world.mark_read(person.id, channel.id, posted["ts"])
        watch.forget()
        kind = "im" if channel.im_user else "group" if channel.private else "channel"
        event = posted | {"channel": channel.id, "channel_type": kind, "event_ts": posted["ts"]}
        mentioned = f"<@{self._hub.world.app.bot_user}>" in posted["text"]
        wanted = f"message.{'im' if channel.im_user else 'channels'}"
        heard = False
        report: Json = {"ephemeral": [], "messages": [], "latency_ms": 0}
        if self._hub.world.app.bot_user in channel.members:
            if wanted in self.events:
                heard = True
                report = await self._event(watch, event)
            if mentioned and not channel.im_user and "app_mention" in self.events:
                heard = True
                report = await self._event(watch, event | {"type": "app_mention"})
        return {"ts": posted["ts"], "channel": channel.id, "heard": heard, **report}

    async def open_home(self, person: Person) -> Json | None:
        """The App Home that the person sees after opening the tab; None while the product shows none."""
        world = self._hub.world
        if "app_home_opened" in self.events:
            event: Json = {
                "type": "app_home_opened",
                "user": person.id,
                "channel": world.direct(person.id).id,
                "tab": "home",
                "event_ts": world.new_ts(),
            }
            if person.id in world.homes:
                event["view"] = world.homes[person.id]
            await self._event(Watch(world, person.id, answers=frozenset({Kind.HOME})), event)
        return world.homes.get(person.id)

    async def _event(self, watch: Watch, event: Json) -> Json:
        return await self._watched(watch, self._delivery.event(payloads.event_body(self._hub, event)))

    async def _watched(
        self, watch: Watch, delivery: Coroutine[Any, Any, Ack], *, at_once: Mapping[str, str] | None = None
    ) -> Json:
        """The report after the reaction; errors in a form are seen without waiting for more."""
        task = asyncio.create_task(delivery)
        ack = await watch.until_seen(task, enough=lambda: bool(at_once))
        return watch.report(ack)

    def _answered(self, ack: Ack, person: Person, channel: Channel) -> Ack:
        """The answer inside the acknowledgement of a command, made visible."""
        body = {"text": ack.body} if isinstance(ack.body, str) else ack.body
        if ack.error is None and isinstance(body, dict) and body:
            right = ResponseUrl(person.id, channel.id, None, ephemeral=False, thread_ts=None, made=0.0)
            try:
                apply_response(self._hub, right, body)
            except ApiError as exc:
                return Ack(error=exc.code)
        return ack

    def _context(self, person: Person, target: Target, state: Json) -> Json:
        if target.view is not None:
            return payloads.from_view(target.view)
        assert target.channel is not None
        assert target.message is not None
        token = self._hub.capabilities.response(
            person.id,
            target.channel.id,
            origin=target.message["ts"],
            ephemeral=target.ephemeral,
            thread_ts=target.message.get("thread_ts"),
        )
        context = payloads.from_message(
            target.channel, target.message, ephemeral=target.ephemeral, response_url=self._hub.response_url(token)
        )
        return context | {"state": {"values": state}}

    def _remember(self, person: Person, target: Target, block: Json, element: Json, action: Json) -> Json:
        """The state of the place clicked in, with the new choice in it; messages remember it for each person."""
        if target.view is not None:
            state: Json = target.view["state"]["values"]
        else:
            assert target.message is not None
            key = (person.id, target.message["ts"])
            state = inputs.initial_state(target.blocks, self._states.get(key, {}))
            self._states[key] = state
        entry = state.get(block["block_id"], {}).get(element["action_id"])
        if entry is not None:
            entry.update({name: value for name, value in action.items() if name in entry})
        return state

    def _enter(self, person: Person, channel: Channel) -> None:
        """The person is in the channel: one joins a public channel by using it, and no other."""
        if person.id in channel.members:
            return
        if channel.private or channel.im_user:
            raise ControlError(f"{person.real_name} cannot see {channel.name}.", status=403)
        channel.members.append(person.id)

    def _written(self, text: str) -> str:
        """The text as Slack keeps it: & < > escaped, @name turned into a mention."""
        world = self._hub.world
        names = {person.name.casefold(): person.id for person in world.people.values()}
        names[world.app.name.casefold()] = world.app.bot_user

        def mention(match: re.Match[str]) -> str:
            found = names.get(match[1].casefold())
            return f"<@{found}>" if found else match[0]

        return re.sub(r"(?<!\w)@([\w.-]+)", mention, html.escape(text, quote=False))
