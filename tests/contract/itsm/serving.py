"""A simulated system on a free port."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

from aiohttp import web

from sandbox.faults import Faults


@contextlib.asynccontextmanager
async def serving(
    slug: str, create: Callable[..., Any], *, options: Mapping[str, Any] | None = None
) -> AsyncIterator[tuple[Any, Faults, str]]:
    """A simulated system on a free port: itself, its faults, its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/{slug}"
        faults = Faults()
        system = create(faults, base_url=url, snapshot=None)
        system.configure(dict(options or {}))
        root = web.Application()
        root.add_subapp(f"/{slug}", system.app)
        runner = web.AppRunner(root, shutdown_timeout=0.5)
        await runner.setup()
        await web.SockSite(runner, listener).start()
        yield system, faults, url
        await runner.cleanup()
