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
    Choice,
    Confirm,
    Context,
    Divider,
    Fields,
    Heading,
    Instant,
    Link,
    Markup,
    Menu,
    Passage,
    Plain,
    Quote,
    Section,
    Steps,
    Strong,
    Text,
    Tone,
    one_line,
)
from bot.views.pieces import cast_by, in_place, names, page_of, ticket_lines, title_of
from bot.views.reasons import risk_line, why_blocks
from bot.views.tickets import WAITING, ticket_blocks
from core.access import PersonView
from core.approvals import CommentView, RequestView, StageView, VoteView
from core.decisions import REOPENED

_FACTS: Final = (("owner", "Owner"), ("sponsor", "Sponsor"), ("business_service", "Business service"))
_BUDGET_FACTS: Final = (
    ("title", "Budget"),
    ("raise_to", "Raise to"),
    ("limit", "Limit now"),
    ("used", "Used"),
    ("lasts", "For"),
    ("counts", "Counts"),
    ("why", "Because"),
)
_STATUS: Final = {
    "pending": "⏳ Waiting for approval",
    "approved": "✅ Approved",
    "suspended": "⏸️ Suspended",
    "rejected": "❌ Rejected",
    "withdrawn": "↩️ Withdrawn",
    "expired": "⌛ Expired",
}
_STAGE_MARK: Final = {"waiting": "◻️", "open": "▶️", "approved": "✅", "rejected": "❌", "skipped": "➖"}


def request_card(request: RequestView, viewer: PersonView | None, *, now: datetime, console: str = "") -> Card:
    """The living message of a request. Without a viewer it is the channel's: buttons for all; the core checks.

    `console` is the console's address where people can reach it.
    """
    blocks: list[Block] = [
        Heading(f"{request.reference} · {title_of(request)}"),
        Section(
            (
                Markup(f"*{status_of(request)}*"),
                *_decided(request),
                Markup(" · asked by "),
                one_line(request.requester.name),
                *((Markup(f" · {request.reopens} asked again"),) if request.reopens else ()),
                *_in_console(request, console),
            )
        ),
    ]
    if facts := _facts(request):
        blocks.append(Fields(facts))
    if request.justification:
        blocks.append(Quote(Plain(request.justification)))
    if risk := risk_line(request):
        blocks.append(Context(risk))
    if request.stages:
        line = _stage_line if request.status == "pending" else _last_stage_line
        blocks.append(Steps(tuple(line(stage, now=now) for stage in request.stages)))
    if request.open_question:
        blocks.append(Context(_question_line(request.open_question)))
    blocks += [*ticket_blocks(request), *ticket_lines(request.tickets)]
    if request.status == "pending":
        blocks.append(Actions((*_buttons(request, viewer, now=now), _menu(request, viewer))))
    elif request.suspension:
        blocks.append(Actions((_naming(request),)))
    return Card(summary=f"{request.reference}: {title_of(request)} — {status_of(request)}", blocks=tuple(blocks))


def details_blocks(request: RequestView, *, now: datetime, console: str = "") -> tuple[Block, ...]:
    """Everything about a request, for the details modal and `/approve show`; what people wrote is whole."""
    card = request_card(request, None, now=now, console=console)
    blocks: list[Block] = [
        Passage(block.text) if isinstance(block, Quote) else block
        for block in card.blocks
        if not isinstance(block, Actions)
    ]
    extra = {
        key: value
        for key, value in request.resource.items()
        if key not in ("name", *dict(_facts_of(request))) and value
    }
    if extra:
        blocks.append(
            Fields(tuple((key.replace("_", " ").capitalize(), (one_line(value),)) for key, value in extra.items()))
        )
    blocks += [block for stage in request.stages for vote in stage.votes for block in _vote_blocks(stage, vote)]
    before = [(stage, vote) for stage in request.stages for vote in stage.superseded]
    if before:
        blocks.append(Context((Markup("Votes on what was asked before it was changed; they do not count:"),)))
    blocks += [block for stage, vote in before for block in _vote_blocks(stage, vote)]
    if request.assessment is not None:
        blocks += (Divider(), *why_blocks(request))
    if request.comments:
        blocks.append(Divider())
    blocks += [block for comment in request.comments for block in _comment_blocks(comment)]
    blocks.append(
        Context(
            (
                Markup("Policy "),
                one_line(request.policy),
                Markup(f" · digest `{request.digest[: actions.DIGEST_CHARS]}`"),
                Instant(request.created_at, " · asked "),
            )
        )
    )
    return tuple(blocks)


def details_card(request: RequestView, viewer: PersonView, *, now: datetime, console: str = "") -> Card:
    """The private answer to `/approve show`: the details with the viewer's own buttons."""
    blocks = details_blocks(request, now=now, console=console)
    if request.status == "pending":
        buttons = (button for button in _buttons(request, viewer, now=now) if button.action_id != actions.DETAILS)
        blocks = (*blocks, Actions((*buttons, _menu(request, viewer))))
    elif request.suspension and viewer.id == request.requester.id:
        blocks = (*blocks, Actions((_naming(request),)))
    elif request.status in REOPENED and viewer.id == request.requester.id:
        blocks = (*blocks, Actions((Button(actions.REOPEN, "Ask again", target_of(request).encode()),)))
    return Card(summary=f"{request.reference}: {title_of(request)} — {status_of(request)}", blocks=blocks)


def why_card(request: RequestView) -> Card:
    """The private answer to `/approve why`."""
    title = f"Why {request.reference} goes the way it goes"
    return Card(summary=title, blocks=(Heading(title), *why_blocks(request)))


def status_of(request: RequestView) -> str:
    """How it stands, as the headline of every message about it."""
    return WAITING if request.waits_for_ticket else _STATUS[request.status_shown]


def target_of(request: RequestView, viewer: PersonView | None = None) -> Target:
    """What a click on this version of the request says: the open stage that asks the viewer, else the first."""
    opened = [stage for stage in request.stages if stage.status == "open"]
    asked = [stage for stage in opened if viewer is not None and _is_asked(stage, viewer)]
    stage = next((stage.key for stage in (*asked, *opened)), "")
    return Target(id=request.id, digest=request.digest[: actions.DIGEST_CHARS], stage=stage)


def _buttons(request: RequestView, viewer: PersonView | None, *, now: datetime) -> tuple[Button, ...]:
    value = target_of(request, viewer).encode()
    details = Button(actions.DETAILS, "Details", value)
    if viewer is not None and viewer.id == request.requester.id:
        answer = (Button(actions.ANSWER, "Answer", value),) if request.open_question else ()
        confirm = Confirm(
            "Withdraw this request?", "Nobody can approve it any more. You can ask again.", "Withdraw", tone=Tone.DANGER
        )
        change = Button(actions.AMEND, "Change", value)
        naming = (_naming(request),) if request.needs_a_ticket_named else ()
        return (*answer, *naming, change, Button(actions.WITHDRAW, "Withdraw", value, confirm=confirm), details)
    if viewer is not None and not any(_is_asked(stage, viewer) for stage in request.stages):
        undo = (Button(actions.UNDO, "Undo my vote", value),) if request.has_vote_to_undo(viewer.id, now=now) else ()
        return (*undo, details)
    if request.waits_for_ticket:  # nobody is asked yet
        return (_naming(request), details)
    return (
        Button(actions.VOTE_APPROVE, "Approve", value, tone=Tone.PRIMARY),
        Button(actions.VOTE_REJECT, "Reject", value, tone=Tone.DANGER),
        Button(actions.ASK, "Ask", value),
        Button(actions.DELEGATE, "Delegate", value),
        details,
    )


def moving_on(request: RequestView) -> tuple[Button, ...]:
    """What its requester can do so that it goes on."""
    value = target_of(request).encode()
    if request.is_paused:
        return (Button(actions.ANSWER, "Answer", value),)
    if request.waits_for_ticket:  # nobody is asked yet
        return (_naming(request),) if request.needs_a_ticket_named else ()
    return (Button(actions.NUDGE, "Nudge", value),)


def _naming(request: RequestView) -> Button:
    is_first = request.ticket is not None and not request.ticket.number
    return Button(
        actions.NAME_TICKET, "Name a ticket" if is_first else "Name another ticket", target_of(request).encode()
    )


def _menu(request: RequestView, viewer: PersonView | None) -> Menu:
    """What people do now and then. Its targets name no stage: an option has little room, and none needs it."""
    value = Target(id=request.id, digest=request.digest[: actions.DIGEST_CHARS]).encode()
    is_requester = viewer is not None and viewer.id == request.requester.id
    is_voted_on = not request.is_paused and not request.waits_for_ticket
    nudge = (Choice(actions.NUDGE, "Nudge", value),) if is_requester and is_voted_on else ()
    return Menu(
        actions.MENU,
        (*nudge, Choice(actions.COMMENT, "Comment", value), Choice(actions.WHY, "Why these approvals?", value)),
    )


def _is_asked(stage: StageView, viewer: PersonView) -> bool:
    """Whether the stage still waits for the viewer: with a quorum it stays open after their vote."""
    return (
        stage.status == "open"
        and any(person.id == viewer.id for person in stage.approvers)
        and all(vote.voter.id != viewer.id for vote in stage.votes)
    )


def _facts(request: RequestView) -> tuple[tuple[str, Text], ...]:
    return tuple(
        (label, (one_line(request.resource[key]),)) for key, label in _facts_of(request) if request.resource.get(key)
    )


def _facts_of(request: RequestView) -> tuple[tuple[str, str], ...]:
    """What a decision about it needs first: of an agent, or of a budget."""
    return _BUDGET_FACTS if request.action.startswith("budget.") else _FACTS


def _in_console(request: RequestView, console: str) -> Text:
    return (Markup(" · "), Link("open in the console", page_of(request.reference, console))) if console else ()


def _decided(request: RequestView) -> Text:
    """By whom and when: the requester must be told who decided, not only what (A5)."""
    if request.decided_at is None:
        return ()
    if request.is_automatic:
        approved: Text = (Markup(" · approved"),) if request.suspension else ()
        return (*approved, Markup(" automatically, by its policy's criteria"), Instant(request.decided_at, " · "))
    deciding = {"approved": "approve", "rejected": "reject"}.get(request.status)
    votes = [vote for stage in request.stages for vote in stage.votes if vote.decision == deciding]
    last = max(votes, key=lambda vote: vote.at, default=None)
    who: Text = (Markup(" by "), one_line(cast_by(last))) if last else ()
    if request.status == "rejected" and last is None:
        who = (Markup(", because nobody decided it in time"),)
    reason: Text = (Markup(": "), one_line(f"“{last.reason}”")) if last and last.reason else ()
    if request.suspension:
        who = (Markup(" · approved"), *who)
    return (*who, Instant(request.decided_at, " · "), *reason)


def _stage_line(stage: StageView, *, now: datetime) -> Text:
    mark: Text = (Markup(f"{_STAGE_MARK[stage.status]} "), Strong(stage.title))
    match stage.status:
        case "open":
            voted = {vote.voter.id for vote in stage.votes}
            approved: Text = (Markup(" · approved by "), names(map(cast_by, stage.votes))) if stage.votes else ()
            waiting = names(
                in_place(person, stage.in_place_of.get(person.id))
                for person in stage.approvers
                if person.id not in voted
            )
            escalated: Text = (Markup(" · 🔺 _escalated_"),) if stage.escalation_level else ()
            told: Text = (Markup(" · 💡 suggested: "), names(person.name for person in stage.suggested))
            suggested = told if stage.suggested else ()
            return (*mark, *approved, Markup(" · waiting for "), waiting, *suggested, *_due(stage, now=now), *escalated)
        case "approved" | "rejected":
            by = names(map(cast_by, stage.votes))
            return (*mark, Markup(f" · {stage.status} by "), by)
        case "skipped":
            return (*mark, Markup(" · not decided" if stage.is_needed else " · not needed"))
        case _:
            return (*mark, Markup(f" · {stage.status}"))


def _last_stage_line(stage: StageView, *, now: datetime) -> Text:
    """The stage of a request that is over: what was not decided by then never will be."""
    if stage.status in {"open", "waiting"}:
        return (Markup(f"{_STAGE_MARK['skipped']} "), Strong(stage.title), Markup(" · not decided"))
    return _stage_line(stage, now=now)


def _due(stage: StageView, *, now: datetime) -> Text:
    """A moment, not "in 3 h": the message stays, and would be wrong a minute later."""
    if stage.due_at is None:
        return ()
    if stage.paused_at is not None:
        return (Instant(stage.paused_at, " · ⏸️ waits for an answer since "),)
    return (Instant(stage.due_at, " · ⏰ *overdue* since " if stage.due_at <= now else " · due "),)


def _vote_blocks(stage: StageView, vote: VoteView) -> list[Block]:
    mark = "✅" if vote.decision == "approve" else "❌"
    confirmed = ", ".join(name.replace("_", " ") for name, is_met in vote.criteria.items() if is_met)
    line: Text = (
        Markup(f"{mark} "),
        Strong(stage.title),
        Markup(": "),
        one_line(cast_by(vote)),
        Instant(vote.at, " · "),
        *((Markup("\n_Confirmed:_ "), one_line(confirmed)) if confirmed else ()),
    )
    return [Section(line), *([Passage(Plain(vote.reason))] if vote.reason else [])]


def _comment_blocks(comment: CommentView) -> list[Block]:
    line: Text = (
        Markup(f"*{comment.kind.capitalize()}* by "),
        one_line(comment.author.name),
        Instant(comment.at, " · "),
    )
    return [Section(line), Passage(Plain(comment.text))]


def _question_line(question: CommentView) -> Text:
    return (Markup("❓ "), one_line(question.author.name), Markup(" asks: "), one_line(question.text))
