"""Reading a tenant's budgets from YAML: every problem of the file at once, each with its line (C2).

Budget Management:
  thresholds: [50, 80, 100]
  forecast: true
  controls: [{does: stop, at: 100, actions: [agent.create, agent.deploy]}]
  throttle_per_hour: 6
  managers: [tenant_administrator]
  raise: {approvers: [tenant_administrator], timeout: "24 hours"}
  override: {approvers: [tenant_administrator], timeout: "4 hours"}
  budgets:
    - budget: "customer-care"
      name: "Customer care, monthly"
      amount: "500.00 USD"
      period: month
      project: "customer-care"
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from config.suggest import did_you_mean
from config.yamlfile import LocatedDocument, YamlPath
from core.approvals.asking import resolve_asked
from core.budgets.periods import DAYS_MAX, Period, PeriodKind
from core.budgets.policy import BudgetPolicy, Decider, Declared
from core.budgets.state import GOVERNED, SPEND, Control, Effect, RollOver, Scope
from core.costs import NAME_MAX as COSTS_NAME_MAX
from core.costs import RateCard, may_name
from core.errors import InvalidInput
from core.located import Reader
from core.money import InvalidMoney, Money
from core.roles.hierarchy import UnknownRole, resolve_role

WRAPPER: Final = "Budget Management"
KEYS: Final = (
    "thresholds", "forecast", "controls", "throttle_per_hour", "managers", "raise", "override", "budgets",
)  # fmt: skip
DECIDER_KEYS: Final = ("approvers", "timeout")
CONTROL_KEYS: Final = ("does", "at", "actions", "per_hour")
BUDGET_KEYS: Final = (
    "budget", "name", "amount", "period", "days", "first", "project", "agent", "meter_class", "roll_over",
    "roll_over_cap", "thresholds", "forecast", "controls", "owners",
)  # fmt: skip
HELD_UP: Final = (*GOVERNED, SPEND)  # by controls
UNTELLABLE: Final = (
    f"No usage is told under such a name: it is one line of up to {COSTS_NAME_MAX} printable characters."
)
PERCENT_MAX: Final = Decimal(1000)
THRESHOLDS_MAX: Final = 10
CONTROLS_MAX: Final = 10
PER_HOUR_MAX: Final = 100_000
NAME_MAX: Final = 100  # characters
_KEY: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")


def read_budget_policy(document: LocatedDocument, *, role_aliases: Mapping[str, str] | None = None) -> BudgetPolicy:
    """The policy. `role_aliases` are the tenant's. Raises ConfigError with every problem found, one per line."""
    reader, aliases = Reader(document), role_aliases or {}
    path: YamlPath = (WRAPPER,)
    outer = reader.mapping((), document.value, allowed=(WRAPPER,), required=(WRAPPER,))
    fields = reader.mapping(path, outer.get(WRAPPER, {}), allowed=KEYS)
    usual = BudgetPolicy()
    declared = tuple(
        _declared(reader, (*path, "budgets", index), each)
        for index, each in enumerate(reader.sequence((*path, "budgets"), fields.get("budgets", ())))
    )
    keys = [each.key for each in declared]
    for index, key in enumerate(keys):
        if key in keys[:index]:
            reader.problem((*path, "budgets", index, "budget"), f"The budget '{key}' is there twice.")
    policy = BudgetPolicy(
        thresholds=_thresholds(reader, (*path, "thresholds"), fields["thresholds"])
        if "thresholds" in fields
        else usual.thresholds,
        has_forecast=reader.boolean((*path, "forecast"), fields.get("forecast", usual.has_forecast)),
        controls=_controls(reader, (*path, "controls"), fields["controls"]) if "controls" in fields else usual.controls,
        throttle_per_hour=reader.integer(
            (*path, "throttle_per_hour"), fields.get("throttle_per_hour", usual.throttle_per_hour), least=1
        ),
        managers=_managers(reader, (*path, "managers"), fields.get("managers", usual.managers), aliases),
        raising=_decider(reader, (*path, "raise"), fields.get("raise", {}), usual.raising, aliases),
        overriding=_decider(reader, (*path, "override"), fields.get("override", {}), usual.overriding, aliases),
        declared=declared,
    )
    reader.finish()
    return policy


def check_counted(document: LocatedDocument, policy: BudgetPolicy, card: RateCard, *, of: str) -> None:
    """Returns if every declared budget counts something in tenant `of`, whose costs are by this card.

    Raises ConfigError naming line and key of each that is in another currency, or of a class without meters.
    """
    reader, classes = Reader(document), sorted({each.meter_class for each in card.meters.values()})
    for index, entry in enumerate(policy.declared):
        path: YamlPath = (WRAPPER, "budgets", index)
        if entry.currency != card.currency:
            said = f"Costs of '{of}' are in {card.currency}, so a budget in {entry.currency} would count nothing."
            reader.problem((*path, "amount"), said, accepted=(f"{entry.amount:f} {card.currency}",))
        named = entry.scope.meter_class
        if named and named not in classes:
            said = f"'{of}' has no meters of the class '{named}'.{did_you_mean(named, classes)}"
            reader.problem((*path, "meter_class"), said, accepted=classes)
    reader.finish()


def _declared(reader: Reader, path: YamlPath, value: object) -> Declared:
    fields = reader.mapping(path, value, allowed=BUDGET_KEYS, required=("budget", "amount", "period"))
    key = reader.text((*path, "budget"), fields.get("budget", "unknown"))
    if not _KEY.fullmatch(key):
        accepted = ("small letters, digits, '_' and '-', at most 63",)
        reader.problem((*path, "budget"), f"'{key}' cannot be the key of a budget.", accepted=accepted)
    money = _money(reader, (*path, "amount"), fields.get("amount", "1 USD"))
    cap = fields.get("roll_over_cap")
    carries = str(fields.get("roll_over", RollOver.NONE)).lower()
    if cap is not None and carries == RollOver.NONE:
        said = "Nothing is carried over, so nothing caps it."
        reader.problem((*path, "roll_over_cap"), said, accepted=("with roll_over: carry",))
    for name in ("project", "agent", "meter_class"):
        if name in fields and not str(fields[name] or "").strip():
            said = "An empty name counts nothing by itself."
            reader.problem((*path, name), said, accepted=("a name", "nothing, so that it counts whatever it is"))
        elif name in fields and not may_name(str(fields[name]).strip()):
            reader.problem((*path, name), UNTELLABLE, accepted=("a name", "nothing, so that it counts whatever it is"))
    return Declared(
        key=key,
        name=reader.text((*path, "name"), fields.get("name", key))[:NAME_MAX],
        amount=money.amount,
        currency=money.currency,
        period=_period(reader, path, fields),
        scope=Scope(*(str(fields.get(name, "")).strip() for name in ("project", "agent", "meter_class"))),
        roll_over=RollOver(reader.choice((*path, "roll_over"), carries, tuple(RollOver)))
        if carries in tuple(RollOver)
        else _misread_roll_over(reader, path, carries),
        roll_over_cap=None if cap is None else _money(reader, (*path, "roll_over_cap"), cap, like=money).amount,
        thresholds=_thresholds(reader, (*path, "thresholds"), fields["thresholds"]) if "thresholds" in fields else None,
        has_forecast=reader.boolean((*path, "forecast"), fields["forecast"]) if "forecast" in fields else None,
        controls=_controls(reader, (*path, "controls"), fields["controls"]) if "controls" in fields else None,
        owners=tuple(
            reader.text((*path, "owners", index), each).lower()
            for index, each in enumerate(reader.sequence((*path, "owners"), fields.get("owners", ())))
        ),
    )


def _misread_roll_over(reader: Reader, path: YamlPath, value: str) -> RollOver:
    reader.choice((*path, "roll_over"), value, tuple(RollOver))
    return RollOver.NONE


def _period(reader: Reader, path: YamlPath, fields: Mapping[str, object]) -> Period:
    kind = str(fields.get("period", PeriodKind.MONTH)).lower()
    if kind not in tuple(PeriodKind):
        reader.choice((*path, "period"), kind, tuple(PeriodKind))
        return Period(PeriodKind.MONTH)
    if kind != PeriodKind.CUSTOM:
        for name in ("days", "first"):
            if name in fields:
                reader.problem((*path, name), "It belongs to a custom period.", accepted=("with period: custom",))
        return Period(PeriodKind(kind))
    days = reader.integer((*path, "days"), fields.get("days", 0), least=1)
    if days > DAYS_MAX:
        reader.problem((*path, "days"), f"A period has at most {DAYS_MAX} days.")
    first = fields.get("first")
    try:
        return Period(PeriodKind.CUSTOM, days, date.fromisoformat(str(first)))
    except ValueError:
        reader.problem((*path, "first"), f"'{first}' is not a day.", accepted=("2026-01-05",))
        return Period(PeriodKind.CUSTOM, days, date(2026, 1, 5))


def _money(reader: Reader, path: YamlPath, value: object, *, like: Money | None = None) -> Money:
    try:
        money = Money.parse(str(value))
    except InvalidMoney as exc:
        reader.problem(path, exc.message, accepted=exc.accepted)
        return Money(Decimal(1), "USD")
    if money.amount <= 0:
        reader.problem(path, "A budget is above zero.", accepted=("500.00 USD",))
    if like is not None and money.currency != like.currency:
        reader.problem(path, f"It is in {money.currency}, the budget in {like.currency}.", accepted=(like.currency,))
    return money


def _thresholds(reader: Reader, path: YamlPath, value: object) -> tuple[Decimal, ...]:
    given = reader.sequence(path, value)
    if len(given) > THRESHOLDS_MAX:
        reader.problem(path, f"A budget has at most {THRESHOLDS_MAX} thresholds.")
    return tuple(sorted({_percent(reader, (*path, index), each) for index, each in enumerate(given)}))


def _percent(reader: Reader, path: YamlPath, value: object) -> Decimal:
    try:
        percent = Decimal(str(value).removesuffix("%").strip())
    except InvalidOperation:
        percent = Decimal("NaN")
    if not percent.is_finite() or not 0 < percent <= PERCENT_MAX:
        reader.problem(path, f"'{value}' is not a threshold.", accepted=(f"per cent, above 0, at most {PERCENT_MAX}",))
        return Decimal(100)
    return percent


def _controls(reader: Reader, path: YamlPath, value: object) -> tuple[Control, ...]:
    given = reader.sequence(path, value)
    if len(given) > CONTROLS_MAX:
        reader.problem(path, f"A budget has at most {CONTROLS_MAX} controls.")
    return tuple(_control(reader, (*path, index), each) for index, each in enumerate(given))


def _control(reader: Reader, path: YamlPath, value: object) -> Control:
    fields = reader.mapping(path, value, allowed=CONTROL_KEYS, required=("does",))
    does = reader.choice((*path, "does"), str(fields.get("does", "")).lower(), tuple(Effect))
    effect = Effect(does) if does in tuple(Effect) else Effect.WARN
    per_hour = None
    if effect is Effect.THROTTLE or "per_hour" in fields:
        per_hour = reader.integer((*path, "per_hour"), fields.get("per_hour", 0), least=1)
        if per_hour > PER_HOUR_MAX:
            reader.problem((*path, "per_hour"), f"At most {PER_HOUR_MAX} an hour can be said.")
        if effect is not Effect.THROTTLE:
            reader.problem((*path, "per_hour"), f"'{effect}' has no rate.", accepted=("throttle",))
    actions = tuple(
        reader.choice((*path, "actions", index), each, HELD_UP)
        for index, each in enumerate(reader.sequence((*path, "actions"), fields.get("actions", ())))
    )
    at = _percent(reader, (*path, "at"), fields["at"]) if "at" in fields else Decimal(100)
    return Control(effect, at, actions, per_hour)


def _decider(reader: Reader, path: YamlPath, value: object, usual: Decider, aliases: Mapping[str, str]) -> Decider:
    fields = reader.mapping(path, value, allowed=DECIDER_KEYS)
    asked = usual.approvers
    if "approvers" in fields:
        given = reader.sequence((*path, "approvers"), fields["approvers"])
        asked = tuple(_asked(reader, (*path, "approvers", index), each, aliases) for index, each in enumerate(given))
        if not asked:
            reader.problem((*path, "approvers"), "This names nobody.", accepted=("tenant_administrator",))
    timeout = usual.timeout
    if "timeout" in fields:
        timeout = reader.duration((*path, "timeout"), fields["timeout"], usual.timeout)
    return Decider(asked, timeout)


def _asked(reader: Reader, path: YamlPath, value: object, aliases: Mapping[str, str]) -> str:
    text = reader.text(path, value)
    try:
        return resolve_asked(text, aliases)
    except InvalidInput as exc:
        reader.problem(path, exc.message, accepted=exc.accepted)
        return text


def _managers(reader: Reader, path: YamlPath, value: object, aliases: Mapping[str, str]) -> tuple[str, ...]:
    found = []
    for index, each in enumerate(reader.sequence(path, value)):
        name = reader.text((*path, index), each)
        try:
            found.append(resolve_role(name, aliases))
        except UnknownRole as exc:
            reader.problem((*path, index), exc.message, accepted=exc.accepted)
    if not found:
        reader.problem(path, "This names nobody.", accepted=("tenant_administrator",))
    return tuple(found)
