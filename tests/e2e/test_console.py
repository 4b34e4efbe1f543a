"""The console in a real browser: decided by mouse and by keyboard, current by itself, harmless, readable."""

import json
import re
import secrets
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browsing import chromium
from tests.product import TENANT

SEEN_WITHIN_MS = 20_000
CONTRAST_MIN = 4.5  # WCAG 2.2, 1.4.3, AA
PLACES = (
    "",
    "?tab=all",
    "/many",
    "/ask",
    "?tab=drafts",
    "/agents",
    "/budgets",
    "/budgets?q=care&mine=1",
    "/budgets/BUD-1002",
    "/changes",
    "/changes?state=open&type=agent_update&q=limit",
    "/changes/agenda",
    "/changes/calendar",
    "/changes/calendar?from=9999-12-31",
    "/bypasses",
    "/bypasses/report",
    "/costs",
    "/costs/forecast",
    "/costs/roi",
    "/costs/variance",
    "/costs/chargeback",
    "/costs/centres",
    "/costs/recommendations",
    "/incidents",
    "/policies",
    "/analytics",
    "/people",
    "/tenants",
    "/audit",
    "/notifications",
    "/no-such-page",
)
ONE_STAGE = (
    "Agent Creation Approval:\n  stages:\n    - {stage: review, approvers: [security_manager], timeout: 1 hour}\n"
)
CONTRASTS = Path(__file__).with_name("contrasts.js").read_text()


@pytest.fixture
async def browser():
    async with chromium() as opened:
        yield opened


@asynccontextmanager
async def console_as(browser, product, role: str, *, scheme: str = "light", width: int = 1280):
    """A page of the person's own browser; complains at the end of any error or anything that the policy refused."""
    complaints = []
    token = product.people[product.email(role)]["token"]
    context = await browser.new_context(
        viewport={"width": width, "height": 860},
        color_scheme=scheme,
        extra_http_headers={"Authorization": f"Bearer {token}"},
    )
    page = await context.new_page()
    page.set_default_timeout(SEEN_WITHIN_MS)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on(
        "console",
        lambda line: complaints.append(line.text) if line.type == "error" and not is_refusal(line.text) else None,
    )
    yield page
    await context.close()
    assert complaints == []


@pytest.mark.row("R4", "R6")
async def test_a_person_signs_in_with_a_token_decides_and_signs_out(browser, product):
    reference, _agent = asked(product)
    context = await browser.new_context(viewport={"width": 1280, "height": 860})
    page = await context.new_page()
    page.set_default_timeout(SEEN_WITHIN_MS)
    await page.goto(address(product, f"/requests/{reference}"))
    await page.get_by_label("API token").fill("cst_nothing")
    await page.get_by_role("button", name="Use token").click()
    await expect(page.get_by_role("alert")).to_contain_text("does not hold")
    token = product.people[product.email("meta_agent_manager")]["token"]
    await page.get_by_label("API token").fill(token)
    await page.get_by_role("button", name="Use token").click()
    await expect(page).to_have_url(address(product, f"/requests/{reference}"))
    await expect(page.get_by_role("heading", name="Why it goes this way")).to_be_visible()
    (cookie,) = await context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    assert token not in cookie["value"]

    forge = "document.querySelectorAll('input[name=csrf]').forEach(field => field.value = 'forged')"
    await page.evaluate(forge)
    await page.get_by_role("button", name="Approve").first.click()
    await expect(page.get_by_text("This form is out of date.")).to_be_visible()

    await page.goto(address(product, f"/requests/{reference}"))
    await page.get_by_role("button", name="Approve").first.click()
    await expect(page.get_by_role("alert")).to_contain_text("Criterion")  # signed in, it reaches the rules
    await page.get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await context.add_cookies([cookie])  # a copy that somebody kept
    await page.goto(address(product, ""))
    await expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    await context.close()


@pytest.mark.row("P10")
async def test_a_changed_policy_is_checked_and_simulated_in_the_browser(browser, product):
    asked(product)
    async with console_as(browser, product, "tenant_administrator") as page:
        await page.goto(address(product, "/policies"))
        field = page.get_by_label("Policy, as in a policy file")
        await field.fill(ONE_STAGE.replace("approvers", "aprovers"))
        await page.get_by_role("button", name="Check and simulate").click()
        await expect(page.get_by_role("alert")).to_contain_text("your text:3")
        await expect(page.get_by_role("alert")).to_contain_text("Did you mean 'approvers'?")
        await expect(field).to_have_value(re.compile("aprovers"))  # what was typed is kept
        await field.fill(ONE_STAGE)
        await page.get_by_role("button", name="Check and simulate").click()
        await expect(page.get_by_role("status").first).to_contain_text("would go another way")
        await expect(page.get_by_role("status").first).to_be_in_viewport()  # not above, where the policies in force are


@pytest.mark.row("P9", "P10", "P2")
async def test_a_request_is_written_looked_at_kept_as_a_draft_and_sent_from_the_browser(browser, product):
    agent = f"agent-{secrets.token_hex(3)}"
    async with console_as(browser, product, "agent_developer") as page:
        await page.goto(address(product, "/ask"))
        for label, value in (
            ("Agent name", agent),
            ("Owner", product.email("agent_developer")),
            ("Sponsor", product.email("tenant_administrator")),
            ("Business service", "Ledger"),
            ("Further attributes", "no attribute"),
            ("Justification", "Month-end close takes four days."),
        ):
            await page.get_by_label(label).fill(value)
        await page.get_by_role("button", name="What would happen?").click()
        await expect(page.get_by_role("alert")).to_contain_text("environment: production")
        await page.get_by_label("Further attributes").fill("environment: production")
        await page.get_by_role("button", name="What would happen?").click()
        await expect(page.get_by_role("status").first).to_contain_text("4 stages would be decided by people")
        await expect(page.get_by_label("What would happen")).to_contain_text("Runs in production")
        await page.get_by_role("button", name="Save as draft").click()
        await expect(page.get_by_text("Nobody has been asked yet")).to_be_visible()
        await page.goto(address(product, "?tab=drafts"))
        await page.get_by_role("link", name=agent).click()
        await expect(page.get_by_label("Further attributes")).to_have_value("environment: production")
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_text("It is on its way")).to_be_visible()
        await page.goto(address(product, "?tab=drafts"))
        await expect(page.get_by_text(agent)).to_have_count(0)
        await page.goto(address(product, "/ask"))
        await page.get_by_label("Agent name").fill(agent)
        await page.get_by_role("button", name="Send").click()  # without what every agent names
        await expect(page.get_by_role("alert")).to_contain_text("Nobody has been asked.")
        await expect(page.get_by_label("Agent name")).to_have_value(agent)


@pytest.mark.row("R1", "T1", "R6")
async def test_an_enterprise_administrator_looks_at_another_tenant_as_a_guest(browser, product):
    other = next(name for name in product.status["tenants"] if name != TENANT)
    reviewer = product.email("audit_reviewer")
    async with signed_in(browser, product, "enterprise_administrator") as page:
        await expect(page.get_by_text(reviewer)).to_be_visible()
        await page.get_by_role("link", name=TENANT).click()
        await page.get_by_role("button", name="Look at it").click()  # there is one other
        await expect(page.get_by_text(f"You are a guest of {other}")).to_be_visible()
        await page.goto(address(product, "/people"))
        await expect(page.get_by_text(reviewer)).to_have_count(0)
        await expect(page.get_by_text(next(iter(product.status["tenants"][other]["people"])))).to_be_visible()
        await page.get_by_role("button", name=f"Back to {TENANT}").click()
        await expect(page.get_by_role("heading", name="Inbox")).to_be_visible()
        await expect(page.get_by_text("You are a guest")).to_have_count(0)


@pytest.mark.row("R1", "T1", "R6")
async def test_nobody_else_gets_into_another_tenant_also_not_with_a_cookie_made_by_hand(browser, product):
    other = next(name for name in product.status["tenants"] if name != TENANT)
    async with signed_in(browser, product, "agent_developer") as page:
        await expect(page.get_by_role("link", name=TENANT)).to_have_count(0)
        made = {"name": "countersign-tenant", "value": other, "url": product.status["base_url"]}
        await page.context.add_cookies([made])
        await page.goto(address(product, "/people"))
        await expect(page.get_by_text(product.email("audit_reviewer"))).to_be_visible()
        csrf = await page.locator("input[name=csrf]").first.get_attribute("value")
        refused = await page.context.request.post(address(product, "/tenants"), form={"csrf": csrf, "tenant": other})
        assert refused.status == 403
    denied = product.call("GET", "/api/v1/audit", role="audit_reviewer", params={"action": "tenant.enter"}).json()
    assert denied["items"][0]["user_id"] == product.email("agent_developer")


@asynccontextmanager
async def signed_in(browser, product, role: str):
    """The page of people in a browser in which the person has signed in."""
    context = await browser.new_context(viewport={"width": 1280, "height": 860})
    page = await context.new_page()
    page.set_default_timeout(SEEN_WITHIN_MS)
    await page.goto(address(product, "/signin?next=/console/people"))
    await page.get_by_label("API token").fill(product.people[product.email(role)]["token"])
    await page.get_by_role("button", name="Use token").click()
    yield page
    await context.close()


async def test_a_link_to_sign_in_leads_nowhere_else(browser, product):
    context = await browser.new_context()
    page = await context.new_page()
    await page.goto(address(product, "/signin?next=https://evil.example/"))
    await page.get_by_label("API token").fill(product.people[product.email("meta_agent_manager")]["token"])
    await page.get_by_role("button", name="Use token").click()
    await expect(page).to_have_url(address(product, ""))
    await context.close()


def is_refusal(line: str) -> bool:
    """The browser notes each answer of 4xx, also the page that says what is wrong with a form."""
    return "the server responded with a status of 4" in line


def asked(product, name: str | None = None) -> tuple[str, str]:
    """A new request: its reference and the agent's name."""
    agent = name or f"night-desk-{secrets.token_hex(3)}"
    answer = product.decide(
        "agent_developer", "agent.create", name=agent, sponsor="s@x.example", owner="o@x.example", business_service="X"
    )
    assert answer["decision"] == "pending"
    found = product.call("GET", "/api/v1/requests", role="agent_developer", params={"q": agent}).json()["items"]
    return found[0]["reference"], agent


def address(product, path: str) -> str:
    return f"{product.status['base_url']}/console{path}"


def article(page: Page, title: str):
    return page.get_by_role("article", name=title)


@pytest.mark.row("B9", "P1")
async def test_a_request_is_found_in_the_inbox_and_approved(product, browser):
    _reference, agent = asked(product)
    async with console_as(browser, product, "meta_agent_manager") as page:
        await page.goto(address(product, ""))
        await page.get_by_role("link", name=f"Create agent: {agent}").click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text(agent)
        await page.get_by_role("button", name="Reject").click()
        await expect(page.locator("p.error")).to_have_text(
            "Say why you reject it, so that the requester can do better."
        )
        await page.get_by_label("Reason", exact=False).first.fill("Nothing against it.")
        for box in await page.get_by_role("checkbox").all():
            await box.check()
        await page.get_by_role("button", name="Approve").click()
        await expect(page.locator(".said")).to_have_text("Your vote counts.")
        await expect(article(page, "Technical review")).to_contain_text("Nothing against it.")
        await expect(page.get_by_role("button", name="Approve")).to_have_count(0)
        seen = page.get_by_role("region", name="Who has looked at it")
        await expect(seen).to_contain_text("as it stands")
        await expect(seen).to_contain_text("Console")
    stages = product.call("GET", "/api/v1/requests", role="agent_developer", params={"q": agent}).json()["items"][0]
    path = f"/api/v1/requests/{stages['id']}/sightings"
    (looked,) = product.call("GET", path, role="agent_developer").json()["items"]
    assert (looked["person"]["email"], looked["door"]) == (product.email("meta_agent_manager"), "console")
    assert next((each["key"], each["status"]) for each in stages["stages"]) == ("technical_review", "approved")


@pytest.mark.row("B9")
async def test_what_was_typed_and_ticked_is_kept_when_a_vote_is_refused(product, browser):
    reference, _ = asked(product)
    async with console_as(browser, product, "meta_agent_manager") as page:
        await page.goto(address(product, f"/requests/{reference}"))
        await page.get_by_role("checkbox").first.check()
        await page.get_by_label("Reason", exact=False).first.fill("Half of it is met.")
        await page.get_by_role("button", name="Approve").click()
        await expect(page.get_by_role("alert")).to_be_visible()
        await expect(page.get_by_role("checkbox").first).to_be_checked()
        await expect(page.get_by_role("checkbox").nth(1)).not_to_be_checked()
        await expect(page.get_by_label("Reason", exact=False).first).to_have_value("Half of it is met.")


@pytest.mark.row("B9")
async def test_a_request_is_approved_with_the_keyboard_alone(product, browser):
    _reference, agent = asked(product)
    async with console_as(browser, product, "meta_agent_manager") as page:
        await page.goto(address(product, ""))
        await page.keyboard.press("Tab")
        await expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
        await page.keyboard.press("Enter")
        await tab_to(page, "A", f"Create agent: {agent}")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_contain_text(agent)
        for _box in range(await page.get_by_role("checkbox").count()):
            await tab_to(page, "INPUT", "", kind="checkbox")
            await page.keyboard.press("Space")
        await tab_to(page, "BUTTON", "Approve")
        await page.keyboard.press("Enter")
        await expect(page.locator(".said")).to_have_text("Your vote counts.")


async def tab_to(page: Page, tag: str, text: str, *, kind: str = "") -> None:
    for _press in range(80):
        await page.keyboard.press("Tab")
        found = await page.evaluate(
            "() => { const e = document.activeElement; return [e.tagName, e.textContent.trim(), e.type || '',"
            " getComputedStyle(e).outlineStyle] }"
        )
        if found[0] == tag and (not text or found[1] == text) and (not kind or found[2] == kind):
            assert found[3] != "none", f"{text or kind} shows no focus"
            return
    raise AssertionError(f"no {tag} '{text}{kind}' can be reached by Tab")


@pytest.mark.row("B9")
async def test_a_second_browser_sees_the_change_by_itself_and_keeps_what_is_being_typed(product, browser):
    reference, _ = asked(product)
    async with (
        console_as(browser, product, "meta_agent_manager") as decider,
        console_as(browser, product, "agent_developer") as reader,
        console_as(browser, product, "agent_operator") as writer,
    ):
        for page in (decider, reader, writer):
            async with page.expect_response(lambda answer: answer.url.endswith("/console/events")):
                await page.goto(address(product, f"/requests/{reference}"))
        await writer.get_by_label("Text").fill("I am just writing")
        for box in await decider.get_by_role("checkbox").all():
            await box.check()
        await decider.get_by_role("button", name="Approve").click()
        await expect(decider.locator(".said")).to_be_visible()
        await expect(article(reader, "Technical review")).to_contain_text("approved", timeout=SEEN_WITHIN_MS)
        await expect(reader.get_by_role("status").last).to_have_text(f"{reference} was updated.")
        await expect(writer.get_by_role("status").last).to_contain_text("has changed", timeout=SEEN_WITHIN_MS)
        await expect(writer.get_by_label("Text")).to_have_value("I am just writing")


@pytest.mark.row("B9", "X9")
@pytest.mark.parametrize(
    "name",
    ["<script>alert(1)</script>", "\N{RIGHT-TO-LEFT OVERRIDE}evil\N{POP DIRECTIONAL FORMATTING} متجر", "w" * 100],
)
async def test_hostile_text_is_shown_as_text_and_breaks_no_layout(product, browser, name):
    name = f"{name} {secrets.token_hex(3)}"
    reference, agent = asked(product, name)
    async with console_as(browser, product, "meta_agent_manager", width=360) as page:
        for path in ("?tab=all", f"/requests/{reference}"):
            await page.goto(address(product, path))
            await expect(page.locator("main")).to_contain_text(agent)
            assert await page.evaluate("document.documentElement.scrollWidth") == 360
            assert await page.locator("main script").count() == 0


@pytest.mark.row("B9")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_every_text_has_the_contrast_of_wcag_aa(product, browser, scheme):
    reference, _ = asked(product)
    async with console_as(browser, product, "enterprise_administrator", scheme=scheme) as page:
        for path in (*PLACES, f"/requests/{reference}"):
            await page.goto(address(product, path))
            found = await page.evaluate(CONTRASTS)
            assert len(found) > 5
            low = [each for each in found if each["ratio"] < CONTRAST_MIN]
            assert low == [], json.dumps(low[:5], ensure_ascii=False)


@pytest.mark.row("B9")
async def test_every_page_fits_a_narrow_screen_and_names_its_parts(product, browser):
    async with console_as(browser, product, "enterprise_administrator", width=360) as page:
        for path in PLACES:
            await page.goto(address(product, path))
            assert await page.evaluate("document.documentElement.scrollWidth") == 360, path
            assert await page.get_by_role("main").count() == 1
            assert await page.get_by_role("heading", level=1).count() == 1
            assert await page.evaluate(
                "[...document.querySelectorAll('input:not([type=hidden]),select,textarea')]"
                ".every(e => e.labels.length > 0)"
            )


@pytest.mark.row("R6")
def test_whoever_is_unknown_is_sent_to_sign_in_and_another_site_changes_nothing(product):
    reference, _ = asked(product)
    unknown = product.call("GET", f"/console/requests/{reference}", allow_redirects=False)
    assert (unknown.status_code, unknown.headers["Location"]) == (
        303,
        f"/console/signin?next=%2Fconsole%2Frequests%2F{reference}",
    )
    foreign = product.call(
        "POST",
        f"/console/requests/{reference}/comment",
        role="agent_developer",
        data={"kind": "comment", "text": "hello"},
        headers={"Origin": "https://evil.example"},
    )
    assert foreign.status_code == 403
    assert "text/html" in foreign.headers["Content-Type"]
    assert "'unsafe-inline'" not in foreign.headers["Content-Security-Policy"]
    nowhere = product.call("GET", "/console/no-such-page", role="agent_developer")
    assert (nowhere.status_code, nowhere.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.row("P9", "B9")
async def test_a_request_is_changed_voted_on_and_the_vote_taken_back_in_the_browser(product, browser):
    reference, agent = asked(product)
    async with console_as(browser, product, "agent_developer") as page:
        await page.goto(address(product, f"/requests/{reference}"))
        await page.get_by_text("Change what is asked").click()
        await page.get_by_label("Business service").fill("")
        await page.get_by_role("button", name="Change", exact=True).click()
        await expect(page.get_by_role("alert")).to_contain_text("business service")
        await page.get_by_label("Business service").fill("Treasury")
        await page.get_by_role("button", name="Change", exact=True).click()
        await expect(page.locator(".said")).to_contain_text("asked anew")
        await expect(page.get_by_text("revision 2").first).to_be_visible()
    async with console_as(browser, product, "meta_agent_manager") as page:
        await page.goto(address(product, f"/requests/{reference}"))
        for box in await page.get_by_role("checkbox").all():
            await box.check()
        await page.get_by_role("button", name="Approve").click()
        await page.get_by_role("button", name="Undo my vote").click()
        await expect(page.locator(".said")).to_have_text("Your vote is taken back.")
        await expect(page.get_by_role("button", name="Approve")).to_have_count(1)
        await page.get_by_label("Reason", exact=False).first.fill("Too vague")
        await page.get_by_role("button", name="Reject").click()
        await expect(page.locator(".said")).to_have_text("Your vote counts.")
    async with console_as(browser, product, "agent_developer") as page:
        await page.goto(address(product, f"/requests/{reference}"))
        await page.get_by_label("Why should it be looked at again?").fill("It is described now.")
        await page.get_by_role("button", name="Ask again").click()
        await expect(page.locator(".said")).to_contain_text("asked again")
        await expect(page.get_by_role("link", name=reference)).to_be_visible()
        await expect(page.get_by_role("heading", level=1)).to_contain_text(agent)


@pytest.mark.row("P9", "B9")
async def test_many_are_chosen_looked_at_once_more_and_then_approved(product, browser):
    references = [asked(product)[0] for _ in range(2)]
    async with console_as(browser, product, "meta_agent_manager") as page:
        await page.goto(address(product, ""))
        await page.get_by_role("link", name="similar requests of low risk").click()
        await page.get_by_label("Reason").fill("Both are harmless.")
        await page.get_by_role("button", name="Look at them once more").click()
        await expect(page.get_by_role("alert")).to_contain_text("Name 1 to 50")
        for reference in references:
            await page.get_by_role("checkbox", name=reference).check()
        await page.get_by_role("button", name="Look at them once more").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Approve these 2 requests?")
        await page.get_by_role("button", name="Approve").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("2 of 2 approved")


@pytest.mark.row("B9")
def test_when_and_where_one_is_told_is_chosen_at_the_console_and_what_cannot_be_stays_typed(product):
    who = {"role": "audit_reviewer"}
    shown = product.call("GET", "/console/notifications", **who)
    assert '<option value="last_active" selected>' in shown.text
    form = {"digest": "on", "at": "07:45", "platform": "teams", "quiet_hours": "22:00-7:00"}
    chosen = {"digest": "07:45", "platform": "teams", "quiet_hours": "22:00-07:00", "unreachable": []}
    saved = product.call("POST", "/console/notifications", **who, data=form, allow_redirects=False)
    assert (saved.status_code, saved.headers["Location"]) == (303, "/console/notifications?done=saved")
    assert product.call("GET", "/api/v1/preferences", **who).json() == chosen

    refused = product.call("POST", "/console/notifications", **who, data=form | {"at": "14:00", "platform": "slack"})
    assert refused.status_code == 422
    assert "a time from 05:00 to 11:00" in refused.text
    assert '<option value="slack" selected>' in refused.text
    assert product.call("GET", "/api/v1/preferences", **who).json() == chosen

    refused = product.call("POST", "/console/notifications", **who, data=form | {"quiet_hours": "at night"})
    assert (refused.status_code, "such as 22:00-07:00" in refused.text) == (422, True)
    assert 'value="at night" aria-invalid="true"' in refused.text
    assert product.call("GET", "/api/v1/preferences", **who).json() == chosen

    product.call("POST", "/console/notifications", **who, data={"at": "07:45", "platform": "last_active"})
    chosen = {"digest": "off", "platform": "last_active", "quiet_hours": "off", "unreachable": []}
    assert product.call("GET", "/api/v1/preferences", **who).json() == chosen
    again = product.call("PUT", "/api/v1/preferences", **who, json={"digest": "on"})
    assert again.json() == chosen | {"digest": "07:45"}
    wrong = product.call("PUT", "/api/v1/preferences", **who, json={"platform": "mail"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "#/platform")
