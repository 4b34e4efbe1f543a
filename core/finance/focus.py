"""A month's costs as FOCUS rows (FinOps Open Cost and Usage Specification 1.2, and 1.3 on demand). Pure (C10).

One row for each day, project, agent, meter and request; corrections apart, as class Correction. BilledCost is the
ledger's, exactly; a last row per cost centre, and one for the whole, of category Adjustment holds what rounding to
coins adds, so that the sum of BilledCost is the amount of the statement. ListCost and ContractedCost are their unit
price times the quantity, exactly, as the specification wants; they may differ from BilledCost in a far place where a
day had several prices. Null is an empty field. Times are UTC, periods half-open, numbers plain decimals with a point.

1.3 adds ServiceProviderName and HostProviderName, and deprecates ProviderName and PublisherName, which stay.
https://focus.finops.org/focus-specification/v1-2/
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from typing import Final

from core.cells import no_formula
from core.finance.chargeback import CentreStatement, Meter, Statement
from core.finance.exact import difference, product, to_places

VERSIONS: Final = ("1.2", "1.3")
PROVIDER: Final = "Countersign"
CATEGORY: Final = "AI and Machine Learning"
SUBCATEGORY: Final = "AI Platforms"
WORDS: Final = frozenset({"ChargeDescription", "ResourceName", "SubAccountName", "SkuMeter"})  # ids stay verbatim
PRICE_PLACES: Final = 12
FLUSH_ROWS: Final = 500
COLUMNS: Final = (
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "CommitmentDiscountStatus",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceId",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingCurrency",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
    "SkuId",
    "SkuMeter",
    "SkuPriceDetails",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "SubAccountType",
    "Tags",
)
ADDED_IN_1_3: Final = ("HostProviderName", "ServiceProviderName")
OURS: Final = ("x_AgentId", "x_CostCentre", "x_MeterClass", "x_ProjectId", "x_RequestId")


@dataclass(frozen=True, slots=True)
class Charged:
    """What one meter cost an agent on one day, by list and as charged. A correction is told apart from usage."""

    day: date
    cost_centre: str
    project: str
    agent: str
    meter: str
    quantity: Decimal
    cost: Decimal
    list_cost: Decimal
    request: str = ""  # the gate's decision that it came from
    is_correction: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """Who is charged."""

    tenant: str
    name: str
    invoice: str  # the statement's name

    def common(self, statement: Statement) -> dict[str, str]:
        """What stands in each row."""
        return {
            "BillingAccountId": self.tenant,
            "BillingAccountName": self.name,
            "BillingCurrency": statement.currency,
            "BillingPeriodStart": instant(statement.since),
            "BillingPeriodEnd": instant(statement.until),
            "InvoiceId": self.invoice,
            "InvoiceIssuerName": PROVIDER,
            "PricingCurrency": statement.currency,
            "ProviderName": PROVIDER,
            "PublisherName": PROVIDER,
            "ServiceProviderName": PROVIDER,
            "HostProviderName": PROVIDER,
            "ServiceCategory": CATEGORY,
            "ServiceSubcategory": SUBCATEGORY,
        }


def columns_of(version: str) -> tuple[str, ...]:
    """The columns of the version, then ours."""
    added = ADDED_IN_1_3 if version == "1.3" else ()
    return (*sorted((*COLUMNS, *added)), *OURS)


def focus_csv(
    charges: Iterable[Charged],
    statement: Statement,
    account: Account,
    meters: Mapping[str, Meter],
    *,
    version: str = "1.2",
) -> Iterator[str]:
    """The rows as CSV (RFC 4180), a part at a time, the header first."""
    columns = columns_of(version)
    common = account.common(statement)
    buffer = StringIO()
    writer = csv.DictWriter(buffer, columns, restval="", extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    titles = {each.code: each.title for each in statement.centres}
    for number, row in enumerate(_rows(charges, statement, meters), start=1):
        code = row["x_CostCentre"]
        sub_account = {"SubAccountId": code, "SubAccountName": titles.get(code, ""), "SubAccountType": "Cost centre"}
        whole = {**common, **(sub_account if code else {}), **row}
        writer.writerow({key: no_formula(value) if key in WORDS else value for key, value in whole.items()})
        if number % FLUSH_ROWS == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _rows(charges: Iterable[Charged], statement: Statement, meters: Mapping[str, Meter]) -> Iterator[dict[str, str]]:
    for each in charges:
        yield _charge(each, meters.get(each.meter) or Meter(each.meter, "unit", ""), statement.currency)
    for centre in statement.centres:
        if missing := difference(centre.amount, centre.exact):
            yield _rounding(centre, missing, statement)
    if statement.rounding:
        yield _rounding(None, statement.rounding, statement)


def _charge(each: Charged, meter: Meter, currency: str) -> dict[str, str]:
    unit = focus_unit(meter.unit)
    is_correction = each.is_correction or each.quantity <= 0
    price = _price(each.cost, each.quantity)
    listed = _price(each.list_cost, each.quantity)
    of_whom = f" by {each.agent}" if each.agent else ""
    tags = {"project": each.project, "meter_class": meter.meter_class}
    return {
        "BilledCost": plain(each.cost),
        "ChargeCategory": "Usage",
        "ChargeClass": "Correction" if is_correction else "",
        "ChargeDescription": f"{meter.title}{of_whom}",
        "ChargeFrequency": "Usage-Based",
        "ChargePeriodStart": instant(each.day),
        "ChargePeriodEnd": instant(each.day + timedelta(days=1)),
        "ConsumedQuantity": plain(each.quantity),
        "ConsumedUnit": unit,
        "ContractedCost": plain(each.cost if is_correction else product(price, each.quantity)),
        "ContractedUnitPrice": "" if is_correction else plain(price),
        "EffectiveCost": plain(each.cost),
        "ListCost": plain(each.list_cost if is_correction else product(listed, each.quantity)),
        "ListUnitPrice": "" if is_correction else plain(listed),
        "PricingCategory": "Standard",
        "PricingCurrency": currency,
        "PricingCurrencyContractedUnitPrice": "" if is_correction else plain(price),
        "PricingCurrencyEffectiveCost": plain(each.cost),
        "PricingCurrencyListUnitPrice": "" if is_correction else plain(listed),
        "PricingQuantity": plain(each.quantity),
        "PricingUnit": unit,
        "ResourceId": each.agent,
        "ResourceName": each.agent,
        "ResourceType": "Agent" if each.agent else "",
        "ServiceName": service_name(meter.meter_class),
        "SkuId": each.meter,
        "SkuMeter": meter.title,
        "SkuPriceId": each.meter,
        "Tags": json.dumps({key: value for key, value in tags.items() if value}, ensure_ascii=False),
        "x_AgentId": each.agent,
        "x_CostCentre": each.cost_centre,
        "x_MeterClass": meter.meter_class,
        "x_ProjectId": each.project,
        "x_RequestId": each.request,
    }


def _rounding(centre: CentreStatement | None, missing: Decimal, statement: Statement) -> dict[str, str]:
    amount = plain(missing)
    whose = f"of cost centre {centre.code}" if centre and centre.code else "of what has no cost centre"
    return {
        "BilledCost": amount,
        "ChargeCategory": "Adjustment",
        "ChargeDescription": f"Rounding {whose if centre else 'of the whole statement'}",
        "ChargeFrequency": "One-Time",
        "ChargePeriodStart": instant(statement.since),
        "ChargePeriodEnd": instant(statement.until),
        "ContractedCost": amount,
        "EffectiveCost": amount,
        "ListCost": amount,
        "PricingCurrencyEffectiveCost": amount,
        "ServiceName": PROVIDER,
        "x_CostCentre": centre.code if centre else "",
    }


def instant(day: date) -> str:
    """The first instant of the day, as FOCUS writes it."""
    return f"{day.isoformat()}T00:00:00Z"


def plain(value: Decimal) -> str:
    """A plain decimal: no exponent, no needless zeros, and never -0."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("", "-0", "-") else text


def focus_unit(unit: str) -> str:
    """The unit as FOCUS writes it ("Unit format"): `GB-hour` as `GB-Hours`, `agent per day` as `Agent-Days`."""
    words = (unit or "unit").replace("_", " ").replace(" per ", "-").split()
    words = ["-".join(_capital(part) for part in word.split("-")) for word in words]
    last = words[-1]
    if last.lower().endswith(("s", "x", "gb", "mb", "kb", "tb")):
        plural = last
    else:
        plural = f"{last[:-1]}ies" if last.endswith("y") and last[-2:-1] not in "aeiou" else f"{last}s"
    return " ".join((*words[:-1], plural))


def service_name(meter_class: str) -> str:
    """What a class of meters is called: agent_operations -> Agent operations."""
    return meter_class.replace("_", " ").capitalize() or PROVIDER


def _capital(word: str) -> str:
    return word if word.isupper() else word[:1].upper() + word[1:]


def _price(cost: Decimal, quantity: Decimal) -> Decimal:
    """What one costs, to twelve places; nothing where there is no quantity, and never below nothing."""
    return max(Decimal(0), to_places(cost / quantity, PRICE_PLACES)) if quantity > 0 else Decimal(0)
