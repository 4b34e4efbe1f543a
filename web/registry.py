"""The Api: every endpoint there is, listed explicitly. Routes, the OpenAPI document and the reference page read it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from web.endpoint import Endpoint
from web.operation import DeclarationError, Operation, resolve


@dataclass(frozen=True, slots=True)
class Tag:
    """A group of endpoints in the document."""

    name: str
    description: str


class Api:
    """Endpoints that were resolved and checked against each other. Raises DeclarationError for what does not fit."""

    def __init__(
        self,
        endpoints: Iterable[Endpoint],
        *,
        title: str,
        version: str,
        description: str = "",
        tags: Iterable[Tag] = (),
    ) -> None:
        self.title = title
        self.version = version
        self.description = description
        self.operations = tuple(resolve(endpoint) for endpoint in endpoints)
        self.tags = tuple(_tags(self.operations, tags))
        _refuse_doubles(self.operations)


def _tags(operations: Iterable[Operation], described: Iterable[Tag]) -> Iterator[Tag]:
    """The described tags first, in their order, then those that endpoints merely name."""
    seen: set[str] = set()
    for tag in described:
        seen.add(tag.name)
        yield tag
    for operation in operations:
        for name in operation.endpoint.tags:
            if name not in seen:
                seen.add(name)
                yield Tag(name, "")


def _refuse_doubles(operations: Iterable[Operation]) -> None:
    seen: set[object] = set()
    for operation in operations:
        place = (operation.endpoint.method, operation.endpoint.path)
        for identity in (place, operation.name):
            if identity in seen:
                raise DeclarationError(f"Two endpoints claim {identity}.")
            seen.add(identity)
