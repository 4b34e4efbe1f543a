"""FOCUS 1.2 as the specification states it, written from its text and not from ours: columns, types, values.

https://focus.finops.org/focus-specification/v1-2/ ; "mandatory" and "nullable" are its own words.
"""

from __future__ import annotations

import csv
import json
import re
from datetime import datetime
from decimal import Decimal
from io import StringIO

MANDATORY = {  # name: (type, nullable)
    "BilledCost": ("decimal", False),
    "BillingAccountId": ("string", False),
    "BillingAccountName": ("string", True),
    "BillingCurrency": ("currency", False),
    "BillingPeriodEnd": ("instant", False),
    "BillingPeriodStart": ("instant", False),
    "ChargeCategory": ("string", False),
    "ChargeClass": ("string", True),
    "ChargeDescription": ("string", True),
    "ChargePeriodEnd": ("instant", False),
    "ChargePeriodStart": ("instant", False),
    "ContractedCost": ("decimal", False),
    "EffectiveCost": ("decimal", False),
    "InvoiceIssuerName": ("string", False),
    "ListCost": ("decimal", False),
    "PricingQuantity": ("decimal", True),
    "PricingUnit": ("string", True),
    "ProviderName": ("string", False),
    "PublisherName": ("string", False),
    "ServiceCategory": ("string", False),
    "ServiceName": ("string", False),
}
OTHERS = {
    "ChargeFrequency": ("string", False),
    "CommitmentDiscountStatus": ("string", True),
    "ConsumedQuantity": ("decimal", True),
    "ConsumedUnit": ("string", True),
    "ContractedUnitPrice": ("decimal", True),
    "InvoiceId": ("string", True),
    "ListUnitPrice": ("decimal", True),
    "PricingCategory": ("string", True),
    "PricingCurrency": ("currency", True),
    "PricingCurrencyContractedUnitPrice": ("decimal", True),
    "PricingCurrencyEffectiveCost": ("decimal", True),
    "PricingCurrencyListUnitPrice": ("decimal", True),
    "ResourceId": ("string", True),
    "ResourceName": ("string", True),
    "ResourceType": ("string", True),
    "ServiceSubcategory": ("string", False),
    "SkuId": ("string", True),
    "SkuMeter": ("string", True),
    "SkuPriceDetails": ("json", True),
    "SkuPriceId": ("string", True),
    "SubAccountId": ("string", True),
    "SubAccountName": ("string", True),
    "SubAccountType": ("string", True),
    "Tags": ("json", True),
}
IN_1_3 = {"HostProviderName": ("string", True), "ServiceProviderName": ("string", False)}
CATEGORIES = {"Usage", "Purchase", "Tax", "Credit", "Adjustment"}
FREQUENCIES = {"One-Time", "Recurring", "Usage-Based"}
PRICING = {"Standard", "Dynamic", "Committed", "Other"}
PATTERNS = {
    "decimal": re.compile(r"-?\d+(\.\d+)?"),
    "instant": re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z"),
    "currency": re.compile(r"[A-Z]{3}"),
}


def read(text, *, version="1.2"):
    """The rows of the file, each checked; raises AssertionError naming column and value."""
    rows = list(csv.DictReader(StringIO(text)))
    columns = text.splitlines()[0].split(",")
    known = MANDATORY | OTHERS | (IN_1_3 if version == "1.3" else {})
    assert set(known) - set(columns) == set(), "columns are missing"
    assert [each for each in columns if each not in known and not each.startswith("x_")] == []
    ours = [each.startswith("x_") for each in columns]
    assert ours == sorted(ours), "FOCUS columns come first"
    for row in rows:
        for column, (kind, nullable) in known.items():
            _value(column, row[column], kind, nullable=nullable)
        _charge(row)
    return rows


def _value(column, value, kind, *, nullable):
    if value == "":
        assert nullable, f"{column} is null"
        return
    assert value == value.strip(), f"{column} has blanks around it"
    assert value.upper() not in {"NULL", "NONE", "NAN"}, f"{column} is {value}"
    if kind == "json":
        assert isinstance(json.loads(value), dict), column
    elif kind != "string":
        assert PATTERNS[kind].fullmatch(value), f"{column} is {value}"


def _charge(row):
    assert row["ChargeCategory"] in CATEGORIES
    assert row["ChargeClass"] in {"", "Correction"}
    assert row["ChargeFrequency"] in FREQUENCIES
    assert row["PricingCategory"] in {"", *PRICING}
    assert row["ServiceCategory"] == "AI and Machine Learning"
    for kind in ("Billing", "Charge"):
        starts, ends = (datetime.fromisoformat(row[f"{kind}Period{end}"]) for end in ("Start", "End"))
        assert starts < ends
    assert row["BillingPeriodStart"] <= row["ChargePeriodStart"]
    assert row["ChargePeriodEnd"] <= row["BillingPeriodEnd"]
    assert (row["SubAccountId"] == "") == (row["SubAccountType"] == "")
    assert (row["ResourceId"] == "") == (row["ResourceType"] == "")
    is_usage = row["ChargeCategory"] == "Usage"
    if not is_usage:
        assert row["ConsumedQuantity"] == row["ConsumedUnit"] == ""
    for column in ("ListUnitPrice", "ContractedUnitPrice", "PricingQuantity", "PricingUnit", "SkuId", "SkuPriceId"):
        if is_usage and row["ChargeClass"] != "Correction":
            assert row[column] != "", f"{column} is null"
    for price, cost in (("ListUnitPrice", "ListCost"), ("ContractedUnitPrice", "ContractedCost")):
        if row[price] and row["PricingQuantity"] and row["ChargeClass"] != "Correction":
            assert Decimal(row[price]) >= 0
            assert Decimal(row[price]) * Decimal(row["PricingQuantity"]) == Decimal(row[cost])
