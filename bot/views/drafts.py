"""What somebody has written and not asked yet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot import actions
from bot.actions import Target
from bot.cards import Actions, Block, Button, Card, Confirm, Context, Heading, Instant, Markup, Section, Tone, one_line
from bot.times import counted
from bot.views.pieces import action_on
from core.drafts import DraftView

SHOWN: Final = 15
TITLE: Final = "Your drafts"


def drafts_card(drafts: Sequence[DraftView]) -> Card:
    """The drafts, each to be continued or discarded."""
    if not drafts:
        empty = "You have no drafts. The form of `/approve` can save one."
        return Card("You have no drafts.", (Heading(TITLE), Section((Markup(empty),))))
    blocks: list[Block] = [Heading(TITLE)]
    for draft in drafts[:SHOWN]:
        blocks += [
            Section((one_line(_title(draft)), Instant(draft.updated_at, " · changed "))),
            Actions(_buttons(draft)),
        ]
    if len(drafts) > SHOWN:
        blocks.append(Context((Markup(f"and {counted(len(drafts) - SHOWN, 'more draft')}"),)))
    return Card(f"You have {counted(len(drafts), 'draft')}.", tuple(blocks))


def saved_card(draft: DraftView) -> Card:
    """The draft is kept; nobody has been asked."""
    line = (
        Markup("📝 Saved, and nobody is asked yet: "),
        one_line(_title(draft)),
        Markup(". `/approve drafts` shows it."),
    )
    return Card("Your draft is saved.", (Section(line), Actions(_buttons(draft))))


def _title(draft: DraftView) -> str:
    return action_on(draft.action, draft.resource.get("name") or "no name yet")


def _buttons(draft: DraftView) -> tuple[Button, ...]:
    value = Target(draft.id).encode()
    confirm = Confirm("Discard this draft?", "What you have written is lost.", "Discard", tone=Tone.DANGER)
    return (
        Button(actions.DRAFT_CONTINUE, "Continue", value, tone=Tone.PRIMARY),
        Button(actions.DRAFT_DISCARD, "Discard", value, confirm=confirm),
    )
