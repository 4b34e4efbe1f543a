"""Walking through a card that was found sound: its words, its actions, its inputs, what is visible."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.teams.schema import ACTIONS, CARD, ELEMENTS, INPUTS, PARTS, Spec

Json = dict[str, Any]
Hidden = Mapping[str, bool]  # element id -> whether it is visible, where a person toggled it

_WORDS_ONLY = frozenset({"fact", "choice"})  # parts in which nothing further lies


def card_of(activity: Mapping[str, Any]) -> Json | None:
    """The Adaptive Card in an activity, if there is one."""
    for attachment in activity.get("attachments") or []:
        if attachment.get("contentType") == CARD:
            card: Json = attachment["content"]
            return card
    return None


def parts(card: Json, *, shown: Hidden | None = None, unfold: bool = True) -> Iterator[Json]:
    """Every object of the card in reading order; with `unfold`, also those of cards behind Action.ShowCard.

    With `shown`, what is hidden (by `isVisible`, or as the person toggled it) is left out with all it holds.
    """
    return _parts(card, "card", shown, unfold=unfold)


def actions_in(card: Json, *, shown: Hidden | None = None) -> list[Json]:
    """Every action of the card, in order."""
    return [part for part in parts(card, shown=shown) if part.get("type") in ACTIONS]


def inputs_in(card: Json, *, shown: Hidden | None = None, unfold: bool = True) -> list[Json]:
    """Every input of the card, in order."""
    return [part for part in parts(card, shown=shown, unfold=unfold) if part.get("type") in INPUTS]


def cards_around(card: Json, action: Json) -> list[Json]:
    """The cards that an action lies in, the outermost first: what is filled in there goes along with it."""
    if any(part is action for part in parts(card, unfold=False)):
        return [card]
    for part in parts(card, unfold=False):
        if part.get("type") == "Action.ShowCard":
            inner = cards_around(part["card"], action)
            if inner:
                return [card, *inner]
    return []


def action_json(action: Json) -> Json:
    """An action as the control surface lists it."""
    data = action.get("data")
    entry: Json = {
        "action_id": action_id(action),
        "type": action["type"],
        "text": action.get("title") or action.get("tooltip") or "",
        "value": data.get("value", data) if isinstance(data, dict) else data,
        "data": data,
    }
    return entry | {name: action[name] for name in ("style", "mode", "url", "id", "tooltip") if name in action}


def action_id(action: Json) -> str:
    """What an action is called here: its verb, else `action` in its data, else its id, else its title."""
    data = action.get("data")
    named = data.get("action") if isinstance(data, dict) else None
    return str(action.get("verb") or named or action.get("id") or action.get("title") or "")


def names_of(action: Json) -> set[str]:
    """Every word under which this action may be asked for."""
    data = action.get("data")
    words = [action.get("verb"), action.get("id"), action.get("title"), action_id(action)]
    if isinstance(data, dict):
        words.append(data.get("action"))
    return {word for word in words if isinstance(word, str) and word}


def words_in(card: Json, *, shown: Hidden | None = None) -> str:
    """What can be read in the card, line by line."""
    lines: list[str] = []
    for part in parts(card, shown=shown):
        lines += _lines(part)
    return "\n".join(line for line in lines if line)


def toggled(card: Json, action: Json, shown: Hidden) -> dict[str, bool]:
    """What is visible by the person's hand after this Action.ToggleVisibility."""
    now = dict(shown)
    by_id = {part["id"]: part for part in parts(card) if isinstance(part.get("id"), str)}
    for target in action["targetElements"]:
        id_ = target if isinstance(target, str) else str(target.get("elementId"))
        wanted = None if isinstance(target, str) else target.get("isVisible")
        if id_ in by_id:
            now[id_] = not _is_visible(by_id[id_], now) if wanted is None else bool(wanted)
    return now


def same_value(action: Json, value: Any) -> bool:
    """Whether `value` is what this action carries: its data, `value` in its data, or either as JSON text."""
    data = action.get("data")
    carried = [data]
    if isinstance(data, dict):
        carried += [data.get("value"), *data.values()]
    texts = [json.dumps(item, sort_keys=True) for item in carried]
    return value in carried or (isinstance(value, str) and _as_json(value) in texts)


def _as_json(text: str) -> str:
    try:
        return json.dumps(json.loads(text), sort_keys=True)
    except (ValueError, RecursionError):
        return text


def _parts(given: Any, what: str, shown: Hidden | None, *, unfold: bool) -> Iterator[Json]:
    """The object and all within it. `what` it is, its place tells: a card, an element, an action, a column."""
    if not isinstance(given, dict):
        return
    item = _resolved(given, what)
    if item is None or (shown is not None and not _is_visible(item, shown)):
        return
    yield item
    for name, held in _within(item, what, unfold=unfold):
        inner = item.get(name)
        for entry in inner if isinstance(inner, list) else [inner]:
            yield from _parts(entry, held, shown, unfold=unfold)


def _within(item: Json, what: str, *, unfold: bool) -> list[tuple[str, str]]:
    """Under which names something lies in the item, and what it is."""
    if what == "card":
        return [("body", "element"), ("actions", "action"), ("selectAction", "action")]
    kind = str(item.get("type"))
    if kind == "Action.ShowCard":
        return [("card", "card")] if unfold else []
    spec = PARTS[what] if what in PARTS else ELEMENTS.get(kind, Spec())
    held = [(name, kind.removeprefix("one ")) for name, kind in spec.holds.items() if kind not in _WORDS_ONLY]
    return [*held, ("selectAction", "action")]


def _resolved(item: Json, what: str) -> Json | None:
    """The item, or what stands in for it when its type is unknown; None when nothing does."""
    known = {"element": ELEMENTS, "action": ACTIONS}.get(what)
    if known is None or str(item.get("type")) in known:
        return item
    fallback = item.get("fallback")
    return _resolved(fallback, what) if isinstance(fallback, dict) else None


def _is_visible(item: Json, shown: Hidden) -> bool:
    own = bool(item.get("isVisible", True))
    return shown.get(item["id"], own) if isinstance(item.get("id"), str) else own


def _lines(part: Json) -> list[str]:
    match part.get("type"):
        case "TextBlock":
            return [str(part["text"])]
        case "RichTextBlock":
            return ["".join(run if isinstance(run, str) else str(run.get("text", "")) for run in part["inlines"])]
        case "FactSet":
            return [f"{fact['title']}: {fact['value']}" for fact in part["facts"]]
        case "Image":
            return [str(part.get("altText", ""))]
        case str(kind) if kind in INPUTS:
            return [str(part.get("label") or part.get("title") or part.get("placeholder") or "")]
        case _:
            return []
