"""What hangs on an issue: comments, links, files, entity properties."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from sandbox.jira.catalogue import LINK_TYPES
from sandbox.jira.errors import Refused, missing
from sandbox.jira.moves import Author
from sandbox.jira.site import Event, Site
from sandbox.jira.store import Attachment, Comment, Issue, Link, RemoteLink
from sandbox.jira.values import BadValue, Dialect, rich_text

PROPERTY_MAX: Final = 32_768  # characters of JSON; vendor, entity properties
PROPERTY_KEY_MAX: Final = 255
ROLES: Final = ("Administrators", "Service Desk Team", "Developers")
GLOBAL_ID_MAX: Final = 255


def read_comment(body: Mapping[str, Any], dialect: Dialect) -> dict[str, Any]:
    """A checked comment: body, visibility, properties. Raises Refused."""
    try:
        text = rich_text(body.get("body"), dialect)
    except BadValue as bad:
        words = "Comment body is not valid!" if body.get("body") else "Comment body can not be empty!"
        raise Refused(words, errors={"comment": f"{words} {bad}" if body.get("body") else words}) from bad
    if not text:
        raise Refused("Comment body can not be empty!", errors={"comment": "Comment body can not be empty!"})
    visibility = body.get("visibility")
    if visibility is not None:
        visibility = _visibility(visibility)
    return {"body": text, "visibility": visibility, "properties": read_properties(body.get("properties") or ())}


def read_comments(update: Mapping[str, Any], dialect: Dialect, errors: dict[str, str]) -> list[dict[str, Any]]:
    """The comments that an update adds; what is wrong with them goes to `errors`."""
    found = []
    for operation in update.get("comment", ()):
        added = operation.get("add") if isinstance(operation, dict) else None
        if not isinstance(added, dict):
            errors["comment"] = "Only the operation 'add' with an object is supported here."
            continue
        try:
            found.append(read_comment(added, dialect))
        except Refused as refused:
            errors.update(refused.errors or {"comment": str(refused)})
    return found


def comment(site: Site, issue: Issue, read: Mapping[str, Any], *, author: Author) -> Comment:
    """The issue has one more comment. Every call appends, also a repeated one."""
    site.touch(issue)
    who = author.person.account_id
    added = Comment(
        site.store.next_id("comment"), who, read["body"], issue.updated, issue.updated, who,
        read["visibility"], dict(read["properties"]),
    )  # fmt: skip
    issue.comments.append(added)
    site.tell(Event("comment_created", issue, author.person, comment=added))
    site.tell(Event("jira:issue_updated", issue, author.person, "issue_commented", comment=added))
    return added


def edit_comment(site: Site, issue: Issue, held: Comment, read: Mapping[str, Any], *, author: Author) -> None:
    """The comment says this now."""
    site.touch(issue)
    held.body, held.updated, held.update_author = read["body"], issue.updated, author.person.account_id
    held.visibility = read["visibility"]
    held.properties.update(read["properties"])
    site.tell(Event("comment_updated", issue, author.person, comment=held))
    site.tell(Event("jira:issue_updated", issue, author.person, "issue_comment_edited", comment=held))


def delete_comment(site: Site, issue: Issue, held: Comment, *, author: Author) -> None:
    """The comment is gone."""
    site.touch(issue)
    issue.comments.remove(held)
    site.tell(Event("comment_deleted", issue, author.person, comment=held))


def link_from_update(site: Site, issue: Issue, update: Mapping[str, Any], *, author: Author) -> None:
    """The links that an update adds. Raises Refused."""
    for operation in update.get("issuelinks", ()):
        added = operation.get("add") if isinstance(operation, dict) else None
        if not isinstance(added, dict):
            raise Refused(errors={"issuelinks": "Only the operation 'add' with an object is supported here."})
        side = {"inwardIssue": {"key": issue.key}} | added if "outwardIssue" in added else {
            "outwardIssue": {"key": issue.key}} | added  # fmt: skip
        link(site, side, author=author)


def link(site: Site, body: Mapping[str, Any], *, author: Author) -> Link:
    """The two issues are linked; the same link twice is one. Raises Refused."""
    wanted = body.get("type")
    type_id = _link_type(wanted if isinstance(wanted, dict) else {})
    ends = [_end(site, body.get(side)) for side in ("inwardIssue", "outwardIssue")]
    inward, outward = ends
    for held in site.store.links_of(inward.key):
        if (held.type, held.inward, held.outward) == (type_id, inward.key, outward.key):
            return held
    made = Link(site.store.next_id("link"), type_id, inward.key, outward.key)
    site.store.links[made.id] = made
    name, in_words, out_words = LINK_TYPES[type_id]
    del name
    for issue, other, text in ((inward, outward, out_words), (outward, inward, in_words)):
        item = {"field": "Link", "fieldtype": "jira", "from": None, "fromString": None, "to": other.key,
                "toString": f"This issue {text} {other.key}"}  # fmt: skip
        change = site.keep(issue, [item], author.person)
        site.tell(Event("jira:issue_updated", issue, author.person, "issue_updated", change))
    site.tell(Event("issuelink_created", inward, author.person, extra={"link": made}))
    return made


def unlink(site: Site, held: Link, *, author: Author) -> None:
    """The link is gone."""
    del site.store.links[held.id]
    issue = site.store.issue(held.inward)
    if issue is not None:
        site.touch(issue)
        site.tell(Event("issuelink_deleted", issue, author.person, extra={"link": held}))


def remote_link(site: Site, issue: Issue, body: Mapping[str, Any], *, author: Author) -> tuple[RemoteLink, bool]:
    """The issue links there; whether the link is new. The same global id replaces. Raises Refused."""
    target = body.get("object")
    if not isinstance(target, dict):
        raise Refused(errors={"object": "'object' is required."})
    if absent := {name: f"'{name}' is required." for name in ("url", "title") if not target.get(name)}:
        raise Refused(errors=absent)
    global_id = body.get("globalId")
    if isinstance(global_id, str) and len(global_id) > GLOBAL_ID_MAX:
        raise Refused(errors={"globalId": f"'globalId' is longer than {GLOBAL_ID_MAX} characters."})
    held = next((one for one in issue.remote_links if global_id and one.data.get("globalId") == global_id), None)
    if held is not None:
        held.data = dict(body)
        return held, False
    made = RemoteLink(site.store.next_id("remotelink"), dict(body))
    issue.remote_links.append(made)
    item = {"field": "RemoteIssueLink", "fieldtype": "jira", "from": None, "fromString": None, "to": made.id,
            "toString": f"This issue links to \"{target['title']}\""}  # fmt: skip
    change = site.keep(issue, [item], author.person)
    site.tell(Event("jira:issue_updated", issue, author.person, "issue_updated", change))
    return made, True


def attach(site: Site, issue: Issue, filename: str, mime_type: str, data: bytes, *, author: Author) -> Attachment:
    """The file hangs on the issue."""
    site.touch(issue)
    made = Attachment(
        site.store.next_id("attachment"), filename, author.person.account_id, issue.updated, mime_type, len(data),
        base64.b64encode(data).decode(),
    )  # fmt: skip
    issue.attachments.append(made)
    item = {"field": "Attachment", "fieldtype": "jira", "fieldId": "attachment", "from": None, "fromString": None,
            "to": made.id, "toString": filename}  # fmt: skip
    change = site.keep(issue, [item], author.person)
    site.tell(Event("jira:issue_updated", issue, author.person, "issue_updated", change))
    return made


def detach(site: Site, issue: Issue, held: Attachment, *, author: Author) -> None:
    """The file is gone."""
    issue.attachments.remove(held)
    item = {"field": "Attachment", "fieldtype": "jira", "fieldId": "attachment", "from": held.id,
            "fromString": held.filename, "to": None, "toString": None}  # fmt: skip
    change = site.keep(issue, [item], author.person)
    site.tell(Event("jira:issue_updated", issue, author.person, "issue_updated", change))


def read_properties(sent: Iterable[Any]) -> dict[str, Any]:
    """Entity properties by key. Raises Refused."""
    found = {}
    for one in sent:
        if not isinstance(one, dict) or not isinstance(one.get("key"), str) or "value" not in one:
            raise Refused("Entity property key and value must be provided.")
        check_property(one["key"], one["value"])
        found[one["key"]] = one["value"]
    return found


def check_property(key: str, value: Any) -> None:
    """The property can be kept. Raises Refused."""
    if not key or len(key) > PROPERTY_KEY_MAX:
        raise Refused(f"The property key must be between 1 and {PROPERTY_KEY_MAX} characters long.")
    if len(json.dumps(value, ensure_ascii=False)) > PROPERTY_MAX:
        raise Refused(
            f"The property value cannot be longer than {PROPERTY_MAX} characters.",
            status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        )


def _visibility(given: Any) -> dict[str, str]:
    kind, value = (given.get("type"), given.get("value")) if isinstance(given, dict) else (None, None)
    if kind == "role" and value not in ROLES:
        raise Refused(errors={"commentLevel": f"You are currently not a member of the project role: {value}."})
    if kind not in {"role", "group"} or not isinstance(value, str):
        raise Refused(errors={"visibility": "'type' must be 'role' or 'group', 'value' its name."})
    return {"type": str(kind), "value": value}


def _link_type(wanted: Mapping[str, Any]) -> str:
    if (id_ := wanted.get("id")) is not None and str(id_) in LINK_TYPES:
        return str(id_)
    name = str(wanted.get("name", "")).casefold()
    found = next((id_ for id_, (one, _, _) in LINK_TYPES.items() if one.casefold() == name), None)
    if found is None:
        raise missing(f"No issue link type with name '{wanted.get('name', '')}' found.")
    return found


def _end(site: Site, given: Any) -> Issue:
    wanted = (given.get("key") or given.get("id")) if isinstance(given, dict) else None
    issue = site.store.issue(str(wanted)) if wanted else None
    if issue is None:
        raise missing()
    return issue
