"""What a platform says of a rollout, as a report. Pure; everything that it sends is checked here."""

from __future__ import annotations

import json
import math
from typing import Any, Final
from uuid import UUID

from core.errors import InvalidInput
from core.rollouts import REPORTED, Report

STATES: Final = {said.value: said for said in REPORTED}
MESSAGE_MAX: Final = 2000  # characters that are read
METRICS_MAX: Final = 50
NAME_MAX: Final = 100  # characters of a metric's name


class UnreadableStatus(InvalidInput):
    """This is no status of a rollout."""

    code = "hooks.unreadable_status"


def read_status(body: bytes) -> tuple[UUID, Report]:
    """Whose status it is, and the report. Raises UnreadableStatus, which says where it is wrong."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise UnreadableStatus("The body is no JSON.", where="#") from exc
    if not isinstance(document, dict):
        raise UnreadableStatus("The body is no object.", where="#")
    try:
        rollout_id = UUID(str(document.get("id")))
    except ValueError as exc:
        raise UnreadableStatus("'id' is not the id of a rollout.", where="/id") from exc
    state = document.get("state")
    if not isinstance(state, str) or state not in STATES:
        raise UnreadableStatus("'state' is no state of a rollout.", where="/state", accepted=tuple(STATES))
    return rollout_id, Report(
        STATES[state], _progress(document.get("progress")), _message(document), _metrics(document.get("metrics"))
    )


def finite(value: Any) -> float | None:
    """The number that a JSON value is; None if it is none, or larger than any that we reckon with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:  # JSON's integers have no largest one
        return None
    return number if math.isfinite(number) else None


def _progress(value: Any) -> int | None:
    if value is None:
        return None
    number = finite(value)
    if number is None or not 0 <= number <= 100:
        raise UnreadableStatus("'progress' is not a number from 0 to 100.", where="/progress")
    return int(number)


def _message(document: dict[str, Any]) -> str:
    value = document.get("message", "")
    if not isinstance(value, str):
        raise UnreadableStatus("'message' is no text.", where="/message")
    return _storable(value[:MESSAGE_MAX])


def _metrics(value: Any) -> dict[str, float]:
    if value is None:
        return {}
    if not isinstance(value, dict) or len(value) > METRICS_MAX:
        raise UnreadableStatus(f"'metrics' is no object of at most {METRICS_MAX} numbers.", where="/metrics")
    found: dict[str, float] = {}
    for given, told in value.items():
        name, number = _storable(given), finite(told)
        where = f"/metrics/{name[:40].replace('~', '~0').replace('/', '~1')}"
        if len(name) > NAME_MAX:
            raise UnreadableStatus(f"The name of a metric has at most {NAME_MAX} characters.", where=where)
        if number is None:
            raise UnreadableStatus(f"'metrics.{name[:40]}' is no number that can be reckoned with.", where=where)
        found[name] = number
    return found


def _storable(text: str) -> str:
    """The text without what no database keeps: U+0000, and halves of surrogate pairs, which JSON can hold."""
    return text.replace("\0", "").encode(errors="replace").decode()
