"""An agent as doors and rules see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.ids import AgentId


@dataclass(frozen=True, slots=True)
class AgentView:
    """An agent of the registry. `state` is one of AgentState; `version` counts its changes from 1."""

    id: AgentId
    name: str
    agent_type: str
    state: str
    sponsor: str
    owner: str
    business_service: str
    attributes: Mapping[str, str]
    created_by: str
    created_at: datetime
    updated_at: datetime
    version: int

    def snapshot(self) -> dict[str, Any]:
        """Its state, for records of what was done to it."""
        return {
            "state": self.state,
            "version": self.version,
            "sponsor": self.sponsor,
            "owner": self.owner,
            "business_service": self.business_service,
            "attributes": dict(self.attributes),
        }
