"""Answers to whoever asked: tried again within bounds, and given up in the log alone.

What was done is done, whether or not the word about it arrives. So a failure to tell is never told as a failure of what
was done. What may have arrived is said again: told twice is better than not at all.
"""

from __future__ import annotations

import asyncio
import random  # noqa: TID251  jitter: chance, and no secret
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import structlog

from bot.cards import Card
from bot.conversation.chat import WENT_WRONG
from bot.views.answers import error_card
from core.errors import CountersignError, Unavailable
from core.outbox import RetryPolicy, Throttle, asked_wait_s

log = structlog.get_logger()

RETRIES: Final = RetryPolicy(attempts=5, base_s=0.5, cap_s=8.0)
PATIENCE_S: Final = 90.0  # from the first try to the last; whoever asked has turned to something else by then
_CHANCE: Final = random.Random()  # noqa: S311  jitter, not a secret


async def told(
    tell: Callable[[], Awaitable[None]],
    may_pass: Callable[[Exception], bool],
    *,
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    elapsed: Callable[[], float] = time.monotonic,
) -> None:
    """What is to be told is told, or the log says why not; nothing is raised.

    `may_pass` says of a failure whether a later try may go better. `pause` and `elapsed` are in seconds.
    """
    until, failures = elapsed() + PATIENCE_S, 0
    while True:
        try:
            await tell()
        except Exception as exc:
            failures += not isinstance(exc, Throttle)
            wait_s = _wait_s(exc, failures, may_pass)
            if wait_s is None or elapsed() + wait_s > until:
                log.exception("chat_answer_not_told")
                return
            log.warning("chat_answer_delayed", wait_s=round(wait_s, 1), error=str(exc) or type(exc).__name__)
        else:
            return
        await pause(wait_s)


def _wait_s(failure: Exception, failures: int, may_pass: Callable[[Exception], bool]) -> float | None:
    chance = _CHANCE.random()
    if isinstance(failure, Throttle):  # asked to wait, which is no failure
        return asked_wait_s(failure.retry_after_s, chance=chance)
    return RETRIES.delay_s(failures, chance=chance) if may_pass(failure) else None


@dataclass(frozen=True, slots=True)
class Answer:
    """A way to tell the asker alone. Calling it never raises; `may_pass` as for `told`."""

    send: Callable[[Card], Awaitable[None]]
    may_pass: Callable[[Exception], bool]

    async def __call__(self, card: Card) -> None:
        """The asker has the card, or the log says why not."""
        await told(lambda: self.send(card), self.may_pass)


@asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[None]:
    """Whatever goes wrong inside is told to the asker alone, in words."""
    try:
        yield
    except CountersignError as exc:
        await answer(error_card(exc))
    except Exception:
        log.exception("chat_handler_failed")
        await answer(error_card(Unavailable(WENT_WRONG)))
