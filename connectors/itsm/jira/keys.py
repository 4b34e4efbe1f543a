"""Finding the issues of a key. Jira has no unique field, and its search is late.

Every issue of ours is created with an entity property that holds the key, in the same call, and with a label to search
by. The property decides: people copy labels, and a copied issue is not ours. What the index does not show yet is looked
for by number: numbers of a project are given in order, and an issue is read by number from the store, at once.
"""

from __future__ import annotations

from typing import Final

from connectors.itsm.base import NotSent, TicketKind
from connectors.itsm.jira.client import JiraClient
from connectors.itsm.jira.mapping import key_label
from connectors.itsm.jira.settings import JiraSettings
from connectors.itsm.jira.wire import IssueRecord, text

GAP_MAX: Final = 4  # numbers without an issue (deleted, moved, hidden, never finished) that are passed over
PROBES_MAX: Final = 60  # newer than the index; with more than that it is too late to be asked at all


class Keys:
    """Looks issues up by our key; writes nothing."""

    def __init__(self, client: JiraClient, settings: JiraSettings) -> None:
        self._client = client
        self._project = settings.project

    async def with_key(self, kind: TicketKind, key: str) -> tuple[IssueRecord, ...]:
        """Every issue that carries the key, oldest first. Raises NotSent if the index is too late to tell."""
        jql = f'project = "{self._project}" AND labels = "{key_label(key)}" ORDER BY key ASC'
        page = await self._client.search(jql, fields=("created",))
        read = [await self._client.issue(text(row.get("id"))) for row in page.rows]
        found = [one for one in read if one is not None and _is_meant(one, kind, key)]
        if not found:
            found = await self._unindexed(kind, key)
        return tuple(sorted(found, key=lambda one: (one.created, int(one.id))))

    async def _unindexed(self, kind: TicketKind, key: str) -> list[IssueRecord]:
        page = await self._client.search(f'project = "{self._project}" ORDER BY key DESC', fields=("created",), rows=1)
        newest = _number(text(page.rows[0].get("key"))) if page.rows else 0
        found: list[IssueRecord] = []
        missing = 0
        for number in range(newest + 1, newest + 1 + PROBES_MAX):
            record = await self._client.issue(f"{self._project}-{number}")
            missing = 0 if record is not None else missing + 1
            if record is not None and _is_meant(record, kind, key):
                found.append(record)
            if missing > GAP_MAX:
                return found
        raise NotSent(f"Jira's search lags more than {PROBES_MAX} issues behind; it must catch up first.")


def _is_meant(record: IssueRecord, kind: TicketKind, key: str) -> bool:
    return record.key == key and record.kind == kind.value


def _number(issue_key: str) -> int:
    digits = issue_key.rpartition("-")[2]
    return int(digits) if digits.isdecimal() else 0
