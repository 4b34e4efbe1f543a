"""Rules in the whole product: what people do in ServiceNow has things done here, in chat and there (N5)."""

from __future__ import annotations

import json
import secrets

import pytest
from playwright.async_api import expect

from tests.e2e.test_console import CONTRAST_MIN, CONTRASTS, address, browser, console_as
from tests.product import ticket_in, until

__all__ = ["browser"]  # the fixture
ADMINISTRATOR = "tenant_administrator"
RULES = "/api/v1/automation/rules"


def opened(product, start="ruled"):
    agent = f"{start}-{secrets.token_hex(3)}"
    facts = {
        "sponsor": product.email(ADMINISTRATOR),
        "owner": product.email("agent_developer"),
        "business_service": "Support",
    }
    return agent, product.decide("agent_developer", "agent.create", name=agent, **facts)["request_id"]


def request_of(product, request_id):
    return product.call("GET", f"/api/v1/requests/{request_id}", role="agent_developer").json()


def history(product, rule):
    answer = product.call("GET", f"{RULES}/{rule}/history", role=ADMINISTRATOR)
    assert answer.status_code == 200, answer.text
    return answer.json()["items"]


@pytest.mark.row("N5")
def test_a_comment_in_a_ticket_system_stands_under_the_request_and_in_the_channel_once(product):
    agent, request_id = opened(product)
    ticket = until(lambda: ticket_in(request_of(product, request_id)), "the request's ticket")
    words = f"The freeze begins on Friday. {secrets.token_hex(3)}"
    product.control("servicenow/edit", type="change_request", id=ticket["number"], fields={"work_notes": words})

    def heard():
        notes = [each["text"] for each in request_of(product, request_id)["comments"]]
        said = [each for each in product.messages("approvals") if f"Said of {agent} in servicenow" in json.dumps(each)]
        return (notes, said) if notes and said else None

    notes, said = until(heard, "the note and the message", within_s=60)
    assert notes == [f"From {ticket['number']}: {words}"]
    assert len(said) == 1


@pytest.mark.row("N5")
def test_an_incident_that_is_closed_there_asks_for_an_approval_here(product):
    agent, request_id = opened(product)
    product.call("POST", f"/api/v1/requests/{request_id}/withdraw", role="agent_developer", json={"reason": "Not yet."})

    def incident():
        found = [one for one in product.records("servicenow", "incident") if agent in str(one["short_description"])]
        return found[0] if found else None

    made = until(incident, "the incident", within_s=60)
    until(lambda: history(product, "incident-when-withdrawn")[0]["effects"][0]["state"] == "done", "it to be known")
    closed = {"state": "Closed", "close_code": "Solved (Permanently)", "close_notes": "Done."}
    product.control("servicenow/edit", type="incident", id=made["sys_id"], fields=closed)
    name = f"after-{made['number']}"

    def asked():
        found = product.call("GET", "/api/v1/requests", role="agent_developer").json()["items"]
        return next((each for each in found if each["resource"]["name"] == name), None)

    request = until(asked, "the approval to be asked for", within_s=60)
    assert (request["state"], request["requester"]["name"]) == ("pending", "Rule ask-when-closed")
    assert history(product, "ask-when-closed")[0]["chain"] == ["incident-when-withdrawn"]


@pytest.mark.row("N5")
async def test_a_field_of_a_ticket_follows_what_is_said_here_and_the_console_shows_what_stood_there(product, browser):
    _agent, request_id = opened(product, "marked")
    ticket = until(lambda: ticket_in(request_of(product, request_id)), "the request's ticket")
    note = {"text": "We can go back within the hour."}
    said = product.call("POST", f"/api/v1/requests/{request_id}/comments", role="agent_developer", json=note)
    assert said.status_code < 300, said.text

    def change():
        return next(one for one in product.records("servicenow", "change_request") if one["number"] == ticket["number"])

    words = f"{product.email('agent_developer')} on {request_of(product, request_id)['reference']}: {note['text']}"
    until(lambda: change()["backout_plan"] == words, "the field to be written", within_s=60)
    effect = until(lambda: next(iter(history(product, "mark-what-is-discussed")), None), "its history")["effects"][0]
    assert effect["values"] == {"fields.backout_plan": words, "before.backout_plan": ""}
    async with console_as(browser, product, ADMINISTRATOR) as page:
        await page.goto(address(product, "/automation/mark-what-is-discussed"))
        await page.locator("summary", has_text="Update the ticket (servicenow)").first.click()
        await expect(page.locator("dt", has_text="backout_plan before")).to_be_visible()


@pytest.mark.row("N5")
async def test_a_rule_is_watched_rehearsed_and_held_up_in_the_console(product, browser, tmp_path):
    opened(product)
    until(lambda: history(product, "only-rehearse"), "the rule to be concerned")
    async with console_as(browser, product, ADMINISTRATOR) as page:
        await page.goto(address(product, ""))
        await page.get_by_role("link", name="Automation").click()
        await expect(page.get_by_role("article", name="pass-on-what-is-said")).to_contain_text("Acts")
        await page.get_by_role("link", name="only-rehearse").click()
        await page.get_by_label("How far back").select_option("1d")
        await page.get_by_role("button", name="Rehearse").click()
        tried = page.get_by_role("status").filter(has_text="Would act")
        await expect(tried).to_contain_text("is asked for by Dana Reyes.")
        await page.get_by_role("button", name="Pause").click()
        await expect(page.get_by_role("status").first).to_contain_text("The rule is paused")
        await page.get_by_role("button", name="Resume").click()
        await expect(page.get_by_role("status").first).to_contain_text("The rule acts again")


@pytest.mark.row("N5", "B9")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_of_rules_are_readable_and_fit_a_narrow_screen(product, browser, scheme, tmp_path):
    opened(product)
    until(lambda: history(product, "only-rehearse"), "the rule to be concerned")
    async with console_as(browser, product, ADMINISTRATOR, scheme=scheme, width=360) as page:
        for name, path in (("all", "/automation"), ("one", "/automation/only-rehearse")):
            await page.goto(address(product, path))
            await expect(page.get_by_role("heading", level=1)).to_have_count(1)
            assert await page.evaluate("document.documentElement.scrollWidth") == 360, path
            found = await page.evaluate(CONTRASTS)
            assert len(found) > 5
            low = [each for each in found if each["ratio"] < CONTRAST_MIN]
            assert low == [], json.dumps(low[:5], ensure_ascii=False)
            await page.screenshot(path=tmp_path / f"{name}-{scheme}.png", full_page=True)


@pytest.mark.row("N5", "R6")
def test_rules_by_api_are_for_whoever_may_view_the_audit_and_errors_say_what_is_accepted(product):
    marc = product.status["tenants"]["northwind"]["people"]["marc.fischer@northwind.example"]["token"]
    assert product.call("GET", RULES, token=marc).json()["items"] == []
    assert "No rules yet" in product.call("GET", "/console/automation", token=marc).text
    assert product.call("GET", f"{RULES}/only-rehearse/history", token=marc).status_code == 404
    listed = product.call("GET", RULES, role=ADMINISTRATOR).json()["items"]
    assert {"only-rehearse", "ask-when-closed"} <= {each["name"] for each in listed}
    refused = product.call("POST", f"{RULES}/only-rehearse/dry-run", role=ADMINISTRATOR, json={"since": "ever"})
    assert (refused.status_code, "7d" in refused.text) == (422, True)
    assert product.call("POST", f"{RULES}/only-rehearse/pause", role="audit_reviewer").status_code == 403
