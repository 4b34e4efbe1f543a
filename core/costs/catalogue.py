"""The rate card in force for each tenant: its own file, or the default one. Past usage keeps the price that it had."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.costs.rates import RateCard
from core.costs.rates_file import read_rate_card
from core.errors import Unavailable
from core.ids import TenantId
from core.tenant_files import load_documents, name_for


class RateCatalogue:
    """Every loaded rate card."""

    def __init__(self, cards: Mapping[str, RateCard]) -> None:
        self._cards = dict(cards)

    @property
    def tenants(self) -> tuple[str, ...]:
        """Those with a card of their own, and `default` if there is one."""
        return tuple(self._cards)

    def for_tenant(self, tenant: TenantId) -> RateCard:
        """The tenant's rate card. Raises Unavailable if there is none: then nothing can be priced (X9)."""
        name = name_for(tenant, self._cards)
        if name is None:
            raise Unavailable(
                "No rate card is loaded, so nothing can be priced.",
                next_step="Put a default.yaml into COUNTERSIGN_RATES_DIR and restart.",
            )
        return self._cards[name]


def load_rate_catalogue(folder: Path) -> RateCatalogue:
    """The catalogue of every *.yaml in the folder, checked. Raises ConfigError naming file, line and key."""
    return RateCatalogue(
        {name: read_rate_card(document) for name, document in load_documents(folder, setting="rates_dir").items()}
    )
