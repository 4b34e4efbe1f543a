"""Pure rules of a rollout: what a report, a round of checks or a silence leads to (G7, G10)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from core.rollouts.plan import OnFailure, Plan
from core.rollouts.state import CHECKED, OVER, Known, RolloutState, Said, target

MESSAGE_MAX: Final = 500  # characters of what the platform says
METRICS_MAX: Final = 50
RECOVERED_AFTER: Final = 2  # rounds in a row that pass
REPORTED: Final = (
    Said.ACCEPTED, Said.RUNNING, Said.SUCCEEDED, Said.FAILED, Said.ROLLING_BACK, Said.ROLLED_BACK, Said.ROLLBACK_FAILED,
)  # fmt: skip
"""What a platform can say."""
_BEGUN: Final = frozenset({Said.ACCEPTED, Said.RUNNING, Said.SUCCEEDED, Said.FAILED})
_FAILING: Final = frozenset({RolloutState.STARTING, RolloutState.RUNNING, RolloutState.WATCHING})


@dataclass(frozen=True, slots=True)
class Report:
    """What the platform says of a rollout. `progress` is per cent; None: it does not say."""

    said: Said
    progress: int | None = None
    message: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """What one check came to. `value` is what was seen, in words."""

    check: str
    passed: bool
    value: str


@dataclass(frozen=True, slots=True)
class Round:
    """All checks at one instant."""

    at: datetime
    results: tuple[Result, ...]

    @property
    def passed(self) -> bool:
        """Whether every check did."""
        return all(each.passed for each in self.results)


@dataclass(frozen=True, slots=True)
class Move:
    """Where a rollout goes, and why where that needs saying."""

    to: RolloutState
    reasons: tuple[str, ...] = ()


def heard(state: RolloutState, known: Known, plan: Plan, report: Report) -> Move | None:
    """What the report leads to; None if it changes nothing: late, repeated and disordered reports are harmless.

    `known` is what was known of the platform before. An undo that failed, or was given up, and succeeds later is heard;
    one that was heard already is not heard again, whatever has become of the rollout since.
    """
    if state is RolloutState.ROLLED_BACK and known is Known.NOTHING and report.said in _BEGUN:
        return Move(RolloutState.ROLLING_BACK, (f"The platform began it after all{_said(report)}.",))
    if report.said is Said.FAILED:
        return after_failure(state, plan, _failure(report))
    to = target(report.said, state)
    if to is None or _is_of_another_undo(state, known, report.said):
        return None
    if to is RolloutState.RECOVERING and state is RolloutState.FAILED and known is Known.UNDOING:
        return Move(to, (f"The platform has rolled it back after all{_said(report)}.",))
    if to in (RolloutState.ROLLING_BACK, RolloutState.RECOVERING) and state is not RolloutState.ROLLING_BACK:
        return Move(to, (f"The platform rolled it back by itself{_said(report)}.",))
    if to is RolloutState.FAILED:
        return Move(to, (f"The platform could not roll it back{_said(report)}.",))
    return Move(to)


def known_after(known: Known, said: Said) -> Known:
    """What is known of the platform once it has said this."""
    if said is Said.ROLLED_BACK or known is Known.UNDONE:
        return Known.UNDONE
    if said is Said.ROLLING_BACK or known is Known.UNDOING:
        return Known.UNDOING
    return Known.BEGUN


def known_when_ordered(known: Known) -> Known:
    """What is known of the platform when an undo is ordered: of this one, it has said nothing yet."""
    return Known.NOTHING if known is Known.NOTHING else Known.BEGUN


def never_began(state: RolloutState, known: Known) -> Move | None:
    """What follows when the platform has no such rollout to undo; None where it had one, or nobody wants it undone."""
    to = target(Said.NEVER_BEGAN, state)
    if to is None or known is not Known.NOTHING:
        return None
    return Move(to, ("It had never begun at the platform: there was nothing to undo.",))


def after_failure(state: RolloutState, plan: Plan, reasons: Sequence[str]) -> Move | None:
    """What follows a failure before the end: it is undone, or people decide, as the plan says."""
    if state not in _FAILING:
        return None
    to = RolloutState.ROLLING_BACK if plan.on_failure is OnFailure.ROLL_BACK else RolloutState.FAILED
    return Move(to, tuple(reasons))


def judged(state: RolloutState, plan: Plan, rounds: Sequence[Round], *, since: datetime, now: datetime) -> Move | None:
    """What the rounds of checks since `since` lead to; None: go on looking. `rounds` are in order.

    While it is watched, a check that fails `tolerance` times in a row fails the rollout, and the end of the watch
    passes it if the last round did. After a rollback, two rounds in a row that pass end it, and the end of the watch
    fails it.
    """
    if state is RolloutState.WATCHING:
        if failing := _failing(rounds, plan.tolerance):
            return after_failure(state, plan, failing)
        is_over = now >= since + plan.watch and (not plan.checks or (rounds and rounds[-1].passed))
        return Move(RolloutState.SUCCEEDED) if is_over else None
    if state is not RolloutState.RECOVERING:
        return None
    if not plan.checks:
        return Move(RolloutState.ROLLED_BACK)
    last = rounds[-RECOVERED_AFTER:]
    if len(last) == RECOVERED_AFTER and all(each.passed for each in last):
        return Move(RolloutState.ROLLED_BACK)
    if now < since + plan.watch:
        return None
    return Move(RolloutState.FAILED, ("What was rolled back does not work again.", *_failing(rounds, 1)))


def overdue(state: RolloutState, plan: Plan, *, since: datetime, now: datetime) -> Move | None:
    """What follows when the platform has not done, or undone, it in time."""
    if now < since + plan.limit:
        return None
    minutes = int(plan.limit.total_seconds() // 60)
    if state is RolloutState.ROLLING_BACK:
        return Move(RolloutState.FAILED, (f"It was not rolled back within {minutes} min.",))
    if state in (RolloutState.STARTING, RolloutState.RUNNING):
        return after_failure(state, plan, (f"It was not done within {minutes} min.",))
    return None


def progress_shown(state: RolloutState, progress: int) -> int:
    """How far it is, in per cent: what is watched, or over, is out as a whole."""
    return 100 if state in CHECKED or state in OVER else progress


def _failing(rounds: Sequence[Round], times: int) -> tuple[str, ...]:
    """The checks that failed in each of the last rounds, so many, with what was last seen."""
    last = rounds[-times:]
    if len(last) < times:
        return ()
    failed = [{each.check for each in one.results if not each.passed} for one in last]
    common = set.intersection(*failed) if failed else set()
    return tuple(f"{each.check}: {each.value.rstrip('.')}." for each in last[-1].results if each.check in common)


def _is_of_another_undo(state: RolloutState, known: Known, said: Said) -> bool:
    """Whether this was heard before, or is of an undo before the one that is ordered now."""
    if said is Said.ROLLED_BACK:
        return state is RolloutState.FAILED and known is Known.UNDONE
    return said is Said.ROLLBACK_FAILED and known is not Known.UNDOING


def _failure(report: Report) -> tuple[str, ...]:
    return (f"The platform says that it failed{_said(report)}.",)


def _said(report: Report) -> str:
    return f": {report.message.strip().rstrip('.')}" if report.message.strip() else ""


def rounds_of(rows: Iterable[tuple[datetime, Result]]) -> tuple[Round, ...]:
    """Results as rounds, in order: those of one instant are one round."""
    found: dict[datetime, list[Result]] = {}
    for at, result in rows:
        found.setdefault(at, []).append(result)
    return tuple(Round(at, tuple(results)) for at, results in sorted(found.items()))
