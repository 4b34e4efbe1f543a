"""A budget in the browser alone: made, raised, reset, undone, ended and restored (C2, C4)."""

from __future__ import annotations

import re
import secrets

import pytest
from playwright.async_api import expect

from tests.e2e.test_change_pages import do
from tests.e2e.test_console import CONTRAST_MIN, CONTRASTS, address, browser, console_as

__all__ = ["browser"]  # a fixture


@pytest.mark.row("C2", "C4", "C5")
async def test_a_budget_lives_in_the_browser(product, browser):
    word = f"pages{secrets.token_hex(3)}"
    async with console_as(browser, product, "tenant_administrator") as page:
        await page.goto(address(product, "/budgets"))
        await page.locator("summary", has_text="New budget").click()
        await page.get_by_label("Name", exact=True).fill(f"Budget {word}")
        await page.get_by_label("Amount of each period").fill("ten")
        await page.get_by_label("Project").fill(word)
        await page.get_by_role("button", name="Make the budget").click()
        await expect(page.get_by_role("alert")).to_contain_text("That is no amount.")
        await expect(page.get_by_label("Name", exact=True)).to_have_value(f"Budget {word}")
        await page.get_by_label("Amount of each period").fill("1,000")
        await page.get_by_role("button", name="Make the budget").click()
        await expect(page.get_by_role("alert")).to_contain_text("A comma can be read in two ways")
        await page.get_by_label("Amount of each period").fill("10")
        await page.get_by_role("button", name="Make the budget").click()
        said = page.locator("p.said")
        await expect(said).to_contain_text("counts from now on")
        reference = re.search(r"BUD-\d+", page.url)[0]
        await expect(page.locator("figure.chart img")).to_have_js_property("complete", value=True)
        await do(page, "Raise it at once", New_limit="9", Why="More.")
        await expect(page.get_by_role("alert")).to_contain_text("It has 10.00 USD already.")
        await page.locator("details.act[open] form").last.get_by_label("New limit").fill("12.50")
        await page.get_by_role("button", name="Raise it at once", exact=True).click()
        await expect(said).to_contain_text("The limit is raised")
        await expect(page.locator(".tiles")).to_contain_text("12.50")
        await do(page, "Reset it", Why="A test ran wild.")
        await expect(said).to_contain_text("counts no more")
        await page.get_by_role("button", name="Undo the reset").click()
        await expect(said).to_contain_text("undone")
        await do(page, "Slow it down")
        await page.get_by_role("button", name="Full speed again").click()
        await expect(said).to_contain_text("full speed")
        await do(page, "End it")
        await page.get_by_role("button", name="Restore the budget").click()
        await expect(said).to_contain_text("counts again")
        assert not [each for each in await page.evaluate(CONTRASTS) if each["ratio"] < CONTRAST_MIN]
    async with console_as(browser, product, "agent_developer") as page:
        await page.goto(address(product, f"/budgets/{reference}"))
        await do(page, "Reset it", Why="Please.")
        await expect(page.get_by_role("alert")).to_contain_text("Only those who manage budgets")
        await page.goto(address(product, f"/budgets/{reference}"))  # the refused form stands open
        await do(page, "Ask for a raise", New_limit="20", Why="More customers.")
        await expect(page.locator("dl.facts")).to_contain_text("A raise is asked for")
