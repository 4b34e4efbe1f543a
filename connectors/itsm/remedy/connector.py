"""BMC Remedy as a ticket system."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from connectors.itsm.approvals import ApprovalAbilities
from connectors.itsm.base import (
    Capabilities,
    ChangePage,
    CheckResult,
    Connector,
    NotSent,
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
    WebhookEvent,
    WebhookRejected,
    check_key,
)
from connectors.itsm.remedy.approvals import Approvals
from connectors.itsm.remedy.client import RemedyClient
from connectors.itsm.remedy.doctor import Doctor
from connectors.itsm.remedy.fields import Fields
from connectors.itsm.remedy.forms import Forms
from connectors.itsm.remedy.look_up import look_up
from connectors.itsm.remedy.mapping import (
    SEVERITY_SCALE,
    SUMMARY_MAX_CHARS,
    TIMES,
    change_values,
    closed_labels,
    incident_values,
    mapped_values,
    unknown_names,
)
from connectors.itsm.remedy.moves import Moves
from connectors.itsm.remedy.people import People
from connectors.itsm.remedy.polling import Polling
from connectors.itsm.remedy.settings import RemedySettings
from connectors.itsm.remedy.tasks import ChangeTasks
from connectors.itsm.remedy.tickets import Tickets
from connectors.itsm.remedy.webhooks import read_webhook
from connectors.itsm.remedy.wire import FORMS
from connectors.itsm.remedy.worklog import attach_once, write_once
from connectors.itsm.signatures import signing_key
from connectors.itsm.turns import Turns
from core.changes import TaskState
from core.tickets import Shown, ShownTask, ToldApproval, ToldTask

APPEARS_AFTER_S: Final = (0.0, 0.1, 0.2, 0.4, 0.8)  # a filter makes the ticket out of our order, a little later


class Remedy:
    """One server under one account."""

    def __init__(self, settings: RemedySettings) -> None:
        self._settings = settings
        self._client = RemedyClient(settings)
        self._people = People(self._client, settings)
        self._tickets = Tickets(self._client, settings)
        self._forms = Forms(self._client, self._people, settings)
        self._moves = Moves(self._client, self._tickets, settings)
        self._fields = Fields(self._client, self._tickets, account=settings.user)
        self._approvals = Approvals(self._client, self._people, account=settings.user)
        self._tasks = ChangeTasks(self._client, self._people, settings)
        self._polling = Polling(self._client, self._tickets, self._approvals, self._tasks, account=settings.user)
        secret = settings.webhook_secret
        self._signing_key = signing_key(secret.get_secret_value()) if secret is not None else b""

    async def check(self) -> CheckResult:
        """How the server answers with these settings, credentials and rights."""
        return await Doctor(self._client, self._tickets, self._people, self._settings).check()

    async def create(self, draft: TicketDraft) -> Ticket:
        """Exactly one live ticket carries the draft's key.

        Looks by key before it writes, among the tickets and among the orders from which a filter makes them: between
        the two there is a moment in which only the order can be found.
        """
        known = await self.find_by_key(draft.kind, draft.key)
        if known is not None:
            return known
        if number := await self._tickets.is_ordered(draft.kind, draft.key, besides=draft.gone):
            raise NotSent(f"Remedy has taken the order for {number} but does not show the ticket yet.")
        await self._order(draft)
        for wait_s in APPEARS_AFTER_S:
            await asyncio.sleep(wait_s)
            made = await self.find_by_key(draft.kind, draft.key)
            if made is not None:
                return made
        raise OutcomeUnknown("Remedy took the order but does not show a ticket with our key yet.")

    async def update(self, ticket: Ticket, patch: TicketPatch) -> Ticket:
        """The ticket stands at the patch's target or beyond, with its note written once."""
        await self.comment(ticket, patch.note, key=patch.key)
        move = self._moves.incident if ticket.kind is TicketKind.INCIDENT else self._moves.change
        return self._tickets.value(await move(ticket.external_id, patch))

    async def comment(self, ticket: Ticket, text: str, *, key: str) -> None:
        """The ticket carries this internal work log exactly once per `key`; an empty text is none."""
        await write_once(self._client, FORMS[ticket.kind], ticket.external_id, text, key=check_key(key))

    async def attach(self, ticket: Ticket, file: TicketFile) -> None:
        """A work log of the ticket holds this file, which no other log of ours does."""
        await attach_once(self._client, FORMS[ticket.kind], ticket.external_id, file)

    async def show_approvers(self, ticket: Ticket, approvers: Sequence[Shown]) -> tuple[ToldApproval, ...]:
        """A change's signatures as they stand. Who is asked, the approval engine says: nothing is changed."""
        del approvers
        return () if ticket.kind is TicketKind.INCIDENT else await self._approvals.on(ticket.external_id)

    async def show_tasks(self, ticket: Ticket, tasks: Sequence[ShownTask]) -> tuple[ToldTask, ...]:
        """Entries of TMS:Task say what is to be done until the change is completed; incidents have none of ours."""
        return () if ticket.kind is TicketKind.INCIDENT else await self._tasks.show(ticket, tasks)

    async def tasks_of(self, ticket: Ticket, known: Mapping[str, TaskState]) -> tuple[ToldTask, ...]:
        """Our entries of TMS:Task as they stand; incidents have none of ours."""
        return () if ticket.kind is TicketKind.INCIDENT else await self._tasks.on(ticket.external_id, known)

    async def find_by_key(self, kind: TicketKind, key: str) -> Ticket | None:
        """The oldest ticket with this key, the others being cancelled; None if there is none."""
        records = await self._tickets.with_key(kind, check_key(key))
        if not records:
            return None
        oldest, *doubles = records
        for double in doubles:
            if double.status != "Cancelled":
                reason = f"Created twice by an interrupted call; {oldest.number} is the one that counts."
                key_of_note = f"double-of-{oldest.number}"
                await write_once(self._client, double.form, double.number, reason, key=key_of_note)
                await self._moves.cancel(double, reason)
        return self._tickets.value(oldest)

    async def with_key(self, kind: TicketKind, key: str) -> tuple[Ticket, ...]:
        """Every ticket with this key, oldest first; nothing is changed."""
        return tuple(map(self._tickets.value, await self._tickets.with_key(kind, check_key(key))))

    async def read(self, kind: TicketKind, external_id: str, fields: Sequence[str]) -> TicketReading | None:
        """The ticket with these fields; None if it is gone."""
        return await self._fields.read(kind, external_id, fields)

    async def field_ids(self, kind: TicketKind, names: Sequence[str]) -> Mapping[str, str]:
        """The names themselves: a label is there once on a form."""
        del kind
        return {name: name for name in names}

    async def new_targets(self, kind: TicketKind, names: Sequence[str]) -> Mapping[str, Target] | None:
        """What the form for creating says of its fields."""
        closed = closed_labels(kind, self._settings)
        found = await self._forms.targets(FORMS[kind].create)
        return {**found, **{name: Target(is_writable=False) for name in names if name in closed}}

    async def targets(self, kind: TicketKind, names: Sequence[str]) -> Mapping[str, Target]:
        """What the form says of its fields."""
        del names
        return await self._forms.targets(FORMS[kind].entry)

    def time_fields(self, kind: TicketKind) -> tuple[str, str] | None:
        """The scheduled dates of a change."""
        return None if kind is TicketKind.INCIDENT else (TIMES["planned_start"], TIMES["planned_end"])

    async def write(self, ticket: Ticket, fields: Mapping[str, str]) -> TicketReading:
        """The fields have these values; how they read then."""
        return await self._fields.write(ticket, fields)

    async def look_up(self, number: str) -> TicketFacts | None:
        """What the server shows of the change or incident of this number; None if there is none for us."""
        return await look_up(self._client, self._settings, self._tickets, number)

    async def changes_since(self, cursor: str | None) -> ChangePage:
        """What was touched since the cursor, oldest first."""
        return await self._polling.changes_since(cursor)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> tuple[WebhookEvent, ...]:
        """The verified nudge in this message. Raises WebhookRejected otherwise, also when no secret is set."""
        if not self._signing_key:
            raise WebhookRejected("No webhook secret is set for this connection.")
        return read_webhook(headers, body, key=self._signing_key, account=self._settings.user, now=now)

    def own_accounts(self) -> frozenset[str]:
        """Our account, as far as it is known by now."""
        return frozenset({self._settings.user} - {""})

    def share_pace(self, turns: Turns) -> None:
        """The pace of calls is kept together with everybody who takes these turns."""
        self._client.share_pace(turns)

    async def close(self) -> None:
        """The licence is given back and no connection is left."""
        await self._client.close()

    async def _own_labels(self, draft: TicketDraft) -> frozenset[str]:
        """The facts that are fields of the form by its own labels; those that are not ours to fill are none."""
        names = unknown_names(draft, self._settings)
        if not names:
            return frozenset()
        try:
            found = await self._forms.targets(FORMS[draft.kind].create)
        except Refused:
            return frozenset()  # a server that does not describe its forms: told in the description
        return frozenset(name for name in names if name in found and found[name].is_writable is not False)

    async def _order(self, draft: TicketDraft) -> None:
        """The form for creating has our order; it is not asked for the number, as the ticket itself is looked for."""
        form = FORMS[draft.kind]
        is_incident = draft.kind is TicketKind.INCIDENT
        own = await self._own_labels(draft)
        values = (incident_values if is_incident else change_values)(draft, self._settings, own)
        names = ("First_Name", "Last_Name") if is_incident else ("First Name", "Last Name")
        person = await self._people.requester(draft)
        mapped = mapped_values(self._settings.mapping.of_draft(draft))
        await self._client.create(form.create, {**values, **dict(zip(names, person, strict=True)), **mapped})


def connect(settings: RemedySettings) -> Remedy:
    """A connection with these settings; it calls the server only when used. Raises ValueError for a bad secret."""
    return Remedy(settings)


CONNECTOR: Final = Connector(
    slug="remedy",
    title="BMC Remedy",
    settings=RemedySettings,
    connect=connect,
    capabilities=Capabilities(
        change_requests=True,
        incidents=True,
        comments=True,
        webhooks=True,
        idempotent_create=False,
        summary_max_chars=SUMMARY_MAX_CHARS,
        incremental_by="Last Modified Date",
        fields=True,
        severities=SEVERITY_SCALE,
        attachments=True,
        tasks=True,
        verbatim_fields=True,
        approvals=ApprovalAbilities(reads=True),
    ),
)
