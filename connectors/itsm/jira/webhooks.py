"""What the site sends us: signed with the webhook's secret, more than once, in no order.

It is a nudge: what is true is asked of the site. Cloud repeats a message for over an hour with the body as it was, so
an age of hours is accepted; a repetition has the same identity.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.itsm.base import FieldChange, WebhookEvent, WebhookRejected
from connectors.itsm.jira.wire import Person, instant, items, mapping, person, text
from connectors.itsm.signatures import sent
from connectors.messages import UnreadableMessage, document_of

OLDEST: Final = timedelta(hours=2)  # vendor: up to 5 retries, 5 to 15 minutes apart
NEWEST: Final = timedelta(minutes=5)
PREFIX: Final = "sha256="
FOLLOWED: Final = frozenset({
    "jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created", "comment_updated",
    "comment_deleted",
})  # fmt: skip
_OF_COMMENT: Final = re.compile(r"/issue/(\d+)/comment/")


def read_webhook(
    headers: Mapping[str, str], body: bytes, *, secret: str, own: Person, now: datetime
) -> tuple[WebhookEvent, ...]:
    """The event in this message; none for what we do not follow.

    Raises WebhookRejected unless it is signed with the secret and of an acceptable age, UnreadableMessage if it does
    not say when it was sent, or names no issue.
    """
    given = {name.lower(): value for name, value in headers.items()}
    _verify(given.get("x-hub-signature", ""), body, secret)
    if not body.strip():
        raise UnreadableMessage("The message has no body: do not exclude it in the webhook's settings.")
    document = document_of(body)
    _check_age(document.get("timestamp"), now)
    operation = text(document.get("webhookEvent"))
    if operation not in FOLLOWED:
        return ()
    identity = given.get("x-atlassian-webhook-identifier") or hashlib.sha256(body).hexdigest()
    return (_event(document, operation, identity, own),)


def _verify(signature: str, body: bytes, secret: str) -> None:
    if not signature:
        raise WebhookRejected("The message carries no X-Hub-Signature: set the secret in the webhook's settings.")
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(sent(signature), f"{PREFIX}{expected}".encode()):
        raise WebhookRejected("The signature does not fit the message.")


def _check_age(stamp: Any, now: datetime) -> None:
    if not isinstance(stamp, int) or isinstance(stamp, bool):
        raise UnreadableMessage("The body carries no 'timestamp': milliseconds since 1970.", where="timestamp")
    age_ms = int(now.timestamp() * 1000) - stamp  # whole numbers: of any length
    if not -_ms(NEWEST) <= age_ms <= _ms(OLDEST):
        raise WebhookRejected("The message is older than two hours, or newer than five minutes from now.")


def _ms(duration: timedelta) -> int:
    return duration // timedelta(milliseconds=1)


def _event(document: Mapping[str, Any], operation: str, identity: str, own: Person) -> WebhookEvent:
    issue, comment = mapping(document.get("issue")), mapping(document.get("comment"))
    # Data Center names the issue of a comment by the comment's address alone.
    address = _OF_COMMENT.search(text(comment.get("self")))
    external_id = text(issue.get("id")) or (address[1] if address else "")
    if not external_id.isdecimal():
        raise UnreadableMessage("The body names no issue: 'issue.id' is missing, or is no number.", where="issue.id")
    by = person(document.get("user") or comment.get("updateAuthor") or comment.get("author"))
    updated = instant(mapping(issue.get("fields")).get("updated"))
    return WebhookEvent(
        delivery_id=identity,
        table="comment" if operation.startswith("comment_") else "issue",
        external_id=external_id,
        number=text(issue.get("key")),
        operation=operation,
        version=int(updated.timestamp() * 1000) if updated else int(document["timestamp"]),
        by=by.shown,
        ours=_is_same(by, own),
        changes=_changes(document.get("changelog")),
    )


def _is_same(by: Person, own: Person) -> bool:
    same_id = bool(own.id) and by.id == own.id
    return same_id or (bool(own.email) and by.email.casefold() == own.email.casefold())


def _changes(changelog: Any) -> dict[str, FieldChange]:
    rows = map(mapping, items(mapping(changelog).get("items")))
    return {text(row.get("field")): FieldChange(text(row.get("fromString")), text(row.get("toString"))) for row in rows}
