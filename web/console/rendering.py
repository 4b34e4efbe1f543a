"""Templates, and what they can say about times and words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from core.approvals import asked_title, quorum_in_words
from core.budgets import SPEND, amount, scope_words
from core.costs import meter_title
from core.money import CENT, in_full, plain
from core.one_line import as_sentences
from web.console import times
from web.console.assets import PREFIX, Asset

_ACTIONS: Final = {
    "agent.create": "Create agent",
    "agent.deploy": "Deploy agent",
    "agent.modify": "Change agent",
    "agent.retire": "Retire agent",
    "change.implement": "Implement change",
    "change.rollback": "Roll back change",
    "budget.raise": "Raise budget",
    "budget.override": "Pass the budget",
    SPEND: "Spending",
}
_DOORS: Final = {"teams": "Microsoft Teams", "api": "API", "cli": "Command line", "system": "Countersign"}
_PLACES: Final = 2  # of a quantity from one on
_DIGITS: Final = 3  # of one below
_TEMPLATES: Final = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Sight:
    """When and where a page is read."""

    now: datetime
    place: tzinfo

    def when(self, at: datetime | None) -> Markup:
        """A <time> with how far away it is, and the reader's own clock beside it."""
        if at is None:
            return Markup("–")
        return Markup('<time datetime="{}">{} <span class="far">({})</span></time>').format(
            at.isoformat(), times.moment(at, self.place), times.distance(at, now=self.now)
        )

    def local(self, at: datetime | None) -> str:
        """As a field for date and time holds it, where the reader is; empty for none."""
        return f"{at.astimezone(self.place):%Y-%m-%dT%H:%M}" if at else ""

    def is_past(self, at: datetime | None) -> bool:
        """Whether the instant has passed."""
        return at is not None and at <= self.now


def environment(assets: dict[str, Asset]) -> Environment:
    """Escapes everything; a name that a template misses is an error."""
    found = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.globals["asset"] = lambda name: f"{PREFIX}/{name}?v={assets[name].version}"
    found.filters.update(
        words=words,
        meter=meter_title,
        action=action_title,
        factor=factor,
        event=event_title,
        role=asked_title,
        quorum=quorum_in_words,
        seconds=seconds,
        latency=latency,
        percent=percent,
        said=said,
        money=grouped,
        brief=brief,
        in_full=in_full,
        written=amount,
        signed=signed,
        counts=scope_words,
        door=door_title,
        as_sentences=as_sentences,
    )
    return found


def words(key: str) -> str:
    """A key as people read it: technical_feasibility -> Technical feasibility."""
    return key.replace("_", " ").capitalize()


def event_title(key: str) -> str:
    """An event of the outbox as people say it: request.stage_opened -> Request: stage opened."""
    kind, _, happened = key.partition(".")
    return f"{words(kind)}: {words(happened).lower()}" if happened else words(kind)


def action_title(action: str) -> str:
    """A governed action as people say it."""
    return _ACTIONS.get(action, action)


def factor(name: str) -> str:
    """A factor of a bypass's risk; the action is named there by its key, after this word."""
    action = name.removeprefix("action ")
    if action == name:
        return name
    return "Any action" if action == "*" else action_title(action)


def door_title(door: str) -> str:
    """Where somebody was, as people say it."""
    return _DOORS.get(door, words(door))


def seconds(value: float | None) -> str:
    """How long people take, given in seconds, or a dash."""
    return "–" if value is None else times.span(timedelta(seconds=value))


def latency(value: float) -> str:
    """How long machines take, given in seconds: 40 ms, 1.3 s, 25 min."""
    if value < 1:
        return f"{value * 1000:.0f} ms"
    return f"{value:.1f} s" if value < 60 else times.span(timedelta(seconds=value))


def said(value: object) -> str:
    """A value of a condition: yes, no, or what it is."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def grouped(value: Decimal) -> str:
    """A sum as people read it: to the cent, with its thousands apart; where it has more digits, they are its title."""
    if value and abs(value) < CENT / 2:
        return brief(value)
    return _titled(f"{value:z,.2f}", value)


def brief(value: Decimal) -> str:
    """A quantity as people read it: two places, below one three digits; where it has more, they are its title."""
    places = _PLACES if abs(value) >= 1 or not value else _DIGITS - 1 - value.adjusted()
    return _titled(f"{round(value, places).normalize():,f}", value)


def _titled(short: str, value: Decimal) -> str:
    is_whole = Decimal(short.replace(",", "")) == value
    return short if is_whole else Markup('<span title="{}">{}</span>').format(plain(value), short)


def signed(value: Decimal | float) -> str:
    """A difference to the cent, with its sign; what is less than half a cent has none."""
    text = f"{value:+z,.2f}"
    return text.removeprefix("+") if text == "+0.00" else text


def percent(share: float | None) -> str:
    """A share of one as percent, or a dash."""
    return "–" if share is None else f"{share:.0%}"
