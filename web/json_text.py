"""JSON as it may come in: UTF-8, no duplicate names, no NaN, numbers that fit, text that the database can keep.

RFC 8259 leaves these open and parsers differ on them; what is accepted here means the same to every reader (compare
I-JSON, RFC 7493). Text with U+0000 is refused because PostgreSQL cannot store it.
"""

from __future__ import annotations

import json
import math
import re
from typing import Final, NoReturn

from core.json_bounds import DEPTH_MAX, is_shallow, is_storable, texts
from web.errors import Malformed

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

INT_MAX: Final = 2**63 - 1  # PostgreSQL bigint
_INT_DIGITS_MAX: Final = 20  # longer than any bigint with its sign; spares the conversion of a megabyte of digits
_EXACT_MAX: Final = 2**53
_SUSPECT: Final = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")  # NUL, or half of a surrogate pair


def parse_json(raw: bytes) -> Json:
    """The value that `raw` stands for. Raises Malformed, saying where."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"The body is not UTF-8: the byte at offset {error.start} fits nowhere.") from None
    if not is_shallow(text):
        raise Malformed(f"The body nests more than {DEPTH_MAX} arrays or objects in each other.")
    try:
        value: Json = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise Malformed(f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}.") from None
    if _SUSPECT.search(text):
        _refuse_unstorable(value)
    return value


def fingerprint_text(value: Json) -> bytes:
    """One spelling for all spellings of the same value: names sorted, no white space."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _refuse_unstorable(value: Json) -> None:
    for text in texts(value):
        if not is_storable(text):
            raise Malformed("The body holds text with the character U+0000 or half of a surrogate pair.")


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise Malformed(f"The name {name[:80]!r} occurs twice in one object.")
            seen.add(name)
    return members


def _integer(digits: str) -> int:
    if len(digits) > _INT_DIGITS_MAX or not -INT_MAX - 1 <= (number := int(digits)) <= INT_MAX:
        raise Malformed(
            f"The number {digits[:24]}… does not fit into 64 bits."
            if len(digits) > 24
            else f"The number {digits} does not fit into 64 bits."
        )
    return number


def _real(digits: str) -> float | int:
    number = float(digits)
    if not math.isfinite(number):
        raise Malformed(f"The number {digits[:24]} is too large.")
    # JSON has one kind of number: 7.0 is 7. Beyond 2**53 a float is no exact integer any more, and stays what it is.
    return int(number) if number.is_integer() and abs(number) <= _EXACT_MAX else number


def _constant(name: str) -> NoReturn:
    raise Malformed(f"{name} is not JSON.")


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_real, parse_constant=_constant
)
