"""The policies in force for each tenant. A tenant's own role aliases decide whom `technical_lead` means."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from config.yamlfile import LocatedDocument
from core.approvals.policy import PolicySet
from core.approvals.policy_file import read_policies
from core.errors import Unavailable
from core.tenant_files import load_documents
from core.tenants import TenantPolicy


class PolicyCatalogue:
    """Every loaded policy document, compiled per tenant on first use."""

    def __init__(self, documents: Sequence[LocatedDocument]) -> None:
        self._documents = tuple(documents)
        self._compiled: dict[tuple[tuple[str, str], ...], PolicySet] = {}

    @property
    def is_loaded(self) -> bool:
        """Whether there is any policy; without one everything is denied (X9)."""
        return bool(self._documents)

    def for_tenant(self, tenant: TenantPolicy) -> PolicySet:
        """The tenant's policies. Raises Unavailable if none are loaded: then everything is denied (X9)."""
        if not self._documents:
            raise Unavailable(
                "No approval policy is loaded, so nothing can be allowed.",
                next_step="Point COUNTERSIGN_POLICIES_DIR at the policies and restart.",
            )
        key = tuple(sorted(tenant.role_aliases.items()))
        if key not in self._compiled:
            policies = [
                policy
                for document in self._documents
                for policy in read_policies(document, role_aliases=tenant.role_aliases)
            ]
            self._compiled[key] = PolicySet(tuple(policies))
        return self._compiled[key]


def load_catalogue(folder: Path) -> PolicyCatalogue:
    """The catalogue of every *.yaml in the folder, checked. Raises ConfigError naming file, line and key."""
    documents = load_documents(folder, setting="policies_dir")
    catalogue = PolicyCatalogue(tuple(documents.values()))
    if documents:
        catalogue.for_tenant(TenantPolicy(tenant_id="check"))
    return catalogue
