"""Lists of requests, and the App Home."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
from bot.views.approvals import moving_on, target_of
from bot.views.bypass import bypass_line, hint_for
from bot.views.pieces import reference_of, title_of
from core.approvals import RequestView, StageView
from core.emergency import BypassView

SHOWN: Final = 15
_MARKS: Final = {
    "pending": "⏳",
    "approved": "✅",
    "suspended": "⏸️",
    "rejected": "❌",
    "withdrawn": "↩️",
    "expired": "⌛",
}
WAITING_EMPTY: Final = "Nothing waits for you. 🎉"
_HELPS: Final = (
    "`/approve help`, `/bypass help`, `/change help`, `/sla help` and `/budget help` list what you can type."
)
MINE_EMPTY: Final = "You have not asked for anything yet."


@dataclass(frozen=True, slots=True)
class Listed:
    """The newest of so many requests."""

    requests: Sequence[RequestView]
    total: int


_Row = Callable[[RequestView, datetime, str], tuple[Block, ...]]


def waiting_card(listed: Listed, *, now: datetime, console: str = "") -> Card:
    """What waits for the viewer. `console` is the console's address where people can reach it."""
    return _list(
        "Waiting for you",
        listed,
        _rows(listed, _to_decide, WAITING_EMPTY, counted_as="wait for you", now=now, console=console),
        empty=WAITING_EMPTY,
        hint="`/approve mine` shows what you have asked for.",
    )


def mine_card(listed: Listed, *, now: datetime, console: str = "") -> Card:
    """What the viewer has asked for."""
    return _list(
        "Your requests",
        listed,
        _rows(listed, _mine, MINE_EMPTY, counted_as="requests", now=now, console=console),
        empty=MINE_EMPTY,
        hint="`/approve` opens a request.",
    )


def found_card(words: str, listed: Listed, *, now: datetime, console: str = "") -> Card:
    """What a search found."""
    empty = f"Nothing matches “{words}”."
    return _list(
        f"Found for “{words}”",
        listed,
        _rows(listed, _to_look_at, empty, counted_as="match", now=now, console=console),
        empty=empty,
        hint="Search looks at agent names and justifications.",
    )


def home_blocks(
    *,
    waiting: Listed,
    mine: Listed,
    bypasses: Sequence[BypassView],
    now: datetime,
    absences: Sequence[Block] = (),
    budgets: Sequence[Block] = (),
    choices: Sequence[Block] = (),
    console: str = "",
) -> tuple[Block, ...]:
    """The App Home: who is away, what waits, what was asked, which bypasses need a look; what is chosen (B9)."""
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
        *_rows(waiting, _to_decide, WAITING_EMPTY, counted_as="wait for you", now=now, console=console),
        Divider(),
        Heading("Your requests"),
        *_rows(mine, _mine, MINE_EMPTY, counted_as="requests", now=now, console=console),
    ]
    if bypasses:
        blocks += [
            Divider(),
            Heading("Emergency bypasses"),
            *(Section(bypass_line(each, now=now)) for each in bypasses),
            Context((Markup(hint_for(bypasses[0])),)),
        ]
    if budgets:
        blocks += [Divider(), *budgets]
    if choices:
        blocks += [Divider(), *choices]
    blocks.append(Context((Markup(_HELPS),)))
    return tuple(blocks)


def _list(title: str, listed: Listed, rows: Sequence[Block], *, empty: str, hint: str) -> Card:
    summary = f"{title}: {counted(listed.total, 'request')}" if listed.total else empty
    return Card(summary=summary, blocks=(Heading(title), *rows, Context((Markup(hint),))))


def _rows(listed: Listed, row: _Row, empty: str, *, counted_as: str, now: datetime, console: str) -> list[Block]:
    """A row each; of more than are shown, how many there are comes first (37 wait for you; the newest 15)."""
    if not listed.requests:
        return [Section((Plain(empty),))]
    shown = listed.requests[:SHOWN]
    rows = [block for request in shown for block in row(request, now, console)]
    if listed.total <= len(shown):
        return rows
    more = counted(listed.total - len(shown), "more request")
    return [
        Context((Markup(f"{listed.total} {counted_as}; the newest {len(shown)}:"),)),
        *rows,
        Context((Markup(f"… and {more}. `/approve find words` narrows it down."),)),
    ]


def _to_look_at(request: RequestView, now: datetime, console: str) -> tuple[Block, ...]:
    show = Button(actions.DETAILS, "Show", target_of(request).encode())
    return (Section(_line(request, now=now, console=console), button=show),)


def _mine(request: RequestView, now: datetime, console: str) -> tuple[Block, ...]:
    if request.status != "pending":
        return _to_look_at(request, now, console)
    buttons = (*moving_on(request), Button(actions.DETAILS, "Show", target_of(request).encode()))
    return (Section(_line(request, now=now, console=console)), Actions(buttons))


def _to_decide(request: RequestView, now: datetime, console: str) -> tuple[Block, ...]:
    value = target_of(request).encode()  # the form that opens finds the stage on which this person is asked
    buttons = (
        Button(actions.VOTE_APPROVE, "Approve", value, tone=Tone.PRIMARY),
        Button(actions.VOTE_REJECT, "Reject", value, tone=Tone.DANGER),
        Button(actions.DETAILS, "Show", value),
    )
    return (Section(_line(request, now=now, console=console)), Actions(buttons))


def _line(request: RequestView, *, now: datetime, console: str) -> Text:
    current = next((stage for stage in request.stages if stage.status == "open"), None)
    where: Text = (Markup(" · "), one_line(current.title)) if current else ()
    when: Text = (Markup(f" · {_until(current, now=now)}"),) if current and current.due_at else ()
    return (
        reference_of(request.reference, console),
        Markup(" "),
        Plain(title_of(request)),
        Markup("\n"),
        one_line(request.requester.name),
        Markup(f" · {_MARKS[request.status_shown]} {request.status_shown}"),
        *where,
        *when,
    )


def _until(stage: StageView, *, now: datetime) -> str:
    """When an open stage is due; while its clock stands still for a question, that it does."""
    if stage.due_at is None or stage.paused_at is not None:
        return "waits for an answer"
    return due(stage.due_at, now=now)
