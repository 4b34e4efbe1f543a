"""Comments that are written once. Each of ours holds its key in an entity property, which people do not see."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from typing import Final

from connectors.itsm.base import OutcomeUnknown
from connectors.itsm.jira.client import PAGE_ROWS, JiraClient
from connectors.itsm.jira.text import written
from connectors.itsm.jira.wire import DESK_PROPERTY, PROPERTY, CommentRecord, comment, issue_path, items, mapping, whole

NEWEST_FIRST: Final = "-created"


async def write_once(client: JiraClient, issue_id: str, text: str, *, key: str) -> None:
    """The issue has this comment exactly once, however often this is called with the same key; an empty text is none.

    On a service desk customers do not see it.
    """
    if not text:
        return
    async for one in comments(client, issue_id):
        if one.key == key:
            return
    site = await client.site()
    properties = [
        {"key": PROPERTY, "value": {"key": key}},
        {"key": DESK_PROPERTY, "value": {"internal": True}},  # means nothing on other projects
    ]
    body = {"body": written(text, is_cloud=site.is_cloud), "properties": properties}
    answer = await client.write(issue_path(issue_id, "comment"), body)
    if not mapping(answer).get("id"):
        raise OutcomeUnknown("Jira did not confirm the comment.")


async def comments(client: JiraClient, issue_id: str) -> AsyncIterator[CommentRecord]:
    """Every comment, newest first, with its properties; read from the store."""
    for start in itertools.count(0, PAGE_ROWS):
        query = {"startAt": start, "maxResults": PAGE_ROWS, "orderBy": NEWEST_FIRST, "expand": "properties"}
        answer = mapping(await client.read(issue_path(issue_id, "comment"), query))
        rows = items(answer.get("comments"))
        for row in rows:
            yield comment(row)
        if not rows or start + len(rows) >= whole(answer.get("total"), 0):
            return
