"""A person's part, played by a program: what the control surface lets people do on the site, and shows of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.jira import adf, attached, issues, moves
from sandbox.jira.catalogue import FIELDS, ISSUE_TYPES, PROJECTS, REQUEST_TYPES, STATUSES, Field, Kind, by_name
from sandbox.jira.errors import Refused
from sandbox.jira.moves import Author
from sandbox.jira.seed import OPERATOR, author
from sandbox.jira.site import Site
from sandbox.jira.store import Issue, Link
from sandbox.jira.values import Reader, choices_of, words
from sandbox.jira.workflow import Transition

_ACTS: Final = frozenset({"by", "status", "transition", "comment", "internal", "approval"})


def record(site: Site, issue: Issue) -> dict[str, Any]:
    """An issue in plain words, with everything that hangs on it and its history."""
    project = PROJECTS[issue.project]
    names = [*project.screen, "resolution"]
    people = site.store.people
    return {
        "type": "issue",
        "id": issue.id,
        "key": issue.key,
        "project": issue.project,
        "issuetype": ISSUE_TYPES[issue.type].name,
        "parent": site.store.issues[issue.parent].key if issue.parent else None,
        "request_type": REQUEST_TYPES[issue.request_type].name if issue.request_type else None,
        "status": STATUSES[issue.status].name,
        "status_category": STATUSES[issue.status].category,
        "creator": people[issue.creator].email,
        "created": issue.created,
        "updated": issue.updated,
        "resolved": issue.resolved,
        **{name: _plain(site, issue, FIELDS[name]) for name in names},
        "properties": dict(issue.properties),
        "comments": [
            {"id": one.id, "by": people[one.author].email, "at": one.created, "body": adf.plain(one.body),
             "internal": one.internal, "properties": dict(one.properties)}
            for one in issue.comments
        ],
        "approvals": [
            {"id": one.id, "name": one.name, "final": one.final,
             "decisions": {people[who].email: decision for who, decision in one.decisions.items()}}
            for one in issue.approvals
        ],
        "links": [_link(one) for one in site.store.links_of(issue.key)],
        "remote_links": [one.data for one in issue.remote_links],
        "attachments": [{"id": one.id, "filename": one.filename, "size": one.size} for one in issue.attachments],
        "history": [
            {"id": one.id, "at": one.at, "by": people[one.by].email, "items": list(one.items)} for one in issue.history
        ],
    }  # fmt: skip


def edit(site: Site, issue: Issue, wanted: Mapping[str, Any]) -> None:
    """A person changed fields, then commented, then moved or decided. Raises ValueError with what would be accepted."""
    who = author(site, str(wanted.get("by", OPERATOR)))
    move = _move(issue, wanted, who)
    project = site.project_of(issue)
    on_screen = move.screen if move else ()
    fields: dict[str, Any] = {}
    extra: dict[str, Any] = {}
    for name, value in wanted.items():
        if name in _ACTS:
            continue
        held = _field(name)
        target = extra if held.id in on_screen else fields
        target[held.id] = _sent(held, value)
    try:
        if move is not None:
            reader = Reader(site.store, project, who.dialect)
            values, errors = issues.screen_values(reader, extra, {}, move.screen, issue.values)
            errors |= moves.missing(move, values, issue.values)
            if errors:
                raise Refused(errors=errors)  # noqa: TRY301 - told the same way as what the rules refuse
        else:
            values = {}
        if fields:
            issues.edit(site, issue, fields, {}, author=who)
        if comment := wanted.get("comment"):
            _comment(site, issue, str(comment), who, internal=bool(wanted.get("internal", False)))
        if move is not None:
            moves.perform(site, issue, move, values, by=who.person)
        if decision := wanted.get("approval"):
            _decide(site, issue, str(decision), who, named="by" in wanted)
    except Refused as refused:
        raise ValueError(str(refused)) from refused


def _move(issue: Issue, wanted: Mapping[str, Any], who: Author) -> Transition | None:
    status, name = wanted.get("status"), wanted.get("transition")
    if status is None and name is None:
        return None
    open_now = moves.available(issue, who.person)
    for one in open_now:
        target = STATUSES[one.target].name.casefold()
        if str(status).casefold() == target or str(name).casefold() in {one.name.casefold(), one.id}:
            return one
    ways = ", ".join(f"{one.name} (to {STATUSES[one.target].name})" for one in open_now) or "none while it waits"
    raise ValueError(
        f"{issue.key} is in {STATUSES[issue.status].name} and cannot go to {status or name}. Open moves: {ways}."
    )


def _decide(site: Site, issue: Issue, decision: str, who: Author, *, named: bool) -> None:
    pending = issue.pending
    if pending is None:
        raise ValueError(f"{issue.key} waits for no approval.")
    person = who.person
    if not named and not moves.may_answer(pending, person):  # nobody was named: whoever is asked first answers
        person = site.store.people[next(one for one, said in pending.decisions.items() if said == "pending")]
    word = {"approved": "approve", "declined": "decline", "rejected": "decline", "reject": "decline"}.get(decision)
    moves.decide(site, issue, pending, word or decision, by=person)


def _comment(site: Site, issue: Issue, text: str, who: Author, *, internal: bool) -> None:
    sent: dict[str, Any] = {"body": text}
    if internal:
        sent["properties"] = [{"key": "sd.public.comment", "value": {"internal": True}}]
    attached.comment(site, issue, attached.read_comment(sent, who.dialect), author=who)


def _field(name: str) -> Field:
    held = FIELDS.get(name) or next((one for one in FIELDS.values() if one.name.casefold() == name.casefold()), None)
    if held is None:
        raise ValueError(
            f"An issue has no field '{name}'. Known: {', '.join(FIELDS)}, "
            f"and {', '.join(sorted(_ACTS))} for what people do."
        )
    return held


def _sent(field: Field, value: Any) -> Any:
    """A plain word as the form would send it."""
    match field.kind:
        case Kind.OPTION | Kind.PRIORITY | Kind.RESOLUTION if isinstance(value, str):
            return {"value" if field.custom_id else "name": value}
        case Kind.OPTIONS | Kind.COMPONENTS if isinstance(value, list):
            return [{"value" if field.custom_id else "name": one} if isinstance(one, str) else one for one in value]
        case Kind.USER if isinstance(value, str):
            return {"accountId": value}
        case _:
            return value


def _plain(site: Site, issue: Issue, field: Field) -> Any:
    value = issue.values.get(field.id)
    match field.kind:
        case Kind.LABELS:
            return list(value or ())
        case Kind.NUMBER:
            return value
        case Kind.USER:
            return site.store.people[value].email if value else None
        case Kind.USERS:
            return [site.store.people[one].email for one in value or ()]
        case Kind.OPTIONS | Kind.COMPONENTS:
            choices = choices_of(field, site.project_of(issue))
            return [choices[one] for one in value or ()]
        case _:
            return words(field, value, site.store, site.project_of(issue)) or None


def _link(link: Link) -> dict[str, str]:
    return {"id": link.id, "type": link.type, "inward": link.inward, "outward": link.outward}


def issue_type(name: str) -> str | None:
    """The id of the issue type with this name."""
    return by_name({id_: one.name for id_, one in ISSUE_TYPES.items()}, name)
