"""Reading service levels from YAML: every problem of the file at once, each with its line (S1).

The framework's block loads unchanged, and holds for every service. Ours, all optional: `service` in the block, or
`services` with a block for each; `window` in a section; `credits`; `alerts`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from config.yamlfile import LocatedDocument, YamlPath
from core.located import Reader
from core.sla.contract import FEE_EXAMPLES, Contract, Tier, read_fee, usual_tiers
from core.sla.names import ACCEPTED, name_of, refusal
from core.sla.objective import (
    ANY,
    EXAMPLES,
    MINIMUM_TRAFFIC,
    PERCENTILE,
    Bound,
    Metric,
    Objective,
    read_bound,
)
from core.sla.windows import EXAMPLES as WINDOW_EXAMPLES
from core.sla.windows import LAST_30_DAYS, LAST_DAY, Unit, Window, read_window

WRAPPER: Final = "SLA Definitions"
SECTIONS: Final[Mapping[str, Mapping[str, Metric]]] = {
    "availability": {"target": Metric.AVAILABILITY},
    "performance": {"response_time": Metric.RESPONSE_TIME, "throughput": Metric.THROUGHPUT},
    "quality": {"success_rate": Metric.SUCCESS_RATE, "error_rate": Metric.ERROR_RATE},
}
KEYS: Final = ("service", *SECTIONS, "credits", "alerts", "services")
BLOCK_KEYS: Final = (*SECTIONS, "credits", "alerts")
CREDIT_KEYS: Final = ("fee", "period", "tiers")
ALERT_KEYS: Final = ("minimum_traffic", "incidents")
PENALTIES: Final = ("service credits", "none")
MEASUREMENTS: Final = ("uptime percentage", "95th percentile", *WINDOW_EXAMPLES)
_PERCENTILE: Final = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,2})?)(?:st|nd|rd|th) percentile", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Definitions:
    """What one file says."""

    objectives: tuple[Objective, ...]
    contracts: Mapping[str, Contract]  # service, or ANY


@dataclass(frozen=True, slots=True)
class _Measured:
    """How a section is measured."""

    window: Window
    percentile: float = PERCENTILE


def read_definitions(document: LocatedDocument, *, zone: str = "UTC") -> Definitions:
    """The definitions. `zone` is the tenant's. Raises ConfigError with every problem found, one per line."""
    reader = Reader(document)
    path: YamlPath = (WRAPPER,)
    outer = reader.mapping((), document.value, allowed=(WRAPPER,), required=(WRAPPER,))
    fields = reader.mapping(path, outer.get(WRAPPER, {}), allowed=KEYS)
    service = _service(reader, (*path, "service"), fields["service"]) if "service" in fields else ANY
    objectives, contract = _block(reader, path, fields, service, zone)
    contracts = {service: contract} if contract else {}
    seen: set[str] = set()
    for name, block in reader.mapping((*path, "services"), fields.get("services", {})).items():
        place = (*path, "services", name)
        named = _service(reader, place, name)
        if named in seen:
            reader.problem(place, f"'{named}' is named twice: names that differ in spaces alone are one.")
        seen.add(named)
        own, terms = _block(reader, place, reader.mapping(place, block, allowed=BLOCK_KEYS), named, zone)
        objectives = (*objectives, *own)
        contracts |= {named: terms} if terms else {}
    if not objectives:
        reader.problem(path, "Nothing is promised here.", accepted=tuple(SECTIONS))
    reader.finish()
    return Definitions(objectives, contracts)


def _block(
    reader: Reader, path: YamlPath, fields: Mapping[str, object], service: str, zone: str
) -> tuple[tuple[Objective, ...], Contract | None]:
    found: list[Objective] = []
    has_credits = "credits" in fields
    for section, metrics in SECTIONS.items():
        if section not in fields:
            continue
        place = (*path, section)
        allowed = (*metrics, "measurement", "window", *(("penalty",) if section == "availability" else ()))
        values = reader.mapping(place, fields[section], allowed=allowed)
        measured = _measured(reader, place, values, section, zone)
        for key, metric in metrics.items():
            if key in values:
                found.append(_objective(reader, (*place, key), values[key], metric, measured, service))
        if "penalty" in values:
            has_credits |= reader.choice((*place, "penalty"), values["penalty"], PENALTIES) == PENALTIES[0]
    found = _with_alerts(reader, (*path, "alerts"), fields.get("alerts", {}), found)
    target = next((each.target for each in found if each.metric is Metric.AVAILABILITY), None)
    if not has_credits:
        return tuple(found), None
    if target is None:
        reader.problem(path, "Credits are given for availability: say what it is to be.", accepted=("availability",))
    return tuple(found), _contract(reader, (*path, "credits"), fields.get("credits", {}), target or 1.0)


def _measured(reader: Reader, path: YamlPath, values: Mapping[str, object], section: str, zone: str) -> _Measured:
    found = _Measured(LAST_30_DAYS if section == "availability" else LAST_DAY)
    for key in ("measurement", "window"):
        if key not in values:
            continue
        place = (*path, key)
        for part in reader.text(place, values[key]).split(","):
            words = part.strip()
            share, window = _PERCENTILE.fullmatch(words), read_window(words, zone=zone)
            if window is not None:
                found = replace(found, window=window)
            elif share and 0 < float(share[1]) < 100:
                found = replace(found, percentile=float(share[1]) / 100)
            elif words.lower() != MEASUREMENTS[0]:
                reader.problem(place, f"'{words}' is no measurement.", accepted=MEASUREMENTS)
    return found


def _objective(
    reader: Reader, path: YamlPath, value: object, metric: Metric, measured: _Measured, service: str
) -> Objective:
    text = reader.text(path, value)
    bound = read_bound(metric, text)
    if bound is None:
        reader.problem(path, f"'{text}' is no {metric.replace('_', ' ')}.", accepted=EXAMPLES[metric])
    return Objective(
        name=str(metric),
        metric=metric,
        bound=bound or Bound(">=", 0.5),
        window=measured.window,
        service=service,
        percentile=measured.percentile,
        pages=metric is not Metric.THROUGHPUT,  # nobody need be woken because nobody calls
    )


def _with_alerts(reader: Reader, path: YamlPath, value: object, found: list[Objective]) -> list[Objective]:
    fields = reader.mapping(path, value, allowed=ALERT_KEYS)
    traffic = reader.integer((*path, "minimum_traffic"), fields.get("minimum_traffic", MINIMUM_TRAFFIC), least=1)
    pages = reader.boolean((*path, "incidents"), fields.get("incidents", True))
    return [replace(each, minimum_traffic=traffic, pages=each.pages and pages) for each in found]


def _contract(reader: Reader, path: YamlPath, value: object, target: float) -> Contract:
    fields = reader.mapping(path, value, allowed=CREDIT_KEYS)
    unit = reader.choice((*path, "period"), fields.get("period", Unit.MONTH), tuple(Unit))
    fee: tuple[Decimal, str] | None = None
    if "fee" in fields:
        text = reader.text((*path, "fee"), fields["fee"])
        fee = read_fee(text)
        if fee is None:
            reader.problem((*path, "fee"), f"'{text}' is no fee.", accepted=FEE_EXAMPLES)
    tiers = _tiers(reader, (*path, "tiers"), fields["tiers"]) if "tiers" in fields else usual_tiers(target)
    return Contract(
        tiers=tiers,
        period=Unit(unit) if unit in tuple(Unit) else Unit.MONTH,
        fee=fee[0] if fee else None,
        currency=fee[1] if fee else "USD",
    )


def _tiers(reader: Reader, path: YamlPath, value: object) -> tuple[Tier, ...]:
    found: dict[float, Tier] = {}
    for index, item in enumerate(reader.sequence(path, value)):
        place = (*path, index)
        fields = reader.mapping(place, item, allowed=("below", "credit"), required=("below", "credit"))
        below, credit = (_share(reader, (*place, key), fields[key]) for key in ("below", "credit") if key in fields)
        if below in found:
            reader.problem(place, "This tier is there twice.")
        found[below] = Tier(below, Decimal(str(credit)))
    ordered = tuple(sorted(found.values(), key=lambda each: -each.below))
    if any(above.credit >= lower.credit for above, lower in itertools.pairwise(ordered)):
        reader.problem(path, "A lower availability is credited with more.")
    return ordered


def _share(reader: Reader, path: YamlPath, value: object) -> float:
    text = str(value).strip()
    number = text.removesuffix("%")
    share = float(number) / 100 if text.endswith("%") and re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", number) else 0.0
    if not 0 < share <= 1:
        reader.problem(path, f"'{text}' is no share.", accepted=("99.9%", "10%"))
    return round(share, 12)


def _service(reader: Reader, path: YamlPath, value: object) -> str:
    text = reader.text(path, value)
    name = name_of(text)
    if name is None:
        reader.problem(path, refusal("a service"), accepted=ACCEPTED)
    return name or text
