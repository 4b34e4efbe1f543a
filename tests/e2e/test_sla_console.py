"""Service levels in the browser (S7, S8)."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.test_console import CONTRAST_MIN, CONTRASTS, address, browser, console_as
from tests.e2e.test_sla_api import call, samples

__all__ = ["browser"]  # a fixture
PICTURES = os.environ.get("COUNTERSIGN_TEST_PICTURES")  # a folder for who wants to look


async def look(page, name):
    if PICTURES:
        await page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


@pytest.mark.row("S7", "S8")
async def test_services_their_charts_objectives_and_reports_are_seen(product, browser):
    service = f"shop/{secrets.token_hex(4)}"
    call(product, "POST", "/samples", status=202, json={"samples": samples(service, 900, failing=20, seconds=1.2)})
    call(product, "POST", "/plans", role="meta_agent_manager", status=201, json={"service": service})
    async with console_as(browser, product, "agent_operator") as page:
        await page.goto(address(product, "/sla"))
        await expect(page.get_by_role("heading", name="Service levels")).to_be_visible()
        await look(page, "services")
        await page.get_by_role("link", name=service).click()
        await expect(page.get_by_role("heading", name=service)).to_be_visible()
        await expect(page.get_by_text("budget is gone").first).to_be_visible()
        for title in ("Response time", "Operations", "Error budget"):
            picture = page.get_by_role("img", name=f"{title}:")
            await picture.scroll_into_view_if_needed()
            loaded = "img => img.complete && img.naturalWidth > 0 || new Promise(done => img.onload = () => done(true))"
            assert await picture.evaluate(loaded)
        await look(page, "service")
        assert [each for each in await page.evaluate(CONTRASTS) if each["ratio"] < CONTRAST_MIN] == []
        await page.goto(address(product, "/sla/objectives"))
        await expect(page.get_by_role("row", name="availability >= 99.9%").first).to_be_visible()
        await look(page, "objectives")
        await page.goto(address(product, "/sla/reports"))
        await expect(page.get_by_role("heading", name="Service credits")).to_be_visible()
        await look(page, "reports")
        answer = await page.goto(address(product, "/sla/reports/customer"))
        assert answer is not None
        assert answer.status == 200
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Service level report of")
        await look(page, "report")
