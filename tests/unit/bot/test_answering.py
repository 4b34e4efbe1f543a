"""Answers to whoever asked: tried again within bounds, and never told as a failure of what was done (B7, N6)."""

import pytest

from bot.cards import Card
from bot.conversation.answering import PATIENCE_S, Answer, answering, told
from core.errors import InvalidInput
from core.outbox import Throttle

pytestmark = pytest.mark.row("B7", "N6")


class Line:
    """A way to somebody that fails as it is told to, and a clock that only its pauses move."""

    def __init__(self, *failures):
        self.failures, self.heard, self.paused, self.moment = list(failures), [], [], 0.0

    async def send(self, words):
        if self.failures:
            raise self.failures.pop(0)
        self.heard.append(words)

    async def pause(self, seconds):
        self.paused.append(seconds)
        self.moment += seconds

    async def tell(self, words="Added."):
        await told(lambda: self.send(words), passes, pause=self.pause, elapsed=lambda: self.moment)


def passes(failure):
    return isinstance(failure, TimeoutError)


async def test_a_throttled_answer_waits_as_long_as_was_asked_however_often():
    line = Line(*[Throttle(3.0)] * 12)
    await line.tell()
    assert line.heard == ["Added."]
    assert len(line.paused) == 12
    assert min(line.paused) >= 3.0


async def test_a_failure_that_may_pass_is_tried_again_with_growing_pauses():
    line = Line(TimeoutError(), TimeoutError(), TimeoutError())
    await line.tell()
    assert line.heard == ["Added."]
    assert line.paused == sorted(line.paused)
    assert len(line.paused) == 3


@pytest.mark.parametrize("failures", [[ValueError()] * 2, [TimeoutError()] * 5, [Throttle(PATIENCE_S + 1)]])
async def test_what_cannot_be_told_is_given_up_without_an_error(failures):
    line = Line(*failures)
    await line.tell()
    assert line.heard == []
    assert line.moment < PATIENCE_S


async def test_a_throttled_answer_is_given_up_after_the_patience_of_whoever_asked():
    line = Line(*[Throttle(20.0)] * 50)
    await line.tell()
    assert line.heard == []
    assert line.moment <= PATIENCE_S


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (InvalidInput("There is no such request."), "There is no such request."),
        (RuntimeError("a bug"), "Something went wrong on our side; nothing was changed. Try again."),
    ],
)
async def test_what_was_asked_for_and_failed_is_told(failure, words):
    line, work = Line(), Line(failure)
    async with answering(Answer(line.send, passes)):
        await work.send("Added.")
    assert [card.summary for card in line.heard] == [words]


async def test_a_failure_to_tell_is_not_told_as_a_failure_of_what_was_done():
    line = Line(ValueError("the place is closed"))
    answer = Answer(line.send, passes)
    async with answering(answer):
        await answer(Card("Added.", ()))
    assert line.heard == []
