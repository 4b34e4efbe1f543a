"""What Teams would refuse in an Adaptive Card, each with its place; and what it takes but would show otherwise."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.teams.schema import (
    ACTION_MODES,
    ACTION_STYLES,
    ACTIONS,
    ELEMENTS,
    EXECUTE_SINCE,
    INPUTS,
    PART_TYPES,
    PARTS,
    PRIMARY_ACTIONS_MAX,
    REFRESH_USERS_MAX,
    VERSION_MAX,
    Spec,
)

DEPTH_MAX: Final = 40  # a card within a card within …; nobody builds more, and a reader's stack has an end


@dataclass(slots=True)
class Findings:
    """`errors` refuse the card; `notes` are for who wrote it. Each begins with the place, as `body[2].items[0]`."""

    errors: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    ids: set[str] = field(default_factory=set)
    has_execute: bool = False

    def error(self, place: str, sentence: str) -> None:
        """The card is refused for this."""
        self.errors.append(f"{place or 'card'}: {sentence}")

    def note(self, place: str, sentence: str) -> None:
        """The card is taken, and this is said about it."""
        self.notes.append(f"{place or 'card'}: {sentence}")


def check_card(card: Any) -> Findings:
    """Everything to be said about this card."""
    found = Findings()
    if not isinstance(card, dict):
        found.error("", "an object is expected.")
        return found
    version = _version(card.get("version"), found)
    _card(card, "", found, 0)
    if found.has_execute and version is not None and version < EXECUTE_SINCE:
        found.error("version", "Action.Execute needs version 1.4 or later.")
    return found


def _version(given: Any, found: Findings) -> tuple[int, int] | None:
    major, _, minor = given.partition(".") if isinstance(given, str) else ("", "", "")
    if not (major.isdecimal() and minor.isdecimal()):
        found.error("version", f"a text like '1.5' is expected, not {given!r}.")
        return None
    version = (int(major), int(minor))
    if version > VERSION_MAX or version < (1, 0):
        found.error("version", f"{given} is not supported; accepted: 1.0 to {VERSION_MAX[0]}.{VERSION_MAX[1]}.")
    return version


def _card(card: Mapping[str, Any], place: str, found: Findings, depth: int) -> None:
    if card.get("type") != "AdaptiveCard":
        found.error(_at(place, "type"), f"'AdaptiveCard' is expected, not {card.get('type')!r}.")
    _list(card.get("body", []), "element", _at(place, "body"), found, depth)
    actions = card.get("actions", [])
    _list(actions, "action", _at(place, "actions"), found, depth)
    if isinstance(actions, list):
        primary = [a for a in actions if not isinstance(a, dict) or a.get("mode", "primary") != "secondary"]
        if len(primary) > PRIMARY_ACTIONS_MAX:
            sentence = f"{len(primary)} primary actions; Teams shows {PRIMARY_ACTIONS_MAX} and puts the rest in a menu."
            found.note(_at(place, "actions"), sentence)
    if "selectAction" in card:
        _one(card["selectAction"], "action", _at(place, "selectAction"), found, depth)
    if "refresh" in card:
        _refresh(card["refresh"], _at(place, "refresh"), found, depth)


def _refresh(refresh: Any, place: str, found: Findings, depth: int) -> None:
    if not isinstance(refresh, dict):
        found.error(place, "an object is expected.")
        return
    action = refresh.get("action")
    if not isinstance(action, dict) or action.get("type") != "Action.Execute":
        found.error(_at(place, "action"), "an Action.Execute is expected.")
    else:
        _one(action, "action", _at(place, "action"), found, depth)
    users = refresh.get("userIds", [])
    if not isinstance(users, list) or not all(isinstance(user, str) for user in users):
        found.error(_at(place, "userIds"), "a list of user ids is expected.")
        return
    if len(users) > REFRESH_USERS_MAX:
        found.error(_at(place, "userIds"), f"{len(users)} users; at most {REFRESH_USERS_MAX} are accepted.")
    for index, user in enumerate(users):
        if not user.startswith("29:"):
            found.note(f"{_at(place, 'userIds')}[{index}]", "not a user id of Teams (29:…): never refreshed.")


def _list(given: Any, what: str, place: str, found: Findings, depth: int) -> None:
    if not isinstance(given, list):
        found.error(place, "a list is expected.")
        return
    for index, item in enumerate(given):
        _one(item, what, f"{place}[{index}]", found, depth)


def _one(item: Any, what: str, place: str, found: Findings, depth: int) -> None:
    """One part of the card, whatever it is: element, action, or a part such as a column."""
    if what == "inline" and isinstance(item, str):
        return
    if not isinstance(item, dict):
        found.error(place, "an object is expected.")
        return
    if depth > DEPTH_MAX:
        found.error(place, f"nested more than {DEPTH_MAX} deep.")
        return
    spec = _spec(item, what, place, found, depth)
    if spec is None:
        return
    _id(item, place, found)
    _visible(item, place, found)
    for name, kind in spec.required.items():
        _required(item.get(name), kind, _at(place, name), found, depth)
    for name, accepted in spec.choices.items():
        value = item.get(name)
        if value is not None and str(value).casefold() not in accepted:
            found.error(_at(place, name), f"{value!r} is no choice; accepted: {', '.join(accepted)}.")
    for name, held in spec.holds.items():
        if name not in item:
            continue
        if held.startswith("one "):
            _one(item[name], held.removeprefix("one "), _at(place, name), found, depth + 1)
        else:
            _list(item[name], held, _at(place, name), found, depth + 1)
    if "selectAction" in item:
        _one(item["selectAction"], "action", _at(place, "selectAction"), found, depth + 1)
    if item.get("type") in INPUTS:
        _input(item, place, found)
    if what == "action":
        _action(item, place, found)


def _spec(item: Mapping[str, Any], what: str, place: str, found: Findings, depth: int) -> Spec | None:
    """What is expected of the item; None when there is no more to check."""
    kind = item.get("type")
    if what in PARTS:
        expected = PART_TYPES.get(what)
        if kind is not None and expected is not None and kind != expected:
            found.error(_at(place, "type"), f"{expected!r} is expected, not {kind!r}.")
            return None
        return PARTS[what]
    known = ACTIONS if what == "action" else ELEMENTS
    if isinstance(kind, str) and kind in known:
        return known[kind]
    fallback = item.get("fallback")
    if fallback == "drop":
        found.note(place, f"unknown {what} type {kind!r}: left out.")
    elif fallback is not None:
        _one(fallback, what, _at(place, "fallback"), found, depth + 1)
    else:
        found.error(_at(place, "type"), f"unknown {what} type {kind!r}; accepted: {', '.join(known)}.")
    return None


def _id(item: Mapping[str, Any], place: str, found: Findings) -> None:
    id_ = item.get("id")
    if id_ is None:
        return
    if not isinstance(id_, str) or not id_:
        found.error(_at(place, "id"), "a text is expected.")
    elif id_ in found.ids:
        found.error(_at(place, "id"), f"{id_!r} is used twice in this card.")
    else:
        found.ids.add(id_)


def _visible(item: Mapping[str, Any], place: str, found: Findings) -> None:
    for name in ("isVisible", "wrap", "separator", "isRequired", "isMultiline", "isMultiSelect", "isEnabled"):
        if name in item and not isinstance(item[name], bool):
            found.error(_at(place, name), "true or false is expected.")


def _required(value: Any, kind: str, place: str, found: Findings, depth: int) -> None:
    if kind == "card":
        if isinstance(value, dict):
            _card(value, place, found, depth + 1)
        else:
            found.error(place, "an AdaptiveCard is expected.")
    elif kind == "list":
        if not isinstance(value, list):
            found.error(place, "a list is expected.")
    elif not isinstance(value, str):
        found.error(place, "a text is expected.")
    elif kind == "url" and not value.startswith(("https://", "http://", "data:image/")):
        found.error(place, f"an address that begins with https:// is expected, not {value!r}.")


def _input(item: Mapping[str, Any], place: str, found: Findings) -> None:
    if item["type"] == "Input.ChoiceSet" and "choices" not in item and "choices.data" not in item:
        found.error(_at(place, "choices"), "a list is expected.")
    for name in ("min", "max", "maxLength"):
        numbers = item["type"] in {"Input.Number", "Input.Text"}
        value = item.get(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float if numbers else str)):
            found.error(_at(place, name), f"a {'number' if numbers else 'text'} is expected.")
    if "regex" in item and not _is_pattern(item["regex"]):
        found.error(_at(place, "regex"), "a regular expression is expected.")
    if item.get("isRequired") and not item.get("errorMessage"):
        found.note(place, "isRequired without errorMessage: the person is not told what is missing.")
    if not item.get("label") and item["type"] != "Input.Toggle":
        found.note(place, "no label: read aloud, the field has no name.")


def _action(item: Mapping[str, Any], place: str, found: Findings) -> None:
    kind, data = item["type"], item.get("data")
    if kind == "Action.Execute":
        found.has_execute = True
        if data is not None and not isinstance(data, dict):
            found.error(_at(place, "data"), "an object is expected.")
        if not isinstance(item.get("verb", ""), str):
            found.error(_at(place, "verb"), "a text is expected.")
    if kind == "Action.Submit" and data is not None and not isinstance(data, dict | str):
        found.error(_at(place, "data"), "an object or a text is expected.")
    if kind == "Action.ToggleVisibility" and isinstance(item.get("targetElements"), list):
        for index, target in enumerate(item["targetElements"]):
            if not isinstance(target, str) and not (
                isinstance(target, dict) and isinstance(target.get("elementId"), str)
            ):
                found.error(f"{_at(place, 'targetElements')}[{index}]", "an element's id is expected.")
    for name, accepted in (("style", ACTION_STYLES), ("mode", ACTION_MODES)):
        value = item.get(name)
        if value is not None and str(value).casefold() not in accepted:
            found.error(_at(place, name), f"{value!r} is no choice; accepted: {', '.join(accepted)}.")
    if "title" in item and not isinstance(item["title"], str):
        found.error(_at(place, "title"), "a text is expected.")


def _is_pattern(given: Any) -> bool:
    try:
        return isinstance(given, str) and bool(re.compile(given))
    except (re.error, RecursionError):
        return False


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
