"""What a request carries on its way to the handler."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from sandbox.servicenow.writing import Account

ACCOUNT: Final = web.RequestKey("account", Account)
