"""Jira as a ticket system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import structlog

from connectors.itsm.approvals import ApprovalAbilities
from connectors.itsm.base import (
    Capabilities,
    ChangePage,
    CheckResult,
    Connector,
    OutcomeUnknown,
    Refused,
    Target,
    Ticket,
    TicketDraft,
    TicketFacts,
    TicketFile,
    TicketKind,
    TicketPatch,
    TicketReading,
    TicketState,
    WebhookEvent,
    WebhookRejected,
    check_key,
)
from connectors.itsm.jira.approvals import Approvals
from connectors.itsm.jira.client import JiraClient
from connectors.itsm.jira.doctor import Doctor
from connectors.itsm.jira.drafts import closed_fields, issue_body
from connectors.itsm.jira.fields import Fields
from connectors.itsm.jira.files import attach_once
from connectors.itsm.jira.keys import Keys
from connectors.itsm.jira.look_up import look_up
from connectors.itsm.jira.mapping import SUMMARY_MAX_CHARS
from connectors.itsm.jira.moves import Moves, decision_line
from connectors.itsm.jira.notes import write_once
from connectors.itsm.jira.people import People
from connectors.itsm.jira.polling import Polling
from connectors.itsm.jira.priorities import SEVERITY_SCALE
from connectors.itsm.jira.screens import Screens
from connectors.itsm.jira.settings import JiraSettings
from connectors.itsm.jira.tasks import SubTasks
from connectors.itsm.jira.tickets import Tickets
from connectors.itsm.jira.walk import ENDS
from connectors.itsm.jira.webhooks import read_webhook
from connectors.itsm.jira.wire import IssueRecord, Person
from connectors.itsm.turns import Turns
from core.changes import TaskState
from core.tickets import Shown, ShownTask, ToldApproval, ToldTask

_log: Final = structlog.get_logger(__name__)


class Jira:
    """One project of one site under one set of credentials."""

    def __init__(self, settings: JiraSettings) -> None:
        self._settings = settings
        self._client = JiraClient(settings)
        self._people = People(self._client)
        self._screens = Screens(self._client, settings)
        self._keys = Keys(self._client, settings)
        self._moves = Moves(self._client, settings)
        self._tickets = Tickets(self._client, self._moves)
        self._fields = Fields(self._client, self._tickets, self._people, self._screens)
        self._approvals = Approvals(self._client, self._people)
        self._tasks = SubTasks(self._client, settings, self._moves, self._people)
        self._polling = Polling(self._client, settings, self._tickets, self._people, self._approvals, self._tasks)
        secret = settings.webhook_secret
        self._secret = secret.get_secret_value() if secret is not None else ""

    async def check(self) -> CheckResult:
        """How the site answers with these settings, credentials and rights."""
        doctor = Doctor(
            self._client, self._settings, self._fields, self._people, self._screens, self._moves, self._tasks
        )
        return await doctor.check()

    async def create(self, draft: TicketDraft) -> Ticket:
        """Exactly one live ticket carries the draft's key.

        Looks by key before it writes: nothing in Jira makes the key unique, and an attempt that failed may have created
        the issue after all.
        """
        known = await self.find_by_key(draft.kind, draft.key)
        if known is not None:
            return known
        site = await self._client.site()
        screen, type_id = await self._screens.fields(draft.kind), await self._screens.type_id(draft.kind)
        reporter = await self._reporter(draft) if "reporter" in screen else None
        body = issue_body(
            draft, screen, type_id=type_id, reporter=reporter, settings=self._settings, is_cloud=site.is_cloud
        )
        try:
            id_ = await self._client.create(body)
        except Refused:
            self._screens.forget()
            raise
        return await self._tickets.value(draft.kind, await self._created(id_, draft.key))

    async def update(self, ticket: Ticket, patch: TicketPatch) -> Ticket:
        """The ticket stands at the patch's target or beyond, with its note written once.

        Where a service desk waits for people whom our account cannot stand for, a decision is noted and no more.
        """
        lines = (patch.note or patch.close_notes, decision_line(patch))
        await self.comment(ticket, "\n\n".join(line for line in lines if line), key=patch.key)
        record = await self._moves.move(ticket.kind, ticket.external_id, patch)
        return await self._tickets.value(ticket.kind, record)

    async def comment(self, ticket: Ticket, text: str, *, key: str) -> None:
        """The ticket carries this comment exactly once per `key`; an empty text is none."""
        await write_once(self._client, ticket.external_id, text, key=check_key(key))

    async def attach(self, ticket: Ticket, file: TicketFile) -> None:
        """The issue has this file exactly once, known by its name."""
        await attach_once(self._client, ticket.external_id, file)

    async def show_approvers(self, ticket: Ticket, approvers: Sequence[Shown]) -> tuple[ToldApproval, ...]:
        """A service desk's approvals as they stand. Who is asked there, its request type says: nothing is changed."""
        del approvers
        return await self._approvals.on(await self._moves.read(ticket.external_id))

    async def show_tasks(self, ticket: Ticket, tasks: Sequence[ShownTask]) -> tuple[ToldTask, ...]:
        """Sub-tasks say what is to be done, where the project has a type for them; incidents have none."""
        return () if ticket.kind is TicketKind.INCIDENT else await self._tasks.show(ticket, tasks)

    async def tasks_of(self, ticket: Ticket, known: Mapping[str, TaskState]) -> tuple[ToldTask, ...]:
        """Our sub-tasks as the search tells of them; incidents have none."""
        return () if ticket.kind is TicketKind.INCIDENT else await self._tasks.on(ticket.external_id, known)

    async def find_by_key(self, kind: TicketKind, key: str) -> Ticket | None:
        """The oldest ticket with this key, the others being cancelled; None if there is none."""
        records = await self._keys.with_key(kind, check_key(key))
        if not records:
            return None
        oldest, *doubles = records
        await self._cancel_doubles(kind, oldest, doubles)
        return await self._tickets.value(kind, oldest)

    async def with_key(self, kind: TicketKind, key: str) -> tuple[Ticket, ...]:
        """Every ticket with this key, oldest first; nothing is changed."""
        return tuple([await self._tickets.value(kind, one) for one in await self._keys.with_key(kind, check_key(key))])

    async def read(self, kind: TicketKind, external_id: str, fields: Sequence[str]) -> TicketReading | None:
        """The ticket with these fields; None if it is gone."""
        return await self._fields.read(kind, external_id, fields)

    async def field_ids(self, kind: TicketKind, names: Sequence[str]) -> Mapping[str, str]:
        """The id of each field, which may be named as people see it."""
        return await self._fields.ids(kind, names)

    async def new_targets(self, kind: TicketKind, names: Sequence[str]) -> Mapping[str, Target] | None:
        """The fields of the create screen, by their ids and by these names."""
        ids, closed = await self._fields.ids(kind, names), closed_fields(kind)
        found = await self._fields.targets(kind, names)
        return {**found, **{name: Target(is_writable=False) for name in names if ids[name] in closed}}

    async def targets(self, kind: TicketKind, names: Sequence[str]) -> Mapping[str, Target]:
        """What the create screen says of its fields; these are also told by the names they were asked for."""
        return await self._fields.targets(kind, names)

    def time_fields(self, kind: TicketKind) -> tuple[str, str] | None:
        """The fields that the settings name for the planned times of a change."""
        start, end = (self._settings.fields.get(name, "") for name in ("planned_start", "planned_end"))
        return (start, end) if kind is not TicketKind.INCIDENT and start and end else None

    async def write(self, ticket: Ticket, fields: Mapping[str, str]) -> TicketReading:
        """The fields have these values; how they read then."""
        return await self._fields.write(ticket, fields)

    async def look_up(self, number: str) -> TicketFacts | None:
        """What the site shows of the issue with this key; None if there is none for us."""
        return await look_up(self._client, self._settings, self._tickets, number)

    async def changes_since(self, cursor: str | None) -> ChangePage:
        """What was touched since the cursor, oldest first."""
        return await self._polling.changes_since(cursor)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> tuple[WebhookEvent, ...]:
        """The verified nudge in this message. Raises WebhookRejected otherwise, also when no secret is set."""
        if not self._secret:
            raise WebhookRejected("No webhook secret is set for this connection.")
        named = self._settings.user or ""
        own = self._people.known_self or Person(named, named, named if "@" in named else "")
        return read_webhook(headers, body, secret=self._secret, own=own, now=now)

    def own_accounts(self) -> frozenset[str]:
        """Our account, as far as it is known by now."""
        own = self._people.known_self
        return frozenset({self._settings.user or "", *((own.id, own.email) if own else ())} - {""})

    def share_pace(self, turns: Turns) -> None:
        """The pace of calls is kept together with everybody who takes these turns."""
        self._client.share_pace(turns)

    async def close(self) -> None:
        """No thread of this connection is left."""
        await self._client.close()

    async def _reporter(self, draft: TicketDraft) -> dict[str, Any] | None:
        """Who asks: whom the mapping names, else who is found by address, else its default."""
        users = self._settings.mapping.users
        if named := users.named(draft.requester_email):
            return await self._people.user(named)
        found = await self._people.reporter(draft.requester_email)
        return found or (await self._people.user(users.default) if users.default else None)

    async def _created(self, id_: str, key: str) -> IssueRecord:
        record = await self._client.issue(id_)
        if record is None:
            raise OutcomeUnknown("Jira created the issue and does not show it to us.")
        if record.key != key:
            raise Refused(f"Jira created {record.number} but did not keep our key.", field="properties")
        return record

    async def _cancel_doubles(self, kind: TicketKind, oldest: IssueRecord, doubles: Sequence[IssueRecord]) -> None:
        for double in doubles:
            if self._moves.state(kind, double) in {*ENDS, TicketState.CLOSED}:
                continue
            reason = f"Created twice by an interrupted call; {oldest.number} is the one that counts."
            patch = TicketPatch(key=f"double-of-{oldest.id}", target=TicketState.CANCELLED, note=reason)
            await write_once(self._client, double.id, reason, key=patch.key)
            try:
                await self._moves.move(kind, double.id, patch)
            except Refused as exc:
                _log.warning("jira_duplicate_not_cancelled", number=double.number, reason=exc.reason)


def connect(settings: JiraSettings) -> Jira:
    """A connection with these settings; it calls the site only when used."""
    return Jira(settings)


CONNECTOR: Final = Connector(
    slug="jira",
    title="Jira",
    settings=JiraSettings,
    connect=connect,
    capabilities=Capabilities(
        change_requests=True,
        incidents=True,
        comments=True,
        webhooks=True,
        idempotent_create=False,
        summary_max_chars=SUMMARY_MAX_CHARS,
        incremental_by="updated",
        fields=True,
        ignores_case=True,
        severities=SEVERITY_SCALE,
        attachments=True,
        tasks=True,
        approvals=ApprovalAbilities(reads=True),
    ),
)
