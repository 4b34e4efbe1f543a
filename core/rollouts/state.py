"""A rollout's life as a table: what leads where. Rules ask it, the docs draw it, the tests walk it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class RolloutState(StrEnum):
    """Where a rollout is."""

    STARTING = "starting"  # the platform has not taken it yet
    RUNNING = "running"
    WATCHING = "watching"  # it is out; whether it works is being watched
    SUCCEEDED = "succeeded"
    ROLLING_BACK = "rolling_back"
    RECOVERING = "recovering"  # it is undone; whether everything works again is being checked
    ROLLED_BACK = "rolled_back"  # undone, and everything works again
    FAILED = "failed"  # it is neither out nor undone, or what was undone does not work: people must look


class Known(StrEnum):
    """What is known of the platform: whether it has the rollout at all, and the last order to undo it."""

    NOTHING = "nothing"  # it has never said anything of it: it may have never had it
    BEGUN = "begun"
    UNDOING = "undoing"  # it has the order to undo it, or does so by itself
    UNDONE = "undone"  # it has said so


class Said(StrEnum):
    """What moves a rollout: the platform's words, the outcome of checks, and ours."""

    ACCEPTED = "accepted"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    ROLLING_BACK = "rolling_back"
    ROLLED_BACK = "rolled_back"
    ROLLBACK_FAILED = "rollback_failed"
    CHECKS_PASSED = "checks_passed"
    CHECKS_FAILED = "checks_failed"
    UNDO = "undo"  # a person, a drill or a rule of ours asks for it
    NEVER_BEGAN = "never_began"  # the platform has no such rollout, and has never said that it had
    GIVE_UP = "give_up"  # nothing can be undone, or nobody wants it undone


_S = RolloutState
TRANSITIONS: Final[Mapping[Said, Mapping[RolloutState, RolloutState]]] = {
    Said.ACCEPTED: {_S.STARTING: _S.RUNNING},
    Said.RUNNING: {_S.STARTING: _S.RUNNING},
    Said.SUCCEEDED: {_S.STARTING: _S.WATCHING, _S.RUNNING: _S.WATCHING},
    # What has failed is undone or given up, as the plan says: see rules.after_failure.
    Said.FAILED: {},
    Said.CHECKS_FAILED: {_S.RECOVERING: _S.FAILED},
    Said.ROLLING_BACK: {_S.STARTING: _S.ROLLING_BACK, _S.RUNNING: _S.ROLLING_BACK, _S.WATCHING: _S.ROLLING_BACK},
    Said.ROLLED_BACK: {
        _S.STARTING: _S.RECOVERING,
        _S.RUNNING: _S.RECOVERING,
        _S.WATCHING: _S.RECOVERING,
        _S.ROLLING_BACK: _S.RECOVERING,
        _S.SUCCEEDED: _S.RECOVERING,  # later, by itself
        _S.FAILED: _S.RECOVERING,  # late, when nobody expected it any more; said again, it is known: see rules.heard
    },
    Said.ROLLBACK_FAILED: {_S.ROLLING_BACK: _S.FAILED},
    Said.NEVER_BEGAN: {_S.ROLLING_BACK: _S.ROLLED_BACK},
    Said.CHECKS_PASSED: {_S.WATCHING: _S.SUCCEEDED, _S.RECOVERING: _S.ROLLED_BACK},
    Said.UNDO: {
        _S.STARTING: _S.ROLLING_BACK,
        _S.RUNNING: _S.ROLLING_BACK,
        _S.WATCHING: _S.ROLLING_BACK,
        _S.SUCCEEDED: _S.ROLLING_BACK,  # a change is not closed yet
        _S.FAILED: _S.ROLLING_BACK,  # once more
    },
    Said.GIVE_UP: dict.fromkeys((_S.STARTING, _S.RUNNING, _S.WATCHING, _S.ROLLING_BACK, _S.RECOVERING), _S.FAILED),
}
OVER: Final = frozenset({_S.SUCCEEDED, _S.ROLLED_BACK, _S.FAILED})
AT_WORK: Final = frozenset({_S.STARTING, _S.RUNNING, _S.ROLLING_BACK})  # the platform is to say something
CHECKED: Final = frozenset({_S.WATCHING, _S.RECOVERING})


def target(said: Said, state: RolloutState) -> RolloutState | None:
    """Where this leads from here; None where it changes nothing, as it is late or says what is known."""
    return TRANSITIONS[said].get(state)
