"""What every section of a connector file is made of: requests, pages of answers, places in them, states."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from connectors.itsm.templates import Template

JsonPath = tuple[str, ...]
Scalar = str | int | float | bool
Ours = TypeVar("Ours", bound=StrEnum)  # a closed set of states of ours


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is: in an environment variable, or in a file. Never the secret itself."""

    source: str  # env or file
    name: str

    @property
    def shown(self) -> str:
        """How a person sees it."""
        return f"***({self.source} {self.name})"


HeaderValue = Template | SecretRef


@dataclass(frozen=True, slots=True)
class Request:
    """How one thing is asked. `answer` is where in the answer the ticket, or the list, stands."""

    method: str
    path: Template
    query: Mapping[str, Template] = field(default_factory=dict)
    headers: Mapping[str, HeaderValue] = field(default_factory=dict)
    body: Any = None
    is_form: bool = False
    answer: JsonPath = ()

    @property
    def names(self) -> frozenset[str]:
        """The placeholders that it speaks of, wherever they stand."""
        return frozenset(_names((self.path, dict(self.query), dict(self.headers), self.body)))


class PagingKind(StrEnum):
    """How the next page is asked for."""

    NONE = "none"
    PAGE = "page"
    OFFSET = "offset"
    CURSOR = "cursor"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Paging:
    """Pages of `size`, numbered from `first`; `next` is where an answer holds the next cursor."""

    kind: PagingKind = PagingKind.NONE
    size: int = 100
    first: int = 1
    next: JsonPath = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """How what was touched is asked for."""

    request: Request
    paging: Paging
    overlap_s: int
    is_newest_first: bool  # the system cannot filter by time; one reads until what is old


@dataclass(frozen=True, slots=True)
class States(Generic[Ours]):
    """What is written for each state of ours, and which state of ours each of theirs is."""

    write: Mapping[Ours, Scalar]
    read: Mapping[str, Ours]


def shown(value: Scalar) -> str:
    """A value as it reads in an answer, be it a word, a number or a truth."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _names(tree: object) -> Iterator[str]:
    match tree:
        case Template():
            yield from tree.names
        case dict():
            for one in tree.values():
                yield from _names(one)
        case tuple():
            for one in tree:
                yield from _names(one)
        case _:  # a fixed value, or a reference to a secret
            pass
