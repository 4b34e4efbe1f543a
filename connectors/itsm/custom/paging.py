"""What was touched since some time, page after page, as the file says how it is asked for."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from connectors.itsm.base import Refused
from connectors.itsm.custom.client import CustomClient
from connectors.itsm.custom.paths import text_at
from connectors.itsm.custom.request_spec import Changes, Paging, PagingKind
from connectors.itsm.custom.spec import Spec
from connectors.itsm.http import Answer

PAGES_MAX: Final = 500  # of one look: some 50,000 rows; more is a request that filters nothing
_NEXT: Final = re.compile(r'<([^<>]+)>\s*;[^,]*\brel="?next"?', re.IGNORECASE)


async def pages(spec: Spec, client: CustomClient, declared: Changes, since: datetime) -> AsyncIterator[Sequence[Any]]:
    """Each page of rows in turn. Raises Refused if they never end, or lead to another address."""
    paging = declared.paging
    values: dict[str, Any] = {"since": spec.times.write(since), "size": paging.size, "cursor": ""}
    url = ""
    for index in range(PAGES_MAX):
        offset = index * paging.size
        numbers = {"page": paging.first + index, "offset": offset, "last": offset + paging.size - 1}
        rows, answer = await client.ask_page(declared.request, {**values, **numbers}, url=url)
        yield rows
        following = _following(spec, paging, rows, answer) if answer is not None else ""
        if not following:
            return
        if paging.kind is PagingKind.LINK:
            url = following
        values["cursor"] = following if paging.kind is PagingKind.CURSOR else ""
    raise Refused(f"{spec.title} has more than {PAGES_MAX} pages of changes: does 'changes' filter by time?")


def _following(spec: Spec, paging: Paging, rows: Sequence[Any], answer: Answer) -> str:
    """What leads to the next page; empty at the end."""
    match paging.kind:
        case PagingKind.PAGE | PagingKind.OFFSET:
            return "more" if len(rows) >= paging.size else ""
        case PagingKind.CURSOR:
            return text_at(answer.json(), paging.next)
        case PagingKind.LINK:
            found = _NEXT.search(answer.headers.get("link", ""))
            return _same_origin(spec, found[1]) if found else ""
        case _:
            return ""


def _same_origin(spec: Spec, link: str) -> str:
    """The address, if it is of this system: credentials go nowhere else."""
    url = urljoin(f"{spec.url}/", link)
    ours, theirs = urlsplit(spec.url), urlsplit(url)
    if (ours.scheme, ours.netloc) != (theirs.scheme, theirs.netloc):
        raise Refused(f"{spec.title} names a next page at another address.", field="changes")
    return url
