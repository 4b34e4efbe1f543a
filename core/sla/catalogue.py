"""The service levels that stand in files: each tenant's own file, or the default one (S1).

A folder holds `default.yaml` and, for tenants that differ, `<tenant>.yaml`. What is made by the API stands beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from config.errors import YamlSyntaxError
from config.yamlfile import LocatedDocument, load_yaml
from core.errors import ConfigError
from core.sla.objective_file import Definitions, read_definitions
from core.tenants import TenantPolicy

DEFAULT: Final = "default"
NOTHING: Final = Definitions((), {})


class SlaCatalogue:
    """Every loaded document, read per tenant on first use."""

    def __init__(self, documents: Mapping[str, LocatedDocument]) -> None:
        self._documents = dict(documents)
        self._read: dict[tuple[str, str], Definitions] = {}

    def for_tenant(self, tenant: TenantPolicy) -> Definitions:
        """What the files say of the tenant's services; nothing if there is no file."""
        name = tenant.tenant_id if tenant.tenant_id in self._documents else DEFAULT
        if name not in self._documents:
            return NOTHING
        key = name, tenant.time_zone
        if key not in self._read:
            self._read[key] = read_definitions(self._documents[name], zone=tenant.time_zone)
        return self._read[key]


def load_sla_catalogue(folder: Path) -> SlaCatalogue:
    """The catalogue of every *.yaml in the folder, checked. Raises ConfigError naming file, line and key."""
    if not folder.is_dir():
        raise ConfigError(f"There is no folder {folder}.", key="sla_dir")
    try:
        documents = {path.stem: load_yaml(path, file=path.name) for path in sorted(folder.glob("*.yaml"))}
    except YamlSyntaxError as exc:
        raise ConfigError(exc.message, file=exc.file, line=exc.line) from exc
    for document in documents.values():
        read_definitions(document)
    return SlaCatalogue(documents)
