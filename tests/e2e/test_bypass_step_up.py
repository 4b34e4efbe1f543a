"""A bypass that waits for a second factor: asked for in chat, confirmed in the browser, and only then granted (E1, X2)."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
import time

import pytest
from playwright.async_api import expect

from tests.e2e.test_signin import a_browser, fill_sign_in, set_up_app
from tests.product import ROOT, TENANT

HOLDER = "meta_agent_manager"
CAREFUL = '  bypass: {allowed_roles: ["meta_agent_manager"], step_up: {assurance: mfa, max_age: "5 minutes"}}\n'


@pytest.fixture(scope="module")
def careful(new_product, tmp_path_factory):
    """One whose tenant asks for a second factor before a bypass."""
    file = tmp_path_factory.mktemp("tenant") / "tenant.yaml"
    file.write_text((ROOT / "config" / "tenants" / f"{TENANT}.yaml").read_text() + CAREFUL)
    with new_product() as product:
        environ = {key: value for key, value in os.environ.items() if not key.startswith("COUNTERSIGN_")}
        environ |= {"COUNTERSIGN_DATA_DIR": str(product.data)}
        command = [sys.executable, "-m", "app", "tenant", "create", "--file", str(file)]
        subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60, check=True)
        yield product


def running(product, agent):
    found = product.call("GET", "/api/v1/bypasses", role="audit_reviewer").json()["items"]
    return [each for each in found if each["resource"] == agent]


def asked(product, email, agent):
    """What the person sees once they have sent the form of /bypass."""
    opened = product.control("slack/command", user=email, channel="emergency", text="/bypass")
    values = {
        "action": "agent.deploy",
        "agent": agent,
        "duration": "1800",
        "justification": "The desk is down since 02:10 and customers wait.",
    }
    sent = product.control("slack/submit", user=email, view_id=opened["modal"]["view_id"], values=values)
    assert not sent.get("errors"), sent
    return sent


@pytest.mark.row("E1", "I5", "X2")
async def test_a_bypass_asked_for_in_chat_is_granted_when_its_second_factor_is_shown(careful):
    base, email = careful.status["base_url"], careful.email(HOLDER)
    agent = f"night-desk-{secrets.token_hex(3)}"
    assert "/console/security" in str(asked(careful, email, agent)), "who has no second factor is led to set one up"
    async with a_browser() as page:
        await page.goto(f"{base}/console")
        await fill_sign_in(page, email, careful.people[email]["password"])
        app, _ = await set_up_app(page, base, careful.people[email]["password"])
        sent = asked(careful, email, agent)
        told = re.search(rf"{re.escape(base)}/step-up/bypass/[\w.-]+", str(sent))
        assert told, sent
        assert running(careful, agent) == []
        await page.goto(told[0])
        await expect(page.get_by_role("heading", name="Confirm the emergency bypass")).to_be_visible()
        await expect(page.locator("main")).to_contain_text("This skips every approval")
        await expect(page.locator("main")).to_contain_text(agent)
        await page.get_by_label("Code").fill("000000")
        await page.get_by_role("button", name="Bypass now").click()
        await expect(page.get_by_role("alert")).to_contain_text("not valid")
        assert running(careful, agent) == []
        await page.get_by_label("Code").fill(app.at(time.time() + 30))
        await page.get_by_role("button", name="Bypass now").click()
        await expect(page.locator("p.said")).to_contain_text("The bypass is active")
        await page.goto(told[0])
        await expect(page.locator("main")).not_to_contain_text("Bypass now")
    (bypass,) = running(careful, agent)
    assert (bypass["state"], bypass["assurance"]) == ("active", "mfa")
