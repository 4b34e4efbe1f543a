"""The life of an issue, per workflow: which moves lead out of which status, what each demands, who may make it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

APPROVERS: Final = "governance-approvers"  # the group whose members may decide by hand in the governance workflow
CAB: Final = "change-advisory-board"


@dataclass(frozen=True, slots=True)
class Transition:
    """One move. `required` are the fields of its screen that must be filled in, `group` who alone may make it."""

    id: str
    name: str
    origins: tuple[str, ...]
    target: str
    screen: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    group: str = ""
    reopens: bool = False  # a post function that clears the resolution
    resolution: str = ""  # a post function that sets it


@dataclass(frozen=True, slots=True)
class ApprovalStep:
    """A status in which approval is asked for; the decision moves. `needed` yeses are enough, one no ends it."""

    status: str
    name: str
    approve: str
    decline: str
    needed: int = 1
    default_group: str = CAB


@dataclass(frozen=True, slots=True)
class Workflow:
    """A workflow: where issues begin, and every move."""

    first: str
    moves: tuple[Transition, ...]
    approvals: tuple[ApprovalStep, ...] = ()

    def move(self, id_: str) -> Transition | None:
        """The transition with this id."""
        return next((one for one in self.moves if one.id == id_), None)

    def step(self, status: str) -> ApprovalStep | None:
        """The approval asked for in this status, if there is one."""
        return next((one for one in self.approvals if one.status == status), None)


def _resolving(id_: str, name: str, origins: tuple[str, ...], target: str) -> Transition:
    """A move whose screen demands a resolution."""
    return Transition(id_, name, origins, target, ("resolution",), ("resolution",))


WORKFLOWS: Final[Mapping[str, Workflow]] = {
    "governance": Workflow("10000", (
        Transition("11", "Start progress", ("10000",), "3"),
        Transition("21", "Request approval", ("10000", "3"), "10003"),
        Transition("31", "Approve", ("10003",), "10004", group=APPROVERS),
        Transition("41", "Reject", ("10003",), "10005", group=APPROVERS, resolution="10004"),
        Transition("51", "Start work", ("10004",), "3"),
        _resolving("61", "Done", ("3", "10004"), "10001"),
        _resolving("71", "Cancel", ("10000", "3", "10003", "10004"), "10006"),
        Transition("81", "Reopen", ("10001", "10005", "10006"), "10000", reopens=True),
    )),
    "subtask": Workflow("10000", (
        Transition("411", "Start progress", ("10000",), "3"),
        _resolving("421", "Done", ("10000", "3"), "10001"),
        _resolving("431", "Cancel", ("10000", "3"), "10006"),
        Transition("441", "Reopen", ("10001", "10006"), "10000", reopens=True),
    )),
    "change": Workflow("10010", (
        Transition("111", "Request CAB approval", ("10010",), "10011"),
        Transition("121", "Approve", ("10011",), "10012"),
        Transition("131", "Decline", ("10011",), "10013", resolution="10004"),
        Transition("141", "Implement", ("10012",), "10014"),
        _resolving("151", "Complete", ("10014",), "10015"),
        _resolving("161", "Fail", ("10014",), "10016"),
        _resolving("171", "Cancel", ("10010", "10012", "10014"), "10006"),
    ), (ApprovalStep("10011", "CAB approval", "121", "131"),)),
    "incident": Workflow("1", (
        Transition("211", "Investigate", ("1",), "10020"),
        Transition("221", "Pending", ("10020",), "10021", ("customfield_10030",), ("customfield_10030",)),
        Transition("231", "Resume", ("10021",), "10020"),
        _resolving("241", "Resolve", ("1", "10020"), "5"),
        Transition("251", "Close", ("5",), "6"),
        Transition("261", "Reopen", ("5",), "10020", reopens=True),
        _resolving("271", "Cancel", ("1", "10020", "10021"), "10006"),
    )),
    "request": Workflow("10031", (
        Transition("311", "Approve", ("10031",), "10030"),
        Transition("321", "Decline", ("10031",), "10013", resolution="10004"),
        _resolving("331", "Resolve this issue", ("10030",), "5"),
        _resolving("341", "Cancel request", ("10030",), "10006"),
        Transition("351", "Back to support", ("5",), "10030", reopens=True),
    ), (ApprovalStep("10031", "Waiting for approval", "311", "321"),)),
}  # fmt: skip
