"""What the agent platform does of a change, as part of the change's message; and drills."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from bot.cards import Block, Card, Context, Heading, Instant, Markup, Plain, Section, Steps, Strong, Text, one_line
from core.changes import ChangeView
from core.one_line import as_sentences
from core.rollouts import CheckView, RolloutState, RolloutView

BAR_CELLS: Final = 10
SHOWN: Final = 10  # checks
_STATES: Final = {
    RolloutState.STARTING: "⏳ The platform is being told to begin",
    RolloutState.RUNNING: "🚀 Rolling out",
    RolloutState.WATCHING: "👀 Out; whether it works is being watched",
    RolloutState.SUCCEEDED: "✅ Out, and it works",
    RolloutState.ROLLING_BACK: "↩️ Rolling back",
    RolloutState.RECOVERING: "🩺 Rolled back; whether everything works again is being checked",
    RolloutState.ROLLED_BACK: "↩️ Rolled back, and everything works again",
    RolloutState.FAILED: "🚨 Failed",
}
_WITH_BAR: Final = (RolloutState.RUNNING, RolloutState.ROLLING_BACK)


def rollout_blocks(change: ChangeView, *, now: datetime) -> Iterator[Block]:
    """An alarm that nobody has acknowledged, the rollout with its progress and checks, and the way to a rollback."""
    if change.alarm:
        yield from _alarm(change)
    if change.rollout:
        yield from _rollout(change.rollout, now=now)
    if change.rollback_request and change.rollback_request_state == "pending":
        yield Context((Markup(f"🗳️ Its rollback waits for approval: {change.rollback_request}."),))
    if change.recovery and not change.rollout:
        yield Context(_recovery(change))


def _alarm(change: ChangeView) -> Iterator[Block]:
    alarm = change.alarm
    assert alarm is not None  # asked for by the caller
    yield Section((Markup("🚨 "), one_line(alarm.what[:500])))
    if alarm.acknowledged_by and alarm.acknowledged_at:
        yield Context((one_line(alarm.acknowledged_by.name), Instant(alarm.acknowledged_at, " looks after it since ")))
    elif not change.is_over:
        yield Context((Markup("People are told again and again until somebody says “I'll look”."),))


def _rollout(rollout: RolloutView, *, now: datetime) -> Iterator[Block]:
    state = RolloutState(rollout.state)
    done = f" {bar(rollout.progress)} {rollout.progress} %" if state in _WITH_BAR else ""
    yield Section((Markup(f"{_STATES[state]}{done}"),))
    if rollout.is_silent:
        yield Context((Markup("⚠️ Nothing is heard of the platform."),))
    if rollout.message and rollout.ended_at is None:
        yield Context((Markup("💬 "), one_line(rollout.message[:300])))
    if rollout.checks:
        yield Steps(tuple(_check(each) for each in rollout.checks[:SHOWN]))
    if rollout.watched_until and rollout.watched_until > now:
        yield Context((Instant(rollout.watched_until, "Watched until "),))
    if rollout.reasons:
        yield Context((Markup("Because: "), one_line(as_sentences(rollout.reasons)[:500])))


def is_with_platform(change: ChangeView) -> bool:
    """Whether the platform is at work with it, or what it did is being watched."""
    return change.rollout is not None and change.rollout.ended_at is None


def bar(percent: int) -> str:
    """Progress as a row of cells."""
    full = round(percent / 100 * BAR_CELLS)
    return "▓" * full + "░" * (BAR_CELLS - full)


def _check(check: CheckView) -> Text:
    mark = "⬜" if check.passed is None else "✅" if check.passed else "❌"
    seen: Text = (Markup(": "), one_line(check.value[:200])) if check.value else ()
    return (Markup(f"{mark} "), one_line(check.name), *seen)


def _recovery(change: ChangeView) -> Text:
    recovery = change.recovery
    assert recovery is not None  # asked for by the caller
    if recovery.state == "due":
        return (Markup("🩺 Whether everything works again is to be looked at."),)
    words = "✅ Everything works again" if recovery.state == "passed" else "❌ It does not work again"
    return (Markup(words), *((Markup(": "), one_line(recovery.notes[:300])) if recovery.notes else ()))


def drill_card(event: str, data: Mapping[str, Any]) -> Card:
    """What a rollback drill came to."""
    passed = event == "drill.passed"
    title = "Rollback drill passed" if passed else "Rollback drill failed"
    mark = "✅" if passed else "❌"
    name, words = str(data.get("drill", "")), str(data.get("words", ""))
    return Card(
        f"{title}: {name}",
        (Heading(title), Section((Markup(f"{mark} "), Strong(name), Markup(" "), Plain(words[:1000])))),
    )
