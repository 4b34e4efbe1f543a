"""What a connector tells of tickets, and what it is told to show there, in our words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.changes import ChangeCatalogue, TaskState, TaskStep
from core.links import TicketLink, TicketPhase


@dataclass(frozen=True, slots=True)
class Look:
    """The right to ask a system what is new. `cursor` is its own; None the first time.

    `again` are tickets to be read whether or not they were touched: what was last read of them may be our own doing.
    """

    cursor: str | None
    began_at: datetime
    again: tuple[TicketLink, ...] = ()


@dataclass(frozen=True, slots=True)
class ToldNote:
    """What somebody wrote there. `author` is their name in that system, `account` what the system knows them by.

    `is_of_approval`: the system itself has copied here what they wrote on an approval of this ticket.
    """

    author: str
    text: str
    account: str = ""
    at: datetime | None = None
    is_of_approval: bool = False


class Decision(StrEnum):
    """What an approval there says. ENDED: nobody waits for it any more."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class ToldApproval:
    """One person's approval of a ticket as it stands there.

    `account` and `email` are the approver's; `is_ours`: we wrote what it says. `written_by` names whoever else did, as
    the system calls them: empty where it was the approver, or us. Of two tellings the higher `version` is the later.
    """

    id: str
    account: str
    email: str
    name: str
    decision: Decision
    comment: str
    at: datetime
    version: int
    is_ours: bool
    written_by: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody's approval there shall say. `account` is empty where only their address is known.

    `spent` are approvals of theirs that do not count for what is asked now; `reopen` one that is to ask again.
    """

    account: str
    email: str
    decision: Decision
    comment: str = ""
    spent: frozenset[str] = frozenset()
    reopen: str = ""


@dataclass(frozen=True, slots=True)
class ShownTask:
    """A child record that a ticket shall have, and how it shall stand.

    `key` is ours, its own among all records of the system. `said` accompanies its end. `external_id` is the record as
    it is known; empty: it is looked for by its key, and made if there is none and it `is_wanted`.
    """

    key: str
    step: TaskStep
    title: str
    description: str
    state: TaskState
    said: str = ""
    external_id: str = ""
    is_wanted: bool = True


@dataclass(frozen=True, slots=True)
class ToldTask:
    """A child record of a ticket of ours as it stands there. `label` is its state in the system's own words.

    `words` are its closing notes; `by`, `account` and `email` are of the last hand on it, `is_ours` that it was our own
    account. Of two tellings the higher `version` is the later.
    """

    key: str
    external_id: str
    number: str
    url: str
    state: TaskState
    label: str
    words: str
    by: str
    account: str
    is_ours: bool
    version: int
    email: str = ""


@dataclass(frozen=True, slots=True)
class ToldTasks:
    """What was told of child records, and what the changes behind them are held to."""

    catalogue: ChangeCatalogue
    tasks: tuple[ToldTask, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """A ticket of ours as it stands there now.

    `is_ours`: the last hand was our own account. `is_over`: nothing is open there any more. `version` grows with each
    change.
    """

    external_id: str
    state: str  # in the system's own words
    is_over: bool
    is_ours: bool
    by: str
    notes: tuple[ToldNote, ...] = ()
    version: int = 0
    approvals: tuple[ToldApproval, ...] = ()
    phase: TicketPhase = TicketPhase.OPEN


@dataclass(frozen=True, slots=True)
class InboxView:
    """How looking at a system goes. `failures` are in a row, `problem` is what the last of them met."""

    system: str
    looked_at: datetime | None
    next_look_at: datetime
    failures: int
    problem: str
