"""Tickets are compared with what should be from the command line and from the console (N1, N6)."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
import requests
from playwright.async_api import expect

from tests.e2e.test_console import address, browser, console_as
from tests.e2e.test_console_connectors import ADMINISTRATOR, HUB, card
from tests.e2e.test_ticket_fields import asked, changes_of
from tests.product import ROOT, TENANT, until

__all__ = ["browser"]  # the fixture
pytestmark = pytest.mark.row("N1", "N6")
OURS = ("--tenant", TENANT, "--system", "servicenow")


def reconcile(product, *arguments):
    """`countersign connector reconcile`, with the settings of the running product."""
    systems = requests.get(f"{product.status['sandbox_url']}/control/systems", timeout=30).json()
    itsm = systems["servicenow"]
    wanted = {
        "COUNTERSIGN_DATA_DIR": str(product.data),
        "COUNTERSIGN_SERVICENOW__URL": itsm["url"],
        "COUNTERSIGN_SERVICENOW__USER": itsm["user"],
        "COUNTERSIGN_SERVICENOW__PASSWORD": itsm["password"],
        "COUNTERSIGN_SERVICENOW__TENANT": TENANT,
    }
    environ = {key: value for key, value in os.environ.items() if not key.startswith("COUNTERSIGN_")}
    command = [sys.executable, "-m", "app", "connector", "reconcile", *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        env={**environ, **wanted, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def deleted(product):
    """A request whose ticket somebody has deleted, and its number."""
    _agent, request_id, change = asked(product)
    product.control("servicenow/delete", type="change_request", id=change["number"])
    return request_id, change["number"]


def missing(walk, number):
    found = [one for one in walk["findings"] if one["number"] == number]
    return [(one["what"], one["remedy"]) for one in found]


@pytest.mark.timeout(300)
def test_the_command_line_finds_what_is_missing_and_has_it_made_again(product):
    request_id, number = deleted(product)

    done = reconcile(product, *OURS, "--dry-run", "--json")
    (walk,) = json.loads(done.stdout)
    assert (walk["tenant"], walk["connector"], walk["state"], walk["dry_run"]) == (TENANT, "servicenow", "done", True)
    assert missing(walk, number) == [("missing", "repair")]
    assert done.returncode == (1 if walk["asked"] else 0), done.stderr
    assert changes_of(product, request_id) == []

    shown = reconcile(product, *OURS)
    assert f"{number}: missing" in shown.stdout, shown.stderr
    assert " put right, " in shown.stdout
    (again,) = until(lambda: changes_of(product, request_id), "the ticket to be made again", within_s=60)
    assert again["number"] != number


def test_a_system_that_is_not_connected_is_refused_with_those_that_are(product):
    done = reconcile(product, "--tenant", TENANT, "--system", "remedy")
    assert done.returncode == 2, done.stderr
    assert "No such ticket system is connected." in done.stderr
    assert f"servicenow of {TENANT}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.timeout(300)
async def test_the_button_compares_the_tickets_and_its_card_shows_what_was_found(product, browser, tmp_path):
    request_id, number = deleted(product)
    async with console_as(browser, product, ADMINISTRATOR) as page:
        await page.goto(address(product, "/connectors"))
        await card(page, "ServiceNow").get_by_role("button", name="Compare tickets").click()
        said = "The tickets are compared with what should be; the result appears here."
        await expect(page.get_by_role("status").first).to_have_text(said)
        walk = until(lambda: over(product, number), "the walk to be over", within_s=90)
        await page.goto(address(product, "/connectors"))
        there = card(page, "ServiceNow")
        await expect(there).to_contain_text(f"{walk['walked']} looked at, {walk['repaired']} put right")
        await there.get_by_text("What was found").click()
        await expect(there.get_by_role("listitem").filter(has_text=number)).to_contain_text("put right")
        await page.screenshot(path=tmp_path / "compared.png", full_page=True)
    until(lambda: changes_of(product, request_id), "the ticket to be made again", within_s=60)


def over(product, number):
    """The walk that has found this ticket, once it is over."""
    walks = product.call("GET", f"{HUB}/reconciliations", role=ADMINISTRATOR).json()["items"]
    done = [one for one in walks if one["state"] == "done" and not one["dry_run"]]
    return next((one for one in done if number in {each["ticket"] for each in one["findings"]}), None)


async def test_whoever_may_not_change_the_configuration_compares_no_tickets(product):
    answer = product.call("POST", f"{HUB}/reconcile", role="audit_reviewer", json={})
    assert answer.status_code == 403
