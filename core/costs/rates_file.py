"""Reading a rate card from YAML: every problem of the file at once, each with its line (C1).

The framework's block loads unchanged: classes of meters, each a list of `meter: "$0.10 per hour"`. Ours, all optional:
`currency` and `exchange_rates` beside the classes, any further class, and a price written as a mapping:

    - gpu_hours: {price: "2.50 EUR per hour", from: "2026-07-01", discount: "10%", tiers: [{above: 1000, price: "$2"}]}

A meter that stands there again with another `from` has another price from that day on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from config.yamlfile import LocatedDocument, YamlPath
from core.costs.rates import FOREVER, Meter, Price, RateCard, Tier
from core.errors import InvalidInput
from core.located import Reader
from core.money import CODE, Money

WRAPPER: Final = "Cost Structure"
SETTINGS: Final = ("currency", "exchange_rates")
PRICE_KEYS: Final = ("price", "from", "discount", "tiers")
NAME: Final = re.compile(r"[a-z][a-z0-9_.:-]{0,79}")
_NAMES: Final = ("small letters, digits, _ . : -",)
_PER: Final = re.compile(r"(?P<money>.+?)(?:\s+per\s+(?P<unit>.+))?", re.IGNORECASE)


def read_rate_card(document: LocatedDocument) -> RateCard:
    """The rate card. Raises ConfigError with every problem found, one per line."""
    reader = Reader(document)
    outer = reader.mapping((), document.value, allowed=(WRAPPER,), required=(WRAPPER,))
    fields = reader.mapping((WRAPPER,), outer.get(WRAPPER, {}))
    currency = _currency(reader, (WRAPPER, "currency"), fields.get("currency", "USD"))
    exchange = _exchange(reader, (WRAPPER, "exchange_rates"), fields.get("exchange_rates", ()))
    meters: dict[str, Meter] = {}
    for name, value in fields.items():
        if name not in SETTINGS:
            _class(reader, (WRAPPER, name), value, meters=meters, currency=currency)
    _check_currencies(reader, meters, currency, exchange)
    reader.finish()
    return RateCard(currency, meters, exchange)


def _class(reader: Reader, path: YamlPath, value: object, *, meters: dict[str, Meter], currency: str) -> None:
    meter_class = _name(reader, path, path[-1])
    for index, item in enumerate(reader.sequence(path, value)):
        for written, price in reader.mapping((*path, index), item).items():
            place = (*path, index, written)
            name, read = _name(reader, place, written), _price(reader, place, price, currency)
            known = meters.get(name, Meter(name, meter_class, ()))
            if known.meter_class != meter_class:
                reader.problem(place, f"'{name}' stands under '{known.meter_class}' already.")
            if any(each.since == read.since for each in known.prices):
                reader.problem(place, f"'{name}' has a price from this day already; give another 'from'.")
            prices = tuple(sorted((*known.prices, read), key=lambda each: each.since))
            meters[name] = Meter(name, known.meter_class, prices)


def _price(reader: Reader, path: YamlPath, value: object, currency: str) -> Price:
    written = value if isinstance(value, dict) else {"price": value}
    fields = reader.mapping(path, written, allowed=PRICE_KEYS, required=("price",))
    money, unit = _money(reader, (*path, "price") if written is value else path, fields.get("price", "0"), currency)
    tiers = [Tier(Decimal(0), money.amount)]
    for index, item in enumerate(reader.sequence((*path, "tiers"), fields.get("tiers", ()))):
        place = (*path, "tiers", index)
        tier = reader.mapping(place, item, allowed=("above", "price"), required=("above", "price"))
        above = _number(reader, (*place, "above"), tier.get("above", 0))
        more, _unit = _money(reader, (*place, "price"), tier.get("price", "0"), money.currency)
        if above <= tiers[-1].above:
            reader.problem((*place, "above"), f"Tiers rise: this one must be above {tiers[-1].above}.")
        if more.currency != money.currency:
            reader.problem((*place, "price"), f"All tiers of a price are in {money.currency}.")
        tiers.append(Tier(above, more.amount))
    since = _day(reader, (*path, "from"), fields["from"]) if "from" in fields else FOREVER
    discount = _share(reader, (*path, "discount"), fields["discount"]) if "discount" in fields else Decimal(0)
    return Price(since, money.currency, tuple(tiers), unit, discount)


def _money(reader: Reader, path: YamlPath, value: object, currency: str) -> tuple[Money, str]:
    found = _PER.fullmatch(str(value).strip())
    try:
        return Money.parse(found["money"] if found else str(value), currency=currency), (found and found["unit"]) or ""
    except InvalidInput as exc:
        reader.problem(path, exc.message, accepted=("$0.10 per hour", "12.50 EUR"))
        return Money(Decimal(0), currency), ""


def _exchange(reader: Reader, path: YamlPath, value: object) -> tuple[tuple[date, Mapping[str, Decimal]], ...]:
    found: dict[date, Mapping[str, Decimal]] = {}
    for index, item in enumerate(reader.sequence(path, value)):
        place = (*path, index)
        fields = reader.mapping(place, item, required=("from",))
        day = _day(reader, (*place, "from"), fields.get("from", "2000-01-01"))
        if day in found:
            reader.problem((*place, "from"), "This day has rates already.")
        found[day] = {
            _currency(reader, (*place, code), code): _number(reader, (*place, code), rate)
            for code, rate in fields.items()
            if code != "from"
        }
    return tuple(sorted(found.items()))


def _check_currencies(
    reader: Reader,
    meters: Mapping[str, Meter],
    currency: str,
    exchange: tuple[tuple[date, Mapping[str, Decimal]], ...],
) -> None:
    known = {currency, *(code for _day, rates in exchange for code in rates)}
    for meter in meters.values():
        for price in meter.prices:
            if price.currency not in known:
                message = f"'{meter.name}' is priced in {price.currency}, which has no exchange rate to {currency}."
                reader.problem((WRAPPER, meter.meter_class), message, accepted=tuple(sorted(known)))


def _name(reader: Reader, path: YamlPath, value: object) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        reader.problem(path, f"'{value}' is no name of a meter or class.", accepted=_NAMES)
    return str(value)


def _currency(reader: Reader, path: YamlPath, value: object) -> str:
    if not isinstance(value, str) or not CODE.fullmatch(value):
        reader.problem(path, f"'{value}' is no currency.", accepted=("USD", "EUR", "any other code of ISO 4217"))
        return "USD"
    return value


def _number(reader: Reader, path: YamlPath, value: object) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or number <= 0:
        reader.problem(path, f"'{value}' is not a number above 0.", accepted=("1000", '"1.08"'))
        return Decimal(1)
    return number


def _share(reader: Reader, path: YamlPath, value: object) -> Decimal:
    found = re.fullmatch(r"([0-9]{1,2}(?:\.[0-9]{1,6})?)\s*%", str(value).strip())
    if found is None:
        reader.problem(path, f"'{value}' is no discount.", accepted=('"10%"', '"2.5%"'))
        return Decimal(0)
    return Decimal(found[1]) / 100


def _day(reader: Reader, path: YamlPath, value: object) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        reader.problem(path, f"'{value}' is no day.", accepted=("2026-07-01",))
        return FOREVER
