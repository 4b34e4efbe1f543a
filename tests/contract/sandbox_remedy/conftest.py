"""A simulated Remedy on a free port, spoken to in plain HTTP."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from sandbox.faults import Fault, Faults
from sandbox.remedy import Remedy, create

CHANGE, CHANGE_CREATE = "CHG:ChangeInterface", "CHG:ChangeInterface_Create"
INCIDENT, INCIDENT_CREATE = "HPD:IncidentInterface", "HPD:IncidentInterface_Create"
START = 1_800_000_000


def change_values(**more: Any) -> dict[str, Any]:
    return {
        "z1D_Action": "CREATE", "Description": "Create agent invoice-reader", "Status": "Draft",
        "Impact": "3-Moderate/Limited", "Urgency": "3-Medium", "Change Type": "Change", "Timing": "Normal",
        "Risk Level": "Risk Level 3", "Company": "Calbro Services", "Location Company": "Calbro Services",
        "First Name": "Allen", "Last Name": "Allbrook", **{name.replace("_", " "): one for name, one in more.items()},
    }  # fmt: skip


def incident_values(**more: Any) -> dict[str, Any]:
    return {
        "z1D_Action": "CREATE", "First_Name": "Bob", "Last_Name": "Baxter", "Description": "Agent does not answer",
        "Impact": "2-Significant/Large", "Urgency": "2-High", "Status": "New", "Reported Source": "Systems Management",
        "Service_Type": "Infrastructure Event", **more,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Instance:
    """The simulator with its address and its faults."""

    system: Remedy
    faults: Faults
    url: str

    def fail(self, fault: Fault, count: int = 1, *, retry_after: float | None = None, match: str | None = None) -> None:
        self.faults.add("remedy", fault, count, retry_after, match)

    def one(self, type_: str, number: str) -> dict[str, Any]:
        (record,) = [one for one in self.system.records(type_) if one["number"] == number]
        return record


@dataclass(slots=True)
class Api:
    """JSON in, status and JSON out; `headers` are the last answer's."""

    session: aiohttp.ClientSession
    instance: Instance
    token: str = ""
    headers: Any = field(default_factory=dict)

    async def login(self, user: str = "", password: str | None = None) -> tuple[int, str]:
        about = self.instance.system.describe()
        form = {"username": about["user"], "password": about["password"]}
        if password is not None:
            form = {"username": user, "password": password}
        async with self.session.post(f"{self.instance.url}/api/jwt/login", data=form) as answer:
            self.headers = answer.headers
            return answer.status, await answer.text()

    async def as_person(self, name: str) -> Api:
        other = Api(self.session, self.instance)
        status, other.token = await other.login(name, "sandbox")
        assert status == 200
        return other

    async def __call__(self, method: str, path: str, body: Any = None, **params: str) -> tuple[int, Any]:
        query = "&".join(f"{name}={quote(value, safe='')}" for name, value in params.items())
        url = URL(f"{self.instance.url}/api/arsys/v1/{path}{'?' + query if query else ''}", encoded=True)
        headers = {"Authorization": f"AR-JWT {self.token}"}
        async with self.session.request(method, url, json=body, headers=headers) as answer:
            self.headers = answer.headers
            raw = await answer.read()
            try:
                return answer.status, json.loads(raw) if raw else None
            except ValueError:
                return answer.status, raw

    async def entry(self, method: str, form: str, id_: str = "", values: Any = None, **params: str) -> tuple[int, Any]:
        path = f"entry/{quote(form, safe='')}" + (f"/{quote(id_, safe='')}" if id_ else "")
        return await self(method, path, {"values": values} if values is not None else None, **params)

    async def change(self, **more: Any) -> str:
        fields = "values(Infrastructure Change Id)"
        status, body = await self.entry("POST", CHANGE_CREATE, values=change_values(**more), fields=fields)
        assert status == 201, body
        return str(body["values"]["Infrastructure Change Id"])

    async def incident(self, **more: Any) -> str:
        status, body = await self.entry(
            "POST", INCIDENT_CREATE, values=incident_values(**more), fields="values(Incident Number)"
        )
        assert status == 201, body
        return str(body["values"]["Incident Number"])

    async def move(self, number: str, status: str, **more: Any) -> tuple[int, Any]:
        values = {"Change Request Status": status, **{name.replace("_", " "): one for name, one in more.items()}}
        return await self.entry("PUT", CHANGE, f"{number}|{number}", values)

    async def find(self, form: str, q: str, **params: str) -> list[dict[str, Any]]:
        status, body = await self.entry("GET", form, q=q, **params)
        assert status == 200, body
        return [one["values"] for one in body["entries"]]

    async def work_on(self, number: str, **values: Any) -> tuple[int, Any]:
        (found,) = await self.find(INCIDENT, f"'Incident Number' = \"{number}\"", fields="values(Request ID)")
        return await self.entry("PUT", INCIDENT, found["Request ID"], values)


@contextlib.asynccontextmanager
async def serving(snapshot: Any = None) -> AsyncIterator[Instance]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/remedy"
        faults = Faults()
        system = create(faults, base_url=url, snapshot=snapshot)
        root = web.Application()
        root.add_subapp("/remedy", system.app)
        runner = web.AppRunner(root, shutdown_timeout=0.5)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        yield Instance(system, faults, url)
        await runner.cleanup()


@pytest.fixture
async def instance() -> AsyncIterator[Instance]:
    async with serving() as running:
        yield running


@pytest.fixture
async def api(instance: Instance) -> AsyncIterator[Api]:
    async with aiohttp.ClientSession() as session:
        signed_in = Api(session, instance)
        _, signed_in.token = await signed_in.login()
        yield signed_in
