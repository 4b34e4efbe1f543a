"""Qualifications: the AR System's query language, as a tree.

Source: the vendor's pages on operators, fields in qualifications and wildcards. Fields stand in single quotes (by name
or number), texts in double ones; a doubled quote means itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

MAX_DEPTH: Final = 40
_TOKEN: Final = re.compile(
    r"""\s*(?:(?P<field>'(?:[^']|'')*')|(?P<text>"(?:[^"]|"")*")|(?P<number>\d+)|(?P<keyword>\$[A-Z]+\$)"""
    r"""|(?P<symbol>&&|\|\||!=|<=|>=|[()=<>!+\-*/%])|(?P<word>[A-Za-z]+)|(?P<bad>\S))"""
)
RELATIONS: Final = ("=", "!=", "<", "<=", ">", ">=", "LIKE")
KEYWORDS: Final = ("$NULL$", "$USER$", "$TIMESTAMP$")


class BadQualification(Exception):
    """The text cannot be read; the message says where."""


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A field, by name or number."""

    name: str


@dataclass(frozen=True, slots=True)
class Literal:
    """A text or a whole number."""

    value: str | int


@dataclass(frozen=True, slots=True)
class Keyword:
    """$NULL$, $USER$ or $TIMESTAMP$."""

    name: str


@dataclass(frozen=True, slots=True)
class Sum:
    """Two operands with + - * / or % between them."""

    operator: str
    left: Operand
    right: Operand


Operand = FieldRef | Literal | Keyword | Sum


@dataclass(frozen=True, slots=True)
class Compare:
    """A relation between two operands."""

    operator: str
    left: Operand
    right: Operand


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Node


@dataclass(frozen=True, slots=True)
class Both:
    """Both parts hold."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Either:
    """At least one part holds."""

    left: Node
    right: Node


Node = Compare | Not | Both | Either


def parse(text: str) -> Node:
    """The qualification as a tree. Raises BadQualification."""
    return _Parser(list(_tokens(text))).whole()


def fields_of(node: Node) -> Iterator[str]:
    """Every field that the qualification names."""
    match node:
        case Not(part):
            yield from fields_of(part)
        case Both(left, right) | Either(left, right):
            yield from fields_of(left)
            yield from fields_of(right)
        case Compare(_, one, other):
            yield from _fields_in(one)
            yield from _fields_in(other)


def render(node: Node) -> str:
    """The tree as text that reads back as the same tree."""
    match node:
        case Not(part):
            return f"NOT ({render(part)})"
        case Both(left, right):
            return f"({render(left)}) AND ({render(right)})"
        case Either(left, right):
            return f"({render(left)}) OR ({render(right)})"
        case Compare(operator, one, other):
            return f"{_shown(one)} {operator} {_shown(other)}"


def _shown(operand: Operand) -> str:
    match operand:
        case FieldRef(name):
            return "'" + name.replace("'", "''") + "'"
        case Literal(value):
            return str(value) if isinstance(value, int) else '"' + value.replace('"', '""') + '"'
        case Keyword(name):
            return name
        case Sum(operator, left, right):
            return f"({_shown(left)} {operator} {_shown(right)})"


def _fields_in(operand: Operand) -> Iterator[str]:
    match operand:
        case FieldRef(name):
            yield name
        case Sum(_, left, right):
            yield from _fields_in(left)
            yield from _fields_in(right)
        case _:
            return


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int

    def says(self, *words: str) -> bool:
        return self.kind in {"symbol", "word"} and self.text.upper() in words


def _tokens(text: str) -> Iterator[_Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        assert match is not None  # `bad` takes whatever is left
        kind = str(match.lastgroup)
        if kind == "bad":
            raise BadQualification(f"unexpected character at position {match.start(kind)}")
        if kind == "keyword" and match[kind] not in KEYWORDS:
            raise BadQualification(f"unknown keyword {match[kind]} at position {match.start(kind)}")
        yield _Token(kind, match[kind], match.start(kind))
        at = match.end()


class _Parser:
    """Reads one qualification; every method leaves the position behind what it read."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._either()
        if (left := self._peek()) is not None:
            raise BadQualification(f"unexpected {left.text} at position {left.at}")
        return node

    def _either(self) -> Node:
        node = self._both()
        while self._take("OR", "||"):
            node = Either(node, self._both())
        return node

    def _both(self) -> Node:
        node = self._term()
        while self._take("AND", "&&"):
            node = Both(node, self._term())
        return node

    def _term(self) -> Node:
        self._deeper()
        try:
            if self._take("NOT", "!"):
                return Not(self._term())
            at, depth = self._at, self._depth
            if self._take("("):
                # A parenthesis opens a condition, or an operand that calculates: the inside tells.
                try:
                    inside = self._either()
                    self._expect(")")
                except BadQualification:
                    self._at, self._depth = at, depth
                else:
                    return inside
            return self._relation()
        finally:
            self._depth -= 1

    def _relation(self) -> Node:
        left = self._operand()
        token = self._next("an operator")
        if not token.says(*RELATIONS):
            raise BadQualification(f"expected a relational operator at position {token.at}")
        return Compare(token.text.upper(), left, self._operand())

    def _operand(self) -> Operand:
        found = self._product()
        while (token := self._peek()) is not None and token.says("+", "-"):
            self._at += 1
            found = Sum(token.text, found, self._product())
        return found

    def _product(self) -> Operand:
        found = self._atom()
        while (token := self._peek()) is not None and token.says("*", "/", "%"):
            self._at += 1
            found = Sum(token.text, found, self._atom())
        return found

    def _atom(self) -> Operand:
        token = self._next("a field or value")
        match token.kind:
            case "field":
                return FieldRef(token.text[1:-1].replace("''", "'"))
            case "text":
                return Literal(token.text[1:-1].replace('""', '"'))
            case "number":
                return Literal(int(token.text[:18]))
            case "keyword":
                return Keyword(token.text)
            case "symbol" if token.text == "(":
                self._deeper()
                inside = self._operand()
                self._expect(")")
                self._depth -= 1
                return inside
            case _:
                raise BadQualification(f"expected a field or value at position {token.at}")

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadQualification("nested too deeply")

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _take(self, *words: str) -> bool:
        token = self._peek()
        if token is not None and token.says(*words):
            self._at += 1
            return True
        return False

    def _next(self, wanted: str) -> _Token:
        token = self._peek()
        if token is None:
            raise BadQualification(f"expected {wanted} at the end")
        self._at += 1
        return token

    def _expect(self, word: str) -> None:
        if not self._take(word):
            raise BadQualification(f"expected {word}")
