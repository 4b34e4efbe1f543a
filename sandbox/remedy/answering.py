"""Whether a qualification is true of an entry. NULL is neither equal nor unequal to anything but itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.remedy.qualification import Both, Compare, Either, FieldRef, Keyword, Literal, Node, Not, Operand, Sum


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer needs of the entry and the asker. `compared` turns a literal into what the field compares with."""

    value: Callable[[str], Any]
    compared: Callable[[str, str | int], Any]
    keywords: Mapping[str, Any]


def holds(node: Node, asked: Asked) -> bool:
    """Whether the qualification is true of the entry; what compares with NULL is neither true nor false, as in SQL."""
    return _truth(node, asked) is True


def _truth(node: Node, asked: Asked) -> bool | None:
    match node:
        case Not(part):
            inside = _truth(part, asked)
            return None if inside is None else not inside
        case Both(left, right):
            both = (_truth(left, asked), _truth(right, asked))
            return False if False in both else None if None in both else True
        case Either(left, right):
            either = (_truth(left, asked), _truth(right, asked))
            return True if True in either else None if None in either else False
        case Compare(operator, left, right):
            return _compare(operator, left, right, asked)


def _compare(operator: str, left: Operand, right: Operand, asked: Asked) -> bool | None:
    one, other = _value(left, right, asked), _value(right, left, asked)
    if right == Keyword("$NULL$") or left == Keyword("$NULL$"):
        both_empty = one is None and other is None
        return both_empty if operator == "=" else not both_empty if operator == "!=" else None
    if one is None or other is None:
        return None
    if operator == "LIKE":
        return isinstance(one, str) and isinstance(other, str) and _pattern(other).fullmatch(one) is not None
    if type(one) is not type(other):
        one, other = str(one), str(other)
    match operator:
        case "=":
            return bool(one == other)
        case "!=":
            return bool(one != other)
        case "<":
            return bool(one < other)
        case "<=":
            return bool(one <= other)
        case ">":
            return bool(one > other)
        case _:
            return bool(one >= other)


def _value(operand: Operand, against: Operand, asked: Asked) -> Any:
    match operand:
        case FieldRef(name):
            return asked.value(name)
        case Literal(value):
            return asked.compared(against.name, value) if isinstance(against, FieldRef) else value
        case Keyword(name):
            return asked.keywords.get(name)
        case Sum(operator, left, right):
            return _calculated(operator, _value(left, right, asked), _value(right, left, asked))


def _calculated(operator: str, left: Any, right: Any) -> Any:
    if isinstance(left, str) and isinstance(right, str) and operator == "+":
        return left + right
    if not isinstance(left, int) or not isinstance(right, int):
        return None
    match operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left // right if right else None
        case _:
            return left % right if right else None


def _pattern(like: str) -> re.Pattern[str]:
    """% is any text, _ any character, [..] one of a set, [^..] one outside it."""
    out, at = "", 0
    while at < len(like):
        char = like[at]
        end = like.find("]", at + 1) if char == "[" else -1
        if char == "%":
            out += ".*"
        elif char == "_":
            out += "."
        elif end > at + 1:
            inside = like[at + 1 : end]
            negated = inside.startswith("^") and len(inside) > 1
            out += _set(inside[1:] if negated else inside, negated=negated)
            at = end
        else:
            out += re.escape(char)
        at += 1
    return re.compile(out, re.DOTALL)


def _set(inside: str, *, negated: bool) -> str:
    span = re.fullmatch(r"(.)-(.)", inside, re.DOTALL)
    if span and span[1] <= span[2]:
        body = f"{re.escape(span[1])}-{re.escape(span[2])}"
    else:
        body = "".join(re.escape(char) for char in inside)
    return f"[{'^' if negated else ''}{body}]"
