"""Pictures that a subject draws, on their way into a message. How a platform takes them is its own affair."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from bot.cards import Card, Picture
from core.access import PersonView
from core.charts import Chart, PictureFailed, PictureFormat, Renderer, Theme
from core.links import MessageSlot

log = structlog.get_logger()

DRAWN_TRIES: Final = 3  # deliveries; after them the words come without pictures

CardOf = Callable[[Sequence[Picture]], Card]  # the message with these pictures, or in words alone


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture before any platform has it; `alt` says in words what it shows."""

    png: bytes
    name: str  # of the file
    title: str
    alt: str


class Gallery(Protocol):
    """A platform's way of showing pictures."""

    @property
    def takes_pictures(self) -> bool:
        """Whether it is worth drawing any."""
        ...

    async def say_once(self, slot: MessageSlot, card_of: CardOf, drawings: Sequence[Drawing]) -> None:
        """The slot has a message: this one, unless it had one already. Without those that the platform did not take.

        However often it is delivered, one set of pictures is kept. Raises as Platform.say_once does.
        """
        ...

    async def show(
        self, slot: MessageSlot, card_of: CardOf, drawings: Sequence[Drawing], *, viewers: Sequence[PersonView] = ()
    ) -> MessageSlot:
        """The slot's message exists and shows the card with the pictures, as many as the platform took.

        `viewers` and what is raised are Platform.show's.
        """
        ...


def file_name(chart: Chart, suffix: str) -> str:
    """Of the chart's picture."""
    return f"{chart.name}-{suffix}.png"


def picture_key(slot: MessageSlot, name: str) -> str:
    """Under which the picture of this name in the slot's message is kept, where it stands at an address of ours."""
    return f"{slot.platform}:{slot.key}:{name}"


async def drawn(renderer: Renderer, charts: Iterable[Chart], *, suffix: str, attempt: int) -> tuple[Drawing, ...]:
    """The charts as pictures; none if they cannot be drawn. Raises PictureFailed for the first deliveries of those."""
    try:
        return tuple(
            [
                Drawing(
                    await renderer.draw(chart, PictureFormat.PNG, Theme.LIGHT),
                    file_name(chart, suffix),
                    chart.title,
                    chart.description,
                )
                for chart in charts
            ]
        )
    except PictureFailed:
        if attempt < DRAWN_TRIES:
            raise
        log.warning("chat_pictures_not_drawn", attempt=attempt)
        return ()
