"""Which tenant an enterprise administrator looks at (R1, T1)."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from core.access.visiting import visible_tenants
from web.console.forms import read_form
from web.console.front import Look, see_other
from web.console.session import actor_behind, forget_tenant, keep_tenant, session_in

SHOWN: Final = 100


async def tenants(look: Look) -> web.Response:
    """`GET /console/tenants`: those that the reader may look at, and which one it is now."""
    sought = look.query("q").lower()
    found = [
        (each.tenant_id, each.name)
        for each in await visible_tenants(look.database, look.actor)
        if sought in each.tenant_id.lower() or sought in each.name.lower()
    ]
    return look.page("tenants.html", place="", tenants=found[:SHOWN], more=len(found) - SHOWN, sought=look.query("q"))


async def choose(look: Look) -> web.Response:
    """`POST /console/tenants`: the pages show that tenant from now on. Raises Forbidden or NotFound."""
    form = await read_form(look.request, look.visitor)
    wanted, answer = form.text("tenant"), see_other("/console")
    if wanted == look.visitor.home:
        forget_tenant(look.request, answer)
    else:
        await actor_behind(look.request, session_in(look.request), tenant=wanted)
        keep_tenant(look.request, answer, wanted)
    return answer
