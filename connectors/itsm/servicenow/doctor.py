"""What `countersign doctor` asks of an instance: reachable, signed in, every right that the connector needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from config.servicenow import spelled
from connectors.itsm.base import CheckResult, ConnectorError, Finding, Health, NotSent, Refused
from connectors.itsm.servicenow.client import ServiceNowClient
from connectors.itsm.servicenow.columns import Columns
from connectors.itsm.servicenow.lookups import Lookups
from connectors.itsm.servicenow.mapping import CHANGE_TABLE
from connectors.itsm.servicenow.settings import ServiceNowSettings
from connectors.itsm.servicenow.tasks import FIELDS as TASK_FIELDS
from connectors.itsm.servicenow.tasks import TABLE as TASKS
from connectors.itsm.servicenow.wire import FIELDS, condition, text

NOBODY: Final = "0" * 32  # a sys_id that no record has


class Doctor:
    """Reads only; leaves nothing behind."""

    def __init__(
        self, client: ServiceNowClient, lookups: Lookups, columns: Columns, *, settings: ServiceNowSettings
    ) -> None:
        self._signs_in_with = settings.signs_in_with
        self._standard_template = settings.standard_template
        self._columns = columns
        self._client = client
        self._lookups = lookups

    async def check(self) -> CheckResult:
        """Every finding; the first failure to sign in ends it, as all else would fail alike."""
        given = spelled(("url", *self._signs_in_with))
        signed_in = await _look("Address and credentials", self._sign_in, f"Check {given}.")
        if signed_in.health is Health.FAILED:
            return CheckResult((signed_in,))
        rights = "Give our account the roles itil and sn_change_write."
        approvals = "Give our account the role approval_admin, or make it a member of the approving groups."
        tasks = (
            "Let our account read and write change_task; without it, what is to be done of a change is not shown there."
        )
        journal = "Allow our account to read sys_journal_field; without it, people's notes are not taken over."
        return CheckResult(
            (
                signed_in,
                await _look("Change table", self._read_changes, rights),
                await _look(
                    "Change Management API", self._ask_change_api, "Activate the plugin com.snc.change_management."
                ),
                await _look("Assignment group", self._find_group, "Set assignment_group to a group of the instance."),
                *await self._standard(),
                await _look("Approvals", self._read_approvals, approvals),
                _softened(await _look("Tasks of changes", self._read_tasks, tasks)),
                _softened(await _look("Journal", self._read_journal, journal)),
                *await self._mapping(),
            )
        )

    async def _standard(self) -> tuple[Finding, ...]:
        """The template of what is approved beforehand, where one is set."""
        if not self._standard_template:
            return ()
        where = "Set standard_template to the sys_id of an active template of standard changes."
        return (await _look("Standard change", self._find_template, where),)

    async def _find_template(self) -> str:
        found = await self._client.standard_template(self._standard_template)
        if found is None:
            raise Refused("ServiceNow has no such template of standard changes.", field="standard_template")
        return f"Requests that a policy approves by itself are made from '{text(found.get('name'))}'."

    async def _mapping(self) -> tuple[Finding, ...]:
        try:
            return await self._columns.examine()
        except ConnectorError as exc:
            return (Finding("Mapping", Health.FAILED, exc.reason, "Try again later."),)

    async def _sign_in(self) -> str:
        page = await self._client.select(
            "sys_user", "sys_id=javascript:gs.getUserID()", fields=("sys_id", "user_name"), limit=2
        )
        name = page.rows[0]["user_name"] if len(page.rows) == 1 else await self._lookups.own_name()
        return f"Signed in as {name}."

    async def _read_changes(self) -> str:
        page = await self._client.select(CHANGE_TABLE, "ORDERBYsys_id", fields=FIELDS, limit=1)
        return f"{page.total} change requests, every needed field readable."

    async def _ask_change_api(self) -> str:
        await self._client.change(NOBODY)
        return "It answers."

    async def _find_group(self) -> str:
        configured = await self._lookups.configured_group()
        if not configured:
            await self._lookups.default_group("")
            return "None is set; the service's support group or our account's own group is used."
        return "Found."

    async def _read_approvals(self) -> str:
        asked = condition("sysapproval", "=", NOBODY)
        await self._client.select("sysapproval_approver", asked, fields=("sys_id", "sysapproval", "state"), limit=1)
        return "Readable."

    async def _read_tasks(self) -> str:
        asked = condition("change_request", "=", NOBODY)
        await self._client.select(TASKS, asked, fields=TASK_FIELDS, limit=1)
        return "Readable."

    async def _read_journal(self) -> str:
        asked = condition("element_id", "=", NOBODY)
        await self._client.select("sys_journal_field", asked, fields=("element_id", "value"), limit=1)
        return "Readable."


async def _look(subject: str, ask: Callable[[], Awaitable[str]], next_step: str) -> Finding:
    try:
        return Finding(subject, Health.OK, await ask())
    except Refused as exc:
        return Finding(subject, Health.FAILED, exc.reason, next_step)
    except NotSent as exc:
        return Finding(subject, Health.FAILED, exc.reason, "Check the address, and that the instance is awake.")
    except ConnectorError as exc:
        return Finding(subject, Health.FAILED, exc.reason, "Try again later.")


def _softened(finding: Finding) -> Finding:
    if finding.health is Health.OK:
        return finding
    return Finding(finding.subject, Health.WARNING, finding.message, finding.next_step)
