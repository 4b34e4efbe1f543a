"""What the frame asks of every simulated system.

A system is a package `sandbox/<slug>` that exports `create(faults, *, base_url, snapshot) -> System`. It serves the
vendor's protocol on its own aiohttp application (mounted at `/<slug>`) and answers the control surface through the
methods below.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from aiohttp import web

from sandbox.faults import Faults


class ControlError(Exception):
    """What was asked of the control surface cannot be done; the door answers with this status and these words."""

    def __init__(self, message: str, *, status: int = 400, accepted: tuple[str, ...] = ()) -> None:
        self.message = message
        self.status = status
        self.accepted = accepted
        super().__init__(message)

    def body(self) -> dict[str, Any]:
        """The JSON answer: the sentence and, where there is a choice, what would be accepted."""
        body: dict[str, Any] = {"error": self.message}
        if self.accepted:
            body["accepted"] = list(self.accepted)
        return body


class System(Protocol):
    """One simulated vendor system."""

    @property
    def slug(self) -> str:
        """The name in addresses and on the control surface, for example `servicenow`."""
        ...

    @property
    def app(self) -> web.Application:
        """The vendor's protocol, to be mounted at `/<slug>`."""
        ...

    def records(self, type_: str | None, /) -> list[dict[str, Any]]:
        """Every record held (of one type, or all), each with its history."""
        ...

    async def edit(self, type_: str, id_: str, fields: Mapping[str, Any], /) -> dict[str, Any]:
        """The record as it stands after a person edited it there; its webhook has been fired.

        Raises LookupError for an unknown record, ValueError for fields that the system refuses.
        """
        ...

    def snapshot(self) -> dict[str, Any]:
        """Everything that must survive a restart, as JSON values."""
        ...

    def configure(self, options: Mapping[str, Any], /) -> None:
        """The options are in force from now on. Raises ValueError for an unknown option or a bad value."""
        ...

    def describe(self) -> dict[str, Any]:
        """How to reach it: address and credentials, as the demo prints them."""
        ...


@runtime_checkable
class Resettable(Protocol):
    """A system that can begin again without a restart; not every one can."""

    async def reset(self) -> None:
        """The system is as on its first day."""
        ...


@runtime_checkable
class Deleting(Protocol):
    """A system in which a person can delete a record."""

    async def delete(self, type_: str, id_: str, /) -> None:
        """The record is gone, without a trace; its webhook has been fired. Raises LookupError for an unknown one."""
        ...


class CreateSystem(Protocol):
    """The function `create` that each system package exports."""

    def __call__(self, faults: Faults, /, *, base_url: str, snapshot: Mapping[str, Any] | None) -> System:
        """A system that answers on `base_url`, restored from `snapshot` if one is given."""
        ...
