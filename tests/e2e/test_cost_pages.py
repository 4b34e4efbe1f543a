"""The pages of costs and budgets with large amounts: nothing is cut off, and the navigation leaves room for them."""

from __future__ import annotations

import asyncio
import os
import secrets
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.test_console import address, browser, console_as

__all__ = ["browser"]  # a fixture

ROLE = "tenant_administrator"
OVERFLOWING = """() => [...document.querySelectorAll('.tile')].filter(tile => {
  const inner = tile.getBoundingClientRect().right - parseFloat(getComputedStyle(tile).paddingRight)
  const range = document.createRange(); range.selectNodeContents(tile)
  return range.getBoundingClientRect().right > inner + 1
}).map(tile => tile.textContent)"""
SPLIT = """() => [...document.querySelectorAll('.scroll th, .scroll td')].filter(cell => {
  const ranges = [...cell.querySelectorAll('bdi')].flatMap(name => {
    const text = name.firstChild; if (!text || text.nodeType !== 3 || text.length > 12) return []
    const range = document.createRange(); range.selectNodeContents(text); return [range.getClientRects().length]
  })
  return ranges.some(lines => lines > 1)
}).map(cell => cell.textContent)"""


def spent_a_fortune(product, project):
    """Two weeks of very large costs of a project, and a budget for it; returns the budget's reference."""
    now = datetime.now(UTC)
    events = [
        {
            "id": secrets.token_hex(6),
            "meter": meter,
            "quantity": quantity,
            "project": project,
            "agent": "computing",
            "time": (now - timedelta(days=day, minutes=1)).isoformat(),
        }
        for day in range(15)
        for meter, quantity in (("agent_creation", "12345678901.5"), ("cpu_hours", "98765432109.75"))
    ]
    assert product.call("POST", "/api/v1/usage", role=ROLE, json={"events": events}).status_code == 202
    budget = {
        "name": f"Computing {project}",
        "project": project,
        "amount": {"amount": "999999999999.99", "currency": "USD"},
        "period": "month",
    }
    answer = product.call("POST", "/api/v1/budgets", role=ROLE, json=budget)
    assert answer.status_code == 201, answer.text
    return answer.json()["reference"]


@pytest.mark.row("C2", "C7")
@pytest.mark.parametrize("width", [1280, 390])
async def test_large_amounts_are_shown_whole_and_readable(product, browser, width):
    project = f"p{secrets.token_hex(3)}"
    reference = await asyncio.to_thread(spent_a_fortune, product, project)
    async with console_as(browser, product, ROLE, width=width) as page:
        for number, path in enumerate(
            ("/costs", "/costs/forecast", "/costs/variance", "/costs/chargeback", "/budgets", f"/budgets/{reference}")
        ):
            await page.goto(address(product, path))
            if folder := os.environ.get("SHOTS"):
                await page.screenshot(path=f"{folder}/{width}-{number}.png")
            assert await page.evaluate(OVERFLOWING) == [], path
            assert await page.evaluate(SPLIT) == [], path
            assert "-0.00" not in await page.content()
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert "999,999,999,999.99" in await page.locator(".tiles").inner_text()
        if width == 1280:
            assert await page.evaluate("document.querySelector('.bar').offsetHeight") < 110  # two rows
