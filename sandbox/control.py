"""The control surface that all systems share: records, edits, options, faults, the product's clock."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.typedefs import Handler

from sandbox.bodies import json_object, optional_text, required_text
from sandbox.faults import Fault, Faults
from sandbox.system import ControlError, Deleting, Resettable, System

FAULT_COUNT_MAX = 10_000
CLOCK_TIMEOUT_S = 120.0  # the product settles its deadlines before it answers


@web.middleware
async def control_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """A mistake in what was asked is a 4xx with a sentence, never a 5xx. Other doors are left alone."""
    if not request.path.startswith("/control/"):
        return await handler(request)
    try:
        return await handler(request)
    except ControlError as exc:
        return web.json_response(exc.body(), status=exc.status)
    except LookupError as exc:
        return web.json_response({"error": f"There is no such thing here: {exc}"}, status=HTTPStatus.NOT_FOUND)
    except ValueError as exc:
        return web.json_response({"error": str(exc)}, status=HTTPStatus.BAD_REQUEST)
    except web.HTTPException as exc:
        if exc.status < HTTPStatus.BAD_REQUEST:
            raise
        return web.json_response({"error": f"{request.method} {request.path}: {exc.reason}"}, status=exc.status)


class Control:
    """Serves what does not belong to one system."""

    def __init__(self, systems: Mapping[str, System], faults: Faults, *, product_url: str, demo_key: str) -> None:
        self._systems = systems
        self._faults = faults
        self._product_url = product_url
        self._demo_key = demo_key

    def routes(self) -> list[web.RouteDef]:
        """The routes, relative to the server's root."""
        return [
            web.get("/control/faults", self.list_faults),
            web.post("/control/faults", self.add_fault),
            web.delete("/control/faults", self.clear_faults),
            web.post("/control/clock", self.clock),
            web.post("/control/reset", self.reset),
            web.get("/control/systems", self.describe),
            web.get("/control/{system}/records", self.records),
            web.post("/control/{system}/edit", self.edit),
            web.post("/control/{system}/delete", self.delete),
            web.post("/control/{system}/configure", self.configure),
        ]

    async def list_faults(self, _request: web.Request) -> web.Response:
        """What was injected and what was met."""
        return web.json_response({"faults": self._faults.listing()})

    async def add_fault(self, request: web.Request) -> web.Response:
        """`{system, fault, count?, retry_after?, match?}`: the next calls fail so."""
        body = await json_object(request)
        system = self._system(required_text(body, "system")).slug
        kind = body.get("fault")
        known = tuple(fault.value for fault in Fault)
        if str(kind) not in known:
            raise ControlError(f"There is no fault {kind!r}.", accepted=known)
        count, retry_after = body.get("count", 1), body.get("retry_after")
        if isinstance(count, bool) or not isinstance(count, int) or not 0 < count <= FAULT_COUNT_MAX:
            raise ControlError(f"`count` must be a whole number from 1 to {FAULT_COUNT_MAX}.")
        if retry_after is not None and (
            isinstance(retry_after, bool) or not isinstance(retry_after, int | float) or not 0 <= retry_after <= 3600
        ):
            raise ControlError("`retry_after` must be a number of seconds from 0 to 3600.")
        self._faults.add(system, Fault(str(kind)), count, retry_after, optional_text(body, "match"))
        return web.json_response({"faults": self._faults.listing()})

    async def clear_faults(self, request: web.Request) -> web.Response:
        """`?system=`: nothing waits any more, for this system or for all."""
        word = request.query.get("system")
        self._faults.clear(self._system(word).slug if word else None)
        return web.json_response({"faults": self._faults.listing()})

    async def clock(self, request: web.Request) -> web.Response:
        """`{advance}`: the product's own answer to moving its clock."""
        body = await json_object(request)
        required_text(body, "advance")
        url = f"{self._product_url}/demo/clock"
        timeout = aiohttp.ClientTimeout(total=CLOCK_TIMEOUT_S)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as client,
                client.post(url, json=body, headers={"X-Demo-Key": self._demo_key}) as answer,
            ):
                # A refusal of the product is the caller's to see; only its 5xx must not look like ours.
                status = answer.status if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR else HTTPStatus.CONFLICT
                return web.Response(body=await answer.read(), status=status, content_type=answer.content_type)
        except (aiohttp.ClientError, TimeoutError) as exc:
            raise ControlError(
                f"The product did not answer at {url}: {type(exc).__name__}.", status=HTTPStatus.FAILED_DEPENDENCY
            ) from exc

    async def reset(self, request: web.Request) -> web.Response:
        """`{system?}`: this system, or each that can, is as on its first day, and no fault waits; `kept`: the rest."""
        word = optional_text(await json_object(request), "system")
        asked = [self._system(word)] if word else list(self._systems.values())
        able = [system for system in asked if isinstance(system, Resettable)]
        if word and not able:
            raise ControlError(f"{word} cannot begin again without a restart.", status=HTTPStatus.CONFLICT)
        for system in able:
            await system.reset()
        self._faults.clear(word)
        done = [system.slug for system in asked if system in able]
        return web.json_response({"reset": done, "kept": [s.slug for s in asked if s.slug not in done]})

    async def describe(self, _request: web.Request) -> web.Response:
        """How each system is reached."""
        return web.json_response({slug: system.describe() for slug, system in self._systems.items()})

    async def records(self, request: web.Request) -> web.Response:
        """`?type=`: the records held."""
        system = self._system(request.match_info["system"])
        return web.json_response({"records": system.records(request.query.get("type"))})

    async def edit(self, request: web.Request) -> web.Response:
        """`{type, id, fields}`: a person edits a record there."""
        system = self._system(request.match_info["system"])
        body = await json_object(request)
        fields: Any = body.get("fields")
        if not isinstance(fields, dict) or not fields:
            raise ControlError("`fields` must be an object with at least one field.")
        record = await system.edit(required_text(body, "type"), required_text(body, "id"), fields)
        return web.json_response({"record": record})

    async def delete(self, request: web.Request) -> web.Response:
        """`{type, id}`: an administrator deletes a record there."""
        system = self._system(request.match_info["system"])
        body = await json_object(request)
        if not isinstance(system, Deleting):
            raise ControlError(f"Nothing can be deleted in {system.slug}.", status=HTTPStatus.CONFLICT)
        await system.delete(required_text(body, "type"), required_text(body, "id"))
        return web.json_response({"ok": True})

    async def configure(self, request: web.Request) -> web.Response:
        """The options in the body are in force."""
        system = self._system(request.match_info["system"])
        system.configure(await json_object(request))
        return web.json_response({"ok": True})

    def _system(self, slug: str) -> System:
        if slug not in self._systems:
            raise ControlError(f"There is no system {slug!r} here.", status=404, accepted=tuple(self._systems))
        return self._systems[slug]
