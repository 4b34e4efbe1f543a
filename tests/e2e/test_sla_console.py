"""Service levels in the browser (S7, S8)."""

from __future__ import annotations

import os
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import quote
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from tests.e2e.test_console import CONTRAST_MIN, CONTRASTS, address, browser, console_as
from tests.e2e.test_sla_api import call, samples
from tests.product import until

__all__ = ["browser"]  # a fixture
HERE = ZoneInfo("America/New_York")  # where the demo's people are
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


# Of the first table: the height of its highest row, and where the columns end that a phone must show.
ROWS = """count => {
  const rows = [...document.querySelectorAll('.scroll tbody tr')];
  return {height: Math.max(...rows.map(row => row.getBoundingClientRect().height)),
          right: Math.max(...rows.map(row => row.children[count - 1].firstElementChild?.getBoundingClientRect().right
                                          ?? row.children[count - 1].getBoundingClientRect().right))};
}"""


@pytest.mark.row("S7", "S8", "B9")
async def test_a_phone_shows_how_each_stands_and_no_row_is_as_high_as_its_screen(product, browser):
    service = f"shop{secrets.token_hex(4)}-" + "w" * 107  # as long as a name may be
    call(product, "POST", "/samples", status=202, json={"samples": samples(service, 900, failing=20, seconds=1.2)})
    title = f"Orders of {secrets.token_hex(4)} are answered too late, and some of them not at all, since this morning"
    made = {"title": title, "severity": "critical", "service": "Payments of orders by invoice"}
    assert product.call("POST", "/api/v1/incidents", role="agent_operator", json=made).status_code == 201
    async with console_as(browser, product, "agent_operator", width=360) as page:
        for path, shown, highest in (("/incidents", 3, 110), ("/sla", 2, 330), ("/sla/reports", 2, 330)):
            await page.goto(address(product, path))
            assert await page.evaluate("document.documentElement.scrollWidth") == 360, path
            found = await page.evaluate(ROWS, shown)
            await look(page, f"phone{path.replace('/', '-')}")
            assert found["right"] <= 360, path
            assert found["height"] <= highest, path
        for report in ("customer", "violations", "trends"):
            await page.goto(address(product, f"/sla/reports/{report}?period={datetime.now(HERE):%Y-%m}"))
            await expect(page.get_by_text(service).first).to_be_attached()
            assert await page.evaluate("document.documentElement.scrollWidth") == 360, report
            await look(page, f"phone-report-{report}")


@pytest.mark.row("S6", "S10", "S7")
async def test_a_plan_is_drafted_its_actions_assigned_and_finished_with_what_they_have_changed(product, browser):
    service = f"till/{secrets.token_hex(4)}"
    call(product, "POST", "/samples", status=202, json={"samples": samples(service, 900, failing=20, seconds=1.2)})
    due = f"{datetime.now(HERE) + timedelta(days=3):%Y-%m-%dT%H:%M}"
    operator = product.email("agent_operator")
    async with console_as(browser, product, "meta_agent_manager") as page:
        await page.goto(address(product, f"/sla/improvements?service={quote(service)}"))
        await page.locator("summary", has_text="Draft a plan").click()
        await page.get_by_role("button", name="Draft a plan").click()
        await expect(page.locator("p.said")).to_have_text("The plan is drafted.")
        plan = page.locator("section", has=page.get_by_role("heading", name=f"Improve {service}"))
        await expect(plan).to_contain_text("budget is gone")
        await plan.locator("summary", has_text="Adopt").click()
        await plan.get_by_role("button", name="Adopt").click()
        await expect(plan.locator(".status").first).to_have_text("Adopted")
        await plan.locator("summary", has_text="Add an action").click()
        form = plan.locator("details[open] form")
        await form.get_by_label("What is to be done?").fill("Cache the exchange rates")
        await form.get_by_label("Why?").fill("They are asked for again and again.")
        await form.get_by_label("By whom?").select_option(operator)
        await form.get_by_label("By when?").fill("2020-01-01T09:00")
        await form.get_by_role("button", name="Add an action").click()
        await expect(page.get_by_role("alert")).to_contain_text("An action is due within a year from now.")
        form = plan.locator("details[open] form")  # what was typed is still there
        await expect(form.get_by_label("What is to be done?")).to_have_value("Cache the exchange rates")
        await form.get_by_label("By when?").fill(due)
        await form.get_by_role("button", name="Add an action").click()
        await expect(page.locator("p.said")).to_have_text("The action is agreed.")
        await look(page, "improvements")
        assert [each for each in await page.evaluate(CONTRASTS) if each["ratio"] < CONTRAST_MIN] == []
    place = f"@{operator}"
    message = until(lambda: product.message_with(place, f"{service}: Cache the exchange rates", "Finish"), "the task")
    (button,) = [each for each in message["actions"] if each["text"] == "Finish"]
    click = {"channel": place, "ts": message["ts"], "action_id": button["action_id"], "value": button["value"]}
    opened = product.control("slack/click", user=operator, **click)
    values = {"state": "done", "evidence": "It is live."}
    sent = product.control("slack/submit", user=operator, view_id=opened["modal"]["view_id"], values=values)
    assert not sent.get("errors"), sent
    until(lambda: product.message_with(place, f"{service}: Cache the exchange rates — ✅ Done"), "its end")
    async with console_as(browser, product, "agent_operator") as page:
        await page.goto(address(product, f"/sla/improvements?service={quote(service)}"))
        done = page.locator("li.card", has_text="Cache the exchange rates")
        await expect(done).to_contain_text("Evidence: It is live.")
        await expect(done).to_contain_text("Effect: Too early")
        await expect(page.locator("summary", has_text="Draft a plan")).to_have_count(0)  # not for everybody
        await look(page, "improvements_done")
