"""Made-up tickets, from values that somebody types as name=value, for what is tried without sending it."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Final

from config.suggest import did_you_mean
from connectors.itsm.base import TicketDraft, TicketKind, TicketPatch, TicketState
from connectors.itsm.mapping import FACTS, OPEN_SUBJECTS
from core.errors import InvalidInput

DRAFT_NAMES: Final = ("kind", "summary", "description", "requester_email")
PATCH_NAMES: Final = ("target", "note", "by")


def read_samples(given: Sequence[str]) -> dict[str, str]:
    """The values by their names. Raises InvalidInput for a text without `=`."""
    return dict(_pair(one) for one in given)


def sample_draft(given: Mapping[str, str]) -> TicketDraft:
    """A made-up ticket with these values: kind=incident, risk.level=low, resource.environment=production.

    Raises InvalidInput for a name that is no sample.
    """
    facts: dict[str, Any] = copy.deepcopy({name: value for name, value in FACTS.items() if name != "ticket"})
    for name, value in given.items():
        subject, _, field = name.partition(".")
        fields = facts.get(subject)
        if name in {*DRAFT_NAMES, *PATCH_NAMES}:
            continue
        if not field or not isinstance(fields, dict) or (field not in fields and subject not in OPEN_SUBJECTS):
            raise InvalidInput(f"'{name}' is no sample.{did_you_mean(name, _names())}", accepted=_names())
        fields[field] = int(value) if isinstance(fields.get(field), int) and value.isdecimal() else value
    kind = given.get("kind", TicketKind.CHANGE)
    if kind not in tuple(TicketKind):
        raise InvalidInput(f"'{kind}' is no kind.{did_you_mean(kind, TicketKind)}", accepted=tuple(TicketKind))
    request, resource = facts["request"], facts["resource"]
    service = resource.get("business_service", "")
    return TicketDraft(
        key=request["id"],
        kind=TicketKind(kind),
        summary=given.get("summary", f"{request['reference']}: {request['action']} {resource['name']}"),
        description=given.get("description", request["justification"]),
        requester_email=given.get("requester_email", facts["requester"]["email"]),
        fields={"justification": request["justification"], "business_service": service},
        facts=facts,
    )


def sample_patch(draft: TicketDraft, given: Mapping[str, str]) -> TicketPatch:
    """Where the draft's ticket goes, by `target`, `note` and `by`. Raises InvalidInput for a state that is none."""
    target = given.get("target", TicketState.APPROVED)
    if target not in tuple(TicketState):
        raise InvalidInput(f"'{target}' is no state.{did_you_mean(target, TicketState)}", accepted=tuple(TicketState))
    note = given.get("note", f"{draft.facts['request']['reference']}: {target}")
    by = given.get("by", "Amara Okafor")
    return TicketPatch(key=f"{draft.key}:try", target=TicketState(target), note=note, by=by)


def _names() -> tuple[str, ...]:
    plain = (f"{subject}.{name}" for subject, fields in FACTS.items() if isinstance(fields, dict) for name in fields)
    return (*DRAFT_NAMES, *PATCH_NAMES, *(name for name in plain if not name.startswith("ticket.")), "resource.NAME")


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise InvalidInput(f"'{text}' is no sample; it reads name=value.", accepted=_names())
    return name, value
