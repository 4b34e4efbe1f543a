"""One delivery: what it would change there. And what a connector takes, hour by hour, as a picture (N6)."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from core.charts import PictureFormat, Theme, throughput_chart
from core.deliveries import compare, references_of, throughput
from web.console.front import CONTENT_SECURITY_POLICY, Look
from web.console.hub import delivery_id, may_change, title_of

SVG: Final = PictureFormat.SVG


async def delivery(look: Look) -> web.Response:
    """`GET /console/connectors/{name}/deliveries/{delivery}`: what was accepted last, against what would be sent."""
    name, id_ = look.request.match_info["name"], delivery_id(look.request.match_info["delivery"])
    found = await compare(look.database, look.actor, look.house.connected, id_, subscriber=name)
    references = await references_of(look.database, look.actor, {found.subject})
    return look.page(
        "delivery.html",
        place="connectors",
        name=name,
        title=title_of(look, name),
        id=id_,
        found=found,
        reference=references.get(found.subject, ""),
        may_change=may_change(look),
    )


async def chart(look: Look) -> web.Response:
    """`GET /console/connectors/{name}/throughput.svg?theme=dark`: that, drawn."""
    theme = Theme.DARK if look.query("theme") == Theme.DARK else Theme.LIGHT
    name = look.request.match_info["name"]
    found = throughput_chart(title_of(look, name), await throughput(look.database, look.actor, subscriber=name))
    return web.Response(
        body=await look.house.renderer.draw(found, SVG, theme),
        content_type=SVG.media_type,
        # The page's policy holds for the picture too, should somebody open it by itself: it may run and fetch nothing.
        headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-store"},
    )
