"""What every handler needs of a request: who asks, in which dialect, with which parameters and body."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from sandbox.jira.errors import Refused, missing
from sandbox.jira.moves import Author
from sandbox.jira.render import View
from sandbox.jira.site import Site
from sandbox.jira.store import Issue, Person
from sandbox.jira.values import Dialect

BAD_JSON: Final = "There was an error parsing JSON. Check that your request body is valid."
NOBODY: Final = "-anonymous-"
VERSIONS: Final = "{version:2|3|latest}"
ADMINISTRATORS: Final = "jira-administrators"


@dataclass(frozen=True, slots=True)
class Call:
    """One request, understood."""

    request: web.Request
    author: Author
    view: View

    @property
    def person(self) -> Person:
        """Who asks."""
        return self.author.person

    @property
    def dialect(self) -> Dialect:
        """Which product and version is asked."""
        return self.author.dialect

    @property
    def is_anonymous(self) -> bool:
        """Whether nobody signed in."""
        return self.person.account_id == NOBODY

    def part(self, name: str) -> str:
        """A part of the path."""
        return self.request.match_info[name]

    def listed(self, name: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A parameter that may be repeated or separated by commas."""
        found = [one.strip() for text in self.request.query.getall(name, []) for one in text.split(",")]
        return tuple(one for one in found if one) or default

    def number(self, name: str, default: int) -> int:
        """A count from the parameters; the default when it is missing or no count."""
        text = self.request.query.get(name, "")
        return int(text) if text.isdecimal() and len(text) < 10 else default

    def must_be_admin(self) -> None:
        """Raises Refused for anybody else."""
        if not self.person.is_in(ADMINISTRATORS):
            words = "You do not have permission to perform this operation. Administrators only."
            raise Refused(words, status=HTTPStatus.FORBIDDEN)

    async def body(self) -> dict[str, Any]:
        """The JSON object sent. Raises Refused for anything else."""
        value = await self.json()
        if not isinstance(value, dict):
            raise Refused(BAD_JSON)
        return value

    async def json(self) -> Any:
        """The JSON value sent. Raises Refused for another media type or for what is no JSON."""
        raw = await self.request.read()
        if self.request.content_type != "application/json":
            raise Refused("Unsupported Media Type", status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        try:
            return json.loads(raw)
        except (ValueError, RecursionError) as exc:
            raise Refused(BAD_JSON) from exc


CALL: Final = web.RequestKey("call", Call)


def find(site: Site, call: Call, id_or_key: str) -> Issue:
    """The issue. Raises Refused (404) when there is none for this caller."""
    issue = None if call.is_anonymous else site.store.issue(id_or_key)
    if issue is None:
        raise missing()
    return issue


def part_of(body: dict[str, Any], name: str) -> dict[str, Any]:
    """An object within the body; empty when it is missing. Raises Refused."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused(f"'{name}' must be an object.")
    return value


def page(values: list[Any], *, start: int, most: int) -> tuple[list[Any], bool]:
    """The values of one page, and whether they are the last."""
    return values[start : start + most], start + most >= len(values)


def empty() -> web.Response:
    """204."""
    return web.Response(status=HTTPStatus.NO_CONTENT)
