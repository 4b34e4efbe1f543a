"""What a simulated ticket system must be able to do, for every connector to be held against it.

A bench knows what differs between systems: how to connect, which calls can be made to fail, which words a system has for
our states, and what its people can do. The suites in `test_every_system*.py` know the rest.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import pytest
from pydantic import SecretStr

from config.yamlfile import parse_yaml
from connectors.itsm.base import (
    Capabilities,
    NotSent,
    OutcomeUnknown,
    Throttled,
    Ticket,
    TicketDraft,
    TicketKind,
    TicketPatch,
    TicketState,
    TicketSystem,
)
from connectors.itsm.mapping import Mapping as TicketMapping
from connectors.itsm.mapping import limits_of, read_mapping
from connectors.itsm.registry import CONNECTORS
from core.changes import TaskState, TaskStep
from core.tickets import Decision, ShownTask
from sandbox.faults import Fault, Faults

WEBHOOK_SECRET: Final = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
OTHER_SECRET: Final = "whsec_OTg3NjU0MzIxMDk4NzY1NDMyMTA5ODc2NTQzMjEwOTg="

EVERY_STATE = (
    TicketState.IN_APPROVAL,
    TicketState.APPROVED,
    TicketState.IMPLEMENTING,
    TicketState.IMPLEMENTED,
    TicketState.CLOSED,
)


def make_draft(
    key: str = "request-0001", kind: TicketKind = TicketKind.CHANGE, fields: Mapping[str, str] | None = None
) -> TicketDraft:
    return TicketDraft(
        key=key,
        kind=kind,
        summary="REQ-1042: create agent invoice-reader",
        description="Reads invoices and books them.",
        requester_email="david.loo@example.com",
        fields={"business_service": "Payments", "risk": "high"} if fields is None else fields,
    )


async def until_done(work: Any, *, attempts: int = 40) -> Any:
    """What the dispatcher does, without its waiting: the same call again until it succeeds."""
    for _ in range(attempts):
        try:
            return await work()
        except (NotSent, Throttled, OutcomeUnknown):
            continue
    pytest.fail(f"not done after {attempts} attempts")


def patch(target: TicketState, key: str = "event-1", **more: Any) -> TicketPatch:
    return TicketPatch(key=key, target=target, **more)


async def told(connected: Any, cursor: str | None) -> tuple[list[Any], str]:
    page = await connected.changes_since(cursor)
    return list(page.changes), page.cursor


@dataclass(frozen=True, slots=True)
class Record:
    """A ticket as its system keeps it.

    `texts` are our notes, `notes` the first line of each; `walked` are the states that it has been in.
    """

    id: str
    number: str
    label: str
    texts: tuple[str, ...]
    walked: tuple[str, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(text.splitlines()[0] for text in self.texts)


@dataclass(frozen=True, slots=True)
class Asked:
    """An approval as its system keeps it, its state in our words."""

    id: str
    decision: Decision


@dataclass(frozen=True, slots=True)
class Task:
    """A child record of a change as its system keeps it, its state in our words."""

    id: str
    number: str
    title: str
    state: TaskState
    words: str  # with which it was closed


class Bench(ABC):
    """One simulated system, and what its people do there."""

    slug: ClassVar[str]
    person: ClassVar[str]  # who acts, as the connector names them
    look: ClassVar[str]  # calls as faults name them: looking a key up,
    creation: ClassVar[str]  # creating,
    noting: ClassVar[str]  # and writing a note
    attaching: ClassVar[str]  # attaching a file, which may share its address with looking for it
    writes: ClassVar[Sequence[str]]  # every call that moves a ticket or notes something
    life: ClassVar[Mapping[TicketState, tuple[TicketState, str]]]  # asked for -> where a change stands then
    walked: ClassVar[tuple[str, ...]]  # every state on the way of a whole life, the first included
    incident: ClassVar[Mapping[TicketState, tuple[TicketState, str]]]
    rejected: ClassVar[str]
    cancelled: ClassVar[str] = "Canceled"
    field: ClassVar[str]  # a text of a change that may be mapped,
    other_field: ClassVar[str]  # and another
    mapping: ClassVar[str]  # an administrator's mapping file for this system
    mapped: ClassVar[Mapping[str, Any]]  # what stands in a change of it then
    mapped_state: ClassVar[tuple[TicketKind, TicketState, str]]  # which state is mapped, and where a ticket stands then
    new_fields: ClassVar[Mapping[str, str]]  # fields of a new change by the system's own names, as a rule writes them
    new_values: ClassVar[Mapping[str, Any]]  # what they hold then
    describes: ClassVar[str]  # the field that holds a change's description
    reserved: ClassVar[str]  # a field that a rule may not fill
    choice: ClassVar[tuple[str, str]]  # a field of changes, and a value that it does not take
    read_only: ClassVar[str] = ""  # a field of changes that nobody may set
    asks: ClassVar[str] = ""  # the end of a call that asks an approver, as faults name it
    credentials: ClassVar[tuple[str, str]] = ("password", "Check url, user and password")  # a field, and what is said
    task_creation: ClassVar[str] = ""  # the call that makes a task of a change, as faults name it
    task_move: ClassVar[str] = ""  # and the one that moves it
    task_steps: ClassVar[tuple[TaskStep, ...]] = tuple(TaskStep)  # that have a task there
    task_ends: ClassVar[Mapping[TaskState, TaskState]] = {}  # how ends read there that it has no state of its own for
    tells_why: ClassVar[frozenset[str]] = frozenset()  # decisions whose comment its interface tells
    url: str
    faults: Faults

    @property
    def capabilities(self) -> Capabilities:
        return CONNECTORS[self.slug].capabilities

    @property
    def secret(self) -> str:
        """What a connection signs in with."""
        settings = self.settings()
        return str((settings.password or settings.access_token).get_secret_value())

    def settings(self, **changes: Any) -> Any:
        """What a connection is made of; `changes` are settings."""
        raise NotImplementedError

    def wrong(self) -> TicketSystem:
        """A connection with credentials that are none."""
        name = "password" if self.settings().password is not None else "access_token"
        return self.connect(**{name: SecretStr("wrong")})

    def map(self, text: str) -> TicketMapping:
        return read_mapping(parse_yaml(text, file="map.yaml"), limits_of(self.slug))

    def fail(self, fault: Fault, count: int = 1, *, retry_after: float | None = None, match: str | None = None) -> None:
        self.faults.add(self.slug, fault, count, retry_after, match)

    def met(self) -> int:
        return sum(one["met"] for one in self.faults.listing())

    def one(self, key: str) -> Record:
        (record,) = self.with_key(key)
        return record

    @property
    def approved(self) -> str:
        return self.life[TicketState.APPROVED][1]

    @abstractmethod
    def connect(self, **changes: Any) -> TicketSystem:
        """A connection; `changes` are settings."""

    @abstractmethod
    def with_key(self, key: str, kind: TicketKind = TicketKind.CHANGE) -> list[Record]:
        """Every record with this key, oldest first."""

    @abstractmethod
    def values(self, key: str) -> Mapping[str, Any]:
        """The fields of the change with this key, as the system keeps them."""

    @abstractmethod
    async def plant(self, key: str) -> None:
        """A change with this key is created past the connector."""

    @abstractmethod
    async def note(self, ticket: Ticket, text: str) -> None:
        """A person writes an internal note."""

    @abstractmethod
    async def approve(self, ticket: Ticket) -> None:
        """People give every approval that is asked for."""

    def deciding(self) -> Bench:
        """The same system where its people are asked for approvals one by one."""
        return self

    @property
    @abstractmethod
    def approver(self) -> str:
        """The account of somebody who can be asked there."""

    def asked(self, ticket: Ticket, account: str) -> list[Asked]:
        """What this person is asked on the ticket, where people can be asked through the interface;"""
        raise NotImplementedError

    def workflow(self, ticket: Ticket) -> list[dict[str, Any]]:
        """what the system's own workflow asks there;"""
        raise NotImplementedError

    async def overwrite(self, ticket: Ticket, approval: str) -> None:
        """and an administrator writes an approval on somebody's row."""
        raise NotImplementedError

    @abstractmethod
    async def decide(self, ticket: Ticket, account: str, decision: str, *, comment: str = "") -> None:
        """The person of this account answers (approved, rejected) what they are asked on the ticket."""

    @abstractmethod
    async def finish(self, ticket: Ticket) -> None:
        """A person closes a change that was implemented."""

    @abstractmethod
    async def resolve(self, ticket: Ticket) -> None:
        """A person resolves an incident."""

    @abstractmethod
    async def cancel(self, ticket: Ticket) -> None:
        """A person cancels a change that is open."""

    @abstractmethod
    async def edit(self, ticket: Ticket, fields: Mapping[str, str]) -> None:
        """A person changes fields of a change or an incident."""

    @abstractmethod
    def field_write(self, ticket: Ticket) -> str:
        """The call that writes a field, as faults name it."""

    @abstractmethod
    def attached(self, ticket: Ticket) -> list[tuple[str, int]]:
        """Every file of a change as the system keeps it: its name and its size in bytes."""

    @property
    def worker(self) -> str:
        """The account of whoever ends tasks."""
        return self.person

    def tasks(self, ticket: Ticket) -> list[Task]:
        """The tasks of this change, the first made first."""
        raise NotImplementedError

    async def end_task(self, task: Task, state: TaskState, words: str = "") -> None:
        """A person has ended it like this, with these words on it."""
        raise NotImplementedError

    async def reset_task(self, task: Task) -> None:
        """A person has put one that was begun back to where nobody is at it."""
        raise NotImplementedError

    async def delete_task(self, task: Task) -> None:
        """A person has deleted it."""
        raise NotImplementedError

    async def double_task(self, ticket: Ticket, key: str) -> None:
        """There is another open task of the ticket with this key of ours."""
        connected = self.connect()
        planted = ShownTask("planted-0001:testing", TaskStep.TESTING, "Planted", "Once more.", TaskState.OPEN)
        (told,) = await connected.show_tasks(ticket, [planted])
        await connected.close()
        await self.rekey_task(told.external_id, key)

    async def rekey_task(self, id_: str, key: str) -> None:
        """The task of this id carries this key."""
        raise NotImplementedError

    @abstractmethod
    async def delete(self, ticket: Ticket) -> None:
        """An administrator deletes a change."""

    @abstractmethod
    async def add_stranger(self) -> None:
        """There is a ticket that has nothing to do with us."""

    @abstractmethod
    def send_webhooks(self, url: str, secret: str) -> None:
        """The system tells this address of everything, signed with the secret."""
