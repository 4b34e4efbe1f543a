"""What a monitoring system says is wrong: the value that opens incidents and resolves them. Pure (S3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from config.suggest import did_you_mean
from core.ids import TenantId
from core.incidents.errors import InvalidIncident
from core.one_line import is_one_line, one_line

SOURCE_MAX: Final = 40  # characters
KEY_MAX: Final = 500
TITLE_MAX: Final = 200
WORDS_MAX: Final = 4000
SERVICE_MAX: Final = 120
LINK_MAX: Final = 2000
LABELS_MAX: Final = 50
LABEL_MAX: Final = 500
ALERT: Final = "alert"  # the source of an incident that an alert opened, for doors
_ADDRESS: Final = re.compile(r"https?://[^\s/?#]\S*")
PERSON: Final = "person"  # the source of what people report
GATE: Final = "gate"  # the source of what was done and not allowed, or allowed and not reported
UNTITLED: Final = "An alert without words"
RESERVED: Final = frozenset({PERSON, ALERT, GATE, "sla", "countersign"})  # sources that nobody else may tell of


class Severity(StrEnum):
    """How bad it is, the worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class AlertState(StrEnum):
    """What an alert is by now."""

    FIRING = "firing"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One state of one alert.

    `source` and `key` name the alert: as long as an incident of it is open, there is no second one. Alerts of one
    `source` and `group` (if it has one) share an incident. `started_at` is when this episode of it began: a firing
    and the resolution that belongs to it have the same. `service` is what is affected: a business service, or
    `agent:<name>` and the like, of which the business service is looked up.
    """

    tenant: TenantId
    source: str  # sla, datadog, alertmanager, …
    key: str
    group: str = ""
    state: AlertState
    severity: Severity
    service: str
    title: str
    words: str = ""
    started_at: datetime
    labels: Mapping[str, str] = field(default_factory=dict)
    link: str = ""

    @property
    def is_firing(self) -> bool:
        """Whether it is wrong now."""
        return self.state is AlertState.FIRING


def readable(alert: Alert) -> Alert:
    """The alert with what is too long cut, and its title on one line: no alert is lost for how it is written.

    Raises InvalidIncident without a key.
    """
    if not alert.key.strip() or not alert.source.strip() or max(len(alert.key), len(alert.source)) > KEY_MAX:
        raise InvalidIncident(f"An alert has a source and a key of up to {KEY_MAX} characters.", where="key")
    return Alert(
        tenant=alert.tenant,
        source=alert.source.strip()[:SOURCE_MAX],
        key=alert.key.strip(),
        group=alert.group.strip()[:KEY_MAX],
        state=AlertState(alert.state),
        severity=Severity(alert.severity),
        service=_cut(alert.service, SERVICE_MAX),
        title=_cut(one_line(alert.title) or one_line(alert.key) or UNTITLED, TITLE_MAX),
        words=_cut(alert.words, WORDS_MAX),
        started_at=alert.started_at,
        labels={
            _cut(name, SERVICE_MAX): _cut(value, LABEL_MAX) for name, value in list(alert.labels.items())[:LABELS_MAX]
        },
        link=alert.link if _is_address(alert.link) and len(alert.link) <= LINK_MAX else "",
    )


def checked(alert: Alert) -> Alert:
    """The alert, of which `readable` would alter nothing but blanks. Raises InvalidIncident naming the place."""
    for where, text, longest in (
        ("service", alert.service, SERVICE_MAX),
        ("words", alert.words, WORDS_MAX),
        ("group", alert.group, KEY_MAX),
        ("link", alert.link, LINK_MAX),
        *((_place(name), name, SERVICE_MAX) for name in alert.labels),
        *((_place(name), value, LABEL_MAX) for name, value in alert.labels.items()),
    ):
        if len(text.strip()) > longest:
            raise InvalidIncident(f"Write at most {longest} characters; here are {len(text.strip())}.", where=where)
    if not alert.title.strip():
        raise InvalidIncident("Say what is wrong.", where="title")
    check_title(alert.title)
    if len(alert.labels) > LABELS_MAX:
        raise InvalidIncident(f"An alert has at most {LABELS_MAX} labels.", where="labels")
    if alert.link and not _is_address(alert.link):
        raise InvalidIncident(f"'{alert.link[:80]}' is no address.", where="link", accepted=("https://…", "http://…"))
    return alert


def check_source(source: str) -> str:
    """The source of an alert that another program tells of. Raises InvalidIncident for one of the product's own."""
    if source.strip().lower() in RESERVED:
        message = f"'{source.strip()}' is a source of Countersign itself; your alerts have another."
        raise InvalidIncident(message, where="source")
    return source


def check_title(text: str, longest: int = TITLE_MAX) -> str:
    """The title, with single spaces within and none around it. Raises InvalidIncident."""
    found = one_line(text)
    if not is_one_line(text) or not 1 <= len(found) <= longest:
        message = f"A title has 1 to {longest} characters, none of them a line break or a control character."
        raise InvalidIncident(message, where="title")
    return found


def read_severity(text: str) -> Severity:
    """The severity of this name. Raises InvalidIncident with the accepted ones."""
    if text not in tuple(Severity):
        guess = did_you_mean(text, tuple(Severity))
        raise InvalidIncident(f"'{text}' is not a severity.{guess}", where="severity", accepted=tuple(Severity))
    return Severity(text)


def worse(one: Severity, other: Severity) -> Severity:
    """The worse of two."""
    return min(one, other, key=tuple(Severity).index)


def reaches(severity: Severity, least: str) -> bool:
    """Whether it is at least as bad."""
    return worse(severity, Severity(least)) is severity


def _is_address(link: str) -> bool:
    return bool(_ADDRESS.fullmatch(link))


def _place(label: str) -> str:
    """Where the label stands (RFC 6901)."""
    return "/labels/" + label.replace("~", "~0").replace("/", "~1")


def _cut(text: str, longest: int) -> str:
    found = text.replace("\x00", "").strip()
    return found if len(found) <= longest else found[: longest - 1] + "…"
