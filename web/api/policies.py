"""/api/v1/policies: which approvals a tenant asks for."""

from __future__ import annotations

from typing import Any

from core.approvals import PolicyCatalogue, policies_in_force
from core.db import Database
from web.endpoint import Call, Method, endpoint
from web.paging import Page, whole
from web.schema import Output


class PolicyOut(Output):
    """An approval policy in force."""

    key: str
    title: str
    version: str
    applies_to: list[str]
    document: dict[str, Any]


class Policies:
    """Approval policies."""

    def __init__(self, database: Database, catalogue: PolicyCatalogue) -> None:
        self._database = database
        self._catalogue = catalogue

    @endpoint(Method.GET, "/api/v1/policies", summary="List approval policies", tags=("policies",))
    async def list(self, call: Call[None, None, None]) -> Page[PolicyOut]:
        """Those in force for this tenant."""
        policies = await policies_in_force(self._database, self._catalogue, call.actor)
        return whole(
            [
                PolicyOut(
                    key=each.key,
                    title=each.title,
                    version=each.version,
                    applies_to=list(each.applies_to),
                    document=each.to_json(),
                )
                for each in policies
            ]
        )
