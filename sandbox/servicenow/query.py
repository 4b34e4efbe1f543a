"""ServiceNow's encoded queries: `active=true^state=-5^ORstate=-4^ORDERBYDESCnumber`.

Terms are joined by `^` (and) or `^OR` (either, binding tighter), whole queries by `^NQ`. A `^` inside a value is
written `^^`. A term that names no known field, or no known operator, is dropped and the rest runs: this is the vendor's
documented behaviour, and the reason why a slip may answer with every row.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

OPERATORS: Final = (  # longer ones first, so that NOT IN is not read as NOT
    "ISNOTEMPTY", "ISEMPTY", "STARTSWITH", "ENDSWITH", "NOT LIKE", "NOTLIKE", "DOES NOT CONTAIN", "CONTAINS", "LIKE",
    "NOT IN", "NOTIN", "BETWEEN", "ANYTHING", "IN", "!=", ">=", "<=", "=", ">", "<",
)  # fmt: skip
_TERM: Final = re.compile(rf"([a-z0-9_.]+)({'|'.join(map(re.escape, OPERATORS))})(.*)\Z", re.DOTALL)
_CANONICAL: Final = {"NOTLIKE": "NOT LIKE", "DOES NOT CONTAIN": "NOT LIKE", "CONTAINS": "LIKE", "NOTIN": "NOT IN"}


@dataclass(frozen=True, slots=True)
class Term:
    """One condition on one field, which may be dot-walked."""

    field: str
    operator: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Order:
    """One sort key."""

    field: str
    descending: bool = False


AnyOf = tuple[Term, ...]
AllOf = tuple[AnyOf, ...]


@dataclass(frozen=True, slots=True)
class Query:
    """Any of `alternatives`, each of which wants all of its groups, each of which wants any of its terms.

    `has_invalid` tells that at least one condition was dropped.
    """

    alternatives: tuple[AllOf, ...] = ((),)
    order: tuple[Order, ...] = ()
    has_invalid: bool = False


def parse(text: str, *, is_known: Callable[[str], bool]) -> Query:
    """The query that this text means. Never raises: what cannot be read is dropped, as the vendor does."""
    alternatives: list[list[list[Term]]] = [[]]
    order: list[Order] = []
    has_invalid = False
    for token in _tokens(text):
        if token.startswith("ORDERBY"):
            field = token.removeprefix("ORDERBYDESC") if token.startswith("ORDERBYDESC") else token[len("ORDERBY") :]
            if is_known(field):
                order.append(Order(field, token.startswith("ORDERBYDESC")))
            else:
                has_invalid = True
            continue
        if token in {"", "EQ"} or token.startswith("GROUPBY"):
            continue
        joiner, rest = _joiner(token)
        if joiner == "NQ":
            alternatives.append([])
        term = _term(rest)
        if term is None or not is_known(term.field):
            has_invalid = has_invalid or bool(rest)
            # An invalid first half of "a^ORb" leaves b on its own: a group must exist for the second half.
            if joiner != "OR":
                alternatives[-1].append([])
            continue
        if joiner == "OR" and alternatives[-1]:
            alternatives[-1][-1].append(term)
        else:
            alternatives[-1].append([term])
    kept = tuple(tuple(tuple(group) for group in groups if group) for groups in alternatives)
    return Query(kept, tuple(order), has_invalid)


def render(query: Query) -> str:
    """The text that `parse` reads back as this query."""
    parts: list[str] = []
    for position, groups in enumerate(query.alternatives):
        rendered = [_text(group) for group in groups]
        joined = "^".join(rendered)
        parts.append(f"NQ{joined}" if position else joined)
    parts.extend(f"ORDERBY{'DESC' if order.descending else ''}{order.field}" for order in query.order)
    return "^".join(part for part in parts if part)


def matches(query: Query, value_of: Callable[[str], str], is_number: Callable[[str], bool]) -> bool:
    """Whether a row, read by `value_of`, satisfies the query. Texts compare without regard to case, as on the wire."""
    return any(
        all(any(_holds(term, value_of(term.field), number=is_number(term.field)) for term in group) for group in groups)
        for groups in query.alternatives
    )


def _tokens(text: str) -> Iterable[str]:
    token: list[str] = []
    position = 0
    while position < len(text):
        character = text[position]
        if character == "^" and text[position + 1 : position + 2] == "^":
            token.append("^")
            position += 2
            continue
        if character == "^":
            yield "".join(token)
            token = []
        else:
            token.append(character)
        position += 1
    yield "".join(token)


def _joiner(token: str) -> tuple[str, str]:
    # Fields are lower-case, so a leading capital can only be a joiner.
    for joiner in ("NQ", "OR"):
        if token.startswith(joiner):
            return joiner, token[len(joiner) :]
    return "", token


def _term(token: str) -> Term | None:
    found = _TERM.match(token)
    if found is None:
        return None
    field, operator, value = found.groups()
    operator = _CANONICAL.get(operator, operator)
    return Term(field, operator, "" if operator in {"ISEMPTY", "ISNOTEMPTY", "ANYTHING"} else value)


def _text(group: AnyOf) -> str:
    return "^OR".join(f"{term.field}{term.operator}{term.value.replace('^', '^^')}" for term in group)


def _holds(term: Term, actual: str, *, number: bool) -> bool:
    have, want = actual.casefold(), term.value.casefold()
    match term.operator:
        case "=":
            return _same(have, want, number=number)
        case "!=":
            return not _same(have, want, number=number)
        case "ISEMPTY":
            return have == ""
        case "ISNOTEMPTY":
            return have != ""
        case "ANYTHING":
            return True
        case "LIKE":
            return want in have
        case "NOT LIKE":
            return want not in have
        case "STARTSWITH":
            return have.startswith(want)
        case "ENDSWITH":
            return have.endswith(want)
        case "IN":
            return any(_same(have, one.strip(), number=number) for one in want.split(","))
        case "NOT IN":
            return not any(_same(have, one.strip(), number=number) for one in want.split(","))
        case "BETWEEN":
            low, _, high = want.partition("@")
            return _compare(have, low, number=number) >= 0 and _compare(have, high, number=number) <= 0
        case ">":
            return have != "" and _compare(have, want, number=number) > 0
        case ">=":
            return have != "" and _compare(have, want, number=number) >= 0
        case "<":
            return have != "" and _compare(have, want, number=number) < 0
        case _:
            return have != "" and _compare(have, want, number=number) <= 0


def _same(have: str, want: str, *, number: bool) -> bool:
    return have == want if not number or have == "" or want == "" else _compare(have, want, number=True) == 0


def _compare(have: str, want: str, *, number: bool) -> int:
    if number:
        try:
            left, right = float(have), float(want)
        except ValueError:
            return -1
        return (left > right) - (left < right)
    return (have > want) - (have < want)
