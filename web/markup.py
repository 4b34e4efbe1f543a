"""HTML built from values, so that nothing is ever escaped by hand."""

from __future__ import annotations

import html
from typing import Final

_VOID: Final = frozenset({"br", "hr", "input", "link", "meta"})


class Html(str):
    """Text that is markup already. Any other str is escaped where it enters an element."""

    __slots__ = ()


Child = str | None


def element(tag: str, *children: Child, **attributes: str | None) -> Html:
    """The element with its children; None is left out.

    `class_` stands for `class` and `data_x` for `data-x`; an empty value makes a bare attribute.
    """
    opened = "".join(
        f' {_attribute(name)}="{html.escape(value)}"' if value else f" {_attribute(name)}"
        for name, value in attributes.items()
        if value is not None
    )
    if tag in _VOID:
        return Html(f"<{tag}{opened}>")
    return Html(f"<{tag}{opened}>{join(*children)}</{tag}>")


def join(*children: Child) -> Html:
    """The children one after the other, escaped unless they are Html."""
    return Html("".join(_text(child) for child in children if child is not None))


def _text(child: str) -> str:
    return str(child) if isinstance(child, Html) else html.escape(child)


def _attribute(name: str) -> str:
    return name.rstrip("_").replace("_", "-")
