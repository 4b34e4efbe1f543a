"""Is this process alive, and may it take traffic? Whatever cannot be told counts as no (X9)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from enum import StrEnum
from typing import Final, Literal

import structlog

from core.errors import CountersignError
from web.endpoint import Endpoint, Method, PublicCall, Reply, endpoint
from web.ports import HealthCheck
from web.schema import Output

CHECK_TIMEOUT_S: Final = 2.0
_TAGS: Final = ("health",)

log = structlog.get_logger(__name__)


class CheckStatus(StrEnum):
    """How one check came out."""

    OK = "ok"
    FAILED = "failed"


class Alive(Output):
    """The process answers."""

    status: Literal["alive"] = "alive"


class CheckOut(Output):
    """One thing that must work."""

    name: str
    status: CheckStatus
    detail: str | None = None


class Readiness(Output):
    """Whether this process may take traffic, and why not."""

    status: Literal["ready", "not_ready"]
    checks: list[CheckOut]


class Health:
    """The endpoints /healthz and /readyz over named checks. Without any check nothing is known: not ready."""

    def __init__(self, checks: Iterable[HealthCheck]) -> None:
        self._checks = tuple(checks)
        self._failing: set[str] = set()

    def endpoints(self) -> tuple[Endpoint, ...]:
        """Both endpoints, for the Api's list."""
        return self.healthz, self.readyz

    @endpoint(Method.GET, "/healthz", summary="Is the process alive?", tags=_TAGS)
    async def healthz(self, call: PublicCall[None, None, None]) -> Alive:
        """Answers as long as the event loop turns; restart the process if it does not."""
        del call
        return Alive()

    @endpoint(
        Method.GET,
        "/readyz",
        summary="May the process take traffic?",
        tags=_TAGS,
        responses={200: Readiness, 503: Readiness},
    )
    async def readyz(self, call: PublicCall[None, None, None]) -> Reply:
        """Runs every check, each for at most two seconds. 503 if one fails, or if there is none."""
        del call
        results = await asyncio.gather(*map(self._run, self._checks))
        is_ready = bool(results) and all(result.status is CheckStatus.OK for result in results)
        body = Readiness(status="ready" if is_ready else "not_ready", checks=list(results))
        return Reply(200 if is_ready else 503, body)

    async def _run(self, check: HealthCheck) -> CheckOut:
        try:
            async with asyncio.timeout(CHECK_TIMEOUT_S):
                await check.probe()
        except TimeoutError as error:
            return self._failed(check, error, f"No answer within {CHECK_TIMEOUT_S:.0f} seconds.")
        except CountersignError as error:
            return self._failed(check, error, error.message)
        except Exception as error:  # noqa: BLE001  a check that breaks is a check that failed; its words stay inside
            return self._failed(check, error, "The check failed; see the log.")
        if check.name in self._failing:
            self._failing.discard(check.name)
            log.info("health_check_recovered", check=check.name)
        return CheckOut(name=check.name, status=CheckStatus.OK)

    def _failed(self, check: HealthCheck, error: Exception, detail: str) -> CheckOut:
        if check.name not in self._failing:  # once per outage, not once per probe
            self._failing.add(check.name)
            log.warning("health_check_failed", check=check.name, detail=detail, exc_info=error)
        return CheckOut(name=check.name, status=CheckStatus.FAILED, detail=detail)
