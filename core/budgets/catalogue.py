"""The budget policy in force for each tenant: its own file, or the default one.

A folder holds `default.yaml` and, for tenants that differ, `<tenant>.yaml`. A tenant's role aliases decide whom
`technical_lead` means.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from config.suggest import did_you_mean
from config.yamlfile import LocatedDocument
from core.budgets.errors import InvalidBudget
from core.budgets.policy import BudgetPolicy
from core.budgets.policy_file import check_counted, read_budget_policy
from core.costs import RateCatalogue
from core.errors import Unavailable
from core.ids import TenantId
from core.tenant_files import load_documents, name_for
from core.tenants import TenantPolicy


class BudgetCatalogue:
    """Every loaded document, compiled per tenant on first use."""

    def __init__(self, documents: Mapping[str, LocatedDocument], rates: RateCatalogue | None = None) -> None:
        self._documents = dict(documents)
        self._rates = rates
        self._compiled: dict[tuple[str, tuple[tuple[str, str], ...]], BudgetPolicy] = {}

    def check_currency(self, tenant: TenantPolicy, currency: str) -> None:
        """Returns if the tenant's costs are in this currency: a budget in another would never count anything.

        Raises InvalidBudget.
        """
        if self._rates is None:
            return
        costs_in = self._rates.for_tenant(TenantId(tenant.tenant_id)).currency
        if currency != costs_in:
            raise InvalidBudget(
                f"Costs are in {costs_in} here, so a budget in {currency} would count nothing.",
                where="amount.currency",
                accepted=(costs_in,),
            )

    def check_meter_class(self, tenant: TenantPolicy, meter_class: str) -> None:
        """Returns if the tenant has meters of this class, or none is named. Raises InvalidBudget."""
        if self._rates is None or not meter_class:
            return
        known = sorted(
            {each.meter_class for each in self._rates.for_tenant(TenantId(tenant.tenant_id)).meters.values()}
        )
        if meter_class not in known:
            raise InvalidBudget(
                f"There are no meters of the class '{meter_class[:80]}'.{did_you_mean(meter_class[:80], known)}",
                where="meter_class",
                accepted=tuple(known),
            )

    def for_tenant(self, tenant: TenantPolicy) -> BudgetPolicy:
        """The tenant's policy. Raises Unavailable if there is none: then no budget can be changed (X9)."""
        name = name_for(tenant.tenant_id, self._documents)
        if name is None:
            raise Unavailable(
                "No budget policy is loaded, so no budget can be changed.",
                next_step="Put a default.yaml into COUNTERSIGN_BUDGETS_DIR and restart.",
            )
        key = name, tuple(sorted(tenant.role_aliases.items()))
        if key not in self._compiled:
            self._compiled[key] = read_budget_policy(self._documents[name], role_aliases=tenant.role_aliases)
        return self._compiled[key]


def load_budget_catalogue(folder: Path, rates: RateCatalogue | None = None) -> BudgetCatalogue:
    """The catalogue of every *.yaml in the folder, checked. Raises ConfigError naming file, line and key.

    With `rates`, each budget is checked against the rate cards of those tenants that the file is for.
    """
    documents = load_documents(folder, setting="budgets_dir")
    for document in documents.values():
        read_budget_policy(document)
    if rates is not None:
        _check_counted(documents, rates)
    return BudgetCatalogue(documents, rates)


def _check_counted(documents: Mapping[str, LocatedDocument], rates: RateCatalogue) -> None:
    for tenant in sorted({*documents, *rates.tenants}):
        name = name_for(tenant, documents)
        if name is not None and name_for(tenant, rates.tenants) is not None:
            document = documents[name]
            check_counted(document, read_budget_policy(document), rates.for_tenant(TenantId(tenant)), of=tenant)
