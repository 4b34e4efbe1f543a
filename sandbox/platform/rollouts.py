"""Rollouts as the platform does them: step by step, in real time, with the outcome that was chosen for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

STEPS: Final = 5  # from nothing to done
OUTCOMES: Final = ("good", "bad", "fails", "rollback_fails", "stays_ill", "silent")
"""What becomes of a rollout: it works; what is out is ill; it fails; bad, and cannot be undone; bad, and still ill when
it was undone; nothing is ever said."""
_ILL: Final = frozenset({"bad", "rollback_fails", "stays_ill"})
ERROR_RATE: Final = {True: 0.002, False: 0.31}  # of what is well, and of what is ill
LOG_MAX: Final = 200


@dataclass(slots=True)
class Resource:
    """Something that the platform runs: which rollout made it what it is, and whether it is well."""

    name: str
    rollout: str = ""
    healthy: bool = True
    error_rate: float = ERROR_RATE[True]


@dataclass(slots=True)
class Rollout:
    """What was asked for, and how far it is."""

    id: str
    kind: str
    change: str
    title: str
    resources: list[str]
    environment: str
    outcome: str
    state: str = "accepted"
    progress: int = 0
    message: str = ""
    before: dict[str, str] = field(default_factory=dict)  # resource -> the rollout that it came from
    history: list[dict[str, Any]] = field(default_factory=list)


class Rollouts:
    """`tell` hears of every step; `step_s` is how long one takes."""

    def __init__(self, tell: Callable[[Mapping[str, Any]], Awaitable[None]], step_s: Callable[[], float]) -> None:
        self._tell = tell
        self._step_s = step_s
        self.rollouts: dict[str, Rollout] = {}
        self.resources: dict[str, Resource] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, rollout: Rollout) -> Rollout:
        """It is under way; one that is known already stays as it is."""
        known = self.rollouts.get(rollout.id)
        if known is not None:
            return known
        self.rollouts[rollout.id] = rollout
        self._log(rollout)
        if rollout.outcome != "silent":
            self._run(self._forward(rollout))
        return rollout

    def undo(self, rollout: Rollout) -> Rollout:
        """It is being undone; what is undone already stays so."""
        if rollout.state not in {"rolling_back", "rolled_back"}:
            self._set(rollout, "rolling_back", progress=0, message="The version before is put back.")
            if rollout.outcome != "silent":
                self._run(self._back(rollout))
        return rollout

    def status(self, rollout: Rollout) -> dict[str, Any]:
        """How far it is, with the figures of what it touches."""
        touched = [self.resource(name) for name in rollout.resources]
        rate = max((each.error_rate for each in touched), default=0.0)
        return {
            "id": rollout.id,
            "state": rollout.state,
            "progress": rollout.progress,
            "message": rollout.message,
            "metrics": {"error_rate": rate},
        }

    def resource(self, name: str) -> Resource:
        """The resource; one that nobody has named yet is well."""
        return self.resources.setdefault(name, Resource(name))

    async def stop(self) -> None:
        """Nothing is under way any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def resume(self) -> None:
        """What was under way goes on."""
        for rollout in self.rollouts.values():
            if rollout.outcome == "silent":
                continue
            if rollout.state in {"accepted", "running"}:
                self._run(self._forward(rollout))
            elif rollout.state == "rolling_back":
                self._run(self._back(rollout))

    def snapshot(self) -> dict[str, Any]:
        """As JSON values; `restore` reads it back."""
        return {
            "rollouts": [asdict(each) for each in self.rollouts.values()],
            "resources": [asdict(each) for each in self.resources.values()],
        }

    def restore(self, document: Mapping[str, Any]) -> None:
        """What was kept is there again."""
        self.rollouts = {each["id"]: Rollout(**each) for each in document["rollouts"]}
        self.resources = {each["name"]: Resource(**each) for each in document["resources"]}

    def set_state(self, rollout: Rollout, state: str, message: str) -> None:
        """A person at the platform says so."""
        self._set(rollout, state, message=message)
        self._run(self._tell(self.status(rollout)))

    async def _forward(self, rollout: Rollout) -> None:
        for step in range(rollout.progress * STEPS // 100 + 1, STEPS + 1):
            await asyncio.sleep(self._step_s())
            if rollout.state not in {"accepted", "running"}:
                return
            if rollout.outcome == "fails" and step > STEPS // 2:
                self._set(rollout, "failed", message="The new version does not start.")
                break
            self._set(rollout, "running", progress=step * 100 // STEPS, message=f"Step {step} of {STEPS}.")
            if step < STEPS:
                await self._tell(self.status(rollout))
        else:
            for name in rollout.resources:
                resource = self.resource(name)
                rollout.before[name] = resource.rollout
                resource.rollout = rollout.id
                self._be(resource, healthy=rollout.outcome not in _ILL)
            self._set(rollout, "succeeded", progress=100, message="The new version runs.")
        await self._tell(self.status(rollout))

    async def _back(self, rollout: Rollout) -> None:
        for step in range(1, STEPS + 1):
            await asyncio.sleep(self._step_s())
            if rollout.state != "rolling_back":
                return
            if rollout.outcome == "rollback_fails" and step > STEPS // 2:
                self._set(rollout, "rollback_failed", message="The version before cannot be fetched.")
                break
            self._set(rollout, "rolling_back", progress=step * 100 // STEPS)
            if step < STEPS:
                await self._tell(self.status(rollout))
        else:
            for name in rollout.resources:
                resource = self.resource(name)
                resource.rollout = rollout.before.get(name, "")
                self._be(resource, healthy=rollout.outcome != "stays_ill")
            self._set(rollout, "rolled_back", progress=100, message="The version before runs again.")
        await self._tell(self.status(rollout))

    @staticmethod
    def _be(resource: Resource, *, healthy: bool) -> None:
        resource.healthy, resource.error_rate = healthy, ERROR_RATE[healthy]

    def _set(self, rollout: Rollout, state: str, *, progress: int | None = None, message: str | None = None) -> None:
        rollout.state = state
        rollout.progress = rollout.progress if progress is None else progress
        rollout.message = rollout.message if message is None else message
        self._log(rollout)

    @staticmethod
    def _log(rollout: Rollout) -> None:
        at = datetime.now(UTC).isoformat()
        entry = {"at": at, "state": rollout.state, "progress": rollout.progress, "message": rollout.message}
        rollout.history = [*rollout.history, entry][-LOG_MAX:]

    def _run(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
