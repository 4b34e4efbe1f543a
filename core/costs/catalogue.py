"""The rate card in force for each tenant: its own file, or the default one. Past usage keeps the price that it had."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from config.errors import YamlSyntaxError
from config.yamlfile import load_yaml
from core.costs.rates import RateCard
from core.costs.rates_file import read_rate_card
from core.errors import ConfigError, Unavailable
from core.ids import TenantId

DEFAULT: Final = "default"


class RateCatalogue:
    """Every loaded rate card."""

    def __init__(self, cards: Mapping[str, RateCard]) -> None:
        self._cards = dict(cards)

    def for_tenant(self, tenant: TenantId) -> RateCard:
        """The tenant's rate card. Raises Unavailable if there is none: then nothing can be priced (X9)."""
        found = self._cards.get(tenant) or self._cards.get(DEFAULT)
        if found is None:
            raise Unavailable(
                "No rate card is loaded, so nothing can be priced.",
                next_step="Put a default.yaml into COUNTERSIGN_RATES_DIR and restart.",
            )
        return found


def load_rate_catalogue(folder: Path) -> RateCatalogue:
    """The catalogue of every *.yaml in the folder, checked. Raises ConfigError naming file, line and key."""
    if not folder.is_dir():
        raise ConfigError(f"There is no folder {folder}.", key="rates_dir")
    try:
        documents = {path.stem: load_yaml(path, file=path.name) for path in sorted(folder.glob("*.yaml"))}
    except YamlSyntaxError as exc:
        raise ConfigError(exc.message, file=exc.file, line=exc.line) from exc
    return RateCatalogue({name: read_rate_card(document) for name, document in documents.items()})
