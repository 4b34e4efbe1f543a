"""A report of service levels as it is before its pictures are drawn. Pure (S8)."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.documents import Brand, Document, Picture, Table, Words
from core.documents.document import COLOUR
from core.sla.runs import Run
from core.tenants import TenantView


class ReportKind(StrEnum):
    """The reports that there are."""

    VIOLATIONS = "violations"
    TRENDS = "trends"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A service's days, to be drawn. `listed` is what the spreadsheet has of them."""

    run: Run
    listed: Table | None = None


@dataclass(frozen=True, slots=True)
class ServiceReport:
    """A report without its pictures: core/charts draws them."""

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    parts: tuple[Table | Words | Drawn, ...]
    made_at: datetime
    brand: Brand

    def document(self, parts: Iterable[Table | Words | Picture]) -> Document:
        """The report with these parts."""
        return Document(self.title, self.subtitle, self.facts, tuple(parts), self.made_at, brand=self.brand)

    @property
    def plain(self) -> Document:
        """The report for a spreadsheet, which has no pictures."""
        parts = (each.listed if isinstance(each, Drawn) else each for each in self.parts)
        return self.document(each for each in parts if each is not None)


def brand_of(tenant: TenantView) -> Brand:
    """The name, colour and sign that the tenant's document gives, else its name and the product's colour."""
    given = tenant.policy.brand
    return Brand(given.name or tenant.name, given.colour or COLOUR, base64.b64decode(given.logo))
