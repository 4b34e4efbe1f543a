"""Reading the plan of rollouts from the changes file, each problem with its line."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from config.yamlfile import YamlPath
from core.located import Reader
from core.rollouts.plan import CHECKS_MAX, DEFAULT_OVER, LEVELS, Check, CheckKind, OnFailure, Plan

KEYS: Final = ("watch", "every", "limit", "silence", "tolerance", "on_failure", "checks")
CHECK_KEYS: Final = ("check", "kind", "url", "metric", "value", "service", "over", "at_most", "at_least")
TEXT_KEYS: Final = ("check", "url", "metric", "value", "service")
NEEDED: Final = {
    CheckKind.HEALTH: ("url",),
    CheckKind.METRIC: ("metric",),
    CheckKind.QUERY: ("url", "value"),
    CheckKind.SERVICE_LEVEL: ("service", "metric"),
}
SHORTEST_OVER: Final = timedelta(minutes=1)
LONGEST_OVER: Final = timedelta(hours=6)
SHORTEST_EVERY: Final = timedelta(seconds=1)
LONGEST_WATCH: Final = timedelta(days=7)


def read_plan(reader: Reader, path: YamlPath, value: object) -> Plan:
    """The plan; what it does not say is as usual."""
    fields = reader.mapping(path, value, allowed=KEYS)
    usual = Plan()

    def time(name: str, default: timedelta) -> timedelta:
        return reader.duration((*path, name), fields[name], default) if name in fields else default

    plan = Plan(
        watch=time("watch", usual.watch),
        every=time("every", usual.every),
        limit=time("limit", usual.limit),
        silence=time("silence", usual.silence),
    )
    if not SHORTEST_EVERY <= plan.every <= plan.limit:
        reader.problem((*path, "every"), "It is looked at from once a second to once in its limit.")
    if plan.watch > LONGEST_WATCH:
        reader.problem((*path, "watch"), f"A rollout is watched {LONGEST_WATCH.days} days at most.")
    choice = reader.choice((*path, "on_failure"), fields.get("on_failure", usual.on_failure), tuple(OnFailure))
    return replace(
        plan,
        tolerance=reader.integer((*path, "tolerance"), fields.get("tolerance", usual.tolerance), least=1),
        on_failure=OnFailure(choice) if choice in tuple(OnFailure) else usual.on_failure,
        checks=_checks(reader, (*path, "checks"), fields.get("checks", ())),
    )


def _checks(reader: Reader, path: YamlPath, value: object) -> tuple[Check, ...]:
    found: dict[str, Check] = {}
    for index, item in enumerate(reader.sequence(path, value)):
        place = (*path, index)
        check = _check(reader, place, item)
        if check.name in found:
            reader.problem((*place, "check"), f"The check '{check.name}' is there twice.")
        found[check.name] = check
    if len(found) > CHECKS_MAX:
        reader.problem(path, f"{CHECKS_MAX} checks at most; here are {len(found)}.")
    return tuple(found.values())


def _check(reader: Reader, path: YamlPath, value: object) -> Check:
    fields = reader.mapping(path, value, allowed=CHECK_KEYS, required=("check", "kind"))
    kind = reader.choice((*path, "kind"), fields.get("kind", CheckKind.HEALTH), tuple(CheckKind))
    texts = {key: reader.text((*path, key), fields[key]) for key in TEXT_KEYS if key in fields}
    bounds = {key: _number(reader, (*path, key), fields[key]) for key in ("at_most", "at_least") if key in fields}
    found = CheckKind(kind) if kind in tuple(CheckKind) else CheckKind.HEALTH
    for key in NEEDED[found]:
        if not texts.get(key):
            reader.problem(path, f"A check of kind '{found}' needs '{key}'.")
    if texts.get("url") and not texts["url"].startswith(("https://", "http://")):
        reader.problem((*path, "url"), "That is no address.", accepted=("https://status.example.com/health",))
    if texts.get("value") and not texts["value"].startswith("/"):
        reader.problem((*path, "value"), "That is no JSON pointer.", accepted=("/data/error_rate",))
    if found is CheckKind.SERVICE_LEVEL and "metric" in texts:
        reader.choice((*path, "metric"), texts["metric"], LEVELS)
    over = reader.duration((*path, "over"), fields["over"], DEFAULT_OVER) if "over" in fields else DEFAULT_OVER
    if not SHORTEST_OVER <= over <= LONGEST_OVER:
        reader.problem((*path, "over"), "A level is looked at over 1 minute to 6 hours.")
    if found is not CheckKind.HEALTH and not bounds:
        reader.problem(path, "Say what it may be: at_most, at_least, or both.")
    return Check(
        name=texts.get("check", ""),
        kind=found,
        url=texts.get("url", ""),
        metric=texts.get("metric", ""),
        value=texts.get("value", ""),
        service=texts.get("service", ""),
        over_s=over.total_seconds(),
        at_most=bounds.get("at_most"),
        at_least=bounds.get("at_least"),
    )


def _number(reader: Reader, path: YamlPath, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        reader.problem(path, f"'{value}' is no number.")
        return 0.0
    return float(value)
