"""Reading what callers of the control surface send; whatever is wrong is said in a sentence, with status 400."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from sandbox.system import ControlError


async def json_object(request: web.Request) -> dict[str, Any]:
    """The body as a JSON object; an empty body is an empty object. Raises ControlError."""
    raw = await request.read()
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError) as exc:
        raise ControlError(f"The body is not JSON: {exc}") from exc
    if not isinstance(body, dict):
        raise ControlError("The body must be a JSON object.")
    return body


def required_text(body: dict[str, Any], name: str) -> str:
    """The text under this name. Raises ControlError when it is missing, empty or no text."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise ControlError(f"`{name}` is missing: a text is expected.")
    return value


def optional_text(body: dict[str, Any], name: str) -> str | None:
    """The text under this name, None when there is none. Raises ControlError for anything else."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise ControlError(f"`{name}` must be a text.")
    return value or None
