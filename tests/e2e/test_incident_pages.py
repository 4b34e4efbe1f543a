"""An incident from its report to its review in the browser alone (S3, S5, S6, B6)."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import expect

from tests.e2e.test_change_pages import do
from tests.e2e.test_console import CONTRAST_MIN, CONTRASTS, SEEN_WITHIN_MS, address, browser, console_as

__all__ = ["browser"]  # a fixture
HERE = ZoneInfo("America/New_York")  # where the demo's people are


def local(days: float) -> str:
    return f"{datetime.now(HERE) + timedelta(days=days):%Y-%m-%dT%H:%M}"


@pytest.mark.row("S3", "S5", "S6", "B6")
async def test_an_incident_is_reported_worked_on_reviewed_and_followed_up(product, browser):
    word = f"leak{secrets.token_hex(4)}"
    change = {"title": f"Cache of {word}", "type": "configuration_change", "resources": [f"service:S-{word}"]}
    assert product.call("POST", "/api/v1/changes", role="agent_developer", json=change).status_code == 201
    async with console_as(browser, product, "agent_operator") as page:
        await page.goto(address(product, "/incidents"))
        await page.locator("summary", has_text="Report an incident").click()
        await page.get_by_label("What is wrong?").fill(f"A {word}")
        await page.get_by_label("How bad is it?").select_option(label="Medium")
        await page.get_by_label(re.compile("What is affected")).fill(f"S-{word}")
        await page.get_by_label(re.compile("Since when")).fill(local(2))
        await page.get_by_role("button", name="Report", exact=True).click()
        await expect(page.get_by_role("alert")).to_contain_text("That is still to come.")
        await page.get_by_label(re.compile("Since when")).fill(local(-0.1))
        await page.get_by_role("button", name="Report", exact=True).click()
        await expect(page.locator("p.said")).to_contain_text("The incident is open")
        reference = re.search(r"INC-\d+", page.url)[0]
        await do(page, "Acknowledge")
        await do(page, "Post an update", How_does_it_stand="We restart it.")
        await do(page, "Link", With_what="nothing at all")
        await expect(page.locator("p.alert")).to_contain_text("names nothing that can be linked")
        await page.get_by_label(re.compile("With what")).fill("CHG-1001")
        await page.locator("details.act[open] form").get_by_role("button", name="Link").click()
        await expect(page.locator("section", has_text="Linked").last).to_contain_text("CHG-1001")
        await do(page, "Change severity", How_bad="High")
        faint = [each for each in await page.evaluate(CONTRASTS) if each["ratio"] < CONTRAST_MIN]
        assert faint == []
        await do(page, "Resolve", What_ended_it="Restarted.")
        await expect(page.locator(".headline")).to_contain_text("Resolved")
        await do(page, "Agree on a follow-up", What_must="Watch it", By_when=local(3), What_is_measured="4 s")
        await do(page, "Done", What_shows_it="CHG-1001", What_is_measured="1 s")
        await expect(page.locator("section", has_text="Review").last).to_contain_text("after: 1 s")
        await do(page, "Write the review", What_happened="It leaked.", Why="No limit.")
        await expect(page.locator(".headline")).to_contain_text("Closed")
        await page.locator("summary", has_text="Change the review").click()
        await expect(page.get_by_label("What happened?")).to_have_value("It leaked.")
        timeline = page.locator("ol.timeline")
        for words in ("Reported:", "looks after it", "Update: We restart it.", "Severity medium → high", "Reviewed:"):
            await expect(timeline).to_contain_text(words)
        await page.goto(address(product, f"/incidents?q={word}&state=closed"))
        await expect(page.get_by_role("link", name=reference)).to_be_visible()


@pytest.mark.row("B6", "B9")
async def test_a_second_browser_sees_an_incident_move_and_keeps_what_is_being_typed(product, browser):
    report = {"title": f"Two look at it {secrets.token_hex(4)}", "severity": "medium"}
    made = product.call("POST", "/api/v1/incidents", role="agent_operator", json=report).json()
    path = f"/api/v1/incidents/{made['reference']}"
    async with console_as(browser, product, "agent_developer") as page:
        async with page.expect_response(lambda answer: answer.url.endswith("/console/events")):
            await page.goto(address(product, f"/incidents/{made['reference']}"))
        await page.locator("summary", has_text="Add to the timeline").click()
        typed = page.get_by_label("What was seen or done?")
        await typed.fill("I am just writing")
        assert product.call("POST", f"{path}/acknowledge", role="agent_operator").status_code == 200
        await expect(page.locator("[data-part=facts]")).to_contain_text("Looked after by", timeout=SEEN_WITHIN_MS)
        await expect(page.locator("ol.timeline")).to_contain_text("looks after it")
        await expect(typed).to_have_value("I am just writing")
        told = f"{made['reference']} was updated. What you typed is still here."
        await expect(page.get_by_role("status").last).to_have_text(told)
        await typed.fill("")
        resolved = product.call("POST", f"{path}/resolve", role="agent_operator", json={"resolution": "Gone."})
        assert resolved.status_code == 200
        await expect(page.locator(".headline")).to_contain_text("Resolved", timeout=SEEN_WITHIN_MS)
        await expect(page.get_by_role("status").last).to_have_text(f"{made['reference']} was updated.")
        await expect(typed).to_be_visible()  # what was open stays open
        await page.goto(address(product, "/incidents"))
        async with page.expect_response(lambda answer: answer.url.endswith("/console/events")):
            await page.reload()
        report["title"] += " again"
        product.call("POST", "/api/v1/incidents", role="agent_operator", json=report)
        await expect(page.locator("main")).to_contain_text(report["title"], timeout=SEEN_WITHIN_MS)
