"""A rate card: what each meter costs, from which day on, and what other currencies are worth (C1). Frozen values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from config.suggest import did_you_mean
from core.costs.errors import InvalidUsage, UnknownMeter

FOREVER: Final = date.min  # of a price that has no first day


@dataclass(frozen=True, slots=True)
class Tier:
    """What a unit costs beyond so many units in a month."""

    above: Decimal
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class Price:
    """What a unit costs from the day `since` on (UTC), in `currency`; `discount` is a share, 0.1 being a tenth less.

    `tiers` begin with the one above 0 units, in rising order.
    """

    since: date
    currency: str
    tiers: tuple[Tier, ...]
    unit: str = ""
    discount: Decimal = Decimal(0)

    @property
    def first_day(self) -> date | None:
        """The day from which on it holds; None: it always did."""
        return None if self.since == FOREVER else self.since

    @property
    def is_flat(self) -> bool:
        """Whether every unit costs the same, so that nobody needs to know how many there were."""
        return len(self.tiers) == 1


@dataclass(frozen=True, slots=True)
class Meter:
    """Something that is counted, its class (compute_costs, …), and its prices in order of their days."""

    name: str
    meter_class: str
    prices: tuple[Price, ...]

    def price(self, at: datetime) -> Price:
        """What it costs at that instant. Raises InvalidUsage before its first price."""
        newest = self.prices[-1]
        if newest.since == FOREVER:  # nearly always: it never had another
            return newest
        day = at.date()
        for price in reversed(self.prices):
            if price.since <= day:
                return price
        raise InvalidUsage(
            f"'{self.name}' has no price on {day}; its first is of {self.prices[0].since}.", where="time"
        )


@dataclass(frozen=True, slots=True)
class RateCard:
    """Every meter of a tenant, its currency, and the worth of a unit of other currencies in it, by day and code."""

    currency: str
    meters: Mapping[str, Meter]
    exchange: tuple[tuple[date, Mapping[str, Decimal]], ...] = ()

    def meter(self, name: str) -> Meter:
        """The meter. Raises UnknownMeter with those that there are."""
        found = self.meters.get(name)
        if found is None:
            raise UnknownMeter(
                f"There is no meter '{name[:80]}'.{did_you_mean(name[:80], self.meters)}",
                where="meter",
                accepted=tuple(self.meters),
            )
        return found

    def price(self, name: str, at: datetime) -> Price:
        """What the meter costs at that instant. Raises UnknownMeter, or InvalidUsage before its first price."""
        return self.meter(name).price(at)

    def worth(self, currency: str, at: datetime) -> Decimal:
        """What one unit of the currency is worth in the tenant's own at that instant. Raises InvalidUsage."""
        if currency == self.currency:
            return Decimal(1)
        for since, rates in reversed(self.exchange):
            if since <= at.date() and currency in rates:
                return rates[currency]
        raise InvalidUsage(f"No exchange rate from {currency} to {self.currency} on {at.date()}.", where="time")
