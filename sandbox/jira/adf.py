"""Rich text: checks of the Atlassian Document Format, and the way between it and wiki markup.

What was written is kept as it was written; the other form is made when somebody asks for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

LIMIT_CHARS: Final = 32_767  # of a rich text field, as the vendor's default

_BLOCKS: Final = frozenset({"paragraph", "heading", "bulletList", "orderedList", "codeBlock", "blockquote", "panel",
                            "rule", "table", "mediaSingle", "mediaGroup", "expand", "taskList", "decisionList",
                            "nestedExpand", "blockCard"})  # fmt: skip
_INLINE: Final = frozenset({"text", "hardBreak", "mention", "emoji", "inlineCard", "date", "status"})
_CHILDREN: Final[dict[str, frozenset[str]]] = {
    "doc": _BLOCKS,
    "paragraph": _INLINE,
    "heading": _INLINE,
    "codeBlock": frozenset({"text"}),
    "bulletList": frozenset({"listItem"}),
    "orderedList": frozenset({"listItem"}),
    "listItem": frozenset({"paragraph", "bulletList", "orderedList", "codeBlock", "mediaSingle"}),
    "blockquote": frozenset({"paragraph", "bulletList", "orderedList", "codeBlock", "mediaSingle"}),
    "panel": frozenset({"paragraph", "heading", "bulletList", "orderedList"}),
    "table": frozenset({"tableRow"}),
    "tableRow": frozenset({"tableCell", "tableHeader"}),
    "tableCell": _BLOCKS,
    "tableHeader": _BLOCKS,
    "expand": _BLOCKS,
    "nestedExpand": _BLOCKS,
    "mediaSingle": frozenset({"media"}),
    "mediaGroup": frozenset({"media"}),
    "taskList": frozenset({"taskItem"}),
    "taskItem": _INLINE,
    "decisionList": frozenset({"decisionItem"}),
    "decisionItem": _INLINE,
}
_MARKS: Final = frozenset({"strong", "em", "code", "strike", "underline", "link", "textColor", "subsup",
                           "backgroundColor"})  # fmt: skip
_WRAPS: Final = {"strong": "*", "em": "_", "strike": "-", "underline": "+"}
_INLINE_WIKI: Final = re.compile(
    r"\[(?P<title>[^\]|\n]+)\|(?P<url>[^\]\n]+)\]|\[(?P<bare>https?://[^\]\n]+)\]"
    r"|\{\{(?P<code>[^}\n]+)\}\}|(?<!\w)\*(?P<strong>[^*\s](?:[^*\n]*[^*\s])?)\*(?!\w)"
)
_HEADING: Final = re.compile(r"h([1-6])\. (.*)")


def flaw(document: Any) -> str | None:
    """What is wrong with this document, with its place; None when it is a valid one."""
    if not isinstance(document, dict) or document.get("type") != "doc":
        return "the root must be an object of type 'doc'"
    if document.get("version") != 1 or isinstance(document.get("version"), bool):
        return "'version' must be 1"
    if not isinstance(document.get("content"), list):
        return "'content' must be a list"
    return _flaw_below(document, "doc", depth=0)


def _flaw_below(node: dict[str, Any], place: str, *, depth: int) -> str | None:
    if depth > 40:
        return f"{place} is nested too deeply"
    allowed = _CHILDREN.get(node["type"])
    children = node.get("content", [])
    if not isinstance(children, list) or (allowed is None and children):
        return f"{place} cannot have this content"
    for at, child in enumerate(children):
        here = f"{place}.content[{at}]"
        found = child.get("type") if isinstance(child, dict) else child
        if not isinstance(child, dict) or not isinstance(found, str) or found not in (allowed or ()):
            return f"{here}: {found!r} is not allowed in {node['type']}"
        if wrong := _flaw_of(child, here) or _flaw_below(child, here, depth=depth + 1):
            return wrong
    return None


def _flaw_of(node: dict[str, Any], place: str) -> str | None:
    attributes = node.get("attrs", {})
    if not isinstance(attributes, dict):
        return f"{place}: 'attrs' must be an object"
    match node["type"]:
        case "text":
            if not isinstance(node.get("text"), str) or not node["text"]:
                return f"{place}: a text node needs a text of at least one character"
            marks = node.get("marks", [])
            if not isinstance(marks, list) or not all(_is_mark(one) for one in marks):
                return f"{place}: unknown mark, or a link without its href"
        case "heading":
            if attributes.get("level") not in (1, 2, 3, 4, 5, 6):
                return f"{place}: a heading's level goes from 1 to 6"
        case "mention" if not isinstance(attributes.get("id"), str):
            return f"{place}: a mention needs an id"
        case _:
            pass
    return None


def _is_mark(mark: Any) -> bool:
    if not isinstance(mark, dict) or not isinstance(mark.get("type"), str) or mark["type"] not in _MARKS:
        return False
    attributes = mark.get("attrs", {})
    return mark["type"] != "link" or (isinstance(attributes, dict) and isinstance(attributes.get("href"), str))


def plain(text: str | dict[str, Any] | None) -> str:
    """The rich text as wiki markup, whichever way it is kept."""
    if text is None or isinstance(text, str):
        return text or ""
    return "\n\n".join(_block(node) for node in text["content"])


def document(text: str | dict[str, Any] | None) -> dict[str, Any] | None:
    """The rich text as a document, whichever way it is kept."""
    if text is None or isinstance(text, dict):
        return text
    return {"type": "doc", "version": 1, "content": list(_blocks_of(text))}


def _block(node: dict[str, Any], bullet: str = "") -> str:
    children = node.get("content", [])
    match node["type"]:
        case "paragraph":
            return _inline(children)
        case "heading":
            return f"h{node['attrs']['level']}. {_inline(children)}"
        case "codeBlock":
            return f"{{code}}\n{_inline(children)}\n{{code}}"
        case "bulletList" | "orderedList":
            mark = bullet + ("*" if node["type"] == "bulletList" else "#")
            return "\n".join(_item(item, mark) for item in children)
        case "rule":
            return "----"
        case "blockquote" | "panel":
            return "{quote}\n" + "\n\n".join(_block(child) for child in children) + "\n{quote}"
        case "table":
            return "\n".join(_row(row) for row in children)
        case _:
            return "\n".join(_block(child) for child in children) if children else _inline([node])


def _item(item: dict[str, Any], mark: str) -> str:
    lines = [
        _block(child, mark) if child["type"].endswith("List") else f"{mark} {_block(child)}"
        for child in item.get("content", [])
    ]
    return "\n".join(lines)


def _row(row: dict[str, Any]) -> str:
    cells = [
        ("||" if cell["type"] == "tableHeader" else "|") + " ".join(_block(child) for child in cell.get("content", []))
        for cell in row.get("content", [])
    ]
    return "".join(cells) + "|"


def _inline(nodes: list[dict[str, Any]]) -> str:
    return "".join(_word(node) for node in nodes)


def _word(node: dict[str, Any]) -> str:
    attributes = node.get("attrs") or {}
    match node["type"]:
        case "text":
            return _marked(node)
        case "hardBreak":
            return "\n"
        case "mention":
            return f"[~accountid:{attributes.get('id', '')}]"
        case "inlineCard":
            return f"[{attributes.get('url', '')}]"
        case _:
            return str(attributes.get("text") or attributes.get("shortName") or attributes.get("timestamp") or "")


def _marked(node: dict[str, Any]) -> str:
    text = str(node["text"])
    for mark in node.get("marks", []):
        if mark["type"] == "link":
            text = f"[{text}|{mark['attrs']['href']}]"
        elif mark["type"] == "code":
            text = f"{{{{{text}}}}}"
        else:
            wrap = _WRAPS.get(mark["type"], "")
            text = f"{wrap}{text}{wrap}"
    return text


def _blocks_of(text: str) -> Iterator[dict[str, Any]]:
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n").strip("\n")):
        lines = block.split("\n")
        if heading := _HEADING.fullmatch(block):
            yield {"type": "heading", "attrs": {"level": int(heading[1])}, "content": _words(heading[2])}
        elif all(line.startswith(("* ", "- ")) for line in lines):
            items = [{"type": "listItem", "content": [_paragraph([line[2:]])]} for line in lines]
            yield {"type": "bulletList", "content": items}
        else:
            yield _paragraph(lines)


def _paragraph(lines: list[str]) -> dict[str, Any]:
    content: list[dict[str, Any]] = []
    for line in lines:
        if content or line is not lines[0]:
            content.append({"type": "hardBreak"})
        content.extend(_words(line))
    return {"type": "paragraph", "content": content}


def _words(line: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    at = 0
    for match in _INLINE_WIKI.finditer(line):
        found.extend(_text(line[at : match.start()]))
        at = match.end()
        if url := match["url"] or match["bare"]:
            found.extend(_text(match["title"] or url, {"type": "link", "attrs": {"href": url}}))
        elif match["code"]:
            found.extend(_text(match["code"], {"type": "code"}))
        else:
            found.extend(_text(match["strong"], {"type": "strong"}))
    return [*found, *_text(line[at:])]


def _text(text: str, mark: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    if not text:
        return []
    return [{"type": "text", "text": text, "marks": [mark]} if mark else {"type": "text", "text": text}]
