"""What the system shows of any ticket by its number, where its file declares `look_up`."""

from __future__ import annotations

from typing import Any

from connectors.itsm.base import Refused, TicketFacts, TicketKind
from connectors.itsm.custom.client import CustomClient
from connectors.itsm.custom.failures import Absent
from connectors.itsm.custom.paths import at, text_at
from connectors.itsm.custom.request_spec import JsonPath
from connectors.itsm.custom.spec import Spec
from connectors.itsm.custom.tickets import instant, record, value


async def look_up(spec: Spec, client: CustomClient, number: str) -> TicketFacts | None:
    """The ticket of this number; None if there is none. The answer may be the ticket, or a list that it is in.

    Raises Refused where the file declares no `look_up`.
    """
    if spec.look_up is None:
        raise Refused(f"The file of {spec.title} declares no 'look_up'.", field="look_up")
    try:
        answer, _whole = await client.ask(spec.look_up, {"number": number.strip()})
    except Absent:
        return None
    for one in answer if isinstance(answer, list) else [answer]:
        if one is not None and _number(spec, one).casefold() == number.strip().casefold():
            return _facts(spec, one)
    return None


def _number(spec: Spec, document: Any) -> str:
    return text_at(document, spec.ticket.number) or text_at(document, spec.ticket.id)


def _facts(spec: Spec, document: Any) -> TicketFacts:
    paths, kind = spec.ticket, _kind(spec, document)
    ticket = value(spec, record(spec, document, kind=kind or TicketKind.CHANGE))
    return TicketFacts(
        external_id=ticket.external_id,
        number=ticket.number,
        url=ticket.url,
        kind=kind,
        state=ticket.state,
        label=ticket.label,
        requesters=_texts(document, paths.requester),
        resources=_texts(document, paths.resource),
        text=f"{text_at(document, paths.summary)}\n{text_at(document, paths.description)}".strip(),
        starts_at=instant(spec, document, paths.starts_at),
        ends_at=instant(spec, document, paths.ends_at),
    )


def _texts(document: Any, path: JsonPath) -> tuple[str, ...]:
    """What stands there, be it one value or a list of them."""
    found = at(document, path) if path else None
    values = found if isinstance(found, list) else [found]
    return tuple(str(one) for one in values if isinstance(one, str | int) and str(one).strip())


def _kind(spec: Spec, document: Any) -> TicketKind | None:
    """What it is to us; None where that cannot be told."""
    told = text_at(document, spec.ticket.kind)
    if not told:
        return next(iter(spec.kinds)) if len(spec.kinds) == 1 else None
    table = spec.tables.get("kind", {})
    return next((kind for kind in TicketKind if str(table.get(str(kind), kind)) == told), None)
