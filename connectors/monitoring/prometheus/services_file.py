"""YAML -> Counters. Every problem is named at once, with file, line, key and what would be accepted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.yamlfile import LocatedDocument, YamlPath, load_yaml
from core.errors import InvalidInput
from core.located import Reader
from core.sla import check_service

KEYS: Final = ("total", "failed", "good", "duration", "duration_unit")
UNITS: Final = {"seconds": 1.0, "milliseconds": 0.001}
SELECTOR_MAX: Final = 1_000  # characters: three of them stand in an address
EXAMPLE: Final = 'http_requests_total{job="payments", status=~"5.."}'
HISTOGRAM: Final = 'http_request_duration_seconds_bucket{job="payments"}'
_MATCHER: Final = r"""[A-Za-z_][A-Za-z0-9_]*\s*(?:=~|!~|!=|=)\s*(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_SELECTOR: Final = re.compile(
    rf"(?P<name>[A-Za-z_:][A-Za-z0-9_:]*)?\s*(?P<matchers>\{{\s*(?:{_MATCHER}\s*(?:,\s*{_MATCHER}\s*)*,?\s*)?\}})?"
)


@dataclass(frozen=True, slots=True)
class Counters:
    """The counters of one service, each a selector of PromQL; exactly one of `failed` and `good` is given.

    `duration` is a classic histogram's `_bucket`, whose bounds are so many seconds each.
    """

    service: str
    total: str
    failed: str = ""
    good: str = ""
    duration: str = ""
    seconds: float = 1.0


def load_counters(path: Path) -> tuple[Counters, ...]:
    """The services in this file. Raises ConfigError, or YamlSyntaxError if the file is no YAML or cannot be read."""
    return read_counters(load_yaml(path))


def read_counters(document: LocatedDocument) -> tuple[Counters, ...]:
    """The same for a document in hand. Raises ConfigError."""
    reader = Reader(document)
    table = reader.mapping((), document.value, allowed=("services",), required=("services",))
    services = reader.mapping(("services",), table.get("services", {}))
    if not services and "services" in table:
        reader.problem(("services",), "It names no service.", accepted=("payments: {total: …, failed: …}",))
    found = [_counters(reader, ("services", name), name, each) for name, each in services.items()]
    names = [each.service for each in found]
    for index, each in enumerate(found):
        if each.service in names[:index]:
            reader.problem(("services", list(services)[index]), f"'{each.service}' is given twice.")
    reader.finish()
    return tuple(found)


def _counters(reader: Reader, path: YamlPath, name: object, value: object) -> Counters:
    fields = reader.mapping(path, value, allowed=KEYS, required=("total",))
    if ("failed" in fields) == ("good" in fields):
        both = "not both: one follows from the other" if "failed" in fields else "or nothing is known of failures"
        reader.problem(path, f"Either 'failed' or 'good' stands here, {both}.", accepted=("failed", "good"))
    chosen = {key: _selector(reader, (*path, key), fields[key]) for key in ("total", "failed", "good") if key in fields}
    unit = reader.choice((*path, "duration_unit"), fields.get("duration_unit", "seconds"), tuple(UNITS))
    if "duration_unit" in fields and "duration" not in fields:
        reader.problem((*path, "duration_unit"), "It is the unit of a 'duration', and there is none.")
    return Counters(
        service=_service(reader, path, name),
        total=chosen.get("total", ""),
        failed=chosen.get("failed", ""),
        good=chosen.get("good", ""),
        duration=_histogram(reader, (*path, "duration"), fields["duration"]) if "duration" in fields else "",
        seconds=UNITS.get(unit, 1.0),
    )


def _service(reader: Reader, path: YamlPath, name: object) -> str:
    try:
        return check_service(str(name))
    except InvalidInput as exc:
        reader.problem(path, exc.message, accepted=exc.accepted)
        return str(name)


def _selector(reader: Reader, path: YamlPath, value: object, *, example: str = EXAMPLE) -> str:
    text = reader.text(path, value)
    if isinstance(value, str) and text and not (_chosen(text) and len(text) <= SELECTOR_MAX):
        message = (
            "Here stands the selector of a counter: a name, matchers in braces, or both, and no function or range."
        )
        reader.problem(path, message, accepted=(example,))
    return text


def _chosen(text: str) -> bool:
    """Whether it is a selector that selects something; `{}` is every series there is."""
    found = _SELECTOR.fullmatch(text)
    return found is not None and bool(found["name"] or (found["matchers"] or "").strip("{}, \t\n"))


def _histogram(reader: Reader, path: YamlPath, value: object) -> str:
    text = _selector(reader, path, value, example=HISTOGRAM)
    found = _SELECTOR.fullmatch(text)
    if found is not None and not (found["name"] or "").endswith("_bucket"):
        message = "Here stands the selector of a classic histogram's buckets, whose name ends in '_bucket'."
        reader.problem(path, message, accepted=(HISTOGRAM,))
    return text
