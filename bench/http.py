"""The yardsticks, served in a process of their own like the product: `python -m bench.http --port P --database URL`.

`POST /bare` reads a JSON body and answers it: what aiohttp itself costs. `POST /insert` makes the audit table's INSERT
before it answers, in its own transaction: what durability costs. Its connections are not reset between calls as those
of a pool would be, and it knows no person, tenant or rule. `POST /said` takes what the product sends to a response_url.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg
from aiohttp import web

from core.ids import uuid7

CONNECTIONS: Final = 10  # the product's pool keeps as many
INSERT: Final = """
INSERT INTO bench.audit_events (tenant_id, event_id, occurred_at, category, user_id, action, resource, result,
                                compliance_tags, subject_id, record)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""


async def serve(port: int, database_url: str) -> None:
    """Serves until the process is ended."""
    free: asyncio.LifoQueue[Any] = asyncio.LifoQueue()
    for _ in range(CONNECTIONS):
        free.put_nowait(await asyncpg.connect(database_url))
    said: list[str] = []

    async def bare(request: web.Request) -> web.Response:
        body = await request.json()
        return web.json_response({"decision": "allow", "action": body["action"]})

    async def insert(request: web.Request) -> web.Response:
        body = await request.json()
        event, now = uuid7(), datetime.now(UTC)
        record = json.dumps({"event_id": str(event), "timestamp": now.isoformat(), "result": "success", **body})
        connection = await free.get()
        try:
            await connection.execute(
                INSERT,
                "bench",
                event,
                now,
                "user_activity",
                "someone@bench.example",
                body["action"],
                body["resource"]["name"],
                "success",
                ["GDPR", "SOX"],
                event,
                record,
            )
        finally:
            free.put_nowait(connection)
        return web.json_response({"decision": "allow", "id": str(event)})

    async def form(request: web.Request) -> web.Response:
        posted = await request.post()
        return web.Response(text="" if posted["command"] else "no command")

    async def hear(request: web.Request) -> web.Response:
        said.append(await request.text())
        return web.Response(text="ok")

    async def heard(_: web.Request) -> web.Response:
        return web.json_response({"count": len(said), "last": said[-1] if said else ""})

    app = web.Application()
    app.add_routes(
        [
            web.post("/bare", bare),
            web.post("/insert", insert),
            web.post("/form", form),
            web.post("/said", hear),
            web.get("/said", heard),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.http", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", required=True)
    given = parser.parse_args()
    asyncio.run(serve(given.port, given.database))
