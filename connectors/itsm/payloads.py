"""Pure: what is sent to a ticket, by our own names, for people who compare it with what was sent before."""

from __future__ import annotations

from typing import Any

from connectors.itsm.base import TicketDraft, TicketPatch, TicketState


def payload_of(draft: TicketDraft, note: str, patch: TicketPatch | None) -> dict[str, Any]:
    """The ticket as it would be opened now, what is written beside it, and where it is put, if it moves."""
    ticket = {
        "kind": draft.kind.value,
        "summary": draft.summary,
        "description": draft.description,
        "requester_email": draft.requester_email,
        **dict(draft.fields),
    }
    if patch is None:
        return {"ticket": ticket, "note": note}
    closing = {"close_code": patch.close_code.value} if patch.target is TicketState.CLOSED else {}
    return {"ticket": ticket, "note": note, "state": patch.target.value, "by": patch.by, **closing}
