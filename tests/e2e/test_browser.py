"""A whole approval by hand in a real browser: the workspace page, the modals, the buttons, the thread."""

import re
import secrets

import pytest
from playwright.async_api import Page, expect
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from tests.browsing import chromium

SEEN_WITHIN_MS = 20_000
APPROVERS = (
    ("meta_agent_manager", "Technical review"),
    ("security_manager", "Security review"),
    ("compliance_manager", "Compliance review"),
    ("tenant_administrator", "Business approval"),
)


@pytest.fixture
async def page(product):
    """A page that complains at the end if it met an error, or asked anybody but the sandbox for anything."""
    complaints = []
    own = product.status["sandbox_url"]
    async with chromium() as browser:
        opened = await browser.new_page(viewport={"width": 1280, "height": 860}, locale="en-GB")
        opened.set_default_timeout(SEEN_WITHIN_MS)
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
        opened.on("request", lambda asked: None if asked.url.startswith(own) else complaints.append(asked.url))
        yield opened
    assert complaints == []


async def open_as(page: Page, product, role: str) -> None:
    await page.goto(f"{product.status['sandbox_url']}/?as={product.email(role)}#C0APPROVALS")
    await expect(page.get_by_role("heading", name="approvals", exact=True)).to_be_visible()


async def act_as(page: Page, product, role: str) -> None:
    name = product.people[product.email(role)]["name"]
    await page.get_by_role("button", name="Acting as").click()
    await page.get_by_role("menuitemradio", name=name).click()
    await expect(page.get_by_role("button", name=f"Acting as {name}")).to_be_visible()


async def open_by(button, form) -> None:
    """Presses the button, and again if the machine was too slow to open the form in Slack's three seconds."""
    for _attempt in range(4):
        try:
            if not await form.is_visible():  # it may have come late, after all
                await button.click(timeout=5_000)
            await expect(form.get_by_role("textbox").first).to_be_visible(timeout=5_000)
        except (AssertionError, PlaywrightTimeoutError):
            await form.page.keyboard.press("Escape")
        else:
            return
    raise AssertionError("the form did not open")


async def ask_for(page: Page, product, agent: str) -> None:
    """The developer types /approve and fills in the form; types it again if the machine was too slow to open it."""
    form = page.get_by_role("dialog")
    for _attempt in range(4):
        await page.get_by_label("Message #approvals").fill("/approve")
        await page.keyboard.press("Escape")
        await page.keyboard.press("Enter")
        try:
            await expect(form).to_be_visible(timeout=5_000)
            break
        except AssertionError:
            continue
    await form.get_by_label("Agent name").fill(agent)
    await form.get_by_label("Sponsor").click()
    await page.get_by_label("Find").fill(product.people[product.email("tenant_administrator")]["name"])
    await page.keyboard.press("Enter")
    await form.get_by_label("Business service").fill("Customer support")
    await form.get_by_label("Justification").fill("Answers the first line of support at night.")
    await form.get_by_role("button", name="Send").click()
    await expect(form).to_be_hidden()


def message_about(page: Page, agent: str):
    return page.locator("#messages article").filter(has_text=f"“{agent}”").filter(has_text="Technical review")


@pytest.mark.row("B1", "B3", "B4", "B10", "P1", "P2")
@pytest.mark.timeout(180)
async def test_a_request_is_asked_for_and_approved_by_four_people_in_the_page(product, page):
    agent = f"night-desk-{secrets.token_hex(3)}"
    await open_as(page, product, "agent_developer")
    await ask_for(page, product, agent)
    message = message_about(page, agent)
    await expect(message).to_contain_text("Waiting for approval", timeout=SEEN_WITHIN_MS)

    for role, stage in APPROVERS:
        await act_as(page, product, role)
        await expect(message).to_contain_text(re.compile(f"▶.*{stage} · waiting for"), timeout=SEEN_WITHIN_MS)
        form = page.get_by_role("dialog", name="Approve")
        await open_by(message.get_by_role("button", name="Approve"), form)
        await form.get_by_label("Reason").fill(f"{stage}: nothing against it.")
        await form.get_by_role("button", name="Approve").click()
        await expect(form).to_be_hidden()
        await expect(message).to_contain_text(re.compile(f"✅.*{stage} · approved by"), timeout=SEEN_WITHIN_MS)

    await expect(message).to_contain_text("✅ Approved", timeout=SEEN_WITHIN_MS)
    await expect(message.get_by_role("button", name="Approve")).to_have_count(0)
    ticket = message.get_by_role("link", name=re.compile(r"CHG\d+"))
    found = [row for row in product.records("servicenow", "change_request") if agent in str(row["short_description"])]
    await expect(ticket).to_have_text(found[0]["number"])
    assert (await ticket.get_attribute("href")).startswith(product.status["systems"]["servicenow"]["url"])
    assert len(found) == 1

    await message.get_by_role("button", name="replies").click()
    await expect(page.get_by_label("Thread", exact=True)).to_contain_text("Business approval: nothing against it.")


@pytest.mark.row("B1", "B3")
async def test_what_is_missing_or_wrong_in_the_form_is_said_at_its_field_and_nothing_is_lost(product, page):
    agent = f"half-filled-{secrets.token_hex(3)}"
    await open_as(page, product, "agent_developer")
    await page.get_by_label("Message #approvals").fill(f"/approve create {agent}")
    await page.keyboard.press("Enter")
    form = page.get_by_role("dialog")
    await expect(form.get_by_label("Agent name")).to_have_value(agent)
    await form.get_by_label("Business service").fill("Customer support")
    await form.get_by_role("button", name="Send").click()
    await expect(form.locator(".b-error:visible")).not_to_have_count(0)
    await expect(form.get_by_label("Agent name")).to_have_value(agent)
    await expect(form.get_by_label("Business service")).to_have_value("Customer support")
    await form.get_by_role("button", name="Close", exact=True).click()
    await expect(form).to_be_hidden()
    assert product.message_with("approvals", agent) is None
