"""What a platform says of a rollout, as a report. Pure; everything that it sends is checked here."""

from __future__ import annotations

import json
import math
from typing import Any, Final
from uuid import UUID

from core.rollouts import REPORTED, Report

STATES: Final = {said.value: said for said in REPORTED}
MESSAGE_MAX: Final = 2000  # characters that are read
METRICS_MAX: Final = 50


class UnreadableStatus(Exception):
    """This is no status of a rollout; the text says what is wrong with it."""


def read_status(body: bytes) -> tuple[UUID, Report]:
    """Whose status it is, and the report. Raises UnreadableStatus."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise UnreadableStatus("The body is no JSON.") from exc
    if not isinstance(document, dict):
        raise UnreadableStatus("The body is no object.")
    try:
        rollout_id = UUID(str(document.get("id")))
    except ValueError as exc:
        raise UnreadableStatus("'id' is not the id of a rollout.") from exc
    state = document.get("state")
    if not isinstance(state, str) or state not in STATES:
        raise UnreadableStatus(f"'state' is none of {', '.join(STATES)}.")
    return rollout_id, Report(
        STATES[state], _progress(document.get("progress")), _message(document), _metrics(document.get("metrics"))
    )


def _progress(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 100:
        raise UnreadableStatus("'progress' is not a number from 0 to 100.")
    return int(value)


def _message(document: dict[str, Any]) -> str:
    value = document.get("message", "")
    if not isinstance(value, str):
        raise UnreadableStatus("'message' is no text.")
    return value[:MESSAGE_MAX].replace("\0", "")


def _metrics(value: Any) -> dict[str, float]:
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > METRICS_MAX:
        raise UnreadableStatus(f"'metrics' is no object of at most {METRICS_MAX} numbers.")
    found: dict[str, float] = {}
    for name, number in value.items():
        is_number = isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number)
        if not is_number or len(name) > 100:
            raise UnreadableStatus(f"'metrics.{name[:40]}' is no number.")
        found[name.replace("\0", "")] = float(number)
    return found
