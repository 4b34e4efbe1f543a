"""A ticket system that a file declares, behind the ticket protocol."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, InstanceOf

from connectors.itsm.answers import shortened
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
from connectors.itsm.custom.approvals import Approvals
from connectors.itsm.custom.client import CustomClient
from connectors.itsm.custom.doctor import check, mapped
from connectors.itsm.custom.fields import PLANNED, Fields, uses
from connectors.itsm.custom.files import attach_once
from connectors.itsm.custom.look_up import look_up
from connectors.itsm.custom.notes import write_once
from connectors.itsm.custom.paths import text_at
from connectors.itsm.custom.polling import Polling
from connectors.itsm.custom.reading import load
from connectors.itsm.custom.references import resolve
from connectors.itsm.custom.spec import Spec, WebhookKind
from connectors.itsm.custom.tasks import Tasks
from connectors.itsm.custom.tickets import Record, age, record, value
from connectors.itsm.custom.walk import Arrived, Move, Stuck, next_step
from connectors.itsm.custom.webhooks import read_webhook
from connectors.itsm.mapping import Mapping as FieldMapping
from connectors.itsm.signatures import signing_key
from connectors.itsm.turns import Turns
from core.changes import TaskState
from core.clock import Clock, SystemClock
from core.errors import ConfigError
from core.tickets import Shown, ShownTask, ToldApproval, ToldTask

STEPS_MAX: Final = 8  # one for each state of ours


class CustomSettings(BaseModel):
    """Where the file is, and the administrator's mapping."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Path
    mapping: InstanceOf[FieldMapping] = FieldMapping()


class Custom:
    """One declared system. Raises ConfigError if a secret that its file refers to is not there."""

    def __init__(self, spec: Spec, mapping: FieldMapping | None = None, *, clock: Clock | None = None) -> None:
        secrets = resolve(spec)
        self._mapping = mapping or FieldMapping()
        self._spec = spec
        self._client = CustomClient(spec, secrets)
        self._clock = clock or SystemClock()
        self._approvals = Approvals(spec, self._client)
        self._tasks = Tasks(spec, self._client)
        self._polling = Polling(spec, self._client, self._approvals, self._tasks, self._clock)
        self._fields = Fields(spec, self._client)
        self._webhook_secret = b""
        if spec.webhook is not None:
            text = secrets[spec.webhook.secret].get_secret_value()
            try:
                is_standard = spec.webhook.kind is WebhookKind.STANDARD
                self._webhook_secret = signing_key(text) if is_standard else text.encode()
            except ValueError as exc:
                raise ConfigError(str(exc), file=str(spec.file), key="webhook.secret") from exc

    @property
    def title(self) -> str:
        """How people call the system."""
        return self._spec.title

    async def check(self) -> CheckResult:
        """How the system answers to what can be asked without changing anything."""
        result = await check(self._spec, self._client, self._clock.now())
        return CheckResult((*result.findings, *mapped(self._mapping, self._spec, self._fields.targets())))

    async def create(self, draft: TicketDraft) -> Ticket:
        """Exactly one live ticket carries the draft's key: looked for first, or known again by the system itself."""
        if draft.kind not in self._spec.kinds:
            accepted = ", ".join(sorted(self._spec.kinds))
            raise Refused(f"{self._spec.title} takes no {draft.kind.value}; its file names {accepted}.", field="kinds")
        known = await self.find_by_key(draft.kind, draft.key) if self._spec.find is not None else None
        if known is not None:
            return known
        made, _answer = await self._client.ask(self._spec.create, create_values(self._spec, draft))
        identity = text_at(made, self._spec.ticket.id)
        if not identity:
            raise OutcomeUnknown(f"{self._spec.title} answered a creation without the ticket's id.")
        found = await self._read(draft.kind, identity)
        if self._spec.ticket.key and found.key != draft.key:
            raise Refused(f"{self._spec.title} made {found.number} but did not keep our key.", field="ticket.key")
        return value(self._spec, found)

    async def update(self, ticket: Ticket, patch: TicketPatch) -> Ticket:
        """The ticket stands at the patch's target or beyond, with its note written once."""
        await self.comment(ticket, patch.note, key=patch.key)
        found = await self._read(ticket.kind, ticket.external_id)
        for _ in range(STEPS_MAX):
            match next_step(found, patch.target, self._spec.states, stepwise=self._spec.is_stepwise):
                case Arrived():
                    return value(self._spec, found)
                case Stuck(reason=reason):
                    raise Refused(reason, field="state")
                case Move(state=state):
                    await self._client.ask(self._spec.update, update_values(self._spec, found, patch, state))
                    after = await self._read(ticket.kind, ticket.external_id)
                    if after.state == found.state:
                        wanted = self._spec.states.write[state]
                        reason = f"{self._spec.title} left {found.number} in '{after.state}' instead of '{wanted}'."
                        raise Refused(reason, field="state")
                    found = after
        raise Refused(f"{found.number} did not reach {patch.target.value} in {STEPS_MAX} steps.", field="state")

    async def comment(self, ticket: Ticket, text: str, *, key: str) -> None:
        """The ticket carries this comment once per `key`, where comments are declared; an empty text is none."""
        names = {"id": ticket.external_id, "number": ticket.number, "kind": str(ticket.kind)}
        await write_once(self._spec, self._client, names, text, key=check_key(key))

    async def attach(self, ticket: Ticket, file: TicketFile) -> None:
        """The ticket has this file exactly once, known by its name. Raises Refused where none are declared."""
        names = {"id": ticket.external_id, "number": ticket.number, "kind": str(ticket.kind)}
        await attach_once(self._spec, self._client, names, file)

    async def show_approvers(self, ticket: Ticket, approvers: Sequence[Shown]) -> tuple[ToldApproval, ...]:
        """These people's approvals say what they shall, as far as the file declares how; all of the ticket then."""
        return await self._approvals.show(ticket, approvers)

    async def show_tasks(self, ticket: Ticket, tasks: Sequence[ShownTask]) -> tuple[ToldTask, ...]:
        """Each is there once and stands as it shall. Raises Refused where no `tasks` are declared."""
        return await self._tasks.show(ticket, tasks)

    async def tasks_of(self, ticket: Ticket, known: Mapping[str, TaskState]) -> tuple[ToldTask, ...]:
        """Our tasks as the file says that they are listed. Raises Refused where no `tasks` are declared."""
        del known
        names = {"id": ticket.external_id, "number": ticket.number, "kind": str(ticket.kind)}
        return await self._tasks.of(names)

    async def find_by_key(self, kind: TicketKind, key: str) -> Ticket | None:
        """The oldest ticket with this key, the others being cancelled; None if there is none.

        Raises Refused where no `find` is declared.
        """
        records = await self._with_key(kind, key)
        if not records:
            return None
        oldest, *doubles = records
        for double in doubles:
            await self._cancel(double, oldest)
        return value(self._spec, oldest)

    async def with_key(self, kind: TicketKind, key: str) -> tuple[Ticket, ...]:
        """Every ticket with this key, oldest first; nothing is changed. Raises Refused where no `find` is declared."""
        return tuple(value(self._spec, one) for one in await self._with_key(kind, key))

    async def read(self, kind: TicketKind, external_id: str, fields: Sequence[str]) -> TicketReading | None:
        """The ticket with these declared fields; None if it is gone."""
        return await self._fields.read(kind, external_id, fields)

    async def field_ids(self, kind: TicketKind, names: Sequence[str]) -> Mapping[str, str]:
        """The names themselves, as the file declares them."""
        del kind
        return {name: name for name in names}

    async def new_targets(self, kind: TicketKind, names: Sequence[str]) -> Mapping[str, Target] | None:
        """Nothing is known: the file's request for creating names what it takes."""
        del kind, names
        return None

    async def targets(self, kind: TicketKind, names: Sequence[str]) -> Mapping[str, Target]:
        """What the file says: whatever it declares can be written, where anything can."""
        del kind, names
        return self._fields.targets()

    def time_fields(self, kind: TicketKind) -> tuple[str, str] | None:
        """The fields `planned_start` and `planned_end`, where the file declares them and how fields are written."""
        return PLANNED if kind is not TicketKind.INCIDENT and self._fields.has_planned else None

    async def write(self, ticket: Ticket, fields: Mapping[str, str]) -> TicketReading:
        """The declared fields have these values; how they read then."""
        return await self._fields.write(ticket, fields)

    async def look_up(self, number: str) -> TicketFacts | None:
        """What the system shows of the ticket of this number; None if there is none for us.

        Raises Refused where no `look_up` is declared.
        """
        return await look_up(self._spec, self._client, number)

    async def changes_since(self, cursor: str | None) -> ChangePage:
        """What was touched since the cursor, oldest first; nothing where no `changes` are declared."""
        return await self._polling.changes_since(cursor)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> tuple[WebhookEvent, ...]:
        """The verified nudge in this message. Raises WebhookRejected otherwise, also when no webhook is declared."""
        if self._spec.webhook is None:
            raise WebhookRejected("No webhook is declared for this connection.")
        return read_webhook(
            headers,
            body,
            declared=self._spec.webhook,
            secret=self._webhook_secret,
            account=self._spec.account,
            now=now,
        )

    def own_accounts(self) -> frozenset[str]:
        """Our account, as far as it is known by now."""
        return frozenset({self._spec.account} - {""})

    def share_pace(self, turns: Turns) -> None:
        """The pace of calls is kept together with everybody who takes these turns."""
        self._client.share_pace(turns)

    async def close(self) -> None:
        """No session or connection is left."""
        await self._client.close()

    async def _with_key(self, kind: TicketKind, key: str) -> list[Record]:
        if self._spec.find is None:
            raise Refused(f"The file of {self._spec.title} declares no 'find'.", field="find")
        asked = {"key": self._spec.ticket.key_prefix + check_key(key), "kind": str(kind)}
        rows = await self._client.ask_list(self._spec.find, asked)
        return sorted((one for row in rows if (one := record(self._spec, row, kind=kind)).key == key), key=age)

    async def _read(self, kind: TicketKind, identity: str) -> Record:
        names = {"id": identity, "number": identity, "kind": str(kind)}
        document, _answer = await self._client.ask(self._spec.get, names)
        return record(self._spec, document, kind=kind)

    async def _cancel(self, double: Record, oldest: Record) -> None:
        if self._spec.states.read.get(double.state) in {TicketState.CANCELLED, TicketState.CLOSED}:
            return
        reason = f"Created twice by an interrupted call; {oldest.number} is the one that counts."
        patch = TicketPatch(key=f"double-of-{oldest.id}"[:100], target=TicketState.CANCELLED, note=reason)
        await self.update(value(self._spec, double), patch)


def create_values(spec: Spec, draft: TicketDraft) -> dict[str, Any]:
    """What `create` may speak of."""
    return {
        "key": spec.ticket.key_prefix + draft.key,
        "kind": str(draft.kind),
        "summary": shortened(" ".join(draft.summary.split()), spec.summary_max_chars),
        "description": draft.description,
        "requester_email": draft.requester_email,
        "state": spec.states.write[TicketState.OPEN],
        "fields": dict(draft.fields),
    }


def update_values(spec: Spec, found: Record, patch: TicketPatch, state: TicketState) -> dict[str, Any]:
    """What `update` may speak of. `step_key` is the same whenever this step is tried again."""
    return {
        "id": found.id,
        "number": found.number,
        "kind": str(found.kind),
        "state": spec.states.write[state],
        "target": str(state),
        "note": patch.note,
        "by": patch.by,
        "close_code": str(patch.close_code),
        "close_notes": patch.close_notes or patch.note,
        "step_key": f"{patch.key}/{state.value}",
    }


def declared(file: Path, *, slug: str) -> Connector:
    """The declaration of the system in this file. Raises ConfigError, or YamlSyntaxError if it is no YAML."""
    spec = load(file)
    return Connector(
        slug=slug,
        title=spec.title,
        settings=CustomSettings,
        connect=lambda settings: Custom(load(settings.file), settings.mapping),
        capabilities=Capabilities(
            change_requests=TicketKind.CHANGE in spec.kinds,
            incidents=TicketKind.INCIDENT in spec.kinds,
            comments=spec.comment is not None,
            webhooks=spec.webhook is not None,
            idempotent_create=spec.is_create_idempotent,
            summary_max_chars=spec.summary_max_chars,
            incremental_by=".".join(spec.ticket.updated_at) if spec.changes is not None else None,
            approvals=spec.approval_abilities,
            fields=spec.fields is not None and spec.fields.write is not None,
            verbatim_fields=True,
            attachments=spec.attachments is not None,
            tasks=spec.tasks is not None,
            look_up=spec.look_up is not None,
        ),
        fields=uses(spec),
    )
