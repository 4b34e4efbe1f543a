"""The parts of the simulated Teams that every door needs."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from sandbox.teams.errors import ConnectorError
from sandbox.teams.jwt import SigningKey
from sandbox.teams.limits import RateLimits
from sandbox.teams.settings import TeamsSettings
from sandbox.teams.world import Tenant


@dataclass(slots=True)
class Keys:
    """The keys of the two authorities: `service` signs what Teams sends, `login` the tokens that bots ask for."""

    service: SigningKey
    login: SigningKey
    former: list[SigningKey] = field(default_factory=list)  # of the service: no longer used, still published

    def rotate(self) -> None:
        """Teams signs with a new key; the former ones stay published, as the vendor does it."""
        self.former.append(self.service)
        self.service = SigningKey.fresh()


@dataclass(frozen=True, slots=True)
class Refusal:
    """One call of the connector is refused with this code; `match` is part of the path that it waits for."""

    code: str
    match: str | None
    retry_after_s: float | None


@dataclass(frozen=True, slots=True)
class Hub:
    """The tenant with the keys and limits around it."""

    settings: TeamsSettings
    world: Tenant
    keys: Keys
    limits: RateLimits = field(default_factory=RateLimits)
    refusals: deque[Refusal] = field(default_factory=deque)

    def meet_refusal(self, path: str) -> None:
        """Raises the ConnectorError that waits for this call, if one does."""
        for refusal in self.refusals:
            if refusal.match is None or refusal.match in path:
                self.refusals.remove(refusal)
                raise ConnectorError(refusal.code, retry_after_s=refusal.retry_after_s)
