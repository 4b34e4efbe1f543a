"""The page of a month's statement shows one currency, in its picture and its files too, and keeps it (C10)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
import pytest_asyncio

from config.yamlfile import parse_yaml
from core.access import directory
from core.charts import Renderer
from core.costs import RateCatalogue, Usage, UsageWriter, load_rate_catalogue
from core.costs.rates_file import read_rate_card
from core.finance import InvalidReport
from tests import cost_books
from tests.factories import START
from web.console.assets import load_assets
from web.console.costs import picture, statements
from web.console.front import Look
from web.console.rendering import Sight, environment

RATES = load_rate_catalogue(cost_books.RATES)
CARD = (cost_books.RATES / "default.yaml").read_text().replace("$", "€").replace(":\n", ":\n  currency: EUR\n", 1)
IN_EUROS = RateCatalogue({"default": read_rate_card(parse_yaml(CARD, file="default.yaml"))})
JANUARY, FEBRUARY = datetime(2026, 1, 20, tzinfo=UTC), datetime(2026, 2, 20, tzinfo=UTC)


@pytest_asyncio.fixture
async def renderer():
    opened = Renderer()
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def look(company, renderer):
    """In January there were costs in USD, in February in EUR too, since the rate card changed."""
    for rates, told in ((RATES, {"a": JANUARY, "b": FEBRUARY}), (IN_EUROS, {"c": FEBRUARY})):
        writer = UsageWriter(company.database, rates)
        used = [Usage(name, "cpu_hours", Decimal(40), at, f"of-{name}", "bot") for name, at in told.items()]
        await writer.record(company.actor("meta_agent_manager"), used)
        await writer.close()
    templates = environment(load_assets())
    house = SimpleNamespace(database=company.database, rates=RATES, renderer=renderer, templates=templates)
    who = {"name": "Ana", "email": "", "home": "", "csrf": "x", "is_guest": False, "must_set_up": False}
    visitor = SimpleNamespace(actor=company.actor("audit_reviewer"), **who)
    async with company.database.tenant(company.tenant) as tx:
        everybody = await directory(tx)

    def of(**query):
        request = SimpleNamespace(query=query, match_info={"name": "chargeback"})
        return Look(request, visitor, house, Sight(START, UTC), everybody)

    return of


async def page_of(look):
    return (await statements(look)).text


def months_of(page):
    return dict(re.findall(r'href="/console/costs/chargeback\?([^"]*)"(?: aria-current="page")?>(\d{4}-\d\d)<', page))


@pytest.mark.row("C10")
async def test_the_months_and_the_picture_keep_the_chosen_currency(look):
    page = await page_of(look(period="2026-02", currency="USD"))
    assert "4.00 USD" in page
    assert months_of(page) == {f"period={month}&amp;currency=USD": month for month in ("2026-01", "2026-02", "2026-03")}
    assert 'src="/console/costs/charts/chargeback.svg?period=2026-02&amp;currency=USD"' in page
    drawn = (await picture(look(period="2026-02", currency="USD"))).body.decode()
    assert "USD" in drawn
    assert "EUR" not in drawn


@pytest.mark.row("C10")
async def test_without_a_choice_the_page_is_in_the_currency_with_most_of_them_and_offers_the_others(look):
    page = await page_of(look(period="2026-01"))
    assert set(months_of(page)) == {"period=2025-12", "period=2026-01", "period=2026-02"}
    assert "chargeback.svg?period=2026-01&amp;currency=USD" in page
    assert "In which currency" not in page
    both = await page_of(look(period="2026-02"))
    for currency in ("EUR", "USD"):
        assert f'<a href="/console/costs/chargeback?period=2026-02&amp;currency={currency}"' in both


@pytest.mark.row("C10")
async def test_a_month_without_costs_in_the_chosen_currency_says_so_and_keeps_it(look):
    page = await page_of(look(period="2026-01", currency="EUR"))
    assert "Nothing was spent in EUR in this month" in page
    assert "Its costs are in USD." in page
    assert "/console/costs/chargeback/file" not in page
    assert set(months_of(page)) == {f"period={month}&amp;currency=EUR" for month in ("2025-12", "2026-01", "2026-02")}
    with pytest.raises(InvalidReport):
        await picture(look(period="2026-01", currency="EUR"))
    with pytest.raises(InvalidReport):
        await page_of(look(period="2026-01", currency="joy"))
