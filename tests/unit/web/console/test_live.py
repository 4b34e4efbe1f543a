"""Live pages whose browser has left."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from web.console import live


@pytest.mark.row("B9")
async def test_a_browser_that_leaves_before_its_stream_begins_ends_it_and_is_no_failure(monkeypatch):
    request = make_mocked_request("GET", "/console/events")

    async def meanwhile_it_leaves(*_: object) -> dict[object, str]:
        monkeypatch.setattr(type(request), "transport", None)
        return {}

    for what in ("changed_requests", "changed_incidents", "_changed_others"):
        monkeypatch.setattr(live, what, meanwhile_it_leaves)
    changes = live.Changes(None)
    answer = await changes.serve(
        SimpleNamespace(actor=SimpleNamespace(tenant="a", email="dana@example.com"), request=request)
    )
    assert type(answer) is web.Response
    assert (answer.status, changes._streams, changes._seen) == (204, set(), {})
