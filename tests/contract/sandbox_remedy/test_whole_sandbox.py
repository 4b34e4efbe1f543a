"""Jira and Remedy within the whole sandbox: addresses, control surface over HTTP, one memory for all."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from sandbox.server import Options, create_app

PEOPLE = {"team": {"id": "T1", "name": "Acme", "domain": "acme"}, "people": [], "channels": []}


@contextlib.asynccontextmanager
async def whole(data: Path) -> AsyncIterator[Any]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        options = Options(url, "http://127.0.0.1:1", "s", "xoxb-1", "xapp-1", PEOPLE, data)
        runner = web.AppRunner(create_app(options), shutdown_timeout=0.5)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        async with aiohttp.ClientSession(base_url=url) as client:

            async def call(method: str, path: str, body: Any = None) -> tuple[int, Any]:
                async with client.request(method, path, json=body) as answer:
                    is_json = answer.content_type == "application/json"
                    return answer.status, await (answer.json() if is_json else answer.text())

            yield call
        await runner.cleanup()


async def test_they_are_described_edited_broken_and_remembered(tmp_path):
    async with whole(tmp_path / "sandbox.json") as call:
        _, systems = await call("GET", "/control/systems")
        assert {"servicenow", "jira", "remedy"} <= set(systems)
        for name in ("jira", "remedy"):
            page = f"/{name}{systems[name]['page'].removeprefix(systems[name]['url'])}"
            assert (await call("GET", page))[0] == 200

        edit = {"type": "issue", "id": "GOV-1", "fields": {"comment": "A person was here."}}
        _, body = await call("POST", "/control/jira/edit", edit)
        assert body["record"]["comments"][-1]["body"] == "A person was here."
        status, refused = await call("POST", "/control/jira/edit", {**edit, "fields": {"status": "Approved"}})
        assert (status, refused["error"][:47]) == (400, "GOV-1 is in Done and cannot go to Approved. Ope")
        edit = {"type": "change", "id": "CRQ000000000101", "fields": {"comment": "Here too."}}
        _, body = await call("POST", "/control/remedy/edit", edit)
        assert body["record"]["worklog"][-1]["text"] == "Here too."

    async with whole(tmp_path / "sandbox.json") as call:
        _, body = await call("GET", "/control/jira/records?type=issue")
        assert body["records"][0]["comments"][-1]["body"] == "A person was here."
        _, body = await call("GET", "/control/remedy/records?type=change")
        assert body["records"][0]["worklog"][-1]["text"] == "Here too."
        assert (await call("POST", "/control/reset", {"system": "jira"}))[1]["reset"] == ["jira"]


@pytest.mark.parametrize("system", ["jira", "remedy"])
async def test_every_fault_can_be_asked_for(tmp_path, system):
    async with whole(tmp_path / "sandbox.json") as call:
        for fault in ("429", "500", "timeout", "commit_then_timeout", "down", "slow", "bad_json"):
            assert (await call("POST", "/control/faults", {"system": system, "fault": fault, "count": 1}))[0] == 200
        status, _ = await call(
            "GET", "/jira/rest/api/2/serverInfo" if system == "jira" else "/remedy/api/arsys/v1/form"
        )
        _, listed = await call("GET", "/control/faults")

    assert status == 429
    assert [one["met"] for one in listed["faults"]] == [1, 0, 0, 0, 0, 0, 0]
