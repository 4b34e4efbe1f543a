"""Emergency bypasses as messages."""

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
    Fields,
    Heading,
    Instant,
    Link,
    LinkButton,
    Markup,
    Plain,
    Quote,
    Section,
    Text,
    Tone,
)
from bot.times import due, in_words
from core.access import PersonView
from core.emergency import BypassView

_STATUS: Final = {"active": "🚨 Active", "ended": "⏹️ Ended", "expired": "⌛ Expired"}
_VERDICTS: Final = {"justified": "✅ justified", "not_justified": "❌ not justified"}


def bypass_card(bypass: BypassView, viewer: PersonView | None, *, now: datetime) -> Card:
    """The living message of a bypass. Without a viewer it is the channel's or management's."""
    scope = "any action" if bypass.action == "*" else bypass.action
    agent = "any agent" if bypass.resource == "*" else bypass.resource
    left: Text = (
        (Instant(bypass.expires_at, " · until "), Markup(f" ({in_words(bypass.expires_at - now)} left)"))
        if bypass.status == "active" and bypass.expires_at > now
        else ()
    )
    blocks: list[Block] = [
        Heading(f"{bypass.reference} · Emergency bypass"),
        Section((Markup(f"*{_STATUS[bypass.status]}*"), *left, Markup(" · by "), Plain(bypass.requester.name))),
        Fields(
            (
                ("Action", (Plain(scope),)),
                ("Agent", (Plain(agent),)),
                ("Risk", (Plain(bypass.risk.capitalize()),)),
                ("Review", _review(bypass, now=now)),
            )
        ),
        Quote(Plain(bypass.justification)),
    ]
    if bypass.acknowledged_by and bypass.acknowledged_at:
        blocks.append(
            Context(
                (
                    Markup("👁️ Acknowledged by "),
                    Plain(bypass.acknowledged_by.name),
                    Instant(bypass.acknowledged_at, " · "),
                )
            )
        )
    blocks += [
        Context((Markup("🎫 "), Link(ticket.number, ticket.url), Plain(f" in {ticket.system} · {ticket.state}")))
        for ticket in bypass.tickets
    ]
    buttons = _buttons(bypass, viewer)
    if buttons:
        blocks.append(Actions(buttons))
    summary = f"{bypass.reference}: {bypass.requester.name} bypassed approval for {scope} on {agent} — {bypass.status}"
    return Card(summary=summary, blocks=tuple(blocks))


def bypass_line(bypass: BypassView, *, now: datetime) -> Text:
    """One line of a list."""
    until = f" · {in_words(bypass.expires_at - now)} left" if bypass.status == "active" else ""
    return (
        Markup(f"*{bypass.reference}* {_STATUS[bypass.status]}{until} · "),
        Plain(bypass.requester.name),
        Markup(" · "),
        Plain(bypass.resource),
        Markup(" · review "),
        *_review(bypass, now=now),
    )


def list_card(bypasses: tuple[BypassView, ...], *, now: datetime) -> Card:
    """`/bypass status`."""
    if not bypasses:
        return Card("No bypass has been used.", (Section((Plain("No bypass has been used. Good."),)),))
    return Card(
        f"{len(bypasses)} bypasses",
        (Heading("Emergency bypasses"), *(Section(bypass_line(each, now=now)) for each in bypasses)),
    )


def _review(bypass: BypassView, *, now: datetime) -> Text:
    if bypass.review_status == "done":
        by = bypass.reviewed_by.name if bypass.reviewed_by else "somebody"
        return (Markup(_VERDICTS.get(bypass.review_verdict or "", "done")), Plain(f" by {by}"))
    return (Markup(due(bypass.review_due_at, now=now)),)


def _buttons(bypass: BypassView, viewer: PersonView | None) -> tuple[Button | LinkButton, ...]:
    value = Target(id=bypass.id).encode()
    is_holder = viewer is not None and viewer.id == bypass.requester.id
    buttons: list[Button | LinkButton] = []
    if not is_holder and bypass.acknowledged_at is None:
        buttons.append(Button(actions.BYPASS_ACKNOWLEDGE, "Acknowledge", value, tone=Tone.PRIMARY))
    if bypass.status == "active":
        confirm = Confirm("End this bypass?", "What it allowed needs approval again.", "End it")
        buttons.append(Button(actions.BYPASS_END, "End now", value, tone=Tone.DANGER, confirm=confirm))
    if not is_holder and bypass.review_status != "done":
        buttons.append(Button(actions.BYPASS_REVIEW, "Review", value))
    return tuple(buttons)
