"""Changes as messages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from bot import actions
from bot.actions import Target
from bot.cards import (
    Actions,
    Block,
    Button,
    Card,
    Confirm,
    Context,
    Fields,
    Heading,
    Instant,
    Markup,
    Plain,
    Quote,
    Section,
    Steps,
    Text,
    Tone,
    one_line,
)
from bot.times import counted
from bot.views.pieces import first_line, spoken
from bot.views.rollouts import is_with_platform, rollout_blocks
from core.access import PersonView
from core.changes import ChangeAgenda, ChangeState, ChangeView, Step

LISTED: Final = 25
SHOWN: Final = 8  # resources of a card, and factors of a risk
_STATES: Final = {
    ChangeState.DRAFT: "📝 Draft",
    ChangeState.ASSESS: "🔍 Assessed",
    ChangeState.AUTHORISE: "🗳️ Waits for approval",
    ChangeState.SCHEDULE: "✅ Approved",
    ChangeState.IMPLEMENT: "🔧 Being implemented",
    ChangeState.VALIDATE: "🧪 Being validated",
    ChangeState.REVIEW: "🔎 Waits for its review",
    ChangeState.CLOSED: "🏁 Closed",
    ChangeState.ROLLED_BACK: "↩️ Rolled back",
    ChangeState.FAILED: "❌ Failed",
    ChangeState.CANCELLED: "⏹️ Cancelled",
}


def change_card(change: ChangeView, viewer: PersonView | None, *, now: datetime) -> Card:
    """The living message of a change. Without a viewer it is the channel's."""
    blocks: list[Block] = [
        Heading(f"{change.reference} · Change"),
        Section((Markup(f"*{state_of(change)}* · "), one_line(change.title))),
        Fields(tuple(_fields(change))),
    ]
    if change.description.strip():
        blocks.append(Quote(Plain(change.description)))
    if change.gates:
        blocks.append(Steps(tuple(_gates(change))))
    blocks += rollout_blocks(change, now=now)
    blocks += _lessons(change)
    blocks += _risk_lines(change)
    blocks += _outcome_lines(change, now=now)
    buttons = _buttons(change, viewer)
    if buttons:
        blocks.append(Actions(buttons))
    return Card(f"{change.reference}: {first_line(change.title)} — {state_of(change)}", tuple(blocks))


def changes_card(changes: Sequence[ChangeView], *, title: str) -> Card:
    """The newest. One more than are listed says that there are older ones."""
    if not changes:
        return Card("No change.", (Section((Plain("No change."),)),))
    shown = changes[:LISTED]
    older = (
        (Context((Markup(f"These are the newest {LISTED}; there are older ones."),)),) if len(changes) > LISTED else ()
    )
    hint = f"`/change show {shown[0].reference}` shows one."
    return Card(
        counted(len(shown), "change"),
        (Heading(title), *(Section(change_line(each)) for each in shown), *older, Context((Markup(hint),))),
    )


def agenda_card(agenda: ChangeAgenda) -> Card:
    """What the next meeting about changes speaks about; long parts are cut, and the console has all."""
    parts: tuple[tuple[str, Sequence[ChangeView]], ...] = (
        ("To be decided", [each.change for each in agenda.waiting]),
        ("Coming", [each.change for each in agenda.planned]),
        ("To be reviewed", agenda.reviews),
    )
    in_the_way = {each.change.id for each in (*agenda.waiting, *agenda.planned) if each.obstacles}
    blocks: list[Block] = [Heading("Agenda of the change meeting")]
    for title, found in parts:
        blocks.append(Section((Markup(f"*{title}* ({len(found)})"),)))
        for each in found[:SHOWN]:
            mark: Text = (Markup(" · ⚠️ its time is taken or closed"),) if each.id in in_the_way else ()
            blocks.append(Section((*change_line(each), *mark)))
        if len(found) > SHOWN:
            blocks.append(Context((Markup(f"and {len(found) - SHOWN} more"),)))
    if agenda.freezes:
        named = ", ".join(first_line(each.name) for each in agenda.freezes[:SHOWN])
        blocks.append(Context((Markup("❄️ "), Plain(named))))
    return Card("Agenda of the change meeting", tuple(blocks))


def change_line(change: ChangeView) -> Text:
    """One line of a list."""
    risk = f" · {change.risk.level} risk" if change.risk else ""
    when: Text = (Instant(change.starts_at, " · "),) if change.starts_at and not change.is_over else ()
    return (Markup(f"*{change.reference}* {state_of(change)} · "), one_line(change.title), Markup(risk), *when)


def state_of(change: ChangeView) -> str:
    """Where it is, in words; one that has its time is scheduled."""
    state = ChangeState(change.state)
    return "🗓️ Scheduled" if state is ChangeState.SCHEDULE and change.scheduled_at else _STATES[state]


def _fields(change: ChangeView) -> Iterator[tuple[str, Text]]:
    yield "Type", (one_line(spoken(change.type)),)
    yield "Requester", (one_line(change.requester.name),)
    yield "Touches", (_some(change.resources),)
    felt = tuple(each for each in change.reach if each not in change.resources)
    if felt:
        yield "Felt by", (_some(felt),)
    if change.risk:
        yield "Risk", (Markup(f"{change.risk.level.capitalize()} ({change.risk.score} of 100)"),)
    if change.request:
        yield "Approval", (Markup(f"{change.request} is {change.request_state}"),)
    if change.starts_at and change.ends_at:
        yield (
            "When" if change.scheduled_at else "Wished for",
            (Instant(change.starts_at), Instant(change.ends_at, " to ")),
        )
    if change.implementer:
        yield "Implemented by", (one_line(change.implementer.name),)
    if change.bypass:
        yield "Bypass", (Markup(f"🚨 {change.bypass}"),)


def _gates(change: ChangeView) -> Iterator[Text]:
    last = {each.gate: each for each in change.evidence}
    for gate in change.gates:
        shown = last.get(gate)
        mark = "⬜" if shown is None else "❌" if gate in change.missing else "✅"
        owed = " (owed)" if gate in change.owed and gate in change.missing else ""
        said: Text = () if shown is None else (Markup(": "), one_line(shown.summary[:200]))
        yield (Markup(f"{mark} {spoken(gate)}{owed}"), *said)


def _risk_lines(change: ChangeView) -> Iterator[Block]:
    if change.risk is None:
        return
    counted_ = change.risk.counted[:SHOWN]
    history = change.risk.history
    if counted_:
        words = "; ".join(f"{first_line(each.name)} +{each.weight}" for each in counted_)
        yield Context((Markup("Why: "), Plain(words)))
    ended = f"{history.failed} of {history.similar} went wrong" if history.similar else "there were none yet"
    yield Context((Markup(f"Similar changes within a year (same {history.basis}): {ended}."),))


def _lessons(change: ChangeView) -> Iterator[Block]:
    for each in change.suggested:
        yield Context((Markup(f"💡 {each.reference}: "), one_line(each.lessons[:300])))


def _outcome_lines(change: ChangeView, *, now: datetime) -> Iterator[Block]:
    told = " ".join(change.rollout.reasons) if change.rollout else ""
    if change.note and change.note not in told:
        yield Context((Markup("💬 "), one_line(change.note[:500])))
    if change.validation:
        mark = "✅" if change.validation.result == "passed" else "❌"
        yield Context(
            (Markup(f"{mark} Validation {change.validation.result}: "), one_line(change.validation.notes[:300] or "–"))
        )
    if change.review:
        yield Context((Markup(f"🔎 {spoken(change.review.outcome)}: "), one_line(change.review.notes[:500])))
        if change.review.lessons:
            yield Context((Markup("💡 "), one_line(change.review.lessons[:500])))
    elif change.review_state and change.review_due_at:
        is_late = change.review_due_at <= now
        yield Context((Instant(change.review_due_at, "⏰ Its review is overdue since " if is_late else "Review due "),))


def _buttons(change: ChangeView, viewer: PersonView | None) -> tuple[Button, ...]:
    """What can be done now. Who may is said by the use case: roles are not the card's to know."""
    value, steps = Target(id=change.id).encode(), set(change.steps)
    is_own = viewer is None or viewer.id == change.requester.id
    buttons: list[Button] = []
    if Step.SUBMIT in steps or Step.ASSESS in steps:
        buttons += [Button(actions.CHANGE_SUBMIT, "Submit", value, tone=Tone.PRIMARY)] if is_own else []
    if (change.missing and not change.is_over) or _owes(change):
        buttons.append(Button(actions.CHANGE_EVIDENCE, "Add evidence", value))
    if Step.SCHEDULE in steps:
        buttons.append(Button(actions.CHANGE_SCHEDULE, "Schedule", value))
    if Step.IMPLEMENT in steps and change.scheduled_at:
        confirm = Confirm("Start this change?", "Its approval is used by that.", "Start")
        buttons.append(Button(actions.CHANGE_START, "Start", value, tone=Tone.PRIMARY, confirm=confirm))
        if change.can_roll_out:
            confirm = Confirm("Have the platform roll it out?", "It is watched, and undone where it fails.", "Roll out")
            buttons.append(Button(actions.CHANGE_ROLL_OUT, "Roll out", value, tone=Tone.PRIMARY, confirm=confirm))
    if (Step.COMPLETE in steps or Step.VALIDATE in steps) and not is_with_platform(change):
        buttons.append(Button(actions.CHANGE_DONE, "Done", value, tone=Tone.PRIMARY))
    if change.alarm and not change.alarm.acknowledged_by:
        buttons.append(Button(actions.CHANGE_ACKNOWLEDGE, "I'll look", value, tone=Tone.PRIMARY))
    if change.recovery and change.recovery.state == "due" and not is_with_platform(change):
        buttons.append(Button(actions.CHANGE_RECOVERY, "Recovery", value, tone=Tone.PRIMARY))
    if change.review_state in ("due", "overdue") and not _is_involved(change, viewer):
        buttons.append(Button(actions.CHANGE_REVIEW, "Review", value, tone=Tone.PRIMARY))
    if Step.ROLL_BACK in steps:
        buttons.append(Button(actions.CHANGE_ROLLBACK, "Roll back", value, tone=Tone.DANGER))
    return tuple(buttons)


def _owes(change: ChangeView) -> bool:
    return bool(set(change.owed) & set(change.missing)) and change.review_state in ("due", "overdue")


def _is_involved(change: ChangeView, viewer: PersonView | None) -> bool:
    involved = {change.requester.id, *([change.implementer.id] if change.implementer else [])}
    return viewer is not None and viewer.id in involved


def _some(resources: Sequence[str]) -> Plain:
    shown = ", ".join(first_line(each) for each in resources[:SHOWN])
    return Plain(shown + (f" and {len(resources) - SHOWN} more" if len(resources) > SHOWN else ""))


_TOLD: Final = {
    "change.submitted": "🗳️ Submitted: those who decide are asked.",
    "change.authorised": "✅ Approved. It can be scheduled.",
    "change.turned_down": "↩️ Not approved: it is a draft again.",
    "change.lapsed": "⌛ Its approval is over, as nobody used it in time.",
    "change.scheduled": "🗓️ It has its time.",
    "change.sent_back": "🗳️ Sent back to those who decide",
    "change.started": "🔧 Started",
    "change.bypassed": "🚨 Started under an emergency bypass",
    "change.overrun": "⏰ Its time is over, and it is not done.",
    "change.completed": "🧪 Done; it is being validated.",
    "change.validated": "✅ Validated; it waits for its review.",
    "change.validation_failed": "❌ Its validation failed.",
    "change.rollback_asked": "🗳️ Its rollback is asked for",
    "change.rollback_declined": "✋ Not rolled back",
    "change.rollback_started": "↩️ Being rolled back",
    "change.rolled_back": "↩️ Rolled back",
    "change.recovered": "✅ Everything works again.",
    "change.recovery_failed": "🚨 It does not work again, and is open",
    "change.rollout_failed": "🚨 Its rollout failed",
    "change.undone_late": "🚨 Undone after it was over",
    "change.went_silent": "🚨 The platform is silent",
    "change.heard_again": "📡 The platform is heard again.",
    "change.alarm_repeated": "🚨 Nobody looks after it yet",
    "change.ticket_ended": "🎫 Its ticket is over, and it is not",
    "change.task_heard": "🎫 A task of it was touched on its ticket",
    "change.acknowledged": "🙋 Somebody looks after it",
    "change.failed": "❌ Failed",
    "change.review_overdue": "⏰ Its review is overdue.",
    "change.reviewed": "🔎 Reviewed.",
    "change.closed": "🏁 Closed.",
    "change.cancelled": "⏹️ Cancelled",
}


def change_thread_line(event: str, data: Mapping[str, Any]) -> Card | None:
    """One line of a change's history; None for what its message shows well enough."""
    said = _TOLD.get(event)
    if said is None:
        return None
    by = str(data.get("by") or "")
    why = str(data.get("reason") or "")
    who: Text = (Markup(" by "), one_line(by)) if by and not said.endswith(".") else ()
    because: Text = (Markup(": "), one_line(f"“{why[:500]}”")) if why and not said.endswith(".") else ()
    line: Text = (Markup(said), *who, *because)
    words = "".join(piece.text for piece in line if isinstance(piece, Markup | Plain))
    return Card(words, (Section(line),))
