"""Signing in with a password, setting up an authenticator app, and deciding with it: in a real browser and from chat."""

import json
import os
import re
import secrets
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path

import pyotp
import pytest
from playwright.async_api import expect

from tests.browsing import chromium
from tests.product import ROOT, TENANT, another_server, until

CONTRASTS = Path(__file__).with_name("contrasts.js").read_text()
CAREFUL = """
Agent Creation Approval:
  stages:
    - {stage: review, approvers: [security_manager, compliance_manager, audit_reviewer], timeout: 1 hour, assurance: mfa}
"""


@pytest.fixture(scope="module")
def careful(product, tmp_path_factory):
    """A second server of the same installation, whose policy asks for a second factor."""
    folder = tmp_path_factory.mktemp("careful")
    (folder / "policies").mkdir()
    (folder / "policies" / "approvals.yaml").write_text(CAREFUL)
    with another_server(product, folder / "server.log", POLICIES_DIR=str(folder / "policies")) as other:
        yield other


@asynccontextmanager
async def a_browser(*, scheme="light", width=1280):
    """A page; complains at the end of any error or anything that the content security policy refused."""
    complaints = []
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": width, "height": 860}, color_scheme=scheme)
        page.set_default_timeout(20_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda line: (
                complaints.append(line.text)
                if line.type == "error" and "responded with a status of 4" not in line.text
                else None
            ),
        )
        yield page
    assert complaints == []


def asked(careful):
    agent = f"night-desk-{secrets.token_hex(3)}"
    facts = {"name": agent, "sponsor": "s@x.example", "owner": "o@x.example", "business_service": "X"}
    assert careful.decide("agent_developer", "agent.create", **facts)["decision"] == "pending"
    found = careful.call("GET", "/api/v1/requests", role="agent_developer", params={"q": agent}).json()["items"]
    return found[0]["reference"], found[0]["id"]


def votes_on(careful, request_id):
    request = careful.call("GET", f"/api/v1/requests/{request_id}", role="agent_developer").json()
    return [(vote["voter"]["email"], vote["assurance"]) for vote in request["stages"][0]["votes"]]


def step_up_link(product, email, reference):
    """Where a vote by a command in chat waits."""
    answer = product.control("slack/command", user=email, channel="approvals", text=f"/approve yes {reference} Fine.")
    told = str(answer["ephemeral"])
    assert "Confirm it's you" in told
    return re.search(rf"{re.escape(product.status['base_url'])}/step-up/[\w.-]+", told)[0]


async def fill_sign_in(page, email, password, code=""):
    await page.get_by_label("Organisation").fill(TENANT)
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(password)
    await page.get_by_label("One-time code").fill(code)
    await page.get_by_role("button", name="Sign in").click()


async def set_up_app(page, base, password):
    """The reader's new authenticator app, and its recovery codes."""
    await page.goto(f"{base}/console/security")
    await page.get_by_label("Your password").fill(password)
    await page.get_by_role("button", name="Set up an app").click()
    await expect(page.locator("svg.qr")).to_be_visible()
    app = pyotp.TOTP((await page.get_by_text("Key:").locator("code").text_content()).strip())
    await page.get_by_label("Code").fill("000000")
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_role("alert")).to_contain_text("not valid")
    await page.get_by_label("Code").fill(app.at(time.time()))
    await page.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    return app, await page.locator(".codes code").all_text_contents()


@pytest.mark.row("R4", "I5", "X2")
async def test_a_person_signs_in_sets_up_an_app_and_confirms_a_vote_with_it(product, careful):
    base, email = product.status["base_url"], product.email("security_manager")
    password = product.people[email]["password"]
    reference, request_id = asked(careful)
    async with a_browser() as page:
        await page.goto(f"{base}/console/requests/{reference}")
        await fill_sign_in(page, email, "a wrong password")
        await expect(page.get_by_role("alert")).to_contain_text("do not belong together")
        await expect(page.get_by_label("E-mail")).to_have_value(email)
        await fill_sign_in(page, email, password)
        await expect(page).to_have_url(f"{base}/console/security")  # the tenant demands a second factor
        await expect(page.locator(".alert")).to_contain_text("asks for a second factor")
        await page.get_by_role("link", name="Audit").click()
        await expect(page).to_have_url(f"{base}/console/security")

        app, codes = await set_up_app(page, base, password)
        assert len(set(codes)) == 10
        before = (await page.context.cookies())[0]["value"]

        await page.goto(f"{base}/console/requests/{reference}")
        await page.get_by_label("Reason", exact=False).first.fill("Reads only.")
        await page.get_by_role("button", name="Approve").click()
        await expect(page.get_by_role("heading", name="Confirm it is you")).to_be_visible()
        await expect(page.locator("main")).to_contain_text("Reads only.")
        assert votes_on(careful, request_id) == []
        await page.get_by_label("Code").fill("000000")
        await page.get_by_role("button", name="Confirm").click()
        await expect(page.get_by_role("alert")).to_contain_text("not valid")
        await page.get_by_label("Code").fill(app.at(time.time() + 30))
        await page.get_by_role("button", name="Confirm").click()
        await expect(page.locator(".said")).to_have_text("Your vote counts.")
        await expect(page.locator("main")).to_contain_text("confirmed with a second factor")
        assert (await page.context.cookies())[0]["value"] != before
        assert votes_on(careful, request_id) == [(email, "mfa")]

        await page.get_by_role("button", name="Sign out").click()
        await fill_sign_in(page, email, password)  # the password alone is not enough any more
        await expect(page.get_by_role("heading", name="Your second factor")).to_be_visible()
        await page.get_by_label("Code").fill("000000")
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("alert")).to_contain_text("not valid")
        await page.get_by_label("Code").fill(codes[0])
        await page.get_by_role("button", name="Sign in").click()
        await expect(page).to_have_url(f"{base}/console")


@pytest.mark.row("X2", "B3")
async def test_a_vote_in_chat_leads_to_the_browser_and_the_message_follows(product, careful):
    base, email = product.status["base_url"], product.email("compliance_manager")
    password = product.people[email]["password"]
    reference, request_id = asked(careful)
    async with a_browser() as page:
        await page.goto(f"{base}/console")
        await fill_sign_in(page, email, password)
        await expect(page).to_have_url(f"{base}/console/security")
        app, _codes = await set_up_app(page, base, password)
        await page.get_by_role("button", name="Sign out").click()

        link = step_up_link(product, email, reference)
        assert votes_on(careful, request_id) == []
        await page.goto(link)
        await fill_sign_in(page, email, password, app.at(time.time() + 30))
        await expect(page.get_by_role("heading", name="Confirm it is you")).to_be_visible()
        await expect(page.get_by_label("Code")).to_have_count(0)  # it was given on the way in
        await page.get_by_role("button", name="Confirm").click()
        await expect(page.locator(".said")).to_have_text("Your vote counts.")
        await page.goto(link)
        await expect(page.locator("main")).to_contain_text("does not hold")
    assert votes_on(careful, request_id) == [(email, "mfa")]
    until(lambda: "pproved" in str(product.message_with("approvals", reference)), "the channel's message")


@pytest.mark.row("X2", "R4")
async def test_a_passkey_is_made_signs_in_confirms_a_vote_and_is_removed(product, careful):
    base = product.status["base_url"].replace("127.0.0.1", "localhost")  # no key is bound to an IP address
    email = product.email("audit_reviewer")
    password = product.people[email]["password"]
    reference, request_id = asked(careful)
    async with a_browser() as page:
        devtools = await page.context.new_cdp_session(page)
        await devtools.send("WebAuthn.enable")
        device = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
        device |= {"isUserVerified": True, "automaticPresenceSimulation": True}
        await devtools.send("WebAuthn.addVirtualAuthenticator", {"options": device})

        await page.goto(f"{base}/console/security")
        await fill_sign_in(page, email, password)
        await page.get_by_label("Password, to add a key").fill(password)
        await page.get_by_role("button", name="Add a key").click()
        await page.get_by_label("Name").fill("My laptop")
        await page.get_by_role("button", name="Make the key").click()
        await expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
        await expect(page.get_by_text("My laptop", exact=True)).to_be_visible()

        await page.get_by_role("button", name="Sign out").click()
        await page.goto(f"{base}/console/security")
        await fill_sign_in(page, email, password)
        await page.get_by_role("button", name="Use a passkey").click()
        await expect(page.get_by_role("heading", name="My security")).to_be_visible()
        await expect(page.get_by_text("last used").first).to_be_visible()

        link = step_up_link(product, email, reference)
        await page.goto(link.replace("127.0.0.1", "localhost"))
        await page.get_by_role("button", name="Confirm").click()  # the key was used a moment ago
        await expect(page.locator(".said")).to_have_text("Your vote counts.")
        assert votes_on(careful, request_id) == [(email, "mfa")]

        await page.goto(f"{base}/console/security")
        await page.get_by_text("Remove: My laptop").click()
        await page.get_by_role("button", name="Use a passkey").first.click()
        await expect(page.get_by_role("status").first).to_have_text("That key is removed.")


@pytest.mark.row("X2", "B3")
def test_a_form_in_chat_closes_and_the_link_follows_as_a_message(product, careful):
    email = product.email("security_manager")
    reference, _request_id = asked(careful)
    message = until(lambda: product.message_with(f"@{email}", reference, "Approve"), "the direct message")
    button = next(each for each in message["actions"] if each["text"] == "Approve")
    form = product.control(
        "slack/click",
        user=email,
        channel=f"@{email}",
        ts=message["ts"],
        action_id=button["action_id"],
        value=button["value"],
    )["modal"]
    done = product.control("slack/submit", user=email, view_id=form["view_id"], values={})
    assert not done.get("errors")
    told = until(lambda: product.message_with(f"@{email}", "second factor"), "the answer")
    assert re.search(r"/step-up/|/console/security", str(told))


@pytest.mark.row("R4", "B9")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_pages_of_signing_in_are_readable_and_fit_a_narrow_screen(product, scheme):
    base, email = product.status["base_url"], product.email("agent_operator")
    async with a_browser(scheme=scheme, width=360) as page:
        for path in ("/console/signin", "/console/security", "/console/enrol/nobody.nothing"):
            await page.goto(base + path)
            if path.endswith("security"):
                await fill_sign_in(page, email, product.people[email]["password"])
                await expect(page.get_by_role("heading", name="My security")).to_be_visible()
                await page.get_by_label("Your password").fill(product.people[email]["password"])
                await page.get_by_role("button", name=re.compile("Set up an app|Start anew")).click()
                await expect(page.locator("svg.qr")).to_be_visible()
            low = [each for each in await page.evaluate(CONTRASTS) if each["ratio"] < 4.5]
            assert low == []
            assert await page.evaluate("document.documentElement.scrollWidth") == 360, path
            named = "[...document.querySelectorAll('input:not([type=hidden])')].every(e => e.labels.length > 0)"
            assert await page.evaluate(named), path


def invited(product, email):
    """The link that the command line makes."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("COUNTERSIGN_")}
    environ |= {"COUNTERSIGN_DATA_DIR": str(product.data), "COUNTERSIGN_PUBLIC_URL": product.status["base_url"]}
    command = [sys.executable, "-m", "app", "user", "invite", TENANT, email, "--json"]
    done = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)["link"]


@pytest.mark.row("R4", "I5")
async def test_an_invited_person_chooses_a_password_and_ends_a_session_that_they_left_open(product):
    base, email = product.status["base_url"], product.email("agent_developer")
    link = invited(product, email)
    async with a_browser() as page, a_browser() as left_open:
        await page.goto(link)
        await page.get_by_role("textbox", name="Password").fill("password1234")
        await page.get_by_role("button", name="Set password").click()
        await expect(page.get_by_role("alert")).to_contain_text("anybody would guess")
        await page.get_by_role("textbox", name="Password").fill("seven quiet lamps")
        await page.get_by_role("button", name="Set password").click()
        await expect(page.get_by_role("status").first).to_contain_text("Your password is set")
        for browser in (left_open, page):
            await browser.goto(f"{base}/console/security")
            await fill_sign_in(browser, email, "seven quiet lamps")
            await expect(browser.get_by_role("heading", name="My security")).to_be_visible()
        await expect(page.get_by_text("This browser")).to_have_count(1)
        await page.get_by_role("button", name=re.compile("^End it")).first.click()
        await expect(page.get_by_role("status").first).to_have_text("That session is over.")
        await left_open.reload()
        await expect(left_open.get_by_role("heading", name="Sign in")).to_be_visible()
        await page.goto(link)
        await expect(page.locator("main")).to_contain_text("does not hold")
