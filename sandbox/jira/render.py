"""Records as the wire shows them, in the dialect of the product and version that is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Final, assert_never
from urllib.parse import quote

from sandbox.jira import adf
from sandbox.jira.catalogue import (
    CATEGORIES,
    FIELDS,
    ISSUE_TYPES,
    LINK_TYPES,
    PRIORITIES,
    PROJECTS,
    REQUEST_TYPE_FIELD,
    REQUEST_TYPES,
    RESOLUTIONS,
    STATUSES,
    Field,
    Kind,
    Project,
)
from sandbox.jira.site import Site
from sandbox.jira.store import Attachment, Change, Comment, Issue, Link, RemoteLink, Text
from sandbox.jira.values import Dialect, choices_of

COMMENTS_SHOWN: Final = 20  # within an issue on Cloud; the rest is behind the comment resource
_NAVIGABLE_APART: Final = frozenset({"comment", "attachment", "worklog"})


@dataclass(frozen=True, slots=True)
class View:
    """How one call wants records. `base_url` begins every link."""

    site: Site
    base_url: str
    dialect: Dialect
    hides_emails: bool = False

    def url(self, path: str) -> str:
        """The address of a resource of this interface."""
        return f"{self.base_url}/rest/api/{self.dialect.version}/{path}"

    def person(self, account_id: str | None) -> dict[str, Any] | None:
        """Somebody; nobody is None."""
        if account_id is None:
            return None
        person = self.site.store.people[account_id]
        shown: dict[str, Any] = {"displayName": person.display_name, "active": person.active,
                                 "timeZone": person.time_zone, "avatarUrls": self._avatars()}  # fmt: skip
        if self.dialect.cloud:
            shown |= {"self": self.url(f"user?accountId={quote(account_id)}"), "accountId": account_id,
                      "accountType": person.kind}  # fmt: skip
            return shown if self.hides_emails else {**shown, "emailAddress": person.email}
        return {
            **shown,
            "self": self.url(f"user?username={quote(person.name)}"),
            "name": person.name,
            "key": f"JIRAUSER{account_id[-5:]}",
            "emailAddress": person.email,
        }

    def text(self, value: Text | None) -> Any:
        """Rich text in the form of this version."""
        if value is None:
            return None
        return adf.document(value) if self.dialect.documents else adf.plain(value)

    def issue(
        self,
        issue: Issue,
        *,
        fields: Iterable[str] = ("*all",),
        expand: Iterable[str] = (),
        properties: Iterable[str] = (),
    ) -> dict[str, Any]:
        """An issue with the fields asked for."""
        wanted, grown = tuple(fields), frozenset(expand)
        shown: dict[str, Any] = {
            "expand": "renderedFields,names,schema,operations,editmeta,changelog,versionedRepresentations",
            "id": issue.id,
            "self": self.url(f"issue/{issue.id}"),
            "key": issue.key,
        }
        values = self.fields(issue)
        chosen = {name: one for name, one in values.items() if _is_wanted(name, wanted)}
        if chosen or wanted:
            shown["fields"] = chosen
        keys = tuple(properties)
        if keys:
            shown["properties"] = {key: one for key, one in issue.properties.items() if key in keys or "*all" in keys}
        if "changelog" in grown:
            shown["changelog"] = self.changelog(issue)
        if "names" in grown:
            shown["names"] = {name: FIELDS[name].name for name in chosen if name in FIELDS}
        if "renderedFields" in grown:
            texts = {n: adf.plain(issue.values.get(n)) for n, one in FIELDS.items() if one.kind is Kind.TEXT}
            shown["renderedFields"] = {
                name: f"<p>{escape(text)}</p>" if text else "" for name, text in texts.items() if name in chosen
            }
        return shown

    def fields(self, issue: Issue) -> dict[str, Any]:
        """Every field of the issue."""
        project = PROJECTS[issue.project]
        names = {*project.screen, "resolution"}
        values = {name: self.value(FIELDS[name], issue.values.get(name), project) for name in FIELDS if name in names}
        shown = {
            **values,
            "project": self.project(project),
            "issuetype": self.issue_type(issue.type),
            "status": self.status(issue.status),
            "created": issue.created,
            "updated": issue.updated,
            "resolutiondate": issue.resolved,
            "creator": self.person(issue.creator),
            "issuelinks": [self.link(one, issue.key) for one in self.site.store.links_of(issue.key)],
            "attachment": [self.attachment(one) for one in issue.attachments],
            "comment": self._comments(issue),
            "worklog": {"startAt": 0, "maxResults": 20, "total": 0, "worklogs": []},
            "subtasks": [self._part(one) for one in self.site.store.parts_of(issue)],
            "fixVersions": [],
            "versions": [],
        }
        if issue.parent:
            shown["parent"] = self._part(self.site.store.issues[issue.parent])
        if self.dialect.cloud:
            shown["statuscategorychangedate"] = issue.status_changed
        if project.desk:
            shown[REQUEST_TYPE_FIELD] = self._request_type(issue)
        return shown

    def _part(self, issue: Issue) -> dict[str, Any]:
        """An issue as its parent, or one of its sub-tasks, shows it."""
        return {
            "id": issue.id,
            "key": issue.key,
            "self": self.url(f"issue/{issue.id}"),
            "fields": {
                "summary": issue.values.get("summary", ""),
                "status": self.status(issue.status),
                "issuetype": self.issue_type(issue.type),
            },
        }

    def value(self, field: Field, value: Any, project: Project) -> Any:
        """One field's value."""
        match field.kind:
            case Kind.TEXT:
                return self.text(value)
            case Kind.USER:
                return self.person(value)
            case Kind.USERS:
                return [self.person(one) for one in value] if value else None
            case Kind.LABELS:
                return list(value or ())
            case Kind.COMPONENTS:
                return [self.choice(field, one, project) for one in value or ()]
            case Kind.OPTIONS:
                return [self.choice(field, one, project) for one in value] if value else None
            case Kind.OPTION | Kind.PRIORITY | Kind.RESOLUTION:
                return self.choice(field, value, project) if value else None
            case Kind.STRING | Kind.NUMBER | Kind.DATE | Kind.DATETIME | Kind.URL:
                return value
            case _:
                assert_never(field.kind)

    def choice(self, field: Field, id_: str, project: Project) -> dict[str, Any]:
        """One of the values that a field offers."""
        words = choices_of(field, project)[id_]
        match field.kind:
            case Kind.PRIORITY:
                return self.priority(id_)
            case Kind.RESOLUTION:
                return self.resolution(id_)
            case Kind.COMPONENTS:
                return {"self": self.url(f"component/{id_}"), "id": id_, "name": words}
            case _:
                return {"self": self.url(f"customFieldOption/{id_}"), "value": words, "id": id_}

    def priority(self, id_: str) -> dict[str, Any]:
        """A priority."""
        name = PRIORITIES[id_]
        icon = f"{self.base_url}/images/icons/priorities/{name.lower()}.svg"
        return {"self": self.url(f"priority/{id_}"), "iconUrl": icon, "name": name, "id": id_}

    def resolution(self, id_: str) -> dict[str, Any]:
        """A resolution."""
        return {"self": self.url(f"resolution/{id_}"), "id": id_, "name": RESOLUTIONS[id_], "description": ""}

    def status(self, id_: str) -> dict[str, Any]:
        """A status with its category."""
        status = STATUSES[id_]
        return {
            "self": self.url(f"status/{id_}"),
            "description": "",
            "iconUrl": f"{self.base_url}/images/icons/statuses/generic.png",
            "name": status.name,
            "id": id_,
            "statusCategory": self.category(status.category),
        }

    def category(self, key: str) -> dict[str, Any]:
        """A status category."""
        about = CATEGORIES[key]
        return {"self": self.url(f"statuscategory/{about['id']}"), **about, "key": key}

    def issue_type(self, id_: str) -> dict[str, Any]:
        """An issue type."""
        kind = ISSUE_TYPES[id_]
        icon = f"{self.base_url}/images/icons/issuetypes/{id_}.svg"
        return {"self": self.url(f"issuetype/{id_}"), "id": id_, "description": kind.description, "iconUrl": icon,
                "name": kind.name, "subtask": kind.is_subtask, "hierarchyLevel": -int(kind.is_subtask)}  # fmt: skip

    def project(self, project: Project) -> dict[str, Any]:
        """A project as issues show it."""
        return {
            "self": self.url(f"project/{project.id}"),
            "id": project.id,
            "key": project.key,
            "name": project.name,
            "projectTypeKey": "service_desk" if project.desk else "software",
            "simplified": False,
            "avatarUrls": self._avatars(),
        }

    def comment(self, issue: Issue, comment: Comment, *, with_properties: bool = False) -> dict[str, Any]:
        """A comment."""
        shown: dict[str, Any] = {
            "self": self.url(f"issue/{issue.id}/comment/{comment.id}"),
            "id": comment.id,
            "author": self.person(comment.author),
            "body": self.text(comment.body),
            "updateAuthor": self.person(comment.update_author),
            "created": comment.created,
            "updated": comment.updated,
        }
        if PROJECTS[issue.project].desk:
            shown["jsdPublic"] = not comment.internal
        if comment.visibility:
            shown["visibility"] = comment.visibility
        if with_properties:
            shown["properties"] = [{"key": key, "value": value} for key, value in comment.properties.items()]
        return shown

    def attachment(self, held: Attachment) -> dict[str, Any]:
        """A file; its content is behind the link."""
        if self.dialect.cloud:
            content = self.url(f"attachment/content/{held.id}")
        else:
            content = f"{self.base_url}/secure/attachment/{held.id}/{quote(held.filename)}"
        return {
            "self": self.url(f"attachment/{held.id}"),
            "id": held.id,
            "filename": held.filename,
            "author": self.person(held.author),
            "created": held.created,
            "size": held.size,
            "mimeType": held.mime_type,
            "content": content,
        }

    def changelog(self, issue: Issue) -> dict[str, Any]:
        """The history as `expand=changelog` shows it: newest first on Cloud, oldest first on Data Center."""
        changes = [self.change(one) for one in issue.history]
        if self.dialect.cloud:
            changes.reverse()
        return {"startAt": 0, "maxResults": len(changes), "total": len(changes), "histories": changes}

    def change(self, change: Change) -> dict[str, Any]:
        """One entry of the history."""
        items = self.items(change)
        return {"id": change.id, "author": self.person(change.by), "created": change.at, "items": items}

    def items(self, change: Change) -> list[dict[str, Any]]:
        """What one write changed."""
        return [self._item(one) for one in change.items]

    def link(self, link: Link, seen_from: str) -> dict[str, Any]:
        """A link as one of its issues shows it."""
        side, other = ("outwardIssue", link.outward) if seen_from == link.inward else ("inwardIssue", link.inward)
        return {**self._link_head(link), side: self._linked(other)}

    def whole_link(self, link: Link) -> dict[str, Any]:
        """A link with both its issues."""
        ends = {"inwardIssue": self._linked(link.inward), "outwardIssue": self._linked(link.outward)}
        return {**self._link_head(link), **ends}

    def link_type(self, id_: str) -> dict[str, Any]:
        """A link type."""
        name, inward, outward = LINK_TYPES[id_]
        return {"id": id_, "name": name, "inward": inward, "outward": outward, "self": self.url(f"issueLinkType/{id_}")}

    def remote_link(self, issue: Issue, link: RemoteLink) -> dict[str, Any]:
        """A link to something outside."""
        return {**link.data, "id": int(link.id), "self": self.url(f"issue/{issue.key}/remotelink/{link.id}")}

    def _link_head(self, link: Link) -> dict[str, Any]:
        return {"id": link.id, "self": self.url(f"issueLink/{link.id}"), "type": self.link_type(link.type)}

    def _linked(self, key: str) -> dict[str, Any]:
        issue = self.site.store.issue(key)
        assert issue is not None  # a deleted issue takes its links along
        fields = {"summary": issue.values.get("summary"), "status": self.status(issue.status),
                  "issuetype": self.issue_type(issue.type)}  # fmt: skip
        return {"id": issue.id, "key": key, "self": self.url(f"issue/{issue.id}"), "fields": fields}

    def _comments(self, issue: Issue) -> dict[str, Any]:
        shown = issue.comments[-COMMENTS_SHOWN:] if self.dialect.cloud else issue.comments
        total = len(issue.comments)
        return {"comments": [self.comment(issue, one) for one in shown], "startAt": 0, "total": total,
                "maxResults": total, "self": self.url(f"issue/{issue.id}/comment")}  # fmt: skip

    def _request_type(self, issue: Issue) -> dict[str, Any] | None:
        kind = REQUEST_TYPES.get(issue.request_type)
        if kind is None:
            return None
        links = {
            "jiraRest": self.url(f"issue/{issue.id}"),
            "web": f"{self.base_url}/servicedesk/customer/portal/1/{issue.key}",
            "self": f"{self.base_url}/rest/servicedeskapi/request/{issue.id}",
        }
        status = STATUSES[issue.status]
        return {
            "_links": links,
            "requestType": {"id": kind.id, "name": kind.name, "description": kind.description, "serviceDeskId": "1"},
            "currentStatus": {"status": status.name, "statusCategory": status.category.upper()},
        }

    def _item(self, item: Mapping[str, Any]) -> dict[str, Any]:
        shown = dict(item)
        field = FIELDS.get(str(item.get("fieldId")))
        if field is not None and field.kind is Kind.USER and not self.dialect.cloud:
            for side in ("from", "to"):
                person = self.site.store.people.get(str(item[side]))
                shown[side] = f"JIRAUSER{person.account_id[-5:]}" if person else None
        if not self.dialect.cloud:
            shown.pop("fieldId", None)
        return shown

    def _avatars(self) -> dict[str, str]:
        return {size: f"{self.base_url}/avatar/{size}" for size in ("48x48", "24x24", "16x16", "32x32")}


def _is_wanted(name: str, wanted: tuple[str, ...]) -> bool:
    if f"-{name}" in wanted:
        return False
    if name in wanted or "*all" in wanted:
        return True
    if "*navigable" in wanted:
        return name not in _NAVIGABLE_APART
    return bool(wanted) and all(one.startswith("-") for one in wanted)
