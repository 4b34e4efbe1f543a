"""Objectives from OpenSLO v1 documents (S1). Pure.

What openslo_export.py has written is read back exactly, by its annotations. A document of others is read as near as it
can be: a ratio is a success rate, one by time slices an availability, a threshold of a duration a response time. What
is no SLO, Service or SLI is passed over, and said so; so is what an objective cannot hold (openslo_losses.py).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import available_timezones

from config.yamlfile import LocatedDocument, YamlPath, parse_yaml
from core.errors import ConfigError
from core.located import Reader
from core.sla.names import ACCEPTED, NAME_MAX, name_of, refusal
from core.sla.objective import MINIMUM_TRAFFIC, PERCENTILE, Bound, Metric, Objective
from core.sla.openslo_losses import losses, start_of
from core.sla.windows import DAY, HOUR, MINUTE, Unit, Window

API_VERSION: Final = "openslo/v1"
OURS: Final = "countersign.internal/"  # annotations; OpenSLO wants a DNS subdomain
_OURS_BEFORE: Final = "countersign/"
KINDS: Final = ("Service", "SLO", "SLI", "DataSource", "AlertPolicy", "AlertCondition", "AlertNotificationTarget")
METHODS: Final = ("Occurrences", "Timeslices", "RatioTimeslices")
DURATIONS: Final = ("28d", "4w", "24h", "1M", "1Q", "1Y")
DOCUMENTS_MAX: Final = 2_000
DESCRIPTION_MAX: Final = 2000  # characters
TRAFFIC_MAX: Final = 10**9
OPS: Final = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte"}
UNITS: Final = {"1d": Unit.DAY, "1w": Unit.WEEK, "1M": Unit.MONTH, "1Q": Unit.QUARTER, "1Y": Unit.YEAR}
STARTS_OTHERWISE: Final = "2026-01-01 00:00:00"  # of every period but weeks
UTC: Final = "Etc/UTC"  # as a zone of a region, which OpenSLO wants
_SIGNS: Final = {name: sign for sign, name in OPS.items()}
_DURATION: Final = re.compile(r"([0-9]{1,6})([mhdwMQY])")
_MARKER: Final = re.compile(r"---\s*(?:\s#.*)?")  # where a document begins
_COUNT: Final = re.compile(r"[1-9][0-9]{0,9}")
_LENGTHS: Final = {"m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_ALERTS: Final = "Countersign alerts by its own policy."
_OTHERWISE: Final = {"DataSource": "Countersign measures by the samples that it is sent."}
_TOP: Final = ("apiVersion", "kind", "metadata", "spec")


@dataclass(frozen=True, slots=True)
class Imported:
    """What the documents say, each service and name once; and what of them was passed over, with the reason."""

    objectives: tuple[Objective, ...]
    passed_over: tuple[str, ...]


def read_openslo(text: str, *, file: str) -> Imported:
    """The objectives in the documents. Raises ConfigError with every problem of the first document that has any."""
    parts = _parts(text)
    if len(parts) > DOCUMENTS_MAX:
        raise ConfigError(f"At most {DOCUMENTS_MAX:,} documents are read at once; here are {len(parts):,}.", file=file)
    documents = [parse_yaml(part, file=file) for part in parts]
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
                passed_over.append(f"{kind} {name}: {_OTHERWISE.get(kind, _ALERTS)}")
    found: dict[tuple[str, str], Objective] = {}
    for document, fields in slos:
        read, lost = _objectives(document, fields, services, indicators)
        passed_over += lost
        for each in read:
            key = each.service, each.name
            if key in found:
                passed_over.append(f"SLO {each.name}: '{each.service}' has several of this name; the last one counts.")
            found[key] = each
    return Imported(tuple(found.values()), tuple(passed_over))


def _parts(text: str) -> list[str]:
    """The documents, each behind as many empty lines as stand before it, so that its lines keep their numbers."""
    found, lines = [], text.splitlines()
    starts = [-1, *(index for index, line in enumerate(lines) if _MARKER.fullmatch(line)), len(lines)]
    for before, after in itertools.pairwise(starts):
        if any(line.strip() and not line.lstrip().startswith("#") for line in lines[before + 1 : after]):
            found.append("\n" * (before + 1) + "\n".join(lines[before + 1 : after]) + "\n")
    return found


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
) -> tuple[list[Objective], list[str]]:
    """The SLO's objectives, and what of it they do not hold."""
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
        reader.problem((*path, "service"), refusal("a service"), accepted=ACCEPTED)
    window = _window(reader, (*path, "timeWindow"), spec.get("timeWindow", ()))
    method = reader.choice((*path, "budgetingMethod"), spec.get("budgetingMethod", METHODS[0]), METHODS)
    found = []
    given = reader.sequence((*path, "objectives"), spec.get("objectives", ()))
    for index, item in enumerate(given):
        place = (*path, "objectives", index)
        entry = reader.mapping(place, item)
        has_own = "indicator" in entry or "indicatorRef" in entry  # a part of a composite
        is_ratio = _is_ratio(reader, place, entry, indicators) if has_own else _is_ratio(reader, path, spec, indicators)
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
                description=(notes.get("description") or str(spec.get("description") or ""))[:DESCRIPTION_MAX],
                pages=notes.get("incidents", "true") == "true",
                minimum_traffic=_minimum_traffic(notes),
                is_inherited=notes.get("inherited") == "true",
            )
        )
    if not given:
        reader.problem((*path, "objectives"), "An SLO has an objective.")
    reader.finish()
    lost = losses(spec, notes, [each.metric for each in found], window)
    return found, [f"SLO {metadata.get('name')}: {each}" for each in lost]


def _named(reader: Reader, text: str) -> str:
    """The objective's name, cut to what we keep."""
    name = name_of(text[:NAME_MAX])
    if name is None:
        reader.problem(("metadata", "name"), refusal("an objective"), accepted=ACCEPTED)
    return name or text


def _minimum_traffic(notes: Mapping[str, str]) -> int:
    said = notes.get("minimum-traffic", "")
    return min(int(said), TRAFFIC_MAX) if _COUNT.fullmatch(said) else MINIMUM_TRAFFIC


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
    if notes.get("op", ">=") not in OPS:
        reader.problem(("metadata", "annotations", f"{OURS}op"), "This is no operator.", accepted=tuple(OPS))
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
        if text not in UNITS:
            reader.problem((*place, "duration"), f"'{text}' is no period of the calendar.", accepted=tuple(UNITS))
        zone = str(calendar.get("timeZone") or UTC)
        if zone not in available_timezones():
            reader.problem(
                (*place, "calendar", "timeZone"), f"'{zone}' is no time zone.", accepted=("UTC", "Europe/Berlin")
            )
            zone = UTC
        if "startTime" in calendar and start_of(calendar["startTime"]) is None:
            said = str(calendar["startTime"])[:NAME_MAX]
            reader.problem((*place, "calendar", "startTime"), f"'{said}' is no time.", accepted=(STARTS_OTHERWISE,))
        return Window(unit=UNITS.get(text, Unit.MONTH), zone="UTC" if zone == UTC else zone)
    found = _DURATION.fullmatch(text)
    if found is None or found[2] in "MQY":
        if text not in UNITS:
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
    return {
        key.removeprefix(prefix): str(value)
        for prefix in (_OURS_BEFORE, OURS)
        for key, value in given.items()
        if key.startswith(prefix)
    }
