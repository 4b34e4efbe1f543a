"""The change policy in force for each tenant: its own file, or the default one.

A folder holds `default.yaml` and, for tenants that differ, `<tenant>.yaml`. A tenant's role aliases decide whom
`technical_lead` means.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from config.yamlfile import LocatedDocument
from core.changes.policy import ChangePolicy
from core.changes.policy_file import read_change_policy
from core.errors import Unavailable
from core.tenant_files import load_documents, name_for
from core.tenants import TenantPolicy


class ChangeCatalogue:
    """Every loaded document, compiled per tenant on first use."""

    def __init__(self, documents: Mapping[str, LocatedDocument]) -> None:
        self._documents = dict(documents)
        self._compiled: dict[tuple[str, tuple[tuple[str, str], ...]], ChangePolicy] = {}

    def for_tenant(self, tenant: TenantPolicy) -> ChangePolicy:
        """The tenant's policy. Raises Unavailable if there is none: then no change can be raised (X9)."""
        name = name_for(tenant.tenant_id, self._documents)
        if name is None:
            raise Unavailable(
                "No change policy is loaded, so no change can be raised.",
                next_step="Put a default.yaml into COUNTERSIGN_CHANGES_DIR and restart.",
            )
        key = name, tuple(sorted(tenant.role_aliases.items()))
        if key not in self._compiled:
            self._compiled[key] = read_change_policy(self._documents[name], role_aliases=tenant.role_aliases)
        return self._compiled[key]


def load_change_catalogue(folder: Path) -> ChangeCatalogue:
    """The catalogue of every *.yaml in the folder, checked. Raises ConfigError naming file, line and key."""
    documents = load_documents(folder, setting="changes_dir")
    for document in documents.values():
        read_change_policy(document)
    return ChangeCatalogue(documents)
