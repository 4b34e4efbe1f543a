"""ServiceNow as a ticket system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

import structlog

from connectors.itsm.approvals import ApprovalAbilities
from connectors.itsm.base import (
    Capabilities,
    ChangePage,
    CheckResult,
    Connector,
    Target,
    Ticket,
    TicketDraft,
    TicketFacts,
    TicketFile,
    TicketKind,
    TicketPatch,
    TicketReading,
    WebhookEvent,
    WebhookRejected,
    check_key,
)
from connectors.itsm.mapping import limits_of
from connectors.itsm.servicenow.approvals import Approvals
from connectors.itsm.servicenow.client import Row, ServiceNowClient
from connectors.itsm.servicenow.columns import Columns
from connectors.itsm.servicenow.doctor import Doctor
from connectors.itsm.servicenow.fields import Fields
from connectors.itsm.servicenow.files import attach_once
from connectors.itsm.servicenow.look_up import look_up
from connectors.itsm.servicenow.lookups import Lookups
from connectors.itsm.servicenow.mapping import (
    CHANGE_TYPES,
    INCIDENT_TABLE,
    SEVERITY_SCALE,
    SUMMARY_MAX_CHARS,
    TABLES,
    TIMES,
    change_fields,
    incident_fields,
    mapped_columns,
    unknown_names,
)
from connectors.itsm.servicenow.moves import Moves
from connectors.itsm.servicenow.notes import write_once
from connectors.itsm.servicenow.polling import Polling
from connectors.itsm.servicenow.settings import ServiceNowSettings
from connectors.itsm.servicenow.tasks import ChangeTasks
from connectors.itsm.servicenow.tickets import Tickets, created
from connectors.itsm.servicenow.walk import CANCELED
from connectors.itsm.servicenow.webhooks import read_webhook
from connectors.itsm.servicenow.wire import TaskRecord
from connectors.itsm.signatures import signing_key
from connectors.itsm.turns import Turns
from core.changes import TaskState
from core.tickets import Shown, ShownTask, ToldApproval, ToldTask

_log: Final = structlog.get_logger(__name__)
LIMITS: Final = limits_of("servicenow")
_INCIDENT_CANCELED: Final = "8"


class ServiceNow:
    """One instance under one set of credentials."""

    def __init__(self, settings: ServiceNowSettings) -> None:
        self._settings = settings
        self._client = ServiceNowClient(settings)
        self._lookups = Lookups(self._client, settings)
        self._tickets = Tickets(self._client, settings)
        self._moves = Moves(self._client, self._tickets, self._lookups, settings.mapping)
        self._approvals = Approvals(self._client, self._tickets, self._lookups)
        self._tasks = ChangeTasks(self._client, self._lookups, settings)
        self._polling = Polling(self._client, self._tickets, self._lookups, self._approvals, self._tasks)
        self._columns = Fields(self._client, self._tickets, self._lookups)
        secret = settings.webhook_secret
        self._signing_key = signing_key(secret.get_secret_value()) if secret is not None else b""

    async def check(self) -> CheckResult:
        """How the instance answers with these settings, credentials and rights."""
        columns = Columns(self._client, self._lookups, self._settings)
        return await Doctor(self._client, self._lookups, columns, settings=self._settings).check()

    async def create(self, draft: TicketDraft) -> Ticket:
        """Exactly one live ticket carries the draft's key.

        Looks by key before it writes: nothing in ServiceNow makes the key unique, and an attempt that failed may have
        created the ticket after all.
        """
        known = await self.find_by_key(draft.kind, draft.key)
        if known is None:
            fields = await self._fields(draft)
            record = created(await self._insert(draft, fields), draft.key)
            if record.ignored:
                _log.warning("servicenow_fields_ignored", number=record.number, fields=record.ignored)
            known = self._tickets.value(draft.kind, record)
        if self._is_standard(draft):  # whose own words are its template's: what is asked stands in a note
            words = f"{draft.summary}\n\n{draft.description}"
            await write_once(self._client, TABLES[draft.kind], known.external_id, words, key=f"{draft.key}:asked")
        return known

    async def update(self, ticket: Ticket, patch: TicketPatch) -> Ticket:
        """The ticket stands at the patch's target or beyond, with its note written once."""
        await self.comment(ticket, patch.note, key=patch.key)
        if ticket.kind is TicketKind.INCIDENT:
            record = await self._moves.incident(ticket.external_id, patch)
        else:
            record = await self._moves.change(ticket.kind, ticket.external_id, patch)
        return self._tickets.value(ticket.kind, record)

    async def comment(self, ticket: Ticket, text: str, *, key: str) -> None:
        """The ticket carries this work note exactly once per `key`; an empty text is none."""
        await write_once(self._client, TABLES[ticket.kind], ticket.external_id, text, key=check_key(key))

    async def attach(self, ticket: Ticket, file: TicketFile) -> None:
        """The record has this file exactly once, known by its name."""
        await attach_once(self._client, TABLES[ticket.kind], ticket.external_id, file)

    async def show_approvers(self, ticket: Ticket, approvers: Sequence[Shown]) -> tuple[ToldApproval, ...]:
        """Rows of sysapproval_approver say who is asked here and what they decided; incidents have none."""
        return () if ticket.kind is TicketKind.INCIDENT else await self._approvals.show(ticket, approvers)

    async def show_tasks(self, ticket: Ticket, tasks: Sequence[ShownTask]) -> tuple[ToldTask, ...]:
        """Rows of change_task say what is to be done; incidents have none."""
        return () if ticket.kind is TicketKind.INCIDENT else await self._tasks.show(ticket, tasks)

    async def tasks_of(self, ticket: Ticket, known: Mapping[str, TaskState]) -> tuple[ToldTask, ...]:
        """Our rows of change_task as they stand; incidents have none."""
        del known
        return () if ticket.kind is TicketKind.INCIDENT else await self._tasks.on(ticket.external_id)

    async def find_by_key(self, kind: TicketKind, key: str) -> Ticket | None:
        """The oldest ticket with this key, the others being cancelled; None if there is none."""
        records = await self._tickets.with_key(kind, check_key(key))
        if not records:
            return None
        oldest, *doubles = records
        await self._cancel_doubles(kind, oldest, doubles)
        return self._tickets.value(kind, oldest)

    async def with_key(self, kind: TicketKind, key: str) -> tuple[Ticket, ...]:
        """Every ticket with this key, oldest first; nothing is changed."""
        return tuple(self._tickets.value(kind, one) for one in await self._tickets.with_key(kind, check_key(key)))

    async def read(self, kind: TicketKind, external_id: str, fields: Sequence[str]) -> TicketReading | None:
        """The ticket with these columns; None if it is gone."""
        return await self._columns.read(kind, external_id, fields)

    async def field_ids(self, kind: TicketKind, names: Sequence[str]) -> Mapping[str, str]:
        """The names themselves: a column has one."""
        del kind
        return {name: name for name in names}

    async def new_targets(self, kind: TicketKind, names: Sequence[str]) -> Mapping[str, Target] | None:
        """The columns of the table: a new record has every one."""
        closed = LIMITS.reserved_for(kind)
        found = await self.targets(kind, names)
        return {**found, **{name: Target(is_writable=False) for name in names if name in closed}}

    async def targets(self, kind: TicketKind, names: Sequence[str]) -> Mapping[str, Target]:
        """What the dictionary says of these columns."""
        return await Columns(self._client, self._lookups, self._settings).targets(TABLES[kind], names)

    def time_fields(self, kind: TicketKind) -> tuple[str, str] | None:
        """The planned dates of a change."""
        return None if kind is TicketKind.INCIDENT else (TIMES["planned_start"], TIMES["planned_end"])

    async def write(self, ticket: Ticket, fields: Mapping[str, str]) -> TicketReading:
        """The columns have these values; how they read then."""
        return await self._columns.write(ticket, fields)

    async def look_up(self, number: str) -> TicketFacts | None:
        """What the instance shows of the change or incident of this number; None if there is none for us."""
        return await look_up(self._client, self._tickets, number)

    async def changes_since(self, cursor: str | None) -> ChangePage:
        """What was touched since the cursor, oldest first."""
        return await self._polling.changes_since(cursor)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> tuple[WebhookEvent, ...]:
        """The verified nudge in this message. Raises WebhookRejected otherwise, also when no secret is set."""
        if not self._signing_key:
            raise WebhookRejected("No webhook secret is set for this connection.")
        return read_webhook(headers, body, key=self._signing_key, account=self._lookups.account, now=now)

    def own_accounts(self) -> frozenset[str]:
        """Our account, as far as it is known by now."""
        return frozenset({self._lookups.account} - {""})

    def share_pace(self, turns: Turns) -> None:
        """The pace of calls is kept together with everybody who takes these turns."""
        self._client.share_pace(turns)

    async def close(self) -> None:
        """No thread of this connection is left."""
        await self._client.close()

    async def _fields(self, draft: TicketDraft) -> dict[str, str]:
        is_incident = draft.kind is TicketKind.INCIDENT
        described = incident_fields if is_incident else change_fields
        service = await self._lookups.service(draft.fields.get("business_service", ""))
        references = {
            "caller_id" if is_incident else "requested_by": await self._lookups.requester(draft),
            "business_service": service,
            "cmdb_ci": service,
            "assignment_group": await self._lookups.configured_group(),
        }
        found = {column: sys_id for column, sys_id in references.items() if sys_id}
        mapped = mapped_columns(self._settings.mapping.of_draft(draft))
        return {**described(draft, await self._own_columns(draft)), **found, **mapped}

    async def _own_columns(self, draft: TicketDraft) -> frozenset[str]:
        """The facts that are columns of the table by its own names; those that are not ours to fill are none."""
        names = [name for name in unknown_names(draft) if name not in LIMITS.reserved_for(draft.kind)]
        if not names:
            return frozenset()
        columns = Columns(self._client, self._lookups, self._settings)
        found = await columns.targets(TABLES[draft.kind], names)
        return frozenset(name for name, target in found.items() if target.is_writable is not False)

    async def _insert(self, draft: TicketDraft, fields: Mapping[str, str]) -> Row:
        if draft.kind is TicketKind.INCIDENT:
            return await self._client.insert(INCIDENT_TABLE, fields)
        if self._is_standard(draft):
            return await self._client.create_change(f"standard/{self._settings.standard_template}", fields)
        return await self._client.create_change(CHANGE_TYPES[draft.kind], fields)

    def _is_standard(self, draft: TicketDraft) -> bool:
        """Whether it is made from the template of what is approved beforehand."""
        is_change = draft.kind is TicketKind.CHANGE
        return is_change and draft.is_preapproved and bool(self._settings.standard_template)

    async def _cancel_doubles(self, kind: TicketKind, oldest: TaskRecord, doubles: Sequence[TaskRecord]) -> None:
        ended = _INCIDENT_CANCELED if kind is TicketKind.INCIDENT else CANCELED
        for double in doubles:
            if double.state != ended:
                reason = f"Created twice by an interrupted call; {oldest.number} is the one that counts."
                await write_once(self._client, TABLES[kind], double.sys_id, reason, key=f"double-of-{oldest.sys_id}")
                await self._moves.cancel(double, kind, reason)


def connect(settings: ServiceNowSettings) -> ServiceNow:
    """A connection with these settings; it calls the instance only when used. Raises ValueError for a bad secret."""
    return ServiceNow(settings)


CONNECTOR: Final = Connector(
    slug="servicenow",
    title="ServiceNow",
    settings=ServiceNowSettings,
    connect=connect,
    capabilities=Capabilities(
        change_requests=True,
        incidents=True,
        comments=True,
        webhooks=True,
        idempotent_create=False,
        summary_max_chars=SUMMARY_MAX_CHARS,
        incremental_by="sys_updated_on",
        fields=True,
        verbatim_fields=True,
        ignores_case=True,
        severities=SEVERITY_SCALE,
        attachments=True,
        tasks=True,
        approvals=ApprovalAbilities(reads=True, asks=True, marks=True, reopens=True),
    ),
)
