"""Asking for something: look first at what would happen, keep it as a draft, or send it (P9, P10)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from aiohttp import web

from core.approvals import Experience, Outlook, explain, get_request
from core.decisions import askable_actions
from core.decisions.views import Answer
from core.drafts import DraftView, discard, get_draft, save
from core.errors import CountersignError, InvalidInput, NotFound
from core.roles.permissions import ACTION_PERMISSIONS
from web.console.forms import Form, read_form
from web.console.front import Look, see_other
from web.console.graph import Node, Way, drawing
from web.errors import DoorError
from web.problems import status_of

ACTIONS: Final = tuple(ACTION_PERMISSIONS)
FACTS: Final = ("owner", "sponsor", "business_service")
NAMED_MAX: Final = 500  # people whom the browser proposes while somebody types an address
# Where an error points -> the field at which the person sees it.
_FIELDS: Final = {
    "resource.name": "name",
    "resource.id": "name",
    "context.justification": "justification",
    "context.suggested_approvers": "suggested",
    **{f"resource.{fact}": fact for fact in FACTS},
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands in the form. `attributes` are lines of `name: value`."""

    action: str = ACTIONS[0]
    name: str = ""
    facts: Mapping[str, str] | None = None
    attributes: str = ""
    justification: str = ""
    suggested: tuple[str, ...] = ()
    draft: UUID | None = None

    def resource(self) -> dict[str, str]:
        """What the gate is asked about, without what was left empty. Raises InvalidInput for an unreadable line."""
        found = {"name": self.name.strip(), **{key: value.strip() for key, value in (self.facts or {}).items()}}
        for line in filter(str.strip, self.attributes.splitlines()):
            key, colon, value = (part.strip() for part in line.partition(":"))
            if not (key and colon and value) or key in found:
                raise InvalidInput(
                    f"'{line[:60]}' is no further attribute.", where="attributes", accepted=("environment: production",)
                )
            found[key] = value
        return {key: value for key, value in found.items() if value}


async def ask(look: Look) -> web.Response:
    """`GET /console/ask`: an empty form, or the draft of the query."""
    draft = look.query("draft")
    return await _page(look, _of_draft(await get_draft(look.database, look.actor, _id(draft))) if draft else Asked())


async def asked(look: Look) -> web.Response:
    """`POST /console/ask`: what would happen is shown, the draft is saved, or the request is on its way."""
    form = await read_form(look.request, look.visitor)
    written = _read(form)
    try:
        match form.text("do"):
            case "save":
                saved = await save(
                    look.database,
                    look.actor,
                    action=written.action,
                    resource=written.resource(),
                    justification=written.justification,
                    draft_id=written.draft,
                )
                return see_other(f"/console/ask?draft={saved.id}&done=saved")
            case "send":
                return see_other(await _sent(look, written))
            case _:
                return await _page(look, written, outlook=await _outlook(look, written))
    except CountersignError as error:
        return await _page(look, written, error=error)


async def throw_away(look: Look) -> web.Response:
    """`POST /console/drafts/{draft_id}/discard`."""
    await read_form(look.request, look.visitor)
    await discard(look.database, look.actor, _id(look.request.match_info["draft_id"]))
    return see_other("/console?tab=drafts")


async def _sent(look: Look, written: Asked) -> str:
    """Where to look at what came of it. Raises InvalidInput with the gate's reason where it denies."""
    decision = await look.house.gate.decide(
        look.actor,
        action=written.action,
        resource={"type": "agent", **written.resource()},
        context={
            "justification": written.justification,
            **({"suggested_approvers": list(written.suggested)} if written.suggested else {}),
        },
    )
    if decision.decision is Answer.DENY:
        reason = decision.reasons[0]
        raise InvalidInput(reason.message, where="suggested" if reason.code == "approvals.invalid_suggestion" else None)
    if written.draft is not None:
        with suppress(NotFound):  # sent twice: the request is open, so nothing went wrong
            await discard(look.database, look.actor, written.draft)
    if decision.request_id is None:
        return "/console/ask?done=allowed"
    request = await get_request(look.database, look.actor, decision.request_id)
    return f"/console/requests/{request.reference}?done=asked"


async def _outlook(look: Look, written: Asked) -> Outlook:
    return await explain(
        look.database,
        look.house.catalogue,
        look.actor,
        action=written.action,
        resource=written.resource(),
        justification=written.justification,
    )


async def _page(
    look: Look, written: Asked, *, outlook: Outlook | None = None, error: CountersignError | None = None
) -> web.Response:
    status = 200
    if error is not None:
        status = int(error.status if isinstance(error, DoorError) else status_of(error.kind))
    where = error.where or "" if error else ""
    said = {
        "saved": "The draft is saved. Nobody has been asked yet.",
        "allowed": "Allowed at once: no approval is needed.",
    }
    return look.page(
        "ask.html",
        place="inbox",
        status=status,
        written=written,
        actions=ACTIONS,
        offered=await askable_actions(look.database, look.actor),
        facts=FACTS,
        people=sorted(person.email for person in look.everybody.people.values() if person.active)[:NAMED_MAX],
        outlook=outlook,
        graphs=_drawn(outlook) if outlook else (),
        nothing=Experience(),
        message=error.sentence() if error else "",
        field=_FIELDS.get(where, where),
        said=said.get(look.query("done"), "") if error is None and outlook is None else "",
    )


def _drawn(outlook: Outlook) -> tuple[str, ...]:
    """The stages that would be gone through, and those that would not be needed."""
    nodes = tuple(
        Node(
            key=stage.key,
            title=stage.title,
            detail=f"asks {len(stage.asked)} {'person' if len(stage.asked) == 1 else 'people'}"
            if stage.is_needed
            else "not needed",
            needs=stage.needs,
            status="" if stage.is_needed else "skipped",
        )
        for stage in outlook.stages
    )
    title = outlook.choice.policy.title if outlook.choice.policy else ""
    return tuple(drawing(nodes, name="outlook", title=title, way=way) for way in Way)


def _read(form: Form) -> Asked:
    action = form.text("action")
    return Asked(
        action=action if action in ACTIONS else ACTIONS[0],
        name=form.text("name"),
        facts={fact: form.text(fact) for fact in FACTS},
        attributes=form.text("attributes"),
        justification=form.text("justification"),
        suggested=form.texts("suggested"),
        draft=_id(form.text("draft")) if form.text("draft") else None,
    )


def _of_draft(draft: DraftView) -> Asked:
    further = {key: value for key, value in draft.resource.items() if key not in ("name", *FACTS)}
    return Asked(
        action=draft.action,
        name=draft.resource.get("name", ""),
        facts={fact: draft.resource.get(fact, "") for fact in FACTS},
        attributes="\n".join(f"{key}: {value}" for key, value in further.items()),
        justification=draft.justification,
        draft=draft.id,
    )


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("There is no such draft.") from None
