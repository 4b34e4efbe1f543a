"""Connectors in a real browser: how each is, what failed, what is dead; tried, sent again and tested from there (N6)."""

import json

import pytest
from playwright.async_api import expect

from tests.e2e.test_console import CONTRAST_MIN, CONTRASTS, address, asked, browser, console_as
from tests.product import until

__all__ = ["browser"]  # the fixture

HUB = "/api/v1/connectors/servicenow"
ADMINISTRATOR = "tenant_administrator"


def deliveries(product, state):
    answer = product.call("GET", f"{HUB}/deliveries", role=ADMINISTRATOR, params={"state": state})
    return answer.json()["items"]


def dead_of(product, agent):
    """The dead deliveries of the request for this agent: others may be dead as well."""
    listed = product.call("GET", "/api/v1/requests", role=ADMINISTRATOR, params={"q": agent}).json()["items"]
    subjects = {f"request:{request['id']}" for request in listed}
    return [each for each in deliveries(product, "dead") if each["subject"] in subjects]


def servicenow(product):
    items = product.call("GET", "/api/v1/connectors", role=ADMINISTRATOR).json()["items"]
    return next(each for each in items if each["connector"] == "servicenow")


def card(page, title):
    return page.get_by_role("article", name=title, exact=True)


@pytest.mark.row("N6")
@pytest.mark.timeout(240)
async def test_errors_are_seen_and_a_dead_letter_is_looked_at_and_replayed(product, browser, tmp_path):
    product.control("faults", system="servicenow", fault="500", count=2)
    asked(product)
    until(lambda: servicenow(product)["last_error"], "an error of ServiceNow's to be known", within_s=60)
    product.control("servicenow/configure", hidden_fields=["correlation_id"])  # without it we could double tickets
    try:
        reference, agent = asked(product)
        until(lambda: dead_of(product, agent), "its delivery to die", within_s=60)
        other_reference, other = asked(product)
        until(lambda: dead_of(product, other), "another to die", within_s=60)
    finally:
        product.control("servicenow/configure", hidden_fields=[])
    async with console_as(browser, product, ADMINISTRATOR) as page:
        await page.goto(address(product, ""))
        await page.get_by_role("link", name="Connectors").click()
        there = card(page, "ServiceNow")
        await expect(there).to_contain_text("Last error")
        await expect(there).to_contain_text("What comes back")
        await there.get_by_role("link", name="ServiceNow").click()
        entry = page.get_by_role("article").filter(has_text=reference).first
        await expect(entry).to_contain_text("Error")
        await entry.get_by_text("What is sent").click()
        await expect(entry.locator("pre")).to_contain_text("{")
        await page.screenshot(path=tmp_path / "dead.png", full_page=True)
        unwanted = page.get_by_role("article").filter(has_text=other_reference).first
        await unwanted.get_by_text("Dismiss").first.click()
        await unwanted.get_by_label("Why").fill("Done by hand.")
        await page.screenshot(path=tmp_path / "dismissing.png", full_page=True)
        await unwanted.get_by_role("button", name="Yes, dismiss it").click()
        await expect(page.get_by_role("status").first).to_have_text("It is dismissed, and kept here with your reason.")
        await page.get_by_role("link", name="Dismissed").click()
        kept = page.get_by_role("article").filter(has_text=other_reference)
        await expect(kept).to_contain_text(f"Dismissed by {product.email(ADMINISTRATOR)}: Done by hand.")
        await page.goto(address(product, "/connectors/servicenow"))
        dead = len(dead_of(product, agent))
        await entry.get_by_role("button", name="Replay").first.click()
        await expect(page.get_by_role("status").first).to_have_text("It is tried again from the start.")
    until(lambda: len(dead_of(product, agent)) < dead, "the dead letter to go", within_s=60)
    assert product.call("POST", f"{HUB}/replay", role=ADMINISTRATOR).json()["count"] >= dead - 1
    until(lambda: not dead_of(product, agent), "the others to go", within_s=60)
    until(lambda: agent in json.dumps(product.records("servicenow", "change_request")), "its ticket", within_s=60)


@pytest.mark.row("N6")
async def test_a_connector_is_tested_now_and_then_from_the_page_and_by_api(product, browser, tmp_path):
    async with console_as(browser, product, ADMINISTRATOR) as page:
        await page.goto(address(product, "/connectors"))
        await expect(page.get_by_role("region", name="Chat, and inside Countersign")).to_contain_text("Slack")
        await card(page, "ServiceNow").get_by_role("button", name="Test").click()
        found = page.get_by_role("status").filter(has_text="Test of ServiceNow")
        await expect(found.locator("li").first).to_contain_text("Ok")
        await page.screenshot(path=tmp_path / "tested.png", full_page=True)
        await card(page, "ServiceNow").get_by_role("link", name="ServiceNow").click()
        kept = page.get_by_text("kept in environment variable COUNTERSIGN_SERVICENOW__PASSWORD")
        await expect(kept).to_be_visible()
    again = product.call("POST", f"{HUB}/test", role=ADMINISTRATOR)
    assert (again.status_code, again.headers["Retry-After"]) == (429, "10")
    assert product.call("POST", "/api/v1/connectors/slack/test", role=ADMINISTRATOR).status_code == 404


@pytest.mark.row("N1", "N6")
async def test_a_dry_run_shows_the_exact_call_on_the_page_and_by_api_and_makes_none(product, browser, tmp_path):
    before = product.records("servicenow", "change_request")
    async with console_as(browser, product, ADMINISTRATOR) as page:
        await page.goto(address(product, "/connectors/servicenow"))
        await page.get_by_role("link", name="Dry run").click()
        await page.get_by_label("Made-up facts").fill("resource.name=till-helper\nrisk.levle=low")
        await page.get_by_role("button", name="Show the calls").click()
        await expect(page.get_by_role("alert")).to_contain_text("Did you mean 'risk.level'?")
        await page.get_by_label("Made-up facts").fill("resource.name=till-helper")
        await page.get_by_role("button", name="Show the calls").click()
        call = page.get_by_role("article", name="Call 1")
        await expect(call).to_contain_text("/api/sn_chg_rest/change/normal")
        await expect(call).to_contain_text('"short_description": "REQ-1042: agent.create till-helper"')
        await page.screenshot(path=tmp_path / "tried.png", full_page=True)
    sent = {"operation": "create", "samples": ["resource.name=till-helper"]}
    (shown,) = product.call("POST", f"{HUB}/dry-run", role=ADMINISTRATOR, json=sent).json()["calls"]
    assert (shown["method"], shown["headers"]["Authorization"]) == ("POST", "***")
    assert shown["body"]["short_description"] == "REQ-1042: agent.create till-helper"
    refused = product.call("POST", f"{HUB}/dry-run", role=ADMINISTRATOR, json={**sent, "request": "REQ-99999"})
    assert refused.status_code == 404
    assert product.call("POST", f"{HUB}/dry-run", role="audit_reviewer", json=sent).status_code == 403
    assert product.records("servicenow", "change_request") == before


@pytest.mark.row("N6", "R6")
def test_whoever_may_not_view_the_audit_sees_no_connectors(product):
    marc = product.status["tenants"]["northwind"]["people"]["marc.fischer@northwind.example"]["token"]
    email = "ida.holm@northwind.example"
    assert (
        product.call("POST", "/api/v1/users", token=marc, json={"email": email, "name": "Ida Holm"}).status_code < 300
    )
    made = product.call("POST", "/api/v1/tokens", token=marc, json={"name": "connectors", "email": email})
    ida = made.json()["token"]
    assert product.call("GET", "/console/connectors", token=ida).status_code == 403
    assert "Connectors" not in product.call("GET", "/console/people", token=ida).text
    assert "Connectors" in product.call("GET", "/console/people", token=marc).text
    page = product.call("GET", "/console/connectors", token=marc).text
    assert ("Jira" in page, "ServiceNow" in page) == (True, False)  # each tenant's own


@pytest.mark.row("N6", "B9")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_are_readable_and_fit_a_narrow_screen(product, browser, scheme, tmp_path):
    async with console_as(browser, product, ADMINISTRATOR, scheme=scheme, width=360) as page:
        for name, path in (("all", "/connectors"), ("one", "/connectors/servicenow?state=all")):
            await page.goto(address(product, path))
            await expect(page.get_by_role("heading", level=1)).to_have_count(1)
            assert await page.evaluate("document.documentElement.scrollWidth") == 360, path
            found = await page.evaluate(CONTRASTS)
            assert len(found) > 5
            low = [each for each in found if each["ratio"] < CONTRAST_MIN]
            assert low == [], json.dumps(low[:5], ensure_ascii=False)
            await page.screenshot(path=tmp_path / f"{name}-{scheme}.png", full_page=True)
