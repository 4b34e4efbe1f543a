"""Reports of costs from outside: usage goes in by the API; dashboard, forecast, return and statements come out (C7-C10)."""

from __future__ import annotations

import csv
import json
import os
import random
import secrets
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path

import openpyxl
import pytest
from playwright.async_api import expect
from pypdf import PdfReader

from tests.cost_books import sleepless
from tests.e2e.test_console import CONTRAST_MIN, CONTRASTS, address, browser, console_as
from tests.product import ROOT, TENANT
from tests.unit.core.finance import focus_spec

__all__ = ["browser"]  # a fixture
READER = "audit_reviewer"
PRICES = {"cpu_hours": Decimal("0.10"), "agent_monitoring": Decimal("0.50"), "security_scanning": Decimal(1)}
AGENTS = ("reader", "sorter")
DAYS = 75


@pytest.fixture(scope="module")
def project(product):
    """A project of its own with ten weeks of usage, and the cost centre that it belongs to: its name, and its usage."""
    name = f"project-{secrets.token_hex(3)}"
    chance = random.Random(3)
    now = datetime.now(UTC)
    events = []
    for number in range(1, DAYS):
        at = now - timedelta(days=number)
        share = Decimal("0.3") if at.weekday() > 4 else Decimal(1)
        for agent in AGENTS:
            about = {"project": name, "agent": f"{name}-{agent}", "time": at.isoformat()}
            hours = share * chance.randint(360, 440) / 10
            for meter, quantity in (("cpu_hours", hours), ("agent_monitoring", 1), ("security_scanning", share * 10)):
                key = f"{name}/{agent}/{meter}/{number}"
                events.append({"id": key, "meter": meter, "quantity": str(quantity), **about})
    told = product.call("POST", "/api/v1/usage", role="meta_agent_manager", json={"events": events})
    assert told.json()["accepted"] == len(events), told.text
    centre = {"code": name[-6:].upper(), "title": f"Centre of {name}"}
    assert product.call("PUT", "/api/v1/costs/centres", role="meta_agent_manager", json=centre).ok
    turn = {"kind": "project", "subject": name, "starts_on": "2020-01-01", "cost_centre": centre["code"]}
    assert product.call("PUT", "/api/v1/costs/centres/assignments", role="meta_agent_manager", json=turn).ok
    return name, events


def get(product, path, *, role=READER, **params):
    answer = product.call("GET", f"/api/v1/costs/{path}", role=role, params=params)
    assert answer.status_code == 200, answer.text
    return answer


def cost(events, *, since, until, **about):
    return sum(
        (
            Decimal(each["quantity"]) * PRICES[each["meter"]]
            for each in events
            if since <= each["time"][:10] < until and all(each[name] == value for name, value in about.items())
        ),
        Decimal(0),
    )


def last_month():
    until = datetime.now(UTC).date().replace(day=1)
    return (until - timedelta(days=1)).replace(day=1).isoformat(), until.isoformat()


@pytest.mark.row("C7", "C8")
def test_the_way_down_the_trend_and_the_forecast_are_what_was_told(product, project):
    name, events = project
    since, until = (datetime.now(UTC).date() - timedelta(days=30)).isoformat(), datetime.now(UTC).date().isoformat()
    found = get(product, "breakdown", project=name, since=since, until=until).json()
    assert Decimal(found["total"]["amount"]) == cost(events, since=since, until=until)
    assert (found["by"], {each["name"] for each in found["items"]}) == ("agent", {f"{name}-{each}" for each in AGENTS})
    agent = f"{name}-reader"
    found = get(product, "breakdown", project=name, agent=agent, since=since, until=until).json()
    shares = {each["name"]: Decimal(each["cost"]["amount"]) for each in found["items"]}
    assert shares == {meter: cost(events, since=since, until=until, agent=agent, meter=meter) for meter in PRICES}
    trend = get(product, "trend", project=name).json()
    assert trend["weekdays"][6] < 0.6 < trend["weekdays"][0]
    forecast = get(product, "forecast", project=name, days=14).json()
    assert len(forecast["items"]) == 14
    assert forecast["total"]["low"] < forecast["total"]["expected"] < forecast["total"]["high"]
    assert forecast["back_test"]["error"] < 0.15
    for chart in ("trend/chart", "forecast/chart"):
        assert get(product, chart, project=name, format="svg").text.startswith("<svg")


@pytest.mark.row("C9")
def test_the_return_on_an_agent_has_its_payback_and_what_it_hangs_on(product):
    agent = "invoice-matcher"
    now = datetime.now(UTC)
    usage = {"id": secrets.token_hex(8), "meter": "cpu_hours", "quantity": "500", "agent": agent, "project": "roi"}
    told = product.call(
        "POST",
        "/api/v1/usage",
        role="meta_agent_manager",
        json={"events": [{**usage, "time": (now - timedelta(days=20)).isoformat()}]},
    )
    assert told.ok, told.text
    body = {
        "agent": agent,
        "kind": "time_saved",
        "title": "Matching by hand",
        "likely": "30",
        "low": "10",
        "high": "45",
        "hourly_rate": "40",
        "currency": "USD",
        "starts_on": (now - timedelta(days=60)).date().isoformat(),
    }
    in_francs = {**body, "currency": "CHF"}
    refused = product.call("POST", "/api/v1/costs/benefits", role="meta_agent_manager", json=in_francs)
    (fault,) = refused.json()["errors"]
    assert (refused.status_code, fault["accepted"]) == (422, ["USD"])
    said = product.call("POST", "/api/v1/costs/benefits", role="meta_agent_manager", json=body)
    assert said.status_code == 201, said.text
    (found,) = get(product, "roi", agent=agent).json()["items"]
    assert Decimal(found["running_cost"]["amount"]) >= 50
    assert Decimal(found["benefits"]["time_saved"]["amount"]) > 2000
    assert found["roi"] > 1
    assert found["payback"]["reached"] is True
    assert {"title": "Matching by hand", "low": "10.00", "high": "45.00"}.items() <= found["sensitivity"][0].items()
    removed = product.call("DELETE", f"/api/v1/costs/benefits/{said.json()['id']}", role="meta_agent_manager")
    assert removed.status_code == 204


@pytest.mark.row("C10")
def test_a_statement_is_the_same_in_every_form_and_adds_up_to_the_cent(product, project):
    name, events = project
    since, until = last_month()
    made = get(product, "chargeback").json()
    assert made["period"] == since[:7]
    (centre,) = [each for each in made["items"] if each["title"] == f"Centre of {name}"]
    assert Decimal(centre["exact"]["amount"]) == cost(events, since=since, until=until)
    total = Decimal(made["amount"]["amount"])
    assert (
        sum(Decimal(each["amount"]["amount"]) for each in made["items"]) + Decimal(made["rounding"]["amount"]) == total
    )

    query = {"group_by": "cost_centre", "project": name, "since": since, "until": until}
    (by_centre,) = product.call("GET", "/api/v1/costs", role=READER, params=query).json()["items"]
    assert (by_centre["cost_centre"], by_centre["cost"]) == (centre["cost_centre"], centre["exact"])

    rows = list(csv.DictReader(StringIO(get(product, "chargeback", format="csv", period=since[:7]).text)))
    assert sum(Decimal(row["amount"]) for row in rows) == total
    for version in ("1.2", "1.3"):
        answer = get(product, "chargeback", format="focus", version=version)
        rows = focus_spec.read(answer.content.decode(), version=version)
        assert sum(Decimal(row["BilledCost"]) for row in rows) == total
        assert "attachment" in answer.headers["Content-Disposition"]
    book = openpyxl.load_workbook(BytesIO(get(product, "chargeback", format="xlsx").content))
    assert Decimal(str(list(book["Cost centres"].values)[-1][3])) == total
    text = "".join(
        page.extract_text() for page in PdfReader(BytesIO(get(product, "chargeback", format="pdf").content)).pages
    )
    assert f"Centre of {name}" in text
    assert f"{total:,.2f}" in text


@pytest.mark.row("C6")
def test_what_could_cost_less_is_found_accepted_as_a_change_or_dismissed_with_a_reason(product):
    events = sleepless("invoice-matcher", datetime.now(UTC))
    assert product.call("POST", "/api/v1/usage", role="meta_agent_manager", json={"events": events}).ok

    def post(path, **body):
        path = f"/api/v1/costs/recommendations/{path}"
        return product.call("POST", path, role="meta_agent_manager", json=body or None)

    found = [each for each in post("find").json()["items"] if each["kind"] == "schedule"]
    if found:  # else another test has settled it before
        (advice,) = found
        assert advice["agent"] == "invoice-matcher"
        assert Decimal(advice["saving"]["amount"]) > 300
        accepted = post(f"{advice['id']}/accept").json()
        assert accepted["state"] == "accepted"
        change = product.call("GET", f"/api/v1/changes/{accepted['change_id']}", role=READER).json()
        assert (change["state"], change["resources"]) == ("draft", ["agent:invoice-matcher"])
        assert post(f"{advice['id']}/dismiss", reason="Too late.").status_code == 409
    listed = get(product, "recommendations", state="accepted").json()["items"]
    assert "schedule" in {each["kind"] for each in listed}


@pytest.mark.row("C11")
def test_a_budget_is_explained_by_price_volume_and_mix(product, project):
    name, _events = project
    body = {"name": name, "amount": {"amount": "500.00", "currency": "USD"}, "period": "month", "project": name}
    made = product.call("POST", "/api/v1/budgets", role="tenant_administrator", json=body)
    assert made.ok, made.text
    (found,) = get(product, "variance", budget=made.json()["reference"]).json()["items"]
    figures = {key: Decimal(found[key]["amount"]) for key in ("planned", "actual", "price", "volume", "mix")}
    assert figures["price"] + figures["volume"] + figures["mix"] == figures["actual"] - figures["planned"]
    assert Decimal(found["difference"]["amount"]) == figures["actual"] - figures["planned"]
    assert found["basis"] == "before"
    assert {line["agent"] for line in found["lines"]} == {f"{name}-{each}" for each in AGENTS}
    assert found["budget"] in {each["budget"] for each in get(product, "variance").json()["items"]}


@pytest.mark.row("C7", "C10", "X9")
@pytest.mark.parametrize(
    ("path", "params", "status"),
    [
        ("breakdown", {"since": "2026-02-30"}, 422),
        ("breakdown", {"since": "2026-03-01", "until": "2026-02-01"}, 422),
        ("breakdown", {"since": "2000-01-01", "until": "2199-01-01"}, 422),
        ("forecast", {"days": "0"}, 422),
        ("roi", {"agent": "nobody-here"}, 422),
        ("chargeback", {"period": "2026-13"}, 422),
        ("chargeback", {"period": "November"}, 422),
        ("chargeback", {"format": "docx"}, 422),
        ("chargeback", {"format": "focus", "version": "0.9"}, 422),
        ("trend", {"currency": "XXX"}, 422),
        ("variance", {"budget": "BUD-"}, 422),
        ("recommendations", {"state": "done"}, 422),
    ],
)
def test_what_is_no_report_is_refused_by_its_place(product, project, path, params, status):
    answer = product.call("GET", f"/api/v1/costs/{path}", role=READER, params=params)
    assert answer.status_code in {400, status}, answer.text
    assert answer.json()["errors"] or answer.json()["detail"]


@pytest.mark.row("C7", "C8", "C9", "C10", "R3")
async def test_the_console_leads_from_the_tenant_down_to_the_events_and_to_the_files(
    product, project, browser, tmp_path
):
    name, _events = project
    async with console_as(browser, product, READER) as page:
        await page.goto(address(product, "/costs?days=90"))
        await page.get_by_role("link", name=name, exact=True).click()
        await expect(page.locator("nav.crumbs")).to_contain_text(name)
        await page.get_by_role("link", name=f"{name}-reader", exact=True).click()
        await page.get_by_role("link", name="cpu_hours", exact=True).click()
        await expect(page.locator("main")).to_contain_text(f"{name}/reader/cpu_hours/1")
        for path, words in (
            (f"/costs/forecast?project={name}", "How good it is"),
            ("/costs/roi", "Return on agents"),
            ("/costs/chargeback", f"Centre of {name}"),
            ("/costs/variance", "Budgets against costs"),
            ("/costs/recommendations", "What could cost less"),
            (f"/costs?project={name}", "By agent"),
        ):
            await page.goto(address(product, path))
            await expect(page.locator("main")).to_contain_text(words)
            for image in await page.locator("main img").all():
                await image.scroll_into_view_if_needed()
                await expect(image).to_have_js_property("complete", value=True)
                assert await image.evaluate("each => each.naturalWidth") > 0
            assert [each for each in await page.evaluate(CONTRASTS) if each["ratio"] < CONTRAST_MIN] == []
            await page.screenshot(
                path=tmp_path / f"{path.split('?')[0].strip('/').replace('/', '-')}.png", full_page=True
            )
        await page.goto(address(product, "/costs/chargeback"))
        async with page.expect_download() as download:
            await page.get_by_role("link", name="PDF", exact=True).click()
        file = await download.value
        assert file.suggested_filename.endswith("-USD.pdf")
        await file.save_as(tmp_path / file.suggested_filename)


async def declared(page, fields):
    """What an agent is worth is declared, with these fields changed."""
    for label, value in fields.items():
        await page.get_by_label(label).fill(value)
    await page.get_by_role("button", name="Declare it").click()


@pytest.mark.row("C9", "C10", "R3", "R6")
async def test_centres_and_what_agents_are_worth_are_said_in_the_browser(product, browser):
    code, agent = f"BR-{secrets.token_hex(3)}", "invoice-matcher"
    async with console_as(browser, product, "meta_agent_manager") as page:
        said, alert = page.locator("p.said"), page.get_by_role("alert")
        await page.goto(address(product, "/costs/centres"))
        await page.locator("summary", has_text="Name a cost centre").click()
        await page.get_by_label("Code").fill(f"{code} !")
        await page.get_by_label("Title").fill("Browsing")
        await page.get_by_role("button", name="Name it").click()
        await expect(alert).to_contain_text("up to 40 letters")
        await expect(page.get_by_label("Title")).to_have_value("Browsing")
        await page.get_by_label("Code").fill(code)
        await page.get_by_role("button", name="Name it").click()
        await expect(said).to_contain_text("is there")
        await page.locator("summary", has_text="Say what belongs to one").click()
        await page.get_by_label("Its name").fill(f"project-{code}")
        await page.get_by_label("From which day on").fill("2026-01-01")
        await page.get_by_label("Cost centre", exact=True).select_option(code)
        await page.get_by_role("button", name="Assign it").click()
        await expect(said).to_contain_text("belongs there")
        await expect(page.locator("div.scroll[aria-label='What belongs to them']")).to_contain_text(f"project-{code}")
        await page.get_by_role("button", name=f"Take back: project-{code} from 2026-01-01").click()
        await expect(said).to_contain_text("never said")
        assert [each for each in await page.evaluate(CONTRASTS) if each["ratio"] < CONTRAST_MIN] == []
        await page.get_by_role("link", name=code, exact=True).click()
        await expect(page.locator("nav.crumbs")).to_contain_text(code)
        await expect(page.locator("select[name=cost_centre]")).to_have_value(code)

        await page.goto(address(product, "/costs/roi"))
        await page.locator("summary", has_text="Say what an agent is worth").click()
        await page.get_by_label("Agent", exact=True).fill(agent)
        await declared(page, {"In words": f"Matching {code}", "Likely": "1,5"})
        await expect(alert).to_contain_text("A comma can be read in two ways")
        await declared(page, {"Likely": "30"})
        await expect(alert).to_contain_text("An hourly rate belongs to time saved")
        await expect(page.get_by_label("In words")).to_have_value(f"Matching {code}")
        await declared(page, {"What an hour is worth": "40", "Currency": "CHF"})
        await expect(alert).to_contain_text("Costs are in USD here, so a benefit in 'CHF' would count nowhere")
        await declared(page, {"Currency": "USD"})
        await expect(said).to_contain_text("from its first day on")
        await expect(page.locator("div.scroll[aria-label='What was said of them']")).to_contain_text(f"Matching {code}")
        assert [each for each in await page.evaluate(CONTRASTS) if each["ratio"] < CONTRAST_MIN] == []
        await page.get_by_role("button", name=f"Withdraw: Matching {code}").click()
        await expect(said).to_contain_text("counts no more")
    for action, resource in (
        ("cost_centre.put", code),
        ("cost_centre.unassigned", f"project:project-{code}"),
        ("benefit.declared", f"agent:{agent}"),
        ("benefit.withdrawn", f"agent:{agent}"),
    ):
        trail = product.call("GET", "/api/v1/audit", role=READER, params={"action": action, "resource": resource})
        assert {each["result"] for each in trail.json()["items"]} >= {"success"}, action
    async with console_as(browser, product, READER) as page:
        for path, form in (("/costs/centres", "Name a cost centre"), ("/costs/roi", "Say what an agent is worth")):
            await page.goto(address(product, path))
            await expect(page.locator("main h1")).to_be_visible()
            await expect(page.locator("summary", has_text=form)).to_have_count(0)


@pytest.mark.row("C9", "C10", "C11")
def test_the_command_line_says_the_same_and_writes_the_files(product, project, tmp_path):
    def report(*arguments):
        environ = {key: value for key, value in os.environ.items() if not key.startswith("COUNTERSIGN_")}
        return subprocess.run(
            [sys.executable, "-m", "app", "report", *arguments],
            cwd=ROOT,
            env={**environ, "COUNTERSIGN_DATA_DIR": str(product.data), "COLUMNS": "160"},
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout

    made = json.loads(report("chargeback", TENANT, "--json"))
    assert made["amount"] == get(product, "chargeback").json()["amount"]
    written = report("chargeback", TENANT, "--format", "focus", "--to", str(tmp_path)).strip()
    rows = focus_spec.read(Path(written).read_bytes().decode())
    assert sum(Decimal(row["BilledCost"]) for row in rows) == Decimal(made["amount"]["amount"])
    assert "pays back" in report("roi", TENANT)
    assert isinstance(json.loads(report("variance", TENANT, "--json")), list)
