"""The service levels that stand in files: each tenant's own file, or the default one (S1).

A folder holds `default.yaml` and, for tenants that differ, `<tenant>.yaml`. What is made by the API stands beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from config.yamlfile import LocatedDocument
from core.sla.objective_file import Definitions, read_definitions
from core.tenant_files import load_documents, name_for
from core.tenants import TenantPolicy

NOTHING: Final = Definitions((), {})


class SlaCatalogue:
    """Every loaded document, read per tenant on first use."""

    def __init__(self, documents: Mapping[str, LocatedDocument]) -> None:
        self._documents = dict(documents)
        self._read: dict[tuple[str, str], Definitions] = {}

    def for_tenant(self, tenant: TenantPolicy) -> Definitions:
        """What the files say of the tenant's services; nothing if there is no file."""
        name = name_for(tenant.tenant_id, self._documents)
        if name is None:
            return NOTHING
        key = name, tenant.time_zone
        if key not in self._read:
            self._read[key] = read_definitions(self._documents[name], zone=tenant.time_zone)
        return self._read[key]


def load_sla_catalogue(folder: Path) -> SlaCatalogue:
    """The catalogue of every *.yaml in the folder, checked. Raises ConfigError naming file, line and key."""
    documents = load_documents(folder, setting="sla_dir")
    for document in documents.values():
        read_definitions(document)
    return SlaCatalogue(documents)
