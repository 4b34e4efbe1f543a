"""Base classes and field types of everything that travels over HTTP.

    Input        a request body: strict, closed, frozen
    OpenInput    a body whose shape another standard defines and lets grow (AuthZEN): strict, unknown members ignored
    Query, Path  parameters: strict after their text was read as JSON would be
    Output       an answer, buildable from a view dataclass

Strict means JSON's own types: "1" is no number, 1 is no boolean. The field types close what pydantic leaves open.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final
from uuid import UUID

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, core_schema

from core.money import plain

_RFC3339: Final = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
FIRST_YEAR: Final = 2000  # of what is counted by days
LAST_YEAR: Final = 2199
_NUMBER: Final = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# 18 digits before the point and 12 after it fit NUMERIC(30, 12) with nothing rounded.
DECIMAL_PATTERN: Final = r"^-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,12})?$"
_DECIMAL: Final = re.compile(DECIMAL_PATTERN.removesuffix("$") + r"\Z")
_ANY_DECIMAL: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
# U+0000 is refused in all text (web.json_text); these say so to readers of the document too.
LINE_PATTERN: Final = r"^[^\r\n\u0000]*[^\s\u0000][^\r\n\u0000]*$"
PROSE_PATTERN: Final = r"^[^\u0000]*[^\s\u0000][^\u0000]*$"
CURRENCY_PATTERN: Final = r"^[A-Z]{3}$"
EMAIL_PATTERN: Final = r"^[^@\s]+@[^@\s]+$"


class Input(BaseModel):
    """A request body."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class OpenInput(BaseModel):
    """A request body that may carry members that we do not know."""

    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class Query(BaseModel):
    """The parameters behind the question mark."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Path(BaseModel):
    """The parameters within the path."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class Output(BaseModel):
    """An answer. `Model.model_validate(view)` reads a dataclass by attribute."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)


def _rfc3339(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not _RFC3339.fullmatch(value):
        raise ValueError("it must be an instant as in RFC 3339, such as 2026-01-31T09:30:00Z")
    return datetime.fromisoformat(value.upper())  # a day or hour that does not exist is a ValueError too


def _day(value: object) -> object:
    if not isinstance(value, str):
        return value
    if not _DATE.fullmatch(value) or not FIRST_YEAR <= int(value[:4]) <= LAST_YEAR:
        raise ValueError(f"it must be a day of the years {FIRST_YEAR} to {LAST_YEAR}, such as 2026-01-31")
    return date.fromisoformat(value)  # a day that does not exist is a ValueError too


def _utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError:  # 0001-01-01T00:00:00+23:00 lies before the first day that can be counted
        raise ValueError("it lies outside the years 1 to 9999 in UTC") from None


def _canonical_uuid(value: object) -> object:
    if isinstance(value, str) and not _UUID.fullmatch(value):
        raise ValueError("it must be an id such as 0198c1f2-6a00-7000-8000-000000000000")
    return value


@dataclass(frozen=True, slots=True)
class Reference:
    """What people call one thing by, such as INC-12."""

    prefix: str
    number: int

    def __str__(self) -> str:
        return f"{self.prefix}-{self.number}"


@dataclass(frozen=True, slots=True)
class Named:
    """Marks the id of one thing in a path, which may be given as people call it (INC-12).

    Such a Reference is the id by the time that a handler sees it (web.dispatch).
    """

    prefix: str

    def __get_pydantic_core_schema__(self, source: object, handler: object) -> CoreSchema:
        """How it is read."""
        del source, handler
        return core_schema.no_info_plain_validator_function(self._read)

    def __get_pydantic_json_schema__(self, schema: object, handler: object) -> dict[str, Any]:
        """How it is written."""
        del schema, handler
        pattern = f"^({self.prefix}-[1-9][0-9]{{0,8}}|{_UUID.pattern})$"
        return {"type": "string", "pattern": pattern, "examples": [f"{self.prefix}-12"]}

    def _read(self, value: object) -> UUID | Reference:
        if isinstance(value, str) and _UUID.fullmatch(value):
            return UUID(value)
        number = value[len(self.prefix) + 1 :] if isinstance(value, str) else ""
        if value != f"{self.prefix}-{number}" or not _NUMBER.fullmatch(number):
            raise ValueError(f"it must be a reference such as {self.prefix}-12, or an id")
        return Reference(self.prefix, int(number))


def _decimal_text(value: object) -> object:
    if isinstance(value, Decimal):
        return value
    if isinstance(value, str) and _DECIMAL.match(value):
        return Decimal(value)
    if isinstance(value, str) and _ANY_DECIMAL.fullmatch(value):
        raise ValueError("it must have at most 18 digits before the point and 12 behind it")
    raise ValueError('it must be a decimal number in quotes, such as "12.50"')


def _shown(value: Decimal) -> Decimal:
    if not value.is_finite():
        raise ValueError("it must be a finite number")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_rfc3339), AfterValidator(_utc)]
Day = Annotated[date, BeforeValidator(_day)]
Id = Annotated[UUID, BeforeValidator(_canonical_uuid)]
DecimalText = Annotated[
    Decimal,
    BeforeValidator(_decimal_text),
    AfterValidator(_shown),
    WithJsonSchema({"type": "string", "pattern": DECIMAL_PATTERN, "examples": ["12.50"]}),
]
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=LINE_PATTERN)]  # a name, a title
Prose = Annotated[str, StringConstraints(min_length=1, max_length=10_000, pattern=PROSE_PATTERN)]  # a reason, a comment


class MoneyIn(Input):
    """An amount of money as it is sent."""

    amount: DecimalText
    currency: Annotated[str, Field(pattern=CURRENCY_PATTERN, examples=["USD"])]


class MoneyOut(Output):
    """An amount of money as it is answered, to the last digit: a decimal number in quotes, and an ISO 4217 code."""

    amount: Annotated[
        Decimal,
        AfterValidator(_shown),
        PlainSerializer(plain, when_used="json"),
        WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]+\.[0-9]{2,}$", "examples": ["12.50"]}),
    ]
    currency: Annotated[str, Field(pattern=CURRENCY_PATTERN, examples=["USD"])]
