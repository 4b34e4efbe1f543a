"""What Jira's screens ask for when an issue is created or moved, and our answers in their shapes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from connectors.itsm.base import Refused, TicketKind, TicketPatch
from connectors.itsm.jira.client import SCREEN_ROWS, JiraClient
from connectors.itsm.jira.mapping import wanted_resolutions
from connectors.itsm.jira.settings import JiraSettings
from connectors.itsm.jira.text import written
from connectors.itsm.jira.wire import ScreenField, Transition, items, mapping, screen_field, text

_TEXTAREA: Final = ":textarea"
_TIME: Final = "%Y-%m-%dT%H:%M:%S.000+0000"


class Screens:
    """The create screens of the project, asked once for each issue type."""

    def __init__(self, client: JiraClient, settings: JiraSettings) -> None:
        self._client = client
        self._settings = settings
        self._types: dict[str, str] = {}
        self._fields: dict[str, Mapping[str, ScreenField]] = {}

    async def type_id(self, kind: TicketKind) -> str:
        """The id of the issue type of this kind. Raises Refused with the project's types if it has none of the name."""
        if not self._types:
            answer = mapping(await self._client.read(self._path(), {"maxResults": SCREEN_ROWS}))
            rows = items(answer.get("issueTypes")) or items(answer.get("values"))
            self._types = {text(one.get("name")): text(one.get("id")) for one in map(mapping, rows)}
        wanted = self._settings.type_of(kind)
        for name, id_ in self._types.items():
            if name.casefold() == wanted.casefold():
                return id_
        known = ", ".join(sorted(self._types)) or "none that our account may create"
        self._types = {}
        raise Refused(
            f"The project {self._settings.project} has no issue type '{wanted}'. It has: {known}.", field="issuetype"
        )

    async def fields(self, kind: TicketKind) -> Mapping[str, ScreenField]:
        """The fields of the create screen by id."""
        id_ = await self.type_id(kind)
        if id_ not in self._fields:
            answer = mapping(await self._client.read(f"{self._path()}/{id_}", {"maxResults": SCREEN_ROWS}))
            rows = items(answer.get("fields")) or items(answer.get("values"))
            self._fields[id_] = {one.id: one for one in map(screen_field, rows)}
        return self._fields[id_]

    def forget(self) -> None:
        """The screens are asked again: an administrator may have changed them."""
        self._types.clear()
        self._fields.clear()

    def _path(self) -> str:
        return f"issue/createmeta/{self._settings.project}/issuetypes"


def named_field(fields: Mapping[str, ScreenField], target: str) -> ScreenField | None:
    """The field of this id, or the only one of this name: names are not unique in Jira."""
    if target in fields:
        return fields[target]
    found = [one for one in fields.values() if one.name.casefold() == target.casefold()]
    return found[0] if len(found) == 1 else None


def shaped_many(field: ScreenField, value: Any, *, is_cloud: bool) -> Any:
    """As `shaped`, for any value that a mapping says; several stand where a field holds several, users by name."""
    if "user" in {field.type, field.items}:
        people = [{"accountId" if is_cloud else "name": _text(one)} for one in _several(value)]
        return people if field.type == "array" else people[0]
    if not isinstance(value, list | tuple):
        return shaped(field, _text(value), is_cloud=is_cloud)
    if field.type != "array":
        return shaped(field, ", ".join(map(_text, value)), is_cloud=is_cloud)
    kept = [shaped(field, _text(one), is_cloud=is_cloud) for one in value]
    return None if None in kept else [one for each in kept for one in each]


def shaped(field: ScreenField, value: str, *, is_cloud: bool) -> Any:
    """The value as this field takes it; None if it cannot hold it."""
    if field.choices:
        found = next((one for one in field.choices if one.casefold() == value.casefold()), None)
        if found is None:
            return None
        is_option = "option" in {field.type, field.items}
        chosen = {"value" if is_option else "name": found}
        return [chosen] if field.type == "array" else chosen
    match field.type, field.items:
        case "string", _:
            is_rich = field.custom.endswith(_TEXTAREA) or field.id in {"description", "environment"}
            return written(value, is_cloud=is_cloud) if is_rich else value[:255]
        case "array", "string":
            return ["-".join(value.split())]
        case "number", _:
            return _number(value)
        case "date", _:
            at = _time(value)
            return at.date().isoformat() if at else None
        case "datetime", _:
            at = _time(value)
            return at.strftime(_TIME) if at else None
        case _:
            return None


def answers(number: str, move: Transition, patch: TicketPatch, settings: JiraSettings) -> dict[str, Any]:
    """What a move's screen asks for. Raises Refused for a required field that nothing is known about."""
    found: dict[str, Any] = {}
    for field in move.fields:
        if field.id == "resolution":
            chosen = _resolution(field, patch, settings)
            if chosen is not None:
                found[field.id] = {"name": chosen}
                continue
        elif field.id in settings.move_fields:
            found[field.id] = settings.move_fields[field.id]
            continue
        if field.required and not field.has_default:
            choices = f" ({', '.join(field.choices)})" if field.choices else ""
            where = "resolutions" if field.id == "resolution" else "move_fields"
            raise Refused(
                f"Jira's move '{move.name}' of {number} asks for {field.name}{choices}: set it in '{where}'.",
                field=field.id,
            )
    return found


def _resolution(field: ScreenField, patch: TicketPatch, settings: JiraSettings) -> str | None:
    offered = {name.casefold(): name for name in field.choices}
    wanted = wanted_resolutions(patch.target, patch.close_code, settings.resolutions)
    return next((offered[name.casefold()] for name in wanted if name.casefold() in offered), None)


def _several(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) and value else (value,)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _number(value: str) -> float | None:
    try:
        return float(value)
    except ValueError:
        return None


def _time(value: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo is not None else None
    except (ValueError, OverflowError):
        return None
