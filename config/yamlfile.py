"""YAML that knows its line numbers, and takes only what a person would write into a configuration file.

Scalars follow the YAML 1.2 core schema (section 10.3 of its specification), not PyYAML's 1.1: `on`, `yes` and `22:00`
are text and a date stays text, so that nothing a person typed changes its meaning. Refused with their line: duplicate
keys, keys that are not text, merge keys, tags, endless numbers, and documents that grow when aliases expand.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import yaml

from config.errors import YamlSyntaxError

SIZE_MAX_BYTES = 1_048_576
VALUES_MAX = 50_000  # after aliases are expanded: the largest policy set in sight has some 3,000
DEPTH_MAX = 50

YamlPath = tuple[str | int, ...]

_TAG = "tag:yaml.org,2002:"
_CORE_SCHEMA = (  # type, how it is written, the characters it can begin with; YAML 1.2.2 section 10.3.2
    ("null", r"~|null|Null|NULL|", ("~", "n", "N", "")),
    ("bool", r"true|True|TRUE|false|False|FALSE", tuple("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", tuple("-+0123456789")),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", tuple("-+.0123456789")),
)
_DIGITS_MAX = 100  # nobody means a longer number, and turning text into a huge one costs quadratic time


@dataclass(frozen=True, slots=True)
class LocatedDocument:
    """A document as plain dicts, lists, str, int, float, bool and None, and the line of each of its values."""

    value: object
    file: str
    lines: Mapping[YamlPath, int] = field(repr=False)

    def line_of(self, path: YamlPath) -> int | None:
        """The line (from 1) on which the key or list item at `path` stands; None if the document has no such place."""
        return self.lines.get(path)

    def nearest_line(self, path: YamlPath) -> int:
        """As `line_of`, but for a place that is missing, the line of what should have contained it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def load_yaml(path: Path, *, file: str | None = None) -> LocatedDocument:
    """The document in the file at `path`, named `file` (default: the path as given) in messages.

    Raises YamlSyntaxError if it cannot be read, is larger than SIZE_MAX_BYTES, not UTF-8, or not accepted YAML.
    """
    name = file or str(path)
    try:
        with path.open("rb") as stream:
            raw = stream.read(SIZE_MAX_BYTES + 1)
    except OSError as exc:
        raise YamlSyntaxError(name, None, f"The file cannot be read: {exc.strerror or exc}.") from exc
    if len(raw) > SIZE_MAX_BYTES:
        raise YamlSyntaxError(name, None, f"The file is larger than {SIZE_MAX_BYTES} bytes.")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = raw.count(b"\n", 0, exc.start) + 1
        raise YamlSyntaxError(name, line, "The file is not UTF-8 text.") from exc
    return parse_yaml(text, file=name)


def parse_yaml(text: str, *, file: str) -> LocatedDocument:
    """The single document in `text`; an empty one is None. `file` is its name in messages.

    Raises YamlSyntaxError(file, line, message).
    """
    if len(text.encode("utf-8", "surrogatepass")) > SIZE_MAX_BYTES:
        raise YamlSyntaxError(file, None, f"The document is larger than {SIZE_MAX_BYTES} bytes.")
    builder = _Builder(file)
    root = _compose(text, file=file)
    value = None if root is None else builder.build(root, ())
    return LocatedDocument(value=value, file=file, lines=builder.lines)


def _compose(text: str, *, file: str) -> yaml.Node | None:
    try:
        return _Composer(text).get_single_node()
    except yaml.reader.ReaderError as exc:
        at = text.count("\n", 0, exc.position) + 1
        raise YamlSyntaxError(file, at, f"Character U+{_code_point(exc.character):04X} cannot be used.") from exc
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        problem = ", ".join(part for part in (exc.context, exc.problem) if part)
        line = None if mark is None else mark.line + 1
        raise YamlSyntaxError(file, line, f"This is not accepted YAML: {problem}.") from exc


def _code_point(character: object) -> int:
    return ord(character) if isinstance(character, str) else int(str(character))


class _Composer(yaml.SafeLoader):
    """Composes nodes by the core schema, and stops at DEPTH_MAX, long before Python's own recursion limit."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  PyYAML declares it on the instance; here it drops the 1.1 rules

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        self._depth += 1
        if self._depth > DEPTH_MAX:
            mark = cast("yaml.error.Mark", self.peek_event().start_mark)  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=f"more than {DEPTH_MAX} levels deep", problem_mark=mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


for _name, _pattern, _first in _CORE_SCHEMA:
    _Composer.add_implicit_resolver(_TAG + _name, re.compile(rf"(?:{_pattern})\Z"), list(_first))


class _Builder:
    """Turns nodes into plain values and notes the line of each; shared nodes are expanded, up to VALUES_MAX."""

    def __init__(self, file: str) -> None:
        self.lines: dict[YamlPath, int] = {}
        self._file = file

    def build(self, node: yaml.Node, path: YamlPath) -> object:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if len(self.lines) > VALUES_MAX:
            raise self._error(node, f"The document has more than {VALUES_MAX} values once its aliases are expanded.")
        if len(path) > DEPTH_MAX:
            raise self._error(node, "An alias contains itself.")
        match node:
            case yaml.MappingNode(tag="tag:yaml.org,2002:map"):
                return self._mapping(node, path)
            case yaml.SequenceNode(tag="tag:yaml.org,2002:seq"):
                return [self.build(item, (*path, index)) for index, item in enumerate(node.value)]
            case yaml.ScalarNode():
                return self._scalar(node)
            case _:
                raise self._error(node, f"The tag '{node.tag}' is not accepted.")

    def _mapping(self, node: yaml.MappingNode, path: YamlPath) -> dict[str, object]:
        result: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key in result:
                first = self.lines[(*path, key)]
                raise self._error(key_node, f"The key '{key}' is given twice; it already stands on line {first}.")
            self.lines[(*path, key)] = key_node.start_mark.line + 1
            result[key] = self.build(value_node, (*path, key))
        return result

    def _key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise self._error(node, "A key must be text.")
        if node.style is None and node.value == "<<":
            raise self._error(node, "The merge key '<<' is not accepted; write the keys out.")
        if node.tag != _TAG + "str":
            raise self._error(node, f"A key must be text; write '{node.value}' in quotes.")
        return str(node.value)

    def _scalar(self, node: yaml.ScalarNode) -> object:
        text = str(node.value)
        match node.tag.removeprefix(_TAG):
            case "str":
                return text
            case "null" if text in {"", "~"} or text.lower() == "null":
                return None
            case "bool" if text.lower() in {"true", "false"}:
                return text.lower() == "true"
            case "int" | "float" as kind:
                return self._number(node, text, kind)
            case _:
                raise self._error(node, f"'{text}' with the tag '{node.tag}' is not accepted.")

    def _number(self, node: yaml.ScalarNode, text: str, kind: str) -> int | float:
        if len(text) > _DIGITS_MAX:
            raise self._error(node, f"The number has more than {_DIGITS_MAX} digits.")
        try:
            if kind == "int":
                base = {"0x": 16, "0o": 8}.get(text[:2], 10)
                return int(text, base)
            number = float(text)
        except ValueError as exc:
            raise self._error(node, f"'{text}' is not a number.") from exc
        if not math.isfinite(number):
            raise self._error(node, f"The number '{text}' is too large.")
        return number

    def _error(self, node: yaml.Node, message: str) -> YamlSyntaxError:
        return YamlSyntaxError(self._file, node.start_mark.line + 1, message)
