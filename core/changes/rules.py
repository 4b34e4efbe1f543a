"""Pure rules of a change's life: which step may be taken, what is missing, who may (G1, G2, G3)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.approvals.policy import slug
from core.approvals.risk import RiskLevel
from core.changes.errors import (
    CannotBeScheduled,
    GatesMissing,
    InvalidChange,
    NotAReviewer,
    NotIndependent,
    WrongState,
)
from core.changes.policy import Approver, Gate, Template
from core.changes.state import BY_ITSELF, DONE, TRANSITIONS, ChangeState, Step, steps_from, target
from core.changes.timetable import LONGEST, SHORTEST, Span, told
from core.changes.views import Fit
from core.emergency import RunningBypass
from core.ids import UserId
from core.one_line import is_one_line, one_line
from core.roles.hierarchy import PARENTS, ancestors

ROLLBACK: Final = "change.rollback"  # of the request for the approval of a rollback
ACTION: Final = "change.implement"  # of the request for its approval, and of a bypass that admits it
TITLE_MAX: Final = 200  # characters
DESCRIPTION_MAX: Final = 3500  # with the title, the justification of its request
SUMMARY_MAX: Final = 4000
RESOURCES_MAX: Final = 50
AHEAD_MAX: Final = timedelta(days=3650)  # to what lies further ahead, nothing can be added before long
PASSED: Final = "passed"
RESULTS: Final = (PASSED, "failed")
OUTCOMES: Final = ("successful", "successful_with_issues", "unsuccessful")  # as in ServiceNow's close codes
CAN_ROLL_BACK: Final = frozenset(TRANSITIONS[Step.ROLL_BACK])
_RISKS: Final = tuple(RiskLevel)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was shown for a gate. The last word on a gate counts."""

    gate: Gate
    result: str  # passed | failed
    summary: str


def move(reference: str, state: ChangeState, step: Step) -> ChangeState:
    """Where the step leads. Raises WrongState naming the steps that people can take instead."""
    to = target(step, state)
    if to is None:
        raise WrongState(
            f"{reference} is in '{state}'; it cannot be {DONE[step]} from there.",
            where="state",
            accepted=tuple(each for each in steps_from(state) if each not in BY_ITSELF),
        )
    return to


def missing_gates(gates: Iterable[Gate], evidence: Iterable[Evidence]) -> tuple[Gate, ...]:
    """The gates without evidence that holds: none was shown, or the last says that it failed."""
    last = {each.gate: each.result for each in evidence}
    return tuple(gate for gate in gates if last.get(gate) != PASSED)


@dataclass(frozen=True, slots=True)
class Start:
    """What implementing rests on: `state` after it, and what it still owes because a bypass let it pass.

    `passed`: what was in the way of its time all the same, in words.
    """

    state: ChangeState
    owed: tuple[Gate, ...]
    bypass: RunningBypass | None
    passed: tuple[str, ...] = ()


def implement(
    reference: str,
    state: ChangeState,
    *,
    missing: tuple[Gate, ...],
    schedule: Span | None,
    bypass: RunningBypass | None,
    now: datetime,
    time_zone: str,
    fit: Fit | None = None,
) -> Start:
    """The change may be implemented now. A bypass is only used where something is missing or in the way.

    `fit` says what is in the way now, in its time. Raises WrongState where no bypass could help either, else
    GatesMissing with everything that is missing, or CannotBeScheduled where only the time is wrong.
    """
    on_time = schedule is not None and schedule.starts_at <= now < schedule.ends_at
    is_authorised = target(Step.IMPLEMENT, state) is not None
    obstacles = fit.obstacles if fit else ()
    if is_authorised and on_time and not missing and not obstacles:
        return Start(move(reference, state, Step.IMPLEMENT), (), None)
    if bypass is not None:
        passed = tuple(each.sentence(time_zone) for each in obstacles)
        return Start(move(reference, state, Step.BYPASS), missing, bypass, passed)
    if target(Step.BYPASS, state) is None:
        move(reference, state, Step.IMPLEMENT)
    if not is_authorised or missing or schedule is None:
        lacking = [*(() if is_authorised else ("approval",)), *missing, *(() if schedule else ("schedule",))]
        raise GatesMissing(
            f"{reference} cannot be implemented yet. Missing: {', '.join(each.replace('_', ' ') for each in lacking)}.",
            where="gates",
            accepted=tuple(str(each) for each in lacking),
            next_step="Add what is missing; in an emergency, a bypass lets it pass and it is owed at the review.",
        )
    if on_time and fit is not None:
        raise in_the_way(fit, time_zone, where="schedule")
    when = told(schedule, time_zone)
    early = now < schedule.starts_at
    raise CannotBeScheduled(
        f"{reference} is scheduled for {when}; " + ("it is too early." if early else "that time is over."),
        where="schedule",
        next_step="Wait for its time, or schedule it anew." if early else "Schedule it anew.",
    )


def in_the_way(fit: Fit, zone: str, *, where: str) -> CannotBeScheduled:
    """The refusal of a time: everything that is in its way, and the first one that would be accepted."""
    accepted = told(fit.accepted, zone) if fit.accepted else ""
    return CannotBeScheduled(
        " ".join(each.sentence(zone) for each in fit.obstacles),
        where=where,
        accepted=(accepted,) if accepted else (),
        next_step=None if accepted else "Nothing in the next three months would be accepted; shorten it.",
    )


def covering_bypass(
    bypasses: Iterable[RunningBypass], user: UserId, reference: str, agents: Mapping[str, str]
) -> RunningBypass | None:
    """A bypass of this person that admits the whole change: by its reference, or by the one agent that it touches.

    `agents` are those that it touches, each with its environment; what touches none is in none.
    """
    names = (reference, *(agents if len(agents) == 1 else ()))
    environments = tuple(agents.values()) or ("",)
    for each in bypasses:
        if any(each.covers(user, action=ACTION, resource=name, environments=environments) for name in names):
            return each
    return None


def why_at_once(*, validation: str | None, recovery: str | None, rollout: str | None, is_under_bypass: bool) -> str:
    """Why nobody is asked before the change is rolled back; empty: those who decide are asked first (G8).

    `validation`, `recovery` and `rollout`: what each last came to, if there was one.
    """
    if rollout == "failed":
        return "Its rollout has failed."
    if validation not in (None, PASSED):
        return "Its validation has failed."
    if recovery not in (None, PASSED, "due"):
        return "What was rolled back does not work again."
    return "It was implemented under an emergency bypass." if is_under_bypass else ""


def check_text(where: str, text: str, longest: int, *, least: int = 1) -> str:
    """The text without blanks around it. Raises InvalidChange naming the field."""
    found = text.strip()
    if not least <= len(found) <= longest:
        raise InvalidChange(f"Write {least} to {longest} characters; here are {len(found)}.", where=where)
    return found


def check_title(text: str) -> str:
    """The title on one line, with single spaces within and none around it. Raises InvalidChange."""
    title = one_line(text)
    if not is_one_line(text) or not 1 <= len(title) <= TITLE_MAX:
        message = f"A title has 1 to {TITLE_MAX} characters, none of them a line break or a control character."
        raise InvalidChange(message, where="title")
    return title


def check_span(starts_at: datetime, ends_at: datetime, *, now: datetime) -> Span:
    """The time of a change. Raises InvalidChange."""
    if not SHORTEST <= ends_at - starts_at <= LONGEST:
        raise InvalidChange(f"A change takes from a minute to {LONGEST.days} days.", where="ends_at")
    if ends_at <= now:
        raise InvalidChange("That time is over.", where="starts_at")
    if ends_at > now + AHEAD_MAX:
        raise InvalidChange(f"A change is planned {AHEAD_MAX.days // 365} years ahead at most.", where="starts_at")
    return Span(starts_at, ends_at)


def is_preapproved(
    template: Template | None, risk: RiskLevel, *, title: str, change_type: str, resources: Iterable[str]
) -> bool:
    """Whether the template, as it reads now, approves it: this work, on this, up to its risk."""
    return (
        template is not None
        and (title, change_type) == (template.title, template.type)
        and all(map(template.covers, resources))
        and _RISKS.index(risk) <= _RISKS.index(template.max_risk)
    )


def asked_again(
    row: Iterable[Approver], level: RiskLevel, approved: str, asked: Collection[str]
) -> tuple[Approver, ...]:
    """Who decides anew: all of the row of a risk that is higher than what was approved, or not all of whom were asked.

    All of it, since whoever approved another time has not approved this one; nobody where that was enough.
    """
    wanted = tuple(row)
    is_higher = _RISKS.index(level) > _RISKS.index(RiskLevel(approved))
    return wanted if is_higher or any(slug(each.name) not in asked for each in wanted) else ()


def check_reviewer(
    reviewer: UserId, roles: Collection[str], row: Iterable[Approver], *, involved: Collection[UserId | None]
) -> None:
    """Returns if the person may review: in a role of the risk's row or above one, and not involved themselves.

    Raises NotIndependent or NotAReviewer naming the roles.
    """
    if reviewer in involved:
        raise NotIndependent
    wanted = tuple(dict.fromkeys(each.key for each in row if each.key in PARENTS))
    allowed = {*wanted, *(above for role in wanted for above in ancestors(role))}
    if not allowed & set(roles):
        raise NotAReviewer(where="role", accepted=wanted)
