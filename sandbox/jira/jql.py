"""The Jira Query Language: what people write, as a tree; and the tree as people would write it.

Source: the vendor's pages on operators, keywords and reserved words. Not read: `WAS` and `CHANGED`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

OPERATORS: Final = ("=", "!=", "~", "!~", "<=", "<", ">=", ">", "in", "not in", "is", "is not")
_OPPOSITES: Final = {
    "=": "!=", "!=": "=", "~": "!~", "!~": "~", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not in",
    "not in": "in", "is": "is not", "is not": "is",
}  # fmt: skip
_WORDS: Final = """
abort access add after alias all alter and any as asc audit avg before begin between boolean break by byte
catch cf char character check checkpoint collate collation column commit connect continue count create current
date decimal declare decrement default defaults define delete delimiter desc difference distinct divide do
double drop else empty encoding end equals escape exclusive exec execute exists explain false fetch file field
first float for from function go goto grant greater group having identified if immediate in increment index
initial inner inout input insert int integer intersect intersection into is isempty isnull join last left less
like limit lock long max min minus mode modify modulo more multiply next noaudit not notin nowait null number
object of on option or order outer output power previous prior privileges public raise raw remainder rename
resource return returns revoke right row rowid rownum rows select session set share size sqrt start strict
string subtract sum synonym table then to trans transaction trigger true uid union unique update user validate
values view when whenever where while with
"""
RESERVED: Final = frozenset(_WORDS.split())  # the vendor's list of reserved words
MAX_DEPTH: Final = 40
_TOKEN: Final = re.compile(
    r'\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\')|(?P<symbol><=|>=|!=|!~|&&|\|\||[()=~<>,!])'
    r"|(?P<word>(?:\\.|[^\s\"'()=!~<>,&|\\])+)|(?P<bad>\S))",
    re.DOTALL,
)
_RESERVED_CHARS: Final = frozenset("{}*/%+^$#@?;")
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}
_NUMBER: Final = re.compile(r"[+-]?\d+[wdhmyMW]?\Z")


class BadQuery(Exception):
    """The query cannot be read or asked; the message is the vendor's."""


@dataclass(frozen=True, slots=True)
class Function:
    """A call such as currentUser()."""

    name: str
    arguments: tuple[str, ...] = ()


Operand = str | Function


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition. The operands are empty for `is [not] empty`; only `in` and `not in` have several."""

    field: str
    operator: str
    operands: tuple[Operand, ...] = ()


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: Node


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """At least one part holds."""

    parts: tuple[Node, ...]


Node = Clause | Not | All | Any


@dataclass(frozen=True, slots=True)
class Sort:
    """One column of the order."""

    field: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query; no condition means every issue."""

    where: Node | None = None
    order: tuple[Sort, ...] = ()


def parse(text: str) -> Query:
    """The query as a tree. Raises BadQuery with the vendor's sentence."""
    return _Parser(list(_tokens(text))).query()


def render(query: Query) -> str:
    """The query as text that reads back as the same tree."""
    where = _render(query.where) if query.where is not None else ""
    if not query.order:
        return where
    order = ", ".join(f"{_quoted(one.field)} {'DESC' if one.descending else 'ASC'}" for one in query.order)
    return f"{where} ORDER BY {order}".strip()


def negated(node: Node) -> Node:
    """The opposite without NOT, as the vendor works it out: an empty field satisfies neither = nor !=."""
    match node:
        case Clause(field, operator, operands):
            return Clause(field, _OPPOSITES[operator], operands)
        case Not(part):
            return part
        case All(parts):
            return Any(tuple(negated(part) for part in parts))
        case Any(parts):
            return All(tuple(negated(part) for part in parts))


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    kind: str
    at: int

    def says(self, *words: str) -> bool:
        return self.kind != "quoted" and self.text.lower() in words


def _tokens(text: str) -> Iterator[_Token]:
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        assert match is not None  # `bad` takes whatever is left
        kind, start = str(match.lastgroup), match.start(match.lastgroup or 0) + 1
        found = match[kind]
        if kind == "bad":
            what = "string" if found in "\"'" else "character"
            if what == "string":
                raise BadQuery(
                    f"Error in the JQL Query: The quoted string '{text[start:]}' has not been completed. "
                    f"(line 1, character {start})"
                )
            raise BadQuery(_unexpected(found, start))
        if kind == "word":
            _check_characters(found, start)
            found = _unescaped(found)
        elif kind == "quoted":
            found = _unescaped(found[1:-1])
        yield _Token(found, kind, start)
        at = match.end()


class _Parser:
    """Reads one query; every method leaves the position behind what it read."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def query(self) -> Query:
        where = None if self._peeks("order") or self._peek() is None else self._either()
        order = self._order() if self._peeks("order") else ()
        if (left := self._peek()) is not None:
            raise BadQuery(
                f"Error in the JQL Query: Expecting either 'OR' or 'AND' but got '{left.text}'. "
                f"(line 1, character {left.at})"
            )
        return Query(where, order)

    def _either(self) -> Node:
        parts = [self._both()]
        while self._take("or", "||"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else Any(tuple(parts))

    def _both(self) -> Node:
        parts = [self._term()]
        while self._take("and", "&&"):
            parts.append(self._term())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _term(self) -> Node:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadQuery("Error in the JQL Query: it is nested too deeply.")
        try:
            if self._take("not", "!"):
                return Not(self._term())
            if self._take("("):
                inside = self._either()
                self._expect(")")
                return inside
            return self._clause()
        finally:
            self._depth -= 1

    def _clause(self) -> Clause:
        field = self._name()
        operator = self._operator(field)
        match operator:
            case "is" | "is not":
                if not self._take("empty", "null"):
                    raise BadQuery(f"The operator '{operator}' can only be used with the values EMPTY and NULL.")
                return Clause(field, operator)
            case "in" | "not in":
                return Clause(field, operator, self._list())
            case "=" | "!=" if self._take("empty", "null"):
                return Clause(field, "is" if operator == "=" else "is not")
            case _:
                return Clause(field, operator, (self._operand(),))

    def _name(self) -> str:
        token = self._next("a field name")
        if token.kind == "symbol":
            raise BadQuery(_unexpected(token.text, token.at))
        if token.kind == "word" and token.text.lower() in RESERVED:
            raise BadQuery(_reserved(token))
        return token.text

    def _operator(self, field: str) -> str:
        token = self._next(f"an operator after '{field}'")
        word = token.text.lower() if token.kind != "quoted" else ""
        if word == "not" and self._take("in"):
            return "not in"
        if word == "is":
            return "is not" if self._take("not") else "is"
        if word in OPERATORS:
            return word
        raise BadQuery(
            f"Error in the JQL Query: Expecting operator but got '{token.text}'. The valid operators are '=', '!=', "
            f"'<', '>', '<=', '>=', '~', '!~', 'IN', 'NOT IN', 'IS' and 'IS NOT'. (line 1, character {token.at})"
        )

    def _list(self) -> tuple[Operand, ...]:
        if not self._peeks("("):
            return (self._operand(),)  # a function that gives several values
        self._expect("(")
        found = [self._operand()]
        while self._take(","):
            found.append(self._operand())
        self._expect(")")
        return tuple(found)

    def _operand(self) -> Operand:
        token = self._next("a value, list or function")
        if token.kind == "symbol":
            raise BadQuery(_unexpected(token.text, token.at))
        if token.kind == "word" and self._peeks("("):
            return Function(token.text, self._arguments())
        if token.kind == "word" and token.text.lower() in RESERVED:
            raise BadQuery(_reserved(token))
        return token.text

    def _arguments(self) -> tuple[str, ...]:
        self._expect("(")
        found: list[str] = []
        while not self._peeks(")"):
            found.append(self._next("an argument").text)
            if not self._take(","):
                break
        self._expect(")")
        return tuple(found)

    def _order(self) -> tuple[Sort, ...]:
        self._expect("order")
        self._expect("by")
        found = [self._sort()]
        while self._take(","):
            found.append(self._sort())
        return tuple(found)

    def _sort(self) -> Sort:
        field = self._name()
        if self._take("desc"):
            return Sort(field, descending=True)
        self._take("asc")
        return Sort(field)

    def _peek(self) -> _Token | None:
        return self._tokens[self._at] if self._at < len(self._tokens) else None

    def _peeks(self, *words: str) -> bool:
        token = self._peek()
        return token is not None and token.says(*words)

    def _take(self, *words: str) -> bool:
        if self._peeks(*words):
            self._at += 1
            return True
        return False

    def _next(self, wanted: str) -> _Token:
        token = self._peek()
        if token is None:
            raise BadQuery(f"Error in the JQL Query: Expecting {wanted} but got the end of the query.")
        self._at += 1
        return token

    def _expect(self, word: str) -> None:
        token = self._next(f"'{word}'")
        if not token.says(word):
            raise BadQuery(
                f"Error in the JQL Query: Expecting '{word}' but got '{token.text}'. (line 1, character {token.at})"
            )


def _render(node: Node) -> str:
    match node:
        case Clause(field, operator, operands):
            return f"{_quoted(field)} {operator} {_values(operator, operands)}"
        case Not(part):
            return f"NOT ({_render(part)})"
        case All(parts):
            return " AND ".join(f"({_render(part)})" for part in parts)
        case Any(parts):
            return " OR ".join(f"({_render(part)})" for part in parts)


def _values(operator: str, operands: tuple[Operand, ...]) -> str:
    shown = [
        f"{one.name}({', '.join(_quoted(argument) for argument in one.arguments)})"
        if isinstance(one, Function)
        else _quoted(one)
        for one in operands
    ]
    if operator in {"is", "is not"}:
        return "EMPTY"
    return f"({', '.join(shown)})" if operator in {"in", "not in"} else shown[0]


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _unescaped(text: str) -> str:
    return re.sub(
        r"\\(u[0-9a-fA-F]{4}|.)",
        lambda match: chr(int(match[1][1:], 16)) if len(match[1]) == 5 else _ESCAPES.get(match[1], match[1]),
        text,
        flags=re.DOTALL,
    )


def _check_characters(word: str, at: int) -> None:
    if _NUMBER.match(word):
        return
    plain = re.sub(r"\\.", "", word)
    for char in plain:
        if char in _RESERVED_CHARS:
            raise BadQuery(
                f"Error in the JQL Query: The character '{char}' is a reserved JQL character. You must enclose it in a "
                f"string or use the escape '\\u{ord(char):04x}' instead. (line 1, character {at + word.index(char)})"
            )


def _unexpected(char: str, at: int) -> str:
    return (
        f"Error in the JQL Query: The character '{char}' is a reserved JQL character. You must enclose it in a string "
        f"or use the escape '\\u{ord(char[0]):04x}' instead. (line 1, character {at})"
    )


def _reserved(token: _Token) -> str:
    return (
        f"Error in the JQL Query: '{token.text}' is a reserved JQL word. You must surround it in quotation marks "
        f"to use it in a query. (line 1, character {token.at})"
    )
