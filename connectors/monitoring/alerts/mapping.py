"""Pure: an incident's severity, service, title and group, out of what a system told (docs/connectors/alerts.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from connectors.monitoring.alerts.told import Told
from core.ids import TenantId
from core.incidents import Alert, AlertState, Severity

_PLACE: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_.]*)\}")

# What monitoring systems call how bad it is, in small letters.
WORDS: Final[Mapping[str, Severity]] = MappingProxyType(
    {
        **dict.fromkeys(("critical", "page", "emergency", "disaster", "fatal", "p1", "1"), Severity.CRITICAL),
        **dict.fromkeys(("high", "error", "major", "p2", "2"), Severity.HIGH),
        **dict.fromkeys(("medium", "warning", "warn", "minor", "ticket", "normal", "p3", "3"), Severity.MEDIUM),
        **dict.fromkeys(("low", "info", "informational", "none", "p4", "p5", "4", "5"), Severity.LOW),
    }
)


@dataclass(frozen=True, slots=True)
class Looked:
    """The first of these labels that an alert has, and what its value stands for."""

    labels: tuple[str, ...]
    values: Mapping[str, str] = field(default_factory=dict)  # in small letters -> what it stands for
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class Ignored:
    """Alerts that have one of these values in this label are none of ours."""

    label: str
    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class AlertMapping:
    """How alerts of one system become incidents of one tenant. `title` and `group` have labels in braces."""

    severity: Looked = Looked(("severity", "priority"), {}, Severity.HIGH)
    service: Looked = Looked(("service", "business_service", "app", "job"))
    title: str = ""
    group: str | None = None  # None: as the system groups them
    ignored: tuple[Ignored, ...] = ()

    def alert_of(self, told: Told, *, tenant: TenantId, source: str) -> Alert | None:
        """The incident's alert; None if it is to be ignored."""
        if any(told.labels.get(each.label, "").lower() in each.values for each in self.ignored):
            return None
        facts = {**told.labels, "title": told.title, "key": told.key}
        return Alert(
            tenant=tenant,
            source=source,
            key=told.key[:KEY_MAX],
            group=told.group[:KEY_MAX] if self.group is None else _filled(self.group, facts),
            state=AlertState.FIRING if told.is_firing else AlertState.RESOLVED,
            severity=self._severity(told.labels),
            service=_looked_up(self.service, told.labels),
            title=_filled(self.title, facts) if self.title else told.title,
            words=told.words,
            started_at=told.started_at,
            labels=told.labels,
            link=told.link,
        )

    def _severity(self, labels: Mapping[str, str]) -> Severity:
        found = _value(self.severity, labels).lower()
        named = self.severity.values.get(found)
        if named is not None:
            return Severity(named)
        return WORDS.get(found, Severity(self.severity.otherwise or Severity.HIGH))


KEY_MAX: Final = 500  # characters; core.incidents takes no longer key


def _looked_up(looked: Looked, labels: Mapping[str, str]) -> str:
    found = _value(looked, labels)
    return looked.values.get(found.lower(), found) or looked.otherwise


def _value(looked: Looked, labels: Mapping[str, str]) -> str:
    return next((labels[name] for name in looked.labels if labels.get(name)), "")


def _filled(template: str, facts: Mapping[str, str]) -> str:
    """The template with each `{label}` as its value; nothing where an alert has no such label."""
    return _PLACE.sub(lambda found: facts.get(found[1], ""), template).strip()
