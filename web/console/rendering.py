"""Templates, and what they can say about times and words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from core.approvals import asked_title, quorum_in_words
from web.console import times
from web.console.assets import PREFIX, Asset

_ACTIONS: Final = {
    "agent.create": "Create agent",
    "agent.deploy": "Deploy agent",
    "agent.modify": "Change agent",
    "agent.retire": "Retire agent",
}
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
        action=action_title,
        role=asked_title,
        quorum=quorum_in_words,
        seconds=seconds,
        percent=percent,
        said=said,
    )
    return found


def words(key: str) -> str:
    """A key as people read it: technical_feasibility -> Technical feasibility."""
    return key.replace("_", " ").capitalize()


def action_title(action: str) -> str:
    """A governed action as people say it."""
    return _ACTIONS.get(action, action)


def seconds(value: float | None) -> str:
    """A duration measured in seconds, or a dash."""
    return "–" if value is None else times.span(timedelta(seconds=value))


def said(value: object) -> str:
    """A value of a condition: yes, no, or what it is."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def percent(share: float | None) -> str:
    """A share of one as percent, or a dash."""
    return "–" if share is None else f"{share:.0%}"
