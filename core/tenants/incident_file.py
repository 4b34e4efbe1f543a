"""The `incidents` section of a tenant's YAML, with every problem at its line.

incidents:
  reopen_within: "30 minutes"
  resolves_itself: true
  page_from: "high"
  escalation:
    - roles: ["agent_operator"]
    - after: "15 minutes"
      people: ["lee@enterprise.example"]
  remind_every: "10 minutes"
  responders: {roles: ["agent_operator"], groups: ["on-call"]}
  update_every: {critical: "30 minutes", high: "2 hours"}
  review_from: "high"
  review_due: "5 days"
  close_after: "7 days"
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from config.yamlfile import YamlPath
from core.located import Reader
from core.tenants.bypass_policy import Who
from core.tenants.incident_policy import SEVERITIES, IncidentPolicy, PageLevel
from core.tenants.who_file import WHO_KEYS, Roles, read_who, who_in

INCIDENT_KEYS: Final = (
    "reopen_within",
    "resolves_itself",
    "page_from",
    "escalation",
    "remind_every",
    "responders",
    "stakeholders",
    "update_every",
    "tickets_from",
    "review_from",
    "review_due",
    "close_after",
)
LEVEL_KEYS: Final = (*WHO_KEYS, "after")
LEVELS_MAX: Final = 10


def read_incidents(reader: Reader, path: YamlPath, value: object, *, roles: Roles) -> IncidentPolicy:
    """The policy as the section states it; what it leaves out has its default."""
    fields = reader.mapping(path, value, allowed=INCIDENT_KEYS)
    defaults = IncidentPolicy()

    def duration(key: str, default: timedelta) -> timedelta:
        return reader.duration((*path, key), fields[key], default) if key in fields else default

    def severity(key: str, default: str) -> str:
        return reader.choice((*path, key), fields.get(key, default), SEVERITIES)

    def who(key: str, default: Who) -> Who:
        return read_who(reader, (*path, key), fields[key], roles) if key in fields else default

    return IncidentPolicy(
        reopen_within=duration("reopen_within", defaults.reopen_within),
        resolves_itself=reader.boolean((*path, "resolves_itself"), fields.get("resolves_itself", True)),
        page_from=severity("page_from", defaults.page_from),
        escalation=_levels(reader, (*path, "escalation"), fields["escalation"], roles)
        if "escalation" in fields
        else defaults.escalation,
        remind_every=duration("remind_every", defaults.remind_every),
        responders=who("responders", defaults.responders),
        stakeholders=who("stakeholders", defaults.stakeholders),
        update_every=_every(reader, (*path, "update_every"), fields["update_every"])
        if "update_every" in fields
        else defaults.update_every,
        tickets_from=severity("tickets_from", defaults.tickets_from),
        review_from=severity("review_from", defaults.review_from),
        review_due=duration("review_due", defaults.review_due),
        close_after=duration("close_after", defaults.close_after),
    )


def _levels(reader: Reader, path: YamlPath, value: object, roles: Roles) -> tuple[PageLevel, ...]:
    """From the first who are told on; each later than the one before."""
    levels: list[PageLevel] = []
    for index, level in enumerate(reader.sequence(path, value)):
        at = (*path, index)
        fields = reader.mapping(at, level, allowed=LEVEL_KEYS)
        after = reader.duration((*at, "after"), fields["after"], timedelta()) if "after" in fields else timedelta()
        if levels and after <= levels[-1].after:
            reader.problem((*at, "after"), "A level comes later than the one before it.")
        levels.append(PageLevel(who_in(reader, at, fields, roles), after))
    if not 1 <= len(levels) <= LEVELS_MAX:
        reader.problem(path, f"Name 1 to {LEVELS_MAX} levels.")
    return tuple(levels)


def _every(reader: Reader, path: YamlPath, value: object) -> Mapping[str, timedelta]:
    fields = reader.mapping(path, value, allowed=SEVERITIES)
    return {key: reader.duration((*path, key), every, timedelta(hours=1)) for key, every in fields.items()}
