"""A chat account is linked by its person: asked for in chat, confirmed in a real browser, finished in chat (X2)."""

import os
import re
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browsing import chromium
from tests.product import ROOT, TENANT, until

CONTRASTS = Path(__file__).with_name("contrasts.js").read_text()
PICTURES = os.environ.get("COUNTERSIGN_PICTURES")  # a folder: what the pages look like, to look at


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


async def come_with_token(page, product, email, address):
    await page.goto(address)
    await page.get_by_label("API token").fill(product.people[email]["token"])
    await page.get_by_role("button", name="Use token").click()


async def look_at(page, name):
    low = [each for each in await page.evaluate(CONTRASTS) if each["ratio"] < 4.5]
    assert low == []
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if PICTURES:
        await page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def typed(product, email, text):
    """What the person's chat account, and it alone, is answered."""
    return str(product.control("slack/command", user=email, channel="approvals", text=text)["ephemeral"])


def link_for(product, email):
    told = typed(product, email, "/approve link")
    return re.search(rf"{re.escape(product.status['base_url'])}/console/link/[\w.-]+", told)[0]


def accounts_of(product, role):
    users = product.call("GET", "/api/v1/users", role="enterprise_administrator").json()["items"]
    user = next(each["id"] for each in users if each["email"] == product.email(role))
    path = f"/api/v1/users/{user}/chat-accounts"
    found = product.call("GET", path, role="enterprise_administrator").json()["items"]
    return path, [(each["chat_user"], each["linked_by"]) for each in found if each["platform"] == "slack"]


@pytest.mark.row("X2")
async def test_a_person_links_their_account_unlinks_it_and_is_refused_until_they_link_it_again(product):
    email = product.email("agent_operator")
    slack_id, base = product.people[email]["slack_id"], product.status["base_url"]
    async with a_browser() as page:
        await come_with_token(page, product, email, link_for(product, email))
        await expect(page.get_by_role("heading", name="Is this chat account yours?")).to_be_visible()
        await expect(page.get_by_role("alert")).to_have_count(0)
        await expect(page.locator("dl.facts")).to_contain_text(email)
        await look_at(page, "link")
        await page.get_by_label("Your password").fill("not this one, sorry")
        await page.get_by_role("button", name="It is mine").click()
        await expect(page.get_by_role("alert")).to_contain_text("not your present password")
        await page.get_by_label("Your password").fill(product.people[email]["password"])
        await page.get_by_role("button", name="It is mine").click()
        await expect(page.get_by_role("heading", name="One step more, in your chat")).to_be_visible()
        await look_at(page, "link-code")
        line = await page.locator("#link-code").text_content()
        assert "linked to" in typed(product, email, line)
        path, found = accounts_of(product, "agent_operator")
        assert found == [(slack_id, "signed_link")]
        until(lambda: product.message_with(f"@{email}", "is linked to"), "the message to the account")
        assert "No link of this chat account" in typed(product, email, line)  # the code counts once

        await page.goto(f"{base}/console/security")
        slack = page.get_by_role("listitem").filter(has_text=slack_id)  # they may have one in Teams too
        await expect(slack.get_by_text("by you")).to_be_visible()
        await look_at(page, "security")
        await slack.get_by_role("button", name="Unlink").click()
        await expect(page.get_by_role("status").first).to_contain_text("That chat account is unlinked")
        await expect(page.get_by_text("was unlinked")).to_be_visible()
        await look_at(page, "security-unlinked")
    assert "was unlinked" in typed(product, email, "/approve mine")
    assert accounts_of(product, "agent_operator")[1] == []

    administrator = {"role": "enterprise_administrator", "json": {"linked_by": "directory"}}
    done = product.call("PUT", f"{path}/slack/T0ENTERPRISE/{slack_id}", **administrator)
    assert (done.status_code, done.json()["linked_by"]) == (200, "directory")
    assert "was unlinked" not in typed(product, email, "/approve mine")


@pytest.mark.row("X2")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_link_that_somebody_else_sent_says_whose_account_it_is_and_its_sender_gets_nothing(product, scheme):
    attacker, victim = product.email("audit_reviewer"), product.email("meta_agent_manager")
    async with a_browser(scheme=scheme, width=380) as page:
        await come_with_token(page, product, victim, link_for(product, attacker))
        await expect(page.get_by_role("alert").first).to_contain_text("another e-mail address than you")
        await expect(page.locator("dl.facts")).to_contain_text(attacker)
        await look_at(page, f"link-warning-{scheme}")
        await page.get_by_label("Your password").fill(product.people[victim]["password"])
        await page.get_by_role("button", name="It is mine").click()
        line = await page.locator("#link-code").text_content()
        assert "No link of this chat account" in typed(product, victim, line)
    wrong = "/approve link 000000" if not line.endswith("000000") else "/approve link 111111"
    assert "not the code" in typed(product, attacker, wrong)
    assert not [each for each in accounts_of(product, "meta_agent_manager")[1] if each[1] == "signed_link"]


@pytest.mark.row("X2", "I5")
def test_an_administrator_sets_lists_and_takes_accounts_at_the_command_line(product):
    email = product.email("security_manager")

    def run(*words):
        environ = {key: value for key, value in os.environ.items() if not key.startswith("COUNTERSIGN_")}
        environ |= {"COUNTERSIGN_DATA_DIR": str(product.data)}
        command = [sys.executable, "-m", "app", "user", "chat", *words]
        return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=False)

    account = ("slack", "T0ENTERPRISE", product.people[email]["slack_id"])
    done = run("set", TENANT, email, *account, "--directory")
    assert done.returncode == 0, done.stderr
    assert "directory" in run("list", TENANT, email).stdout
    assert run("unlink", TENANT, email, *account).returncode == 0
    assert "was unlinked" in typed(product, email, "/approve mine")
    wrong = run("set", TENANT, email, "slack", "acme", "lee")
    assert (wrong.returncode, "'acme' is not a workspace's id" in wrong.stderr) == (2, True)
    assert run("set", TENANT, email, *account).returncode == 0


@pytest.mark.row("X2", "N1")
async def test_a_person_links_their_account_in_servicenow_by_a_code_that_they_write_on_a_ticket(product):
    email, account, base = product.email("enterprise_administrator"), "bow.ruggeri", product.status["base_url"]
    change = until(
        lambda: next(
            (each for each in product.records("servicenow", "change_request") if each["correlation_id"]), None
        ),
        "a ticket of ours",
    )
    async with a_browser(width=380) as page:
        await come_with_token(page, product, email, f"{base}/console/security")
        tickets = page.get_by_role("region", name="Accounts in ticket systems")
        await tickets.get_by_label("Present password").fill("not this one, sorry")
        await tickets.get_by_role("button", name="Give me a code").click()
        await expect(page.get_by_role("alert").first).to_contain_text("not your present password")
        await tickets.get_by_label("Present password").fill(product.people[email]["password"])
        await tickets.get_by_role("button", name="Give me a code").click()
        await expect(page.get_by_role("heading", name="Now write this in ServiceNow")).to_be_visible()
        await look_at(page, "ticket-code")
        code = await page.locator("#link-code").text_content()
        fields = {"work_notes": f"It is me: {code}", "sys_updated_by": account}
        product.control("servicenow/edit", type="change_request", id=change["sys_id"], fields=fields)
        users = product.call("GET", "/api/v1/users", role="enterprise_administrator").json()["items"]
        path = f"/api/v1/users/{next(each['id'] for each in users if each['email'] == email)}/ticket-accounts"

        def linked():
            found = product.call("GET", path, role="enterprise_administrator").json()["items"]
            return [(each["system"], each["account"], each["linked_by"]) for each in found]

        assert until(linked, "the account to be linked", within_s=40) == [("servicenow", account, "signed_link")]
        await page.goto(f"{base}/console/security")
        await expect(tickets.get_by_role("listitem")).to_contain_text("by you")
        await look_at(page, "security-tickets")
        await tickets.get_by_role("button", name="Unlink").click()
        await expect(page.get_by_role("status").first).to_contain_text("That account is unlinked")
    assert linked() == []
