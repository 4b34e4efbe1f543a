"""What a site says of its fields: schemas, allowed values, the create screens."""

from __future__ import annotations

from typing import Any, Final, assert_never

from sandbox.jira.catalogue import Field, IssueType, Kind, Project
from sandbox.jira.render import View
from sandbox.jira.values import choices_of, is_list

_CUSTOM: Final = "com.atlassian.jira.plugin.system.customfieldtypes:"
_CUSTOM_TYPES: Final = {
    Kind.STRING: "textfield", Kind.TEXT: "textarea", Kind.NUMBER: "float", Kind.DATETIME: "datetime", Kind.URL: "url",
    Kind.USERS: "multiuserpicker", Kind.OPTION: "select", Kind.OPTIONS: "multicheckboxes", Kind.DATE: "datepicker",
    Kind.USER: "userpicker", Kind.LABELS: "labels",
}  # fmt: skip
_SYSTEM: Final = (  # fields that nobody sets: id, name, schema
    ("project", "Project", {"type": "project", "system": "project"}),
    ("issuetype", "Issue Type", {"type": "issuetype", "system": "issuetype"}),
    ("status", "Status", {"type": "status", "system": "status"}),
    ("created", "Created", {"type": "datetime", "system": "created"}),
    ("updated", "Updated", {"type": "datetime", "system": "updated"}),
    ("resolutiondate", "Resolved", {"type": "datetime", "system": "resolutiondate"}),
    ("creator", "Creator", {"type": "user", "system": "creator"}),
    ("issuelinks", "Linked Issues", {"type": "array", "items": "issuelinks", "system": "issuelinks"}),
    ("attachment", "Attachment", {"type": "array", "items": "attachment", "system": "attachment"}),
    ("comment", "Comment", {"type": "comments-page", "system": "comment"}),
)


def schema(field: Field) -> dict[str, Any]:
    """The type of a field's values."""
    shape: dict[str, Any] = {"type": _type_of(field.kind)}
    if is_list(field):
        shape = {"type": "array", "items": shape["type"]}
    if field.custom_id is None:
        return {**shape, "system": field.id}
    return {**shape, "custom": _CUSTOM + _CUSTOM_TYPES[field.kind], "customId": field.custom_id}


def field_meta(view: View, field: Field, project: Project, *, is_required: bool | None = None) -> dict[str, Any]:
    """A field as the metadata of a screen shows it."""
    choices = choices_of(field, project)
    meta: dict[str, Any] = {
        "required": field.required if is_required is None else is_required,
        "schema": schema(field),
        "name": field.name,
        "key": field.id,
        "fieldId": field.id,
        "hasDefaultValue": field.id in {"priority", "reporter"},
        "operations": ["add", "set", "remove"] if is_list(field) else ["set"],
    }
    if choices:
        meta["allowedValues"] = [view.choice(field, id_, project) for id_ in choices]
    return meta


def fixed_meta(view: View, project: Project, kind: IssueType) -> list[dict[str, Any]]:
    """Project and issue type as the create screen shows them."""
    shown = (("project", "Project", "project", view.project(project)),
             ("issuetype", "Issue Type", "issuetype", view.issue_type(kind.id)))  # fmt: skip
    return [
        {"required": True, "schema": {"type": type_, "system": id_}, "name": name, "key": id_, "fieldId": id_,
         "hasDefaultValue": False, "operations": [], "allowedValues": [value]}
        for id_, name, type_, value in shown
    ]  # fmt: skip


def described(field: Field) -> dict[str, Any]:
    """A field as the list of all fields shows it."""
    number = field.custom_id
    clauses = [field.name] if number is None else [f"cf[{number}]", field.name]
    return {
        "id": field.id,
        "key": field.id,
        "name": field.name,
        "custom": number is not None,
        "orderable": True,
        "navigable": True,
        "searchable": True,
        "clauseNames": [field.id] if number is None else clauses,
        "schema": schema(field),
    }


def system_fields() -> list[dict[str, Any]]:
    """The fields that nobody sets, as the list of all fields shows them."""
    return [
        {"id": id_, "key": id_, "name": name, "custom": False, "orderable": False, "navigable": True,
         "searchable": True, "clauseNames": [id_], "schema": dict(shape)}
        for id_, name, shape in _SYSTEM
    ]  # fmt: skip


def _type_of(kind: Kind) -> str:
    match kind:
        case Kind.STRING | Kind.TEXT | Kind.URL | Kind.LABELS:
            return "string"
        case Kind.USER | Kind.USERS:
            return "user"
        case Kind.OPTION | Kind.OPTIONS:
            return "option"
        case Kind.COMPONENTS:
            return "component"
        case Kind.NUMBER | Kind.DATE | Kind.DATETIME | Kind.PRIORITY | Kind.RESOLUTION:
            return kind.value
        case _:
            assert_never(kind)
