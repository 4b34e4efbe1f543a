"""What a form asks for, and at which of its inputs an error stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.errors import CountersignError, InvalidInput

# Where an error points -> the input at which the person sees it.
_FIELDS: Final[Mapping[str, str]] = {
    "resource.name": "agent_name known_agent",
    "context.suggested_approvers": "suggested",
    "resource.owner": "owner",
    "resource.sponsor": "sponsor",
    "resource.business_service": "business_service",
    "context.justification": "justification",
    "context.ticket": "ticket",
    "to": "to person",
    "email": "person owner",
    "resource": "agent",
    "follow_ups": "follow_up",
    "text": "question answer comment update note",  # whichever of them this form has
}


@dataclass(frozen=True, slots=True)
class Field:
    """One input of a form that was sent."""

    id: str
    is_text: bool
    is_optional: bool


def refuse_blanks(fields: Sequence[Field], values: Mapping[str, Any]) -> None:
    """Platforms insist on something in a field that must be filled; a space is enough for them. Raises InvalidInput."""
    for field in fields:
        if field.is_text and not field.is_optional and not (values.get(field.id) or "").strip():
            raise InvalidInput("Write something here.", where=field.id)


def field_of(error: CountersignError, fields: Sequence[Field]) -> str | None:
    """The input at which the error is shown; None if the form has none.

    One that belongs to no input is shown at the last text: a page of its own would throw away what was typed.
    """
    known = {field.id for field in fields}
    where = error.where or ""
    head = where.partition(".")[0]
    wanted = _FIELDS.get(where, head if head in ("criteria", "resources") else where)
    texts = [field.id for field in fields if field.is_text]
    return next((name for name in wanted.split() if name in known), texts[-1] if texts else None)


def longest_text(fields: Sequence[Field], values: Mapping[str, Any]) -> str:
    """What somebody wrote at the greatest length: the rest of a form is soon chosen again."""
    return max(filter(None, (values.get(field.id) for field in fields if field.is_text)), key=len, default="")
