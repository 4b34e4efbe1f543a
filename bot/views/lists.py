"""Lists of requests, and the App Home."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bot import actions
from bot.cards import (
    Actions,
    Block,
    Button,
    Card,
    Context,
    Divider,
    Heading,
    Markup,
    Plain,
    Section,
    Text,
    Tone,
    one_line,
)
from bot.times import counted, due
from bot.views.approvals import target_of, title_of
from bot.views.bypass import HINT, bypass_line
from core.approvals import RequestView
from core.emergency import BypassView

SHOWN: Final = 15


@dataclass(frozen=True, slots=True)
class Listed:
    """The newest of so many requests."""

    requests: Sequence[RequestView]
    total: int


def waiting_card(listed: Listed, *, now: datetime) -> Card:
    """What waits for the viewer."""
    return _list(
        "Waiting for you",
        listed,
        now=now,
        empty="Nothing waits for you. 🎉",
        hint="`/approve mine` shows what you have asked for.",
    )


def mine_card(listed: Listed, *, now: datetime) -> Card:
    """What the viewer has asked for."""
    return _list(
        "Your requests",
        listed,
        now=now,
        empty="You have not asked for anything yet.",
        hint="`/approve` opens a request.",
    )


def found_card(words: str, listed: Listed, *, now: datetime) -> Card:
    """What a search found."""
    return _list(
        f"Found for “{words}”",
        listed,
        now=now,
        empty=f"Nothing matches “{words}”.",
        hint="Search looks at agent names and justifications.",
    )


def home_blocks(
    *, waiting: Listed, mine: Listed, bypasses: Sequence[BypassView], now: datetime, absences: Sequence[Block] = ()
) -> tuple[Block, ...]:
    """The App Home: who is away, what waits, what was asked, which bypasses need a look (B9)."""
    blocks: list[Block] = [
        Heading("Countersign"),
        Actions(
            (
                Button(actions.OPEN_REQUEST, "Ask for approval", "new", tone=Tone.PRIMARY),
                Button(actions.OPEN_BYPASS, "Emergency bypass", "new", tone=Tone.DANGER),
            )
        ),
        *absences,
        Heading("Waiting for you"),
        *_rows(waiting, "Nothing waits for you. 🎉", now=now),
        Divider(),
        Heading("Your requests"),
        *_rows(mine, "You have not asked for anything yet.", now=now),
    ]
    if bypasses:
        blocks += [
            Divider(),
            Heading("Emergency bypasses"),
            *(Section(bypass_line(each, now=now)) for each in bypasses),
            Context((Markup(HINT),)),
        ]
    blocks.append(Context((Markup("`/approve help` and `/bypass help` list what you can type."),)))
    return tuple(blocks)


def _list(title: str, listed: Listed, *, now: datetime, empty: str, hint: str) -> Card:
    summary = f"{title}: {counted(listed.total, 'request')}" if listed.total else empty
    return Card(summary=summary, blocks=(Heading(title), *_rows(listed, empty, now=now), Context((Markup(hint),))))


def _rows(listed: Listed, empty: str, *, now: datetime) -> list[Block]:
    if not listed.requests:
        return [Section((Plain(empty),))]
    shown = listed.requests[:SHOWN]
    rows: list[Block] = [_row(request, now=now) for request in shown]
    if listed.total > len(shown):
        more = counted(listed.total - len(shown), "more request")
        rows.append(Context((Markup(f"… and {more}. `/approve find words` narrows it down."),)))
    return rows


def _row(request: RequestView, *, now: datetime) -> Section:
    current = next((stage for stage in request.stages if stage.status == "open"), None)
    where: Text = (Markup(" · "), one_line(current.title)) if current else ()
    when: Text = (Markup(f" · {due(current.due_at, now=now)}"),) if current and current.due_at else ()
    return Section(
        (
            Markup(f"*{request.reference}* "),
            Plain(title_of(request)),
            Markup("\n"),
            one_line(request.requester.name),
            Markup(f" · {request.status}"),
            *where,
            *when,
        ),
        button=Button(actions.DETAILS, "Show", target_of(request).encode()),
    )
