"""What `countersign doctor` asks of a site: reachable, signed in, every right, field and state that is needed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from connectors.itsm.base import (
    CheckResult,
    ConnectorError,
    Finding,
    Health,
    NotSent,
    Refused,
    TicketKind,
    TicketState,
)
from connectors.itsm.jira.client import JiraClient
from connectors.itsm.jira.fields import Fields
from connectors.itsm.jira.mapping import state_of
from connectors.itsm.jira.moves import Moves
from connectors.itsm.jira.people import People
from connectors.itsm.jira.screens import Screens, named_field
from connectors.itsm.jira.settings import JiraSettings
from connectors.itsm.jira.tasks import SubTasks
from connectors.itsm.jira.wire import DESK_PROJECT, ScreenField, mapping, text
from connectors.itsm.mapping import distinct, examine, examine_states, needed

RIGHTS: Final = ("BROWSE_PROJECTS", "CREATE_ISSUES", "TRANSITION_ISSUES", "ADD_COMMENTS")
_FILLED: Final = frozenset({"project", "issuetype", "summary", "description", "labels", "reporter"})
_CHANGE_STATES: Final = (TicketState.IN_APPROVAL, TicketState.APPROVED, TicketState.IMPLEMENTING)
_ENDS: Final = frozenset({TicketState.CANCELLED, TicketState.REJECTED})


class Doctor:
    """Reads only; leaves nothing behind."""

    def __init__(
        self,
        client: JiraClient,
        settings: JiraSettings,
        fields: Fields,
        people: People,
        screens: Screens,
        moves: Moves,
        tasks: SubTasks,
    ) -> None:
        self._client = client
        self._tasks = tasks
        self._settings = settings
        self._fields = fields
        self._people = people
        self._screens = screens
        self._moves = moves

    async def check(self) -> CheckResult:
        """Every finding; the first failure to sign in ends it, as all else would fail alike."""
        signed_in = await _look("Address and credentials", self._sign_in, "Check url, user and password or token.")
        if signed_in.health is Health.FAILED:
            return CheckResult((signed_in,))
        project = self._settings.project
        found = [
            signed_in,
            await _look(
                "Project", self._find_project, f"Set 'project' to a project that our account sees, not {project}."
            ),
            await _look("Rights", self._read_rights, f"Give our account these permissions in {project}."),
        ]
        for name, kind in self._types().items():
            found.append(await self._examine_type(name, kind))
            found.append(await self._examine_workflow(name, kind))
        found.append(await _look("Tasks of changes", self._find_task_type, "Check the project's issue types."))
        return CheckResult((*found, *await self._mapping()))

    async def _mapping(self) -> tuple[Finding, ...]:
        """How every mapped field and state stands; nothing without a mapping."""
        found: list[Finding] = []
        mapping = self._settings.mapping
        try:
            for kind in TicketKind:
                if needed(mapping, kind):
                    targets = await self._fields.targets(kind, [one.name for one in needed(mapping, kind)])
                    found += examine(mapping, kind, targets, where=self._settings.type_of(kind))
                own = mapping.of(kind)
                if own.written or own.read:
                    type_ = self._settings.type_of(kind)
                    statuses = [status.name for status in await self._moves.statuses(type_)]
                    found += examine_states(mapping, kind, statuses, where=type_)
        except ConnectorError as exc:
            found.append(Finding("Mapping", Health.FAILED, exc.reason, "Check the project and its issue types."))
        return distinct(found)

    def _types(self) -> dict[str, TicketKind]:
        """The issue types that are used, each once."""
        return {self._settings.type_of(kind): kind for kind in reversed(TicketKind)}

    async def _sign_in(self) -> str:
        site = await self._client.site()
        own = await self._people.myself()
        return f"Signed in to {site.title} as {own.shown}."

    async def _find_project(self) -> str:
        row = mapping(await self._client.read(f"project/{self._settings.project}"))
        name = text(row.get("name"))
        if row.get("projectTypeKey") != DESK_PROJECT:
            return f"{name}."
        await self._client.read_desk("info")
        return f"{name}, a service desk; approvals that wait for our account are answered."

    async def _find_task_type(self) -> str:
        name = await self._tasks.type_name()
        return f"Sub-tasks, as {name}." if name else "The project has no type of sub-task: none are shown there."

    async def _read_rights(self) -> str:
        query = {"projectKey": self._settings.project, "permissions": ",".join(RIGHTS)}
        held = mapping(mapping(await self._client.read("mypermissions", query)).get("permissions"))
        missing = [one for one in RIGHTS if mapping(held.get(one)).get("havePermission") is not True]
        if missing:
            raise Refused(f"Our account lacks {', '.join(missing)} in {self._settings.project}.")
        return "Our account may create, move and comment."

    async def _examine_type(self, name: str, kind: TicketKind) -> Finding:
        async def ask() -> str:
            screen = await self._screens.fields(kind)
            self._check_screen(name, screen)
            return f"{len(screen)} fields on its create screen, every needed one among them."

        step = "Put labels and summary on its create screen; set 'create_fields' for what else is required."
        return await _look(f"Issue type {name}", ask, step)

    def _check_screen(self, name: str, fields: Mapping[str, ScreenField]) -> None:
        absent = [one for one in ("summary", "labels", *self._settings.fields.values()) if one not in fields]
        if absent:
            raise Refused(f"The create screen of {name} lacks {', '.join(absent)}.", field=absent[0])
        filled = {*_FILLED, *self._settings.create_fields, *self._settings.fields.values(), *self._mapped(fields)}
        asked = [one for one in fields.values() if one.required and not one.has_default and one.id not in filled]
        if asked:
            names = ", ".join(f"{one.name} ({one.id})" for one in asked)
            raise Refused(f"The create screen of {name} also asks for {names}.", field=asked[0].id)

    def _mapped(self, screen: Mapping[str, ScreenField]) -> set[str]:
        names = (one.name for kind in TicketKind for one in needed(self._settings.mapping, kind) if one.is_written)
        return {field.id for name in names if (field := named_field(screen, name)) is not None}

    async def _examine_workflow(self, name: str, kind: TicketKind) -> Finding:
        subject, step = f"Workflow of {name}", "Map its statuses in the setting 'states'; see docs/connectors/jira.md."
        known: dict[TicketState, list[str]] = {}

        async def ask() -> str:
            for status in await self._moves.statuses(self._settings.type_of(kind)):
                known.setdefault(state_of(kind, status, self._settings.states_of(kind)), []).append(status.name)
            if TicketState.CLOSED not in known:
                raise Refused("No status of it counts as closed.", field="states")
            return (
                "; ".join(f"{state.value}: {', '.join(known[state])}" for state in TicketState if state in known) + "."
            )

        found = await _look(subject, ask, step)
        missing = [state.value for state in _CHANGE_STATES if state not in known]
        if not _ENDS & set(known):
            missing.append("cancelled")
        if found.health is not Health.OK or kind is TicketKind.INCIDENT or not missing:
            return found
        message = f"It has no status for {', '.join(missing)}; tickets stay in the state before. {found.message}"
        return Finding(subject, Health.WARNING, message, step)


async def _look(subject: str, ask: Callable[[], Awaitable[str]], next_step: str) -> Finding:
    try:
        return Finding(subject, Health.OK, await ask())
    except Refused as exc:
        return Finding(subject, Health.FAILED, exc.reason, next_step)
    except NotSent as exc:
        return Finding(subject, Health.FAILED, exc.reason, "Check the address, and that the site is up.")
    except ConnectorError as exc:
        return Finding(subject, Health.FAILED, exc.reason, "Try again later.")
