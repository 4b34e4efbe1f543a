"""What the status of an answer means, as far as monitoring systems agree; how long to wait is each vendor's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from connectors.itsm.answers import shortened
from connectors.itsm.http import Answer, redirected
from connectors.monitoring.base import ConnectorError, NotSent, OutcomeUnknown, Refused, Throttled

KEY_REFUSED: Final = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
NOT_TAKEN: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.SERVICE_UNAVAILABLE})
SAID_MAX: Final = 200


def failure_of(
    answer: Answer, title: str, *, said: str, wait_s: Callable[[Mapping[str, str]], float]
) -> ConnectorError:
    """The failure that an answer of no success is. A key that is refused will be put right: nothing is lost by it."""
    status = answer.status
    words = f": {shortened(said, SAID_MAX)}" if said else ""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Throttled(f"{title} asks to wait{words}.", wait_s(answer.headers))
    if status in KEY_REFUSED:
        return NotSent(f"{title} does not accept our key{words}.")
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return redirected(title, answer)
    if status in NOT_TAKEN:
        return NotSent(f"{title} takes nothing at present (status {status}{words}).")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return OutcomeUnknown(f"{title} failed with status {status}{words}.")
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return Refused(f"It is too large for {title}{words}.")
    return Refused(f"{title} refused this with status {status}{words}.")


def document_of(answer: Answer) -> dict[str, Any]:
    """The object that the body is; empty if it is none."""
    try:
        document = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def unreadable(title: str) -> OutcomeUnknown:
    """An answer of success that is none of this system's: something else stands there, or before it."""
    return OutcomeUnknown(f"{title} answered what is not its own: a proxy or a sign-in page may stand before it.")
