"""Reading the plan of rollouts from the changes file, each problem with its line."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from config.yamlfile import YamlPath
from core.located import Reader
from core.rollouts.plan import CHECKS_MAX, Check, CheckKind, OnFailure, Plan

KEYS: Final = ("watch", "every", "limit", "silence", "tolerance", "on_failure", "checks")
CHECK_KEYS: Final = ("check", "kind", "url", "metric", "value", "at_most", "at_least")
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
    texts = {
        key: reader.text((*path, key), fields[key]) for key in ("check", "url", "metric", "value") if key in fields
    }
    bounds = {key: _number(reader, (*path, key), fields[key]) for key in ("at_most", "at_least") if key in fields}
    wanted = {CheckKind.HEALTH: ("url",), CheckKind.METRIC: ("metric",), CheckKind.QUERY: ("url", "value")}
    found = CheckKind(kind) if kind in tuple(CheckKind) else CheckKind.HEALTH
    for key in wanted[found]:
        if not texts.get(key):
            reader.problem(path, f"A check of kind '{found}' needs '{key}'.")
    if texts.get("url") and not texts["url"].startswith(("https://", "http://")):
        reader.problem((*path, "url"), "That is no address.", accepted=("https://status.example.com/health",))
    if texts.get("value") and not texts["value"].startswith("/"):
        reader.problem((*path, "value"), "That is no JSON pointer.", accepted=("/data/error_rate",))
    if found is not CheckKind.HEALTH and not bounds:
        reader.problem(path, "Say what it may be: at_most, at_least, or both.")
    return Check(
        name=texts.get("check", ""),
        kind=found,
        url=texts.get("url", ""),
        metric=texts.get("metric", ""),
        value=texts.get("value", ""),
        at_most=bounds.get("at_most"),
        at_least=bounds.get("at_least"),
    )


def _number(reader: Reader, path: YamlPath, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        reader.problem(path, f"'{value}' is no number.")
        return 0.0
    return float(value)
