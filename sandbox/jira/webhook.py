"""Webhooks: who is told of what, in which words, how often again. No order is kept, as at the vendor's.

Cloud signs where a secret was set, names each delivery and tries again; Data Center tells once.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from sandbox.jira import jql
from sandbox.jira.catalogue import LINK_TYPES
from sandbox.jira.jql import BadQuery
from sandbox.jira.render import View
from sandbox.jira.searching import Search
from sandbox.jira.settings import Options
from sandbox.jira.site import Event, Site
from sandbox.jira.store import Hook, Link
from sandbox.jira.values import Dialect

EVENTS: Final = (
    "jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created", "comment_updated",
    "comment_deleted", "issuelink_created", "issuelink_deleted", "issue_property_set", "issue_property_deleted",
)  # fmt: skip
TIMEOUT_S: Final = 30.0
KEPT: Final = 200  # deliveries remembered for the control surface
AGAIN: Final = frozenset({408, 409, 425, 429})
_OWN: Final = "administrator"  # the webhook that the options describe
_BRIEF: Final = ("summary", "issuetype", "project", "assignee", "priority", "status")


@dataclass(frozen=True, slots=True)
class _Message:
    hook: Hook
    identity: str
    body: bytes
    query: dict[str, str]


@dataclass(slots=True)
class Webhooks:
    """Collects what happened and tells of it when asked to."""

    site: Site
    options: Options
    base_url: str
    deliveries: list[dict[str, Any]] = field(default_factory=list)
    _waiting: list[_Message] = field(default_factory=list)
    _later: set[asyncio.Task[None]] = field(default_factory=set)

    def heard(self, event: Event) -> None:
        """Something happened; it waits to be told, as it is now, to everyone who wants to hear of it."""
        for hook in self._hooks():
            if hook.enabled and event.name in hook.events and self._concerns(hook, event):
                body = {} if hook.exclude_body else self._payload(event)
                raw = json.dumps(body, separators=(",", ":")).encode() if body else b""
                self._waiting.append(_Message(hook, str(uuid.uuid4()), raw, self._query(event)))

    async def flush(self) -> None:
        """What waited has been told once; what is to be tried again is on its way."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as session:
            outcomes = await asyncio.gather(*(self._deliver(session, one, 0) for one in waiting))
        for message, is_lost in zip(waiting, outcomes, strict=True):
            if is_lost and self.options.is_cloud:
                task = asyncio.get_running_loop().create_task(self._again(message), name="jira-webhook-again")
                self._later.add(task)
                task.add_done_callback(self._later.discard)

    async def stop(self) -> None:
        """Nobody is told any more."""
        for task in tuple(self._later):
            task.cancel()
        await asyncio.gather(*self._later, return_exceptions=True)

    def _hooks(self) -> Iterable[Hook]:
        if self.options.webhook_url:
            yield Hook(_OWN, _OWN, self.options.webhook_url, list(EVENTS), self.options.webhook_jql,
                       self.options.webhook_secret)  # fmt: skip
        yield from self.site.store.hooks.values()

    def _concerns(self, hook: Hook, event: Event) -> bool:
        if not hook.jql:
            return True
        search = Search(self.site, event.by, frozenset(self.options.indexed_properties), is_strict=False)
        try:
            return bool(search.run(jql.parse(hook.jql), [event.issue]))
        except BadQuery:
            return False

    async def _again(self, message: _Message) -> None:
        for attempt in range(1, self.options.webhook_retries + 1):
            await asyncio.sleep(self.options.webhook_retry_pause_s)
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as session:
                if not await self._deliver(session, message, attempt):
                    return

    async def _deliver(self, session: aiohttp.ClientSession, message: _Message, attempt: int) -> bool:
        """Whether the delivery is lost and worth another try."""
        outcome: dict[str, Any] = {
            "id": message.identity, "url": message.hook.url, "attempt": attempt,
            "body": json.loads(message.body or b"{}"),
        }  # fmt: skip
        headers = self._headers(message, attempt)
        try:
            async with session.post(
                message.hook.url, params=message.query, data=message.body, headers=headers, allow_redirects=False
            ) as answer:
                outcome["status"] = answer.status
                lost = answer.status in AGAIN or answer.status >= 500
        except (aiohttp.ClientError, TimeoutError, ValueError) as exc:
            outcome["error"] = f"{type(exc).__name__}: {exc}"
            lost = True
        self.deliveries = [*self.deliveries, outcome][-KEPT:]
        return lost

    def _headers(self, message: _Message, attempt: int) -> dict[str, str]:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        if message.hook.secret:
            headers["X-Hub-Signature"] = signature(message.hook.secret, message.body)
        headers["X-Atlassian-Webhook-Identifier"] = message.identity
        if not self.options.is_cloud:
            return {**headers, "User-Agent": "Atlassian HttpClient 4.2.0 / JIRA-9.12.0 (9120000) / Default"}
        headers |= {"User-Agent": "Atlassian Webhook HTTP Client", "X-Atlassian-Webhook-Flow": "Primary"}
        if attempt:
            headers["X-Atlassian-Webhook-Retry"] = str(attempt)
        return headers

    def _query(self, event: Event) -> dict[str, str]:
        if self.options.is_cloud:
            return {"triggeredByUser": event.by.account_id}
        return {"user_id": event.by.name, "user_key": f"JIRAUSER{event.by.account_id[-5:]}"}

    def _payload(self, event: Event) -> dict[str, Any]:
        cloud = self.options.is_cloud
        # Bodies are in the second version's shapes on both products: texts are strings.
        view = View(self.site, self.base_url, Dialect(cloud, 2), hides_emails=self.options.hides_emails)
        body: dict[str, Any] = {
            "timestamp": int(self.site.clock().timestamp() * 1000),
            "webhookEvent": event.name,
        }
        if event.name.startswith("jira:issue_"):
            body |= {"issue_event_type_name": event.kind or "issue_generic", "user": view.person(event.by.account_id),
                     "issue": view.issue(event.issue)}  # fmt: skip
            if event.change is not None:
                body["changelog"] = {"id": event.change.id, "items": view.items(event.change)}
        elif event.name.startswith("issuelink_"):
            return {**body, "issueLink": _link(self.site, event.extra["link"])}
        elif cloud:  # Data Center leaves the issue out: its id is in the comment's own address
            body["issue"] = view.issue(event.issue, fields=_BRIEF)
            body["eventType"] = "primaryAction"
        if event.comment is not None:
            body["comment"] = view.comment(event.issue, event.comment)
        if "property" in event.extra:
            body["property"] = event.extra["property"]
        return body


def signature(secret: str, body: bytes) -> str:
    """The value of X-Hub-Signature: HMAC-SHA256 over the body as it was sent."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def _link(site: Site, link: Link) -> dict[str, Any]:
    name, inward, outward = LINK_TYPES[link.type]
    ends = (site.store.issue(link.inward), site.store.issue(link.outward))
    source, target = (int(one.id) if one else None for one in ends)
    kind = {"id": int(link.type), "name": name, "outwardName": outward, "inwardName": inward,
            "isSubTaskLinkType": False, "isSystemLinkType": False}  # fmt: skip
    return {"id": int(link.id), "sourceIssueId": source, "destinationIssueId": target, "issueLinkType": kind,
            "systemLink": False}  # fmt: skip
