"""Creating, editing and deleting issues: screens, required fields, defaults, and operations on fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sandbox.jira import attached, moves
from sandbox.jira.catalogue import (
    DEFAULT_PRIORITY,
    FIELDS,
    ISSUE_TYPES,
    TYPE_NAMES,
    Field,
    Kind,
    Project,
    by_name,
    project,
)
from sandbox.jira.errors import Refused, not_on_screen
from sandbox.jira.moves import Author
from sandbox.jira.site import Event, Site
from sandbox.jira.store import Issue
from sandbox.jira.values import BadValue, Reader, is_list
from sandbox.jira.workflow import WORKFLOWS

_BESIDE: Final = frozenset({"project", "issuetype", "parent"})  # chosen at creation, not on the edit screen
_APART: Final = frozenset({"comment", "issuelinks", "worklog"})  # operations that are not values of fields


def create(
    site: Site,
    fields: Mapping[str, Any],
    update: Mapping[str, Any],
    properties: Iterable[Mapping[str, Any]],
    *,
    author: Author,
) -> Issue:
    """A new issue as its screen allows. Raises Refused and adds nothing."""
    where, type_id = _place(fields)
    reader = Reader(site.store, where, author.dialect)
    values, errors = _read(reader, {name: one for name, one in fields.items() if name not in _BESIDE}, update, {})
    parent, wrong = _parent(site, where, type_id, fields.get("parent"))
    errors |= wrong
    if not values.get("summary"):
        errors.setdefault("summary", "You must specify a summary of the issue.")
    kept = attached.read_properties(properties)
    comments = attached.read_comments(update, author.dialect, errors)
    if errors:
        raise Refused(errors=errors)
    at = site.stamp()
    number = site.store.next_id(f"key:{where.key}", 1)
    issue = Issue(
        site.store.next_id("issue"), f"{where.key}-{number}", where.key, type_id,
        WORKFLOWS[ISSUE_TYPES[type_id].workflow].first, author.person.account_id, at, at, status_changed=at,
        parent=parent,
    )  # fmt: skip
    values.setdefault("priority", DEFAULT_PRIORITY)
    values.setdefault("reporter", author.person.account_id)
    issue.values.update({name: value for name, value in values.items() if value is not None})
    issue.properties.update(kept)
    site.store.issues[issue.id] = issue
    site.tell(Event("jira:issue_created", issue, author.person, "issue_created"))
    moves.ask(site, issue)
    for comment in comments:
        attached.comment(site, issue, comment, author=author)
    attached.link_from_update(site, issue, update, author=author)
    return issue


def edit(site: Site, issue: Issue, fields: Mapping[str, Any], update: Mapping[str, Any], *, author: Author) -> None:
    """The issue has these values. Raises Refused and changes nothing."""
    where = site.project_of(issue)
    reader = Reader(site.store, where, author.dialect)
    values, errors = _read(reader, fields, update, issue.values)
    errors |= {name: f"{FIELDS[name].name} is required." for name, value in values.items()
               if FIELDS[name].required and not value}  # fmt: skip
    comments = attached.read_comments(update, author.dialect, errors)
    if errors:
        raise Refused(errors=errors)
    change = site.keep(issue, site.set_values(issue, values), author.person)
    if change is not None:
        kind = "issue_assigned" if any(one["field"] == "assignee" for one in change.items) else "issue_updated"
        site.tell(Event("jira:issue_updated", issue, author.person, kind, change))
    for comment in comments:
        attached.comment(site, issue, comment, author=author)
    attached.link_from_update(site, issue, update, author=author)


def delete(site: Site, issue: Issue, *, author: Author) -> None:
    """The issue is gone, its links and sub-tasks too."""
    for part in site.store.parts_of(issue):
        delete(site, part, author=author)
    for link in site.store.links_of(issue.key):
        del site.store.links[link.id]
    del site.store.issues[issue.id]
    site.tell(Event("jira:issue_deleted", issue, author.person, "issue_deleted"))


def screen_values(
    reader: Reader, fields: Mapping[str, Any], update: Mapping[str, Any], screen: Iterable[str], held: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """What was sent for a transition's screen, and what is wrong with it by field."""
    return _read(reader, fields, update, held, screen=frozenset(screen))


def _place(fields: Mapping[str, Any]) -> tuple[Project, str]:
    errors: dict[str, str] = {}
    given, kind = fields.get("project"), fields.get("issuetype")
    where = project(str(given.get("key") or given.get("id"))) if isinstance(given, dict) else None
    if where is None:
        errors["project"] = "Specify a valid project ID or key" if given else "project is required"
    type_id: str | None = None
    if isinstance(kind, dict):
        type_id = str(kind["id"]) if "id" in kind else by_name(TYPE_NAMES, str(kind.get("name", "")))
    if type_id is None or (where is not None and type_id not in where.types):
        errors["issuetype"] = "Specify a valid issue type" if kind else "issue type is required"
    if where is None or type_id is None or errors:
        raise Refused(errors=errors)
    return where, type_id


def _parent(site: Site, where: Project, type_id: str, given: Any) -> tuple[str, dict[str, str]]:
    """The id of the issue that this one is a part of, and what is wrong with it."""
    is_part = ISSUE_TYPES[type_id].is_subtask
    if not is_part:
        return "", {"parent": "Issue type is not a sub-task but parent issue key or id is specified."} if given else {}
    named = str(given.get("id") or given.get("key") or "") if isinstance(given, dict) else ""
    if not named:
        return "", {"issuetype": "Issue type is a sub-task but parent issue key or id not specified."}
    found = site.store.issue(named)
    if found is None or found.project != where.key or found.parent:
        return "", {"parent": "Given parent issue does not belong to appropriate hierarchy."}
    return found.id, {}


def _read(
    reader: Reader,
    fields: Mapping[str, Any],
    update: Mapping[str, Any],
    held: Mapping[str, Any],
    *,
    screen: frozenset[str] | None = None,
) -> tuple[dict[str, Any], dict[str, str]]:
    allowed = frozenset(reader.project.screen) if screen is None else screen
    values: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, sent in fields.items():
        if name not in allowed:
            errors[name] = not_on_screen(name)
            continue
        try:
            values[name] = reader.read(FIELDS[name], sent)
        except BadValue as bad:
            errors[name] = str(bad)
    for name, operations in update.items():
        if name in _APART - {"worklog"}:
            continue
        if name not in allowed:
            errors[name] = not_on_screen(name)
        elif name in fields:
            errors[name] = f"Field '{name}' cannot appear in both 'fields' and 'update'"
        else:
            try:
                values[name] = _operated(reader, FIELDS[name], operations, held.get(name))
            except BadValue as bad:
                errors[name] = str(bad)
    return values, errors


def _operated(reader: Reader, field: Field, operations: Any, held: Any) -> Any:
    if not isinstance(operations, list) or not all(isinstance(one, dict) and len(one) == 1 for one in operations):
        raise BadValue("operations must be a list of objects with one operation each")
    value = list(held or []) if is_list(field) else held
    for operation in operations:
        ((verb, sent),) = operation.items()
        match verb:
            case "set":
                value = reader.read(field, sent)
            case "add" if is_list(field):
                value = list(dict.fromkeys([*value, reader.one(field, sent)]))
            case "remove" if is_list(field):
                gone = reader.one(field, sent)
                value = [one for one in value if one != gone]
            case "edit" if field.kind is not Kind.LABELS:
                value = reader.read(field, sent)
            case _:
                raise BadValue(f"Field does not support operation '{verb}'")
    return value
