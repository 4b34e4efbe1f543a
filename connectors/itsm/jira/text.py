"""Plain text as each product wants it: Cloud's third version takes documents, Data Center wiki markup.

Our texts are plain: on Data Center what would be markup is escaped, on Cloud nothing is parsed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

TEXT_MAX_CHARS: Final = 16_000  # vendor, jira.text.field.character.limit: 32,767 by default, escapes included
_PARAGRAPH: Final = re.compile(r"\n[ \t]*\n+")
# Macros, links, pictures, headings and lists. A backslash of the text's own is left: two of them are a line break.
_MARKED: Final = re.compile(r"\\(?=[{}\[\]!*#-]|h[1-6]\.|bq\.)")  # as `written` escapes it
_MARKUP: Final = re.compile(r"[{}\[\]]|!(?=\S)|(?m:^(?:[*#]+|-{1,4})(?=\s))|(?m:^(?:h[1-6]|bq)(?=\.))")


def written(text: str, *, is_cloud: bool) -> Any:
    """The text as a field or comment holds it."""
    short = shortened(text, TEXT_MAX_CHARS)
    return document(short) if is_cloud else _escaped(short)


def document(text: str) -> dict[str, Any]:
    """The text as an Atlassian document: paragraphs at empty lines, breaks at others."""
    parts = [part for part in _PARAGRAPH.split(text.replace("\r\n", "\n")) if part.strip()]
    return {"type": "doc", "version": 1, "content": [_paragraph(part) for part in parts]}


def read(value: Any) -> str:
    """The words of a field or comment, whichever product wrote it."""
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping):
        return ""
    return "\n\n".join(block for block in _blocks(value) if block).strip()


def plain(text: str) -> str:
    """A text of Data Center without the backslashes that keep it from being markup."""
    return _MARKED.sub("", text)


def shortened(text: str, limit: int) -> str:
    """The text within `limit` characters, with an ellipsis where it was cut."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _paragraph(part: str) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for number, line in enumerate(part.strip("\n").split("\n")):
        if number:
            content.append({"type": "hardBreak"})
        if line:
            content.append({"type": "text", "text": line})
    return {"type": "paragraph", "content": content}


def _escaped(text: str) -> str:
    return _MARKUP.sub(lambda found: f"\\{found[0]}", text)


def _blocks(node: Mapping[str, Any]) -> Iterator[str]:
    children = [one for one in node.get("content") or () if isinstance(one, Mapping)]
    if any(_is_inline(one) for one in children):
        yield "".join(_inline(one) for one in children)
        return
    for child in children:
        yield from _blocks(child)


def _is_inline(node: Mapping[str, Any]) -> bool:
    return node.get("type") in {"text", "hardBreak", "mention", "emoji", "inlineCard", "date", "status"}


def _inline(node: Mapping[str, Any]) -> str:
    attributes = node.get("attrs")
    given = attributes if isinstance(attributes, Mapping) else {}
    match node.get("type"):
        case "text":
            return str(node.get("text", ""))
        case "hardBreak":
            return "\n"
        case _:
            return next((str(given[name]) for name in ("text", "shortName", "url", "timestamp") if name in given), "")
