"""What `countersign doctor` asks of a server: reachable, signed in, every form and person that the connector needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from connectors.itsm.base import CheckResult, ConnectorError, Finding, Health, NotSent, Refused
from connectors.itsm.remedy.approvals import SIGNATURES
from connectors.itsm.remedy.client import RemedyClient
from connectors.itsm.remedy.forms import Forms
from connectors.itsm.remedy.people import People
from connectors.itsm.remedy.qualification import compare
from connectors.itsm.remedy.settings import RemedySettings
from connectors.itsm.remedy.tasks import FORM as TASKS
from connectors.itsm.remedy.tasks import ROOT
from connectors.itsm.remedy.tickets import Tickets
from connectors.itsm.remedy.wire import CHANGE, INCIDENT, REQUEST_ID, Form

GROUPS: Final = "CTM:Support Group"
NOBODY: Final = "countersign-nothing"  # a value that no entry has


class Doctor:
    """Reads only; leaves nothing behind but a session, which `close` gives back."""

    def __init__(self, client: RemedyClient, tickets: Tickets, people: People, settings: RemedySettings) -> None:
        self._forms = Forms(client, people, settings)
        self._client = client
        self._tickets = tickets
        self._people = people
        self._settings = settings

    async def check(self) -> CheckResult:
        """Every finding; the first failure to sign in ends it, as all else would fail alike."""
        signed_in = await _look("Address and credentials", self._sign_in, "Check url, user and password.")
        if signed_in.health is Health.FAILED:
            return CheckResult((signed_in,))
        changes = "Give our account Infrastructure Change User, and set change_key_field to a field of both forms."
        incidents = "Give our account Incident User, and set incident_key_field to a field of both forms."
        logs = "Let our account read and write this form; notes are kept there."
        approvals = "Let our account read approvals and act as an alternate or override approver."
        tasks = "Let our account read and write TMS:Task, and set task_key_field to a text field of it."
        person = "Set first_name and last_name to an enabled person of CTM:People."
        group = "Set assignment_group to a support group, by name."
        return CheckResult(
            (
                signed_in,
                await _look("Changes", lambda: self._readable(CHANGE), changes),
                await _look("Incidents", lambda: self._readable(INCIDENT), incidents),
                await _look("Work log of changes", lambda: self._form(CHANGE.log, (CHANGE.number,)), logs),
                await _look("Work log of incidents", lambda: self._form(INCIDENT.log, (INCIDENT.number,)), logs),
                await _look("Approvals", lambda: self._form(SIGNATURES, ("Request", "Approval Status")), approvals),
                _softened(await _look("Tasks of changes", self._tasks, tasks)),
                await _look("Person", self._has_person, person),
                await self._group(group),
                *await self._mapping(),
            )
        )

    async def _mapping(self) -> tuple[Finding, ...]:
        try:
            return await self._forms.examine()
        except ConnectorError as exc:
            step = "Let our account read the fields of the forms: GET /api/arsys/v1.0/fields/{form}."
            return (Finding("Mapping", Health.FAILED, exc.reason, step),)

    async def _sign_in(self) -> str:
        await self._client.now_s()
        await self._client.select(CHANGE.entry, compare(CHANGE.number, "=", NOBODY), fields=(REQUEST_ID,), limit=1)
        return f"Signed in as {self._settings.user}."

    async def _readable(self, form: Form) -> str:
        key = self._tickets.key_field(form)
        nothing = compare(key, "=", NOBODY)
        await self._client.select(form.entry, nothing, fields=self._tickets.fields(form), limit=1)
        await self._client.select(form.create, nothing, fields=(key,), limit=1)
        return f"Every needed field is there; our key is kept in '{key}'."

    async def _form(self, form: str, fields: Sequence[str]) -> str:
        await self._client.select(form, compare(fields[0], "=", NOBODY), fields=fields, limit=1)
        return "Readable."

    async def _tasks(self) -> str:
        key = self._settings.task_key_field
        await self._form(TASKS, (ROOT, "Status", "StatusReasonSelection", "Notes", key))
        return f"Readable; our key is kept in '{key}'."

    async def _has_person(self) -> str:
        if not await self._people.has_configured():
            name = f"{self._settings.first_name} {self._settings.last_name}"
            raise Refused(f"Remedy knows no enabled person '{name}', or our account may not read CTM:People.")
        return "Known. Requesters who are not known there ask in this name."

    async def _group(self, next_step: str) -> Finding:
        wanted = self._settings.assignment_group
        if not wanted:
            message = "None is set: an incident cannot be resolved before people there assign it."
            return Finding("Support group", Health.WARNING, message, next_step)

        async def ask() -> str:
            name = "Support Group Name"
            page = await self._client.select(GROUPS, compare(name, "=", wanted), fields=(name,), limit=1)
            if not page.rows:
                raise Refused(f"Remedy has no support group '{wanted}'.")
            return "Found."

        return await _look("Support group", ask, next_step)


def _softened(finding: Finding) -> Finding:
    """Without tasks, changes are kept in step all the same."""
    health = Health.WARNING if finding.health is Health.FAILED else finding.health
    return Finding(finding.subject, health, finding.message, finding.next_step)


async def _look(subject: str, ask: Callable[[], Awaitable[str]], next_step: str) -> Finding:
    try:
        return Finding(subject, Health.OK, await ask())
    except Refused as exc:
        return Finding(subject, Health.FAILED, exc.reason, next_step)
    except NotSent as exc:
        return Finding(subject, Health.FAILED, exc.reason, "Check the address, and that the server answers.")
    except ConnectorError as exc:
        return Finding(subject, Health.FAILED, exc.reason, "Try again later.")
