"""Objectives as OpenSLO v1 documents (S1). Pure.

What OpenSLO has no word for stands in annotations, so that openslo.py reads back exactly what is written here. The
documents keep to the specification as it is published (OpenSLO/OpenSLO, README, and the rules of OpenSLO/go-sdk): names
are DNS labels and belong to one document of a kind, whatever our own names are; limits are cut to, and what is cut is
in an annotation.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import yaml

from core.sla.burn import Tier, tiers
from core.sla.objective import Metric, Objective
from core.sla.openslo import API_VERSION, OPS, OURS, STARTS_OTHERWISE, UNITS, UTC
from core.sla.windows import DAY, HOUR, MINUTE, Unit, Window

NAME_MAX: Final = 63  # characters; a DNS label (RFC 1123)
SHOWN_MAX: Final = 63  # of a display name
DESCRIPTION_MAX: Final = 1050
TARGET: Final = "countersign"  # who is notified: by its own channels
LOOKED_AT: Final = "1m"  # how often objectives are looked at
_STARTS: Final = {Unit.WEEK: "2026-01-05 00:00:00"}  # a Monday
_DIGEST: Final = 8  # characters of it that tell names apart

Document = dict[str, Any]


def write_openslo(objectives: Iterable[Objective]) -> str:
    """The objectives as YAML documents: services, SLOs, and the policies by which we alert."""
    names = _Names()
    services: dict[str, Document] = {}
    documents: list[Document] = []
    for each in objectives:
        if each.service not in services:
            services[each.service] = _document("Service", names.of("Service", each.service), each.service, {})
            documents.append(services[each.service])
        documents += _slo(each, names, service=services[each.service]["metadata"]["name"])
    if any(each["kind"] == "AlertPolicy" for each in documents):
        spec = {"target": "Countersign", "description": "Whoever Countersign tells of an incident."}
        documents.append(_document("AlertNotificationTarget", TARGET, "Countersign", spec))
    return yaml.safe_dump_all(documents, sort_keys=False, allow_unicode=True)


@dataclass(slots=True)
class _Names:
    """Which names are taken, by kind, and what for."""

    taken: dict[tuple[str, str], str] = field(default_factory=dict)

    def of(self, kind: str, text: str) -> str:
        """The name of the document that is called so: the same for the same text, and no other's."""
        plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
        name = plain if 1 <= len(plain) <= NAME_MAX else _told_apart(plain, text)
        if self.taken.setdefault((kind, name), text) != text:
            name = _told_apart(plain, text)
            self.taken[kind, name] = text
        return name


def _told_apart(plain: str, text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGEST]
    return f"{plain[: NAME_MAX - _DIGEST - 1].rstrip('-')}-{digest}".strip("-")


def _slo(objective: Objective, names: _Names, *, service: str) -> list[Document]:
    called = f"{objective.service}-{objective.name}"
    policies = [_policy(called, each, names) for each in _tiers(objective)]
    indicator = {"metadata": {"name": names.of("SLI", f"{called}-indicator")}, "spec": _indicator(objective)}
    spec = {
        **({"description": objective.description[:DESCRIPTION_MAX]} if objective.description else {}),
        "service": service,
        "indicator": indicator,
        "timeWindow": [_time_window(objective.window)],
        "budgetingMethod": "RatioTimeslices" if objective.metric is Metric.AVAILABILITY else "Occurrences",
        "objectives": [_promise(objective)],
        "alertPolicies": [{"alertPolicyRef": each["metadata"]["name"]} for each in policies],
    }
    document = _document("SLO", names.of("SLO", called), objective.words, spec)
    document["metadata"]["annotations"] = _annotations(objective)
    return [document, *policies]


def _annotations(objective: Objective) -> dict[str, str]:
    notes = {
        "service": objective.service,
        "name": objective.name,
        "metric": str(objective.metric),
        "op": objective.bound.op,
        "incidents": str(objective.pages).lower(),
        "minimum-traffic": str(objective.minimum_traffic),
    }
    if objective.is_inherited:
        notes["inherited"] = "true"  # it stays so, and is no promise of the service's own
    if len(objective.description) > DESCRIPTION_MAX:
        notes["description"] = objective.description
    return {f"{OURS}{key}": value for key, value in notes.items()}


def _promise(objective: Objective) -> Document:
    target = objective.target
    promise = {"displayName": objective.words[:SHOWN_MAX], "target": 0.5 if target is None else target}
    if not _is_ratio(objective):
        promise |= {"op": OPS[objective.bound.op], "value": objective.bound.limit}
    if objective.metric is Metric.AVAILABILITY:
        promise |= {"timeSliceWindow": "1m"}
    return promise


def _is_ratio(objective: Objective) -> bool:
    return objective.metric not in (Metric.RESPONSE_TIME, Metric.THROUGHPUT)


def _indicator(objective: Objective) -> Document:
    def source(metric: str) -> Document:
        return {"metricSource": {"type": "Countersign", "spec": {"service": objective.service, "metric": metric}}}

    if _is_ratio(objective):
        return {"ratioMetric": {"counter": True, "good": source("succeeded"), "total": source("operations")}}
    return {"thresholdMetric": source(str(objective.metric))}


def _tiers(objective: Objective) -> Iterable[Tier]:
    return () if objective.target is None else tiers(objective.window.usual, objective.target)


def _policy(slo: str, tier: Tier, names: _Names) -> Document:
    called = f"{slo}-{tier.name}"
    condition = {
        "kind": "AlertCondition",
        "metadata": {"name": names.of("AlertCondition", f"{called}-condition")},
        "spec": {
            "severity": "page" if tier.severity in ("critical", "high") else "ticket",
            "condition": {
                "kind": "burnrate",
                "op": "gte",
                "threshold": round(tier.rate, 6),
                "lookbackWindow": _duration(tier.long),
                "alertAfter": LOOKED_AT,
            },
        },
    }
    spec = {
        "description": f"A burn of {tier.rate:.3g} over {_duration(tier.long)}",
        "alertWhenBreaching": True,
        "alertWhenResolved": True,
        "alertWhenNoData": tier.name == "fast_burn",
        "conditions": [condition],
        "notificationTargets": [{"targetRef": TARGET}],
    }
    return _document("AlertPolicy", names.of("AlertPolicy", called), called, spec)


def _time_window(window: Window) -> Document:
    if window.unit is None:
        return {"duration": _duration(window.usual), "isRolling": True}
    duration = next(text for text, unit in UNITS.items() if unit is window.unit)
    zone = UTC if window.zone == "UTC" else window.zone
    calendar = {"startTime": _STARTS.get(window.unit, STARTS_OTHERWISE), "timeZone": zone}
    return {"duration": duration, "calendar": calendar, "isRolling": False}


def _duration(length: timedelta) -> str:
    for letter, unit in (("d", DAY), ("h", HOUR)):
        if not length % unit:
            return f"{length // unit}{letter}"
    return f"{length // MINUTE}m"


def _document(kind: str, name: str, shown: str, spec: Document) -> Document:
    metadata = {"name": name, "displayName": shown[:SHOWN_MAX]}
    return {"apiVersion": API_VERSION, "kind": kind, "metadata": metadata, "spec": spec}
