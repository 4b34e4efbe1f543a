"""Objectives as OpenSLO v1 documents, and back (S1). Pure.

What OpenSLO has no word for stands in annotations, so that what we write is read back exactly. A document of others is
read as near as it can be: a ratio is a success rate, one by time slices an availability, a threshold of a duration a
response time. What is no SLO, Service or SLI is passed over, and said so.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import yaml

from config.yamlfile import LocatedDocument, YamlPath, parse_yaml
from core.located import Reader
from core.sla.burn import tiers
from core.sla.names import ACCEPTED, NAME_MAX, name_of, refusal
from core.sla.objective import PERCENTILE, Bound, Metric, Objective
from core.sla.windows import DAY, HOUR, MINUTE, Unit, Window

API_VERSION: Final = "openslo/v1"
OURS: Final = "countersign/"
KINDS: Final = ("Service", "SLO", "SLI", "DataSource", "AlertPolicy", "AlertCondition", "AlertNotificationTarget")
METHODS: Final = ("Occurrences", "Timeslices", "RatioTimeslices")
DURATIONS: Final = ("28d", "4w", "24h", "1M", "1Q", "1Y")
DOCUMENTS_MAX: Final = 500
_OPS: Final = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
_SIGNS: Final = {name: sign for sign, name in _OPS.items()}
_DURATION: Final = re.compile(r"([0-9]{1,6})([mhdwMQY])")
_LENGTHS: Final = {"m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_UNITS: Final = {"1d": Unit.DAY, "1w": Unit.WEEK, "1M": Unit.MONTH, "1Q": Unit.QUARTER, "1Y": Unit.YEAR}
_TOP: Final = ("apiVersion", "kind", "metadata", "spec")


@dataclass(frozen=True, slots=True)
class Imported:
    """What the documents say; and what of them was passed over, with the reason."""

    objectives: tuple[Objective, ...]
    passed_over: tuple[str, ...]


def write_openslo(objectives: Iterable[Objective]) -> str:
    """The objectives as YAML documents: services, SLOs, and the policies by which we alert."""
    documents: list[dict[str, Any]] = []
    services: set[str] = set()
    for each in objectives:
        if each.service not in services:
            services.add(each.service)
            documents.append(_document("Service", _name(each.service), each.service, {}))
        documents += _slo(each)
    return yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True)


def read_openslo(text: str, *, file: str) -> Imported:
    """The objectives in the documents. Raises ConfigError with every problem of the first document that has any."""
    documents = [parse_yaml(part, file=file) for part in _parts(text)]
    services: dict[str, str] = {}
    indicators: dict[str, Mapping[str, object]] = {}
    passed_over: list[str] = []
    slos: list[tuple[LocatedDocument, Mapping[str, object]]] = []
    for document in documents:
        if document.value is None:
            continue
        fields, kind, name, shown = _header(document)
        match kind:
            case "Service":
                services[name] = shown
            case "SLI":
                spec = fields.get("spec")
                indicators[name] = spec if isinstance(spec, dict) else {}
            case "SLO":
                slos.append((document, fields))
            case _:
                passed_over.append(f"{kind} {name}: Countersign alerts by its own policy.")
    found = [each for document, fields in slos for each in _objectives(document, fields, services, indicators)]
    return Imported(tuple(found), tuple(passed_over))


def _parts(text: str) -> list[str]:
    """The documents, each behind as many empty lines as stand before it, so that its lines keep their numbers."""
    found, lines = [], text.splitlines()
    starts = [-1, *(index for index, line in enumerate(lines) if re.fullmatch(r"---\s*", line)), len(lines)]
    for before, after in itertools.pairwise(starts):
        if any(line.strip() and not line.lstrip().startswith("#") for line in lines[before + 1 : after]):
            found.append("\n" * (before + 1) + "\n".join(lines[before + 1 : after]) + "\n")
    return found[:DOCUMENTS_MAX]


def _header(document: LocatedDocument) -> tuple[Mapping[str, object], str, str, str]:
    reader = Reader(document)
    fields = reader.mapping((), document.value, required=_TOP[:3])
    reader.choice(("apiVersion",), fields.get("apiVersion", API_VERSION), (API_VERSION,))
    kind = reader.choice(("kind",), fields.get("kind", "SLO"), KINDS)
    metadata = reader.mapping(("metadata",), fields.get("metadata", {}), required=("name",))
    name = reader.text(("metadata", "name"), metadata.get("name", "?"))
    shown = str(metadata.get("displayName") or name)
    reader.finish()
    return fields, kind, name, shown


def _objectives(
    document: LocatedDocument,
    fields: Mapping[str, object],
    services: Mapping[str, str],
    indicators: Mapping[str, Mapping[str, object]],
) -> list[Objective]:
    reader = Reader(document)
    metadata = reader.mapping(("metadata",), fields.get("metadata", {}))
    notes = _annotations(metadata)
    path: YamlPath = ("spec",)
    spec = reader.mapping(
        path, fields.get("spec", {}), required=("service", "timeWindow", "budgetingMethod", "objectives")
    )
    service = reader.text((*path, "service"), spec.get("service", "?"))
    called = name_of(notes.get("service") or services.get(service, service))
    if called is None:
        reader.problem((*path, "service"), refusal("service"), accepted=ACCEPTED)
    window = _window(reader, (*path, "timeWindow"), spec.get("timeWindow", ()))
    method = reader.choice((*path, "budgetingMethod"), spec.get("budgetingMethod", METHODS[0]), METHODS)
    is_ratio = _is_ratio(reader, path, spec, indicators)
    found = []
    given = reader.sequence((*path, "objectives"), spec.get("objectives", ()))
    for index, item in enumerate(given):
        place = (*path, "objectives", index)
        entry = reader.mapping(place, item)
        metric, bound, percentile = _promise(reader, place, entry, method, is_ratio=is_ratio, notes=notes)
        name = notes.get("name") or str(metadata.get("name", "?")) + (f"-{index + 1}" if len(given) > 1 else "")
        found.append(
            Objective(
                name=_named(reader, name),
                metric=metric,
                bound=bound,
                window=window,
                service=called or service,
                percentile=percentile,
                description=str(spec.get("description") or "")[:2000],
                pages=notes.get("incidents", "true") == "true",
            )
        )
    if not given:
        reader.problem((*path, "objectives"), "An SLO has an objective.")
    reader.finish()
    return found


def _named(reader: Reader, text: str) -> str:
    """The objective's name, cut to what we keep."""
    name = name_of(text[:NAME_MAX])
    if name is None:
        reader.problem(("metadata", "name"), refusal("name"), accepted=ACCEPTED)
    return name or text


def _promise(
    reader: Reader,
    path: YamlPath,
    entry: Mapping[str, object],
    method: str,
    *,
    is_ratio: bool,
    notes: Mapping[str, str],
) -> tuple[Metric, Bound, float]:
    target = _target(reader, path, entry)
    op = reader.choice((*path, "op"), entry["op"], tuple(_SIGNS)) if "op" in entry else ""
    said = notes.get("metric", "")
    if is_ratio:
        metric = Metric.AVAILABILITY if method != METHODS[0] else Metric.SUCCESS_RATE
        if said == Metric.ERROR_RATE:
            return Metric.ERROR_RATE, Bound(notes.get("op", "<"), round(1 - target, 12)), PERCENTILE
        return metric, Bound(notes.get("op", ">="), target), PERCENTILE
    value = entry.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        reader.problem((*path, "value"), "A threshold has a value above 0, in seconds or operations per minute.")
        value = 1.0
    if op not in _SIGNS:
        reader.problem((*path, "op"), "A threshold has an operator.", accepted=tuple(_SIGNS))
        op = "lte"
    metric = Metric.RESPONSE_TIME if op.startswith("l") else Metric.THROUGHPUT
    return metric, Bound(_SIGNS[op], float(value)), target if metric is Metric.RESPONSE_TIME else PERCENTILE


def _target(reader: Reader, path: YamlPath, entry: Mapping[str, object]) -> float:
    key = "target" if "target" in entry else "targetPercent"
    value = entry.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        reader.problem(path, "An objective has a target.", accepted=("target: 0.99", "targetPercent: 99"))
        return PERCENTILE
    share = round(value / 100, 12) if key == "targetPercent" else float(value)
    if not 0 < share < 1:
        reader.problem((*path, key), f"'{value}' is no share below all.", accepted=("target: 0.99",))
        return PERCENTILE
    return share


def _is_ratio(
    reader: Reader, path: YamlPath, spec: Mapping[str, object], indicators: Mapping[str, Mapping[str, object]]
) -> bool:
    if "indicatorRef" in spec:
        name = reader.text((*path, "indicatorRef"), spec["indicatorRef"])
        if name not in indicators:
            reader.problem((*path, "indicatorRef"), f"There is no SLI '{name}' here.", accepted=tuple(indicators))
        return "thresholdMetric" not in indicators.get(name, {})
    place = (*path, "indicator")
    if "indicator" not in spec:
        reader.problem(path, "An SLO has an indicator.", accepted=("indicator", "indicatorRef"))
    indicator = reader.mapping(place, spec.get("indicator", {}))
    inner = reader.mapping((*place, "spec"), indicator.get("spec", {}), allowed=("ratioMetric", "thresholdMetric"))
    return "thresholdMetric" not in inner


def _window(reader: Reader, path: YamlPath, value: object) -> Window:
    items = reader.sequence(path, value)
    if len(items) != 1:
        reader.problem(path, f"There is exactly one time window; here are {len(items)}.")
        return Window(rolling=DAY)
    place = (*path, 0)
    fields = reader.mapping(place, items[0], required=("duration",))
    text = str(fields.get("duration", ""))
    calendar = fields.get("calendar")
    if isinstance(calendar, dict):
        if text not in _UNITS:
            reader.problem((*place, "duration"), f"'{text}' is no period of the calendar.", accepted=tuple(_UNITS))
        return Window(unit=_UNITS.get(text, Unit.MONTH), zone=str(calendar.get("timeZone") or "UTC"))
    found = _DURATION.fullmatch(text)
    if found is None or found[2] in "MQY":
        if text not in _UNITS:
            reader.problem((*place, "duration"), f"'{text}' is no duration.", accepted=DURATIONS)
        return Window(rolling={"M": 30 * DAY, "Q": 90 * DAY, "Y": 365 * DAY}.get(text[-1:], DAY))
    length = int(found[1]) * _LENGTHS[found[2]]
    if not HOUR <= length <= 366 * DAY:
        reader.problem((*place, "duration"), "A window lasts from an hour to a year.", accepted=DURATIONS)
        return Window(rolling=DAY)
    return Window(rolling=length)


def _annotations(metadata: Mapping[str, object]) -> Mapping[str, str]:
    given = metadata.get("annotations")
    if not isinstance(given, dict):
        return {}
    return {key.removeprefix(OURS): str(value) for key, value in given.items() if key.startswith(OURS)}


def _slo(objective: Objective) -> Sequence[dict[str, Any]]:
    name = _name(f"{objective.service}-{objective.name}")
    is_ratio = objective.metric not in (Metric.RESPONSE_TIME, Metric.THROUGHPUT)
    target = objective.target
    entry: dict[str, Any] = {"displayName": objective.words, "target": 0.5 if target is None else target}
    if not is_ratio:
        entry |= {"op": _OPS[objective.bound.op], "value": objective.bound.limit}
    spec: dict[str, Any] = {
        **({"description": objective.description} if objective.description else {}),
        "service": _name(objective.service),
        "indicator": {"metadata": {"name": f"{name}-indicator"}, "spec": _indicator(objective, is_ratio=is_ratio)},
        "timeWindow": [_time_window(objective.window)],
        "budgetingMethod": METHODS[1] if objective.metric is Metric.AVAILABILITY else METHODS[0],
        "objectives": [entry],
    }
    if objective.metric is Metric.AVAILABILITY:
        entry |= {"timeSliceTarget": 1.0, "timeSliceWindow": "1m"}
    policies = [_policy(name, each.name, each.severity, each.rate, each.long) for each in _tiers(objective)]
    spec["alertPolicies"] = [each["metadata"]["name"] for each in policies]
    document = _document("SLO", name, objective.words, spec)
    document["metadata"]["annotations"] = {
        f"{OURS}service": objective.service,
        f"{OURS}name": objective.name,
        f"{OURS}metric": str(objective.metric),
        f"{OURS}op": objective.bound.op,
        f"{OURS}incidents": str(objective.pages).lower(),
    }
    return [document, *policies]


def _tiers(objective: Objective) -> Iterable[Any]:
    return () if objective.target is None else tiers(objective.window.usual, objective.target)


def _policy(slo: str, tier: str, severity: str, rate: float, long: timedelta) -> dict[str, Any]:
    name = _name(f"{slo}-{tier}")
    condition = {
        "kind": "AlertCondition",
        "metadata": {"name": f"{name}-condition"},
        "spec": {
            "severity": "page" if severity in ("critical", "high") else "ticket",
            "condition": {
                "kind": "burnrate",
                "op": "gte",
                "threshold": round(rate, 6),
                "lookbackWindow": _duration(long),
                "alertAfter": "0m",
            },
        },
    }
    spec = {
        "description": f"A burn of {rate:.3g} over {_duration(long)}",
        "alertWhenBreaching": True,
        "alertWhenResolved": True,
        "alertWhenNoData": tier == "fast_burn",
        "conditions": [condition],
        "notificationTargets": [],
    }
    return _document("AlertPolicy", name, name, spec)


def _indicator(objective: Objective, *, is_ratio: bool) -> dict[str, Any]:
    def source(metric: str) -> dict[str, Any]:
        return {"metricSource": {"type": "Countersign", "spec": {"service": objective.service, "metric": metric}}}

    if is_ratio:
        return {"ratioMetric": {"counter": True, "good": source("succeeded"), "total": source("operations")}}
    return {"thresholdMetric": source(str(objective.metric))}


def _time_window(window: Window) -> dict[str, Any]:
    if window.unit is None:
        return {"duration": _duration(window.usual), "isRolling": True}
    duration = next(text for text, unit in _UNITS.items() if unit is window.unit)
    calendar = {"startTime": "2026-01-01 00:00:00", "timeZone": window.zone}
    return {"duration": duration, "calendar": calendar, "isRolling": False}


def _duration(length: timedelta) -> str:
    for letter, unit in (("d", DAY), ("h", HOUR)):
        if not length % unit:
            return f"{length // unit}{letter}"
    return f"{length // MINUTE}m"


def _document(kind: str, name: str, shown: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"name": name, "displayName": shown},
        "spec": dict(spec),
    }


def _name(text: str) -> str:
    """The name as OpenSLO takes it, like a DNS label (RFC 1123)."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:63].strip("-") or "any"
