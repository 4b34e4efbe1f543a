"""Adaptive Cards 1.5 as data: the elements, actions and inputs that Teams knows, with their parts.

Source: the Adaptive Cards schema explorer, version 1.5, and Teams, "Cards" (which versions and actions it takes).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

CARD: Final = "application/vnd.microsoft.card.adaptive"
VERSION_MAX: Final = (1, 5)
EXECUTE_SINCE: Final = (1, 4)
PRIMARY_ACTIONS_MAX: Final = 6  # shown as buttons; the rest goes into a menu
REFRESH_USERS_MAX: Final = 60


@dataclass(frozen=True, slots=True)
class Spec:
    """What a part must have (`required`: name -> kind), and where parts lie within it (`holds`: name -> what)."""

    required: Mapping[str, str] = field(default_factory=dict)
    holds: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_COLORS = ("default", "dark", "light", "accent", "good", "warning", "attention")
_SIZES = ("default", "small", "medium", "large", "extralarge")
_STYLES = ("default", "emphasis", "good", "attention", "warning", "accent")
_TEXT = {
    "color": _COLORS,
    "size": _SIZES,
    "weight": ("default", "lighter", "bolder"),
    "fontType": ("default", "monospace"),
}
_BOX = {"style": _STYLES, "verticalContentAlignment": ("top", "center", "bottom")}
_SIDES = {"horizontalAlignment": ("left", "center", "right")}

ELEMENTS: Final[Mapping[str, Spec]] = {
    "TextBlock": Spec({"text": "text"}, choices=_TEXT | _SIDES | {"style": ("default", "heading", "columnheader")}),
    "RichTextBlock": Spec({"inlines": "list"}, {"inlines": "inline"}, _SIDES),
    "FactSet": Spec({"facts": "list"}, {"facts": "fact"}),
    "ColumnSet": Spec({}, {"columns": "column"}, _SIDES | {"style": _STYLES}),
    "Container": Spec({"items": "list"}, {"items": "element"}, _BOX),
    "Image": Spec(
        {"url": "url"},
        choices=_SIDES
        | {"size": ("auto", "stretch", "small", "medium", "large"), "style": ("default", "person", "roundedcorners")},
    ),
    "ImageSet": Spec({"images": "list"}, {"images": "element"}, {"imageSize": ("auto", "small", "medium", "large")}),
    "ActionSet": Spec({"actions": "list"}, {"actions": "action"}),
    "Table": Spec({}, {"rows": "row"}, {"gridStyle": _STYLES}),
    "Media": Spec({"sources": "list"}),
    "Input.Text": Spec(
        {"id": "text"}, {"inlineAction": "one action"}, {"style": ("text", "tel", "url", "email", "password")}
    ),
    "Input.Number": Spec({"id": "text"}),
    "Input.Date": Spec({"id": "text"}),
    "Input.Time": Spec({"id": "text"}),
    "Input.Toggle": Spec({"id": "text", "title": "text"}),
    "Input.ChoiceSet": Spec({"id": "text"}, {"choices": "choice"}, {"style": ("compact", "expanded", "filtered")}),
}
ACTIONS: Final[Mapping[str, Spec]] = {
    "Action.Execute": Spec(),
    "Action.Submit": Spec(),
    "Action.OpenUrl": Spec({"url": "url"}),
    "Action.ShowCard": Spec({"card": "card"}),
    "Action.ToggleVisibility": Spec({"targetElements": "list"}),
}
PARTS: Final[Mapping[str, Spec]] = {  # what has its place only inside one kind of element, with or without a `type`
    "fact": Spec({"title": "text", "value": "text"}),
    "column": Spec({}, {"items": "element"}, _BOX),
    "row": Spec({"cells": "list"}, {"cells": "cell"}, {"style": _STYLES}),
    "cell": Spec({"items": "list"}, {"items": "element"}, _BOX),
    "choice": Spec({"title": "text", "value": "text"}),
    "inline": Spec({"text": "text"}, choices=_TEXT),
}
PART_TYPES: Final[Mapping[str, str]] = {"column": "Column", "row": "TableRow", "cell": "TableCell", "inline": "TextRun"}
ACTION_STYLES: Final = ("default", "positive", "destructive")
ACTION_MODES: Final = ("primary", "secondary")
INPUTS: Final = frozenset(name for name in ELEMENTS if name.startswith("Input."))
