"""What a vote did, and why one did not count, in the words of the request that it was cast on."""

from __future__ import annotations

from dataclasses import replace

from bot import actions
from bot.actions import Target
from bot.cards import Actions, Button, Card, Markup, Plain, Section, Strong, Text, one_line
from bot.plain import line_of
from bot.views.pieces import names, spoken
from core.approvals import RequestView, StageView, VoteView
from core.approvals.errors import AlreadyDecided, InvalidVote, NotAnApprover, StageAlreadyDecided
from core.errors import Conflict, CountersignError, Forbidden, InvalidInput
from core.ids import UserId

_CRITERION = "criteria."  # begins the place of an error about one of them


def voted_card(request: RequestView, voter: UserId) -> Card:
    """What the voter has decided, and whom the request waits for now."""
    cast = [(stage, vote) for stage in request.stages for vote in stage.votes if vote.voter.id == voter]
    if not cast:
        return _card((Markup(f"Your vote on *{request.reference}* is recorded."),))
    stage, vote = max(cast, key=lambda entry: entry[1].at)
    done = "✅ You approved " if vote.decision == "approve" else "❌ You rejected "
    card = _card((Markup(done), Strong(stage.title), Markup(f" of *{request.reference}*. "), *_now(request)))
    if request.status != "pending":
        return card
    undo = Button(actions.UNDO, "Undo", Target(request.id, request.digest, stage.key).encode())
    return replace(card, blocks=(*card.blocks, Actions((undo,))))


def undone_card(request: RequestView) -> Card:
    """The vote is taken back."""
    return _card((Markup(f"↩️ Your vote on *{request.reference}* is taken back. "), *_now(request)))


def restated(error: CountersignError, request: RequestView, voter: UserId, stage: str | None) -> CountersignError:
    """The refusal with the request's own titles and names in place of keys; the error itself if it says enough.

    `stage` is the one that the voter named; None means the one that they were asked on.
    """
    match error:
        case StageAlreadyDecided():
            meant = _meant(request, voter, stage)
            return _decided_already(request, meant) if meant else error
        case AlreadyDecided():
            return Conflict(over(request))
        case NotAnApprover():
            return Forbidden(f"You are not asked to decide {request.reference} now.", next_step=line_of(_now(request)))
        case InvalidVote() if (error.where or "").startswith(_CRITERION):
            key = (error.where or "").removeprefix(_CRITERION)
            message = error.message.replace(f"'{key}'", f"“{spoken(key)}”")
            return InvalidInput(message, where=error.where, next_step=error.next_step)
        case _:
            return error


def over(request: RequestView) -> str:
    """That the request is decided already, and who ended it if anybody did."""
    decision = {"approved": "approve", "rejected": "reject"}.get(request.status)
    votes: list[VoteView] = [vote for stage in request.stages for vote in stage.votes if vote.decision == decision]
    last = max(votes, key=lambda vote: vote.at, default=None)
    match request.status:
        case "withdrawn":
            by = f", by {one_line(request.requester.name).text}"
        case "expired":
            by = ": it was not decided, or not used, in time"
        case _:
            by = f", by {one_line(last.voter.name).text}" if last else ""
    return f"{request.reference} is {request.status} already{by}."


def _card(text: Text) -> Card:
    return Card(line_of(text), (Section(text),))


def _now(request: RequestView) -> Text:
    """Where the request stands, as a sentence."""
    opened = [stage for stage in request.stages if stage.status == "open"]
    if request.status != "pending" or not opened:
        return (Markup(f"It is {request.status} now."),)
    sentences: list[Text] = [
        (Strong(stage.title), Markup(" is open and waits for "), _silent(stage), Markup(".")) for stage in opened
    ]
    return tuple(piece for at, line in enumerate(sentences) for piece in ((Markup(" "), *line) if at else line))


def _silent(stage: StageView) -> Plain:
    voted = {vote.voter.id for vote in stage.votes}
    return names(person.name for person in stage.approvers if person.id not in voted)


def _meant(request: RequestView, voter: UserId, wanted: str | None) -> StageView | None:
    """The decided stage that the voter meant: the one they named, else the last on which they were asked."""
    over = [stage for stage in request.stages if stage.status in {"approved", "rejected", "skipped"}]
    if wanted:
        return next((stage for stage in over if stage.key == wanted), None)
    asked = [stage for stage in over if any(person.id == voter for person in stage.approvers)]
    return asked[-1] if asked else None


def _decided_already(request: RequestView, stage: StageView) -> CountersignError:
    by = line_of((names(vote.voter.name for vote in stage.votes),)) if stage.votes else ""
    message = f"{stage.title} of {request.reference} is {stage.status} already{f', by {by}' if by else ''}."
    return Conflict(message, where="stage", next_step=line_of(_now(request)))
