"""What an answer of the declared system means: the file's own rules first, then the status."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, assert_never

from connectors.itsm.answers import UnexpectedAnswerError, retry_after_s, shortened, uncertain
from connectors.itsm.base import ConnectorError, NotSent, Refused, Throttled
from connectors.itsm.custom.paths import text_at
from connectors.itsm.custom.spec import ErrorRule, Errors, Means
from connectors.itsm.http import Answer, redirected


class Absent(Refused):
    """What was asked for is not there, as the file reads the answer: of a list, an empty one."""


class Gone(Refused):
    """Nothing is at this address, by the status alone: of a list, no proof that it is empty."""


def failure(title: str, errors: Errors, answer: Answer, *, writes: bool) -> ConnectorError | None:
    """The failure that this answer is; None if it is none."""
    body = _body(answer)
    rule = next((one for one in errors.rules if _fits(one, answer.status, body)), None)
    said = shortened(text_at(body, errors.message)) or ""
    said = f": {said.rstrip('.')}" if said else ""
    field = text_at(body, errors.field) or None
    if rule is not None:
        return _by_rule(title, rule, answer, said, field, writes=writes)
    if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    match answer.status:
        case HTTPStatus.TOO_MANY_REQUESTS:
            return Throttled(f"{title} limits how often we may call{said}.", retry_after_s(answer.headers))
        case HTTPStatus.UNAUTHORIZED:
            return Refused(f"{title} does not accept the credentials{said}.", field="auth")
        case HTTPStatus.FORBIDDEN:
            return Refused(f"{title} does not allow this{said}.", field)
        case HTTPStatus.NOT_FOUND | HTTPStatus.GONE:
            return Gone(f"{title} does not have this record or page{said}.", field)
        case HTTPStatus.REQUEST_TIMEOUT | HTTPStatus.TOO_EARLY:
            return uncertain(f"{title} ended the call early{said}.", writes=writes)
        case status if status < HTTPStatus.BAD_REQUEST:
            return redirected(title, answer)
        case status if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return Refused(f"{title} refused this{said}.", field)
        case status:
            return uncertain(f"{title} failed with status {status}{said}.", writes=writes)


def _by_rule(
    title: str, rule: ErrorRule, answer: Answer, said: str, field: str | None, *, writes: bool
) -> ConnectorError:
    match rule.means:
        case Means.NOT_SENT:
            return NotSent(f"{title} did nothing yet{said}.")
        case Means.THROTTLED:
            return Throttled(f"{title} asks us to wait{said}.", retry_after_s(answer.headers))
        case Means.REFUSED:
            return Refused(f"{title} refused this{said}.", field)
        case Means.NOTHING:
            return Absent(f"{title} does not have this{said}.", field)
        case Means.UNKNOWN:
            return uncertain(f"{title} did not finish the call{said}.", writes=writes)
        case means:
            assert_never(means)


def _fits(rule: ErrorRule, status: int, body: Any) -> bool:
    return status in rule.statuses and (not rule.path or text_at(body, rule.path) == rule.value)


def _body(answer: Answer) -> Any:
    try:
        return answer.json()
    except UnexpectedAnswerError:
        return None
