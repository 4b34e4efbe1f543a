"""Whatever stands in an address of the console, the answer is a page (X9)."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from core.deliveries import Connected
from core.sla import SlaCatalogue
from web.console.routes import Books, Door, add_console

PLACEHOLDER = re.compile(r"\{[^}]*\}")
SPELLINGS = ("%00", "a%00b")


@pytest.fixture
async def console(company):
    """The console as an auditor sees it, who may look at everything."""

    async def authenticate(_token, **_where):
        return company.actor("audit_reviewer")

    app = web.Application()
    add_console(
        app,
        database=company.database,
        books=Books(None, None, None, None, None, SlaCatalogue({})),
        gate=None,
        renderer=None,
        connected=Connected(),
        door=Door(SimpleNamespace(authenticate=authenticate), 0, has_tls=False),
    )
    async with TestClient(TestServer(app), headers={"Authorization": "Bearer x"}) as client:
        yield client


def addresses(app):
    """Each address of the console with a null character in the place of each name, of one at a time and of all."""
    for resource in app.router.resources():
        names = PLACEHOLDER.findall(resource.canonical)
        for name in {*names, None} if names else ():
            for spelling in SPELLINGS:
                filled = resource.canonical.replace(name, spelling) if name else resource.canonical
                yield PLACEHOLDER.sub(spelling if name is None else "1", filled)


@pytest.mark.row("X9")
async def test_a_null_character_in_an_address_of_the_console_is_no_fault_of_ours(console):
    answered = {}
    for path in addresses(console.app):
        for method in ("GET", "POST"):
            answer = await console.request(method, path, allow_redirects=False)
            answered[method, path] = answer.status
    assert answered["GET", "/console/sla/services/a%00b/1.svg"] == 404
    assert len(answered) > 150
    assert {where: status for where, status in answered.items() if status >= 500} == {}
