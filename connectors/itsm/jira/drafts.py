"""A draft as the fields of a new issue. Facts without a field of their own are told in the description."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connectors.itsm.base import Refused, TicketDraft, TicketKind
from connectors.itsm.jira.mapping import LABEL, SUMMARY_MAX_CHARS, key_label
from connectors.itsm.jira.screens import named_field, shaped, shaped_many
from connectors.itsm.jira.settings import JiraSettings
from connectors.itsm.jira.text import shortened, written
from connectors.itsm.jira.wire import PROPERTY, ScreenField
from connectors.itsm.mapping import limits_of
from connectors.itsm.tickets import OUR_NAMES

LIMITS: Final = limits_of("jira")
_ALWAYS: Final = ("summary", "description", "reporter")  # what every new issue says by other means


def issue_body(
    draft: TicketDraft,
    screen: Mapping[str, ScreenField],
    *,
    type_id: str,
    reporter: Mapping[str, Any] | None,
    settings: JiraSettings,
    is_cloud: bool,
) -> dict[str, Any]:
    """The body that creates the issue, its key in a property and in a label."""
    own, told = _facts(draft, screen, settings, is_cloud=is_cloud)
    mapped = _mapped(draft, screen, settings, is_cloud=is_cloud)
    description = "\n\n".join(part for part in (draft.description, "\n".join(told)) if part)
    fixed = dict(settings.create_fields)
    labels = [*fixed.pop("labels", ()), LABEL, key_label(draft.key)]
    fields: dict[str, Any] = {
        **fixed,
        **own,
        "project": {"key": settings.project},
        "issuetype": {"id": type_id},
        "summary": shortened(" ".join(draft.summary.split()), SUMMARY_MAX_CHARS),
        "labels": labels,
    }
    if description and "description" in screen:
        fields["description"] = written(description, is_cloud=is_cloud)
    if reporter is not None and "reporter" in screen:
        fields["reporter"] = dict(reporter)
    fields |= mapped
    value = {"key": draft.key, "kind": draft.kind.value}
    return {"fields": fields, "properties": [{"key": PROPERTY, "value": value}]}


def closed_fields(kind: TicketKind) -> frozenset[str]:
    """The ids of what no fact may fill in a new issue."""
    return frozenset({*LIMITS.reserved_for(kind), *_ALWAYS})


def _mapped(
    draft: TicketDraft, screen: Mapping[str, ScreenField], settings: JiraSettings, *, is_cloud: bool
) -> dict[str, Any]:
    """What the administrator's mapping says. Raises Refused for a field that the screen lacks or cannot so hold."""
    fields: dict[str, Any] = {}
    for target, value in settings.mapping.of_draft(draft).items():
        field = named_field(screen, target)
        if field is None:
            reason = f"Jira's create screen of {settings.type_of(draft.kind)} has no field '{target}'."
            raise Refused(reason, field=target)
        kept = shaped_many(field, value, is_cloud=is_cloud)
        if kept is None:
            choices = f" It takes: {', '.join(field.choices)}." if field.choices else ""
            raise Refused(f"Jira's field '{field.name}' cannot hold '{value}'.{choices}", field=target)
        fields[field.id] = kept
    return fields


def _own(draft: TicketDraft, screen: Mapping[str, ScreenField], name: str) -> ScreenField | None:
    """The field that is meant by its own id or name, if it is one of the screen that a fact may fill."""
    field = None if name in OUR_NAMES else named_field(screen, name)
    return field if field is not None and field.id not in closed_fields(draft.kind) else None


def _facts(
    draft: TicketDraft, screen: Mapping[str, ScreenField], settings: JiraSettings, *, is_cloud: bool
) -> tuple[dict[str, Any], list[str]]:
    fields: dict[str, Any] = {}
    told: list[str] = []
    for name, value in draft.fields.items():
        if not value:
            continue
        field = screen.get(settings.fields.get(name, ""))
        kept = shaped(field, value, is_cloud=is_cloud) if field is not None else None
        if field is None and (field := _own(draft, screen, name)) is not None:
            several = value.split(", ") if field.type == "array" else value
            kept = shaped_many(field, several, is_cloud=is_cloud)
        if field is not None and kept is not None:
            fields[field.id] = kept
        elif value not in draft.description:
            told.append(f"{name.replace('_', ' ').capitalize()}: {value}")
    return fields, told
