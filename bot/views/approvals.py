"""Approval requests as messages."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from bot import actions
from bot.actions import Target
from bot.cards import (
    Actions,
    Block,
    Button,
    Card,
    Confirm,
    Context,
    Divider,
    Fields,
    Heading,
    Instant,
    Link,
    LinkButton,
    Markup,
    Plain,
    Quote,
    Section,
    Steps,
    Text,
    Tone,
)
from bot.times import due
from core.access import PersonView
from core.approvals import RequestView, StageView

TITLES: Final = {
    "agent.create": "Create agent",
    "agent.deploy": "Deploy agent",
    "agent.modify": "Change agent",
    "agent.retire": "Retire agent",
}
_FACTS: Final = (("owner", "Owner"), ("sponsor", "Sponsor"), ("business_service", "Business service"))
_STATUS: Final = {
    "pending": "⏳ Waiting for approval",
    "approved": "✅ Approved",
    "rejected": "❌ Rejected",
    "withdrawn": "↩️ Withdrawn",
    "expired": "⌛ Expired",
}
_STAGE_MARK: Final = {"waiting": "◻️", "open": "▶️", "approved": "✅", "rejected": "❌", "skipped": "➖"}
NAMES_SHOWN: Final = 4


def title_of(request: RequestView) -> str:
    """The request in a few words: Create agent “support-bot”."""
    return f"{TITLES.get(request.action, request.action)} “{request.resource.get('name', '?')}”"


def request_card(request: RequestView, viewer: PersonView | None, *, now: datetime) -> Card:
    """The living message of a request. Without a viewer it is the channel's: buttons for all; the core checks."""
    blocks: list[Block] = [
        Heading(f"{request.reference} · {title_of(request)}"),
        Section(
            (
                Markup(f"*{_STATUS[request.status]}*"),
                *_decided(request),
                Markup(" · asked by "),
                Plain(request.requester.name),
            )
        ),
        Fields(_facts(request)),
    ]
    if request.justification:
        blocks.append(Quote(Plain(request.justification)))
    if request.stages:
        blocks.append(Steps(tuple(_stage_line(stage, now=now) for stage in request.stages)))
    open_question = _open_question(request)
    if open_question:
        blocks.append(Context(open_question))
    blocks += _tickets(request)
    if request.status == "pending":
        blocks.append(Actions(_buttons(request, viewer)))
    return Card(summary=f"{request.reference}: {title_of(request)} — {_STATUS[request.status]}", blocks=tuple(blocks))


def details_blocks(request: RequestView, *, now: datetime) -> tuple[Block, ...]:
    """Everything about a request, for the details modal and `/approve show`."""
    card = request_card(request, None, now=now)
    blocks: list[Block] = [block for block in card.blocks if not isinstance(block, Actions)]
    extra = {key: value for key, value in request.resource.items() if key not in ("name", *dict(_FACTS))}
    if extra:
        blocks.append(
            Fields(tuple((key.replace("_", " ").capitalize(), (Plain(value),)) for key, value in extra.items()))
        )
    for stage in request.stages:
        for vote in stage.votes:
            confirmed = ", ".join(name.replace("_", " ") for name, is_met in vote.criteria.items() if is_met)
            blocks.append(
                Section(
                    (
                        Markup(f"{_vote_mark(vote.decision)} *{stage.title}*: "),
                        Plain(vote.voter.name),
                        Instant(vote.at, " "),
                        *((Markup("\n_Confirmed:_ "), Plain(confirmed)) if confirmed else ()),
                        *((Markup("\n"), Plain(f"“{vote.reason}”")) if vote.reason else ()),
                    )
                )
            )
    if request.comments:
        blocks.append(Divider())
    blocks += [
        Section(
            (
                Markup(f"*{comment.kind.capitalize()}* by "),
                Plain(comment.author.name),
                Instant(comment.at, " · "),
                Markup("\n"),
                Plain(comment.text),
            )
        )
        for comment in request.comments
    ]
    blocks.append(
        Context(
            (
                Markup("Policy "),
                Plain(request.policy),
                Markup(f" · digest `{request.digest[:12]}`"),
                Instant(request.created_at, " · asked "),
            )
        )
    )
    return tuple(blocks)


def details_card(request: RequestView, viewer: PersonView, *, now: datetime) -> Card:
    """The private answer to `/approve show`: the details with the viewer's own buttons."""
    blocks = details_blocks(request, now=now)
    if request.status == "pending":
        blocks = (*blocks, Actions(_buttons(request, viewer)))
    return Card(summary=f"{request.reference}: {title_of(request)} — {_STATUS[request.status]}", blocks=blocks)


def target_of(request: RequestView) -> Target:
    """What a click on this version of the request says."""
    open_stage = next((stage.key for stage in request.stages if stage.status == "open"), "")
    return Target(id=request.id, digest=request.digest[: actions.DIGEST_CHARS], stage=open_stage)


def _buttons(request: RequestView, viewer: PersonView | None) -> tuple[Button | LinkButton, ...]:
    value = target_of(request).encode()
    details = Button(actions.DETAILS, "Details", value)
    if viewer is not None and viewer.id == request.requester.id:
        answer = (Button(actions.ANSWER, "Answer", value),) if _open_question(request) else ()
        confirm = Confirm("Withdraw this request?", "Nobody can approve it any more. You can ask again.", "Withdraw")
        return (*answer, Button(actions.WITHDRAW, "Withdraw", value, confirm=confirm), details)
    if viewer is not None and not any(_is_asked(stage, viewer) for stage in request.stages):
        return (details,)
    return (
        Button(actions.VOTE_APPROVE, "Approve", value, tone=Tone.PRIMARY),
        Button(actions.VOTE_REJECT, "Reject", value, tone=Tone.DANGER),
        Button(actions.ASK, "Ask", value),
        Button(actions.DELEGATE, "Delegate", value),
        details,
    )


def _is_asked(stage: StageView, viewer: PersonView) -> bool:
    return stage.status == "open" and any(person.id == viewer.id for person in stage.approvers)


def _facts(request: RequestView) -> tuple[tuple[str, Text], ...]:
    return tuple((label, (Plain(request.resource[key]),)) for key, label in _FACTS if request.resource.get(key))


def _decided(request: RequestView) -> Text:
    """By whom and when: the requester must be told who decided, not only what (A5)."""
    if request.decided_at is None:
        return ()
    last = [vote for stage in request.stages for vote in stage.votes if request.status.startswith(vote.decision)][-1:]
    who: Text = (Markup(" by "), Plain(last[0].voter.name)) if last else ()
    reason: Text = (Markup(": "), Plain(f"“{last[0].reason}”")) if last and last[0].reason else ()
    return (*who, Instant(request.decided_at, " · "), *reason)


def _stage_line(stage: StageView, *, now: datetime) -> Text:
    mark = Markup(f"{_STAGE_MARK[stage.status]} *{stage.title}*")
    match stage.status:
        case "open":
            voted = {vote.voter.id for vote in stage.votes}
            names = [person.name for person in stage.approvers if person.id not in voted]
            shown = ", ".join(names[:NAMES_SHOWN])
            rest = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
            escalated = Markup("  🔺 _escalated_") if stage.escalation_level else Markup("")
            when: Text = (Markup(f" · {due(stage.due_at, now=now)}"),) if stage.due_at else ()
            return (mark, Markup(" · waiting for "), Plain(shown + rest), *when, escalated)
        case "approved" | "rejected":
            by = ", ".join(vote.voter.name for vote in stage.votes)
            return (mark, Markup(f" · {stage.status} by "), Plain(by or "nobody"))
        case _:
            return (mark, Markup(f" · {stage.status}"))


def _vote_mark(decision: str) -> str:
    return "✅" if decision == "approve" else "❌"


def _open_question(request: RequestView) -> Text:
    last = [comment for comment in request.comments if comment.kind in ("question", "answer")][-1:]
    if request.status != "pending" or not last or last[0].kind != "question":
        return ()
    return (Markup("❓ "), Plain(last[0].author.name), Markup(" asks: "), Plain(last[0].text))


def _tickets(request: RequestView) -> list[Block]:
    return [
        Context((Markup("🎫 "), Link(f"{ticket.number}", ticket.url), Plain(f" in {ticket.system} · {ticket.state}")))
        for ticket in request.tickets
    ]
