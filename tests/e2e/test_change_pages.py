"""A change from its draft to its lesson in the browser alone (G2, G3, G6, G8, G10, G11)."""

from __future__ import annotations

import re
import secrets
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, expect

from tests.e2e.test_changes_api import GATES, approved, drafted
from tests.e2e.test_console import CONTRAST_MIN, CONTRASTS, address, browser, console_as

__all__ = ["browser"]  # a fixture
HERE = ZoneInfo("America/New_York")  # where the demo's people are


async def do(page: Page, what: str, **fields: str) -> None:
    """The form with this name is opened, filled in and sent."""
    await page.locator("details.act > summary", has_text=re.compile(f"^{what}$")).click()
    form = page.locator("details.act[open] form").last
    for label, value in fields.items():
        field = form.get_by_label(label.replace("_", " "), exact=False).first
        if await field.evaluate("each => each.tagName") == "SELECT":
            await field.select_option(label=value)
        else:
            await field.fill(value)
    await form.get_by_role("button", name=what, exact=True).click()


def local(hours: float) -> str:
    return f"{datetime.now(HERE) + timedelta(hours=hours):%Y-%m-%dT%H:%M}"


@pytest.mark.row("G2", "G3", "G6", "G11")
async def test_a_change_lives_from_its_draft_to_its_lesson(product, browser):
    word = f"gizmo{secrets.token_hex(4)}"
    async with console_as(browser, product, "agent_developer") as page:
        await page.goto(address(product, "/changes"))
        await page.locator("summary", has_text="New change").click()
        await page.get_by_label("What changes?").fill(f"Raise the {word} limit")
        await page.get_by_label(re.compile("What does it touch")).fill(f"servce:S-{word}")
        await page.get_by_role("button", name="Save draft").click()
        await expect(page.get_by_role("alert")).to_contain_text("There is no kind of resource 'servce'")
        await expect(page.get_by_label("What changes?")).to_have_value(f"Raise the {word} limit")
        await page.get_by_label(re.compile("What does it touch")).fill(f"service:S-{word}")
        await page.get_by_role("button", name="Save draft").click()
        await expect(page.locator("p.said")).to_contain_text("The draft is there")
        reference = re.search(r"CHG-\d+", page.url)[0]
        for gate in ("Testing", "Rollback plan", "Communication"):
            await do(page, "Add evidence", For=gate, What_shows_it="It is there.")
            await expect(page.locator("p.said")).to_contain_text("The evidence stands")
        await do(page, "Submit")
        await expect(page.locator(".headline .status")).to_have_text("Authorise")
        change = product.call("GET", "/api/v1/changes", role="agent_developer", params={"q": word}).json()["items"][0]
        await page.goto(address(product, "/changes/agenda"))
        await expect(page.locator("main")).to_contain_text(reference)
        approved(product, change)
        await page.goto(address(product, f"/changes/{reference}"))
        await do(page, "Schedule", Begins=local(1), Ends=local(-1))
        await expect(page.locator("p.alert")).to_contain_text("A change takes from a minute to")
        await expect(page.get_by_label("Begins")).to_have_value(re.compile(r"\d{4}-"))
        await page.get_by_label("Begins").fill(local(-0.1))
        await page.get_by_label("Ends").fill(local(1))
        await page.locator("details.act[open] form").get_by_role("button", name="Schedule").click()
        await expect(page.locator("p.said")).to_contain_text("It has its time")
        await do(page, "Start")
        await expect(page.locator(".headline .status")).to_have_text("Implement")
        faint = [each for each in await page.evaluate(CONTRASTS) if each["ratio"] < CONTRAST_MIN]
        assert faint == []
        await do(page, "Done", Validation="Passed", Notes="All green.")
        await expect(page.locator(".headline .status")).to_have_text("Review")
        await do(page, "Review", Outcome="Successful", What_was_found="Fine.")
        await expect(page.locator("p.alert")).to_contain_text("somebody other than those who raised")
    async with console_as(browser, product, "meta_agent_manager") as page:
        await page.goto(address(product, f"/changes/{reference}"))
        lesson = f"Warn the {word} team first."
        await do(page, "Review", Outcome="Successful", What_was_found="Fine.", Lessons=lesson, Tags=f"{word}, notice")
        await expect(page.locator(".headline .status")).to_have_text("Closed")
        await expect(page.locator("section", has_text="Review").last).to_contain_text(lesson)
    found = product.call("GET", "/api/v1/lessons", role="agent_developer", params={"q": word}).json()["items"]
    assert [(each["change"], each["tags"]) for each in found] == [(reference, [word, "notice"])]
    await is_taught(product, browser, word, lesson)


async def is_taught(product, browser, word: str, lesson: str) -> None:
    """A change like it is told of the lesson, on a narrow screen too."""
    like = {"title": f"Lower the {word} limit", "type": "agent_update", "resources": [f"service:S-{word}"]}
    drafted = product.call("POST", "/api/v1/changes", role="agent_developer", json=like).json()
    async with console_as(browser, product, "agent_developer", width=360) as page:
        await page.goto(address(product, f"/changes/{drafted['reference']}"))
        await expect(page.get_by_role("heading", name="What changes like it have taught")).to_be_visible()
        await expect(page.locator("main")).to_contain_text(lesson)
        overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert overflow <= 0


@pytest.mark.row("G2", "B9")
async def test_a_change_that_others_move_on_is_shown_as_it_stands_without_a_reload(product, browser):
    change = drafted(product, title="Watch me")
    async with (
        console_as(browser, product, "meta_agent_manager") as page,
        console_as(browser, product, "agent_operator") as everything,
    ):
        await page.goto(address(product, f"/changes/{change['reference']}"))
        await everything.goto(address(product, "/changes"))
        for gate in GATES:
            body = {"gate": gate, "summary": f"Shown: {gate}."}
            product.call("POST", f"/api/v1/changes/{change['id']}/evidence", role="agent_developer", json=body)
        product.call("POST", f"/api/v1/changes/{change['id']}/submit", role="agent_developer")
        row = everything.get_by_role("row", name=re.compile(change["reference"]))
        await expect(row).to_contain_text("Authorise", timeout=10_000)
        await expect(page.locator(".headline .status")).to_have_text("Authorise", timeout=10_000)
        await expect(page.locator("main")).to_contain_text("Shown: testing.")


@pytest.mark.row("G4")
async def test_what_feels_a_change_is_drawn_and_stands_in_a_table(product, browser):
    word = secrets.token_hex(4)
    for dependent, needs in ((f"service:B-{word}", f"service:A-{word}"), (f"service:C-{word}", f"service:B-{word}")):
        body = {"dependent": dependent, "needs": needs}
        assert product.call("PUT", "/api/v1/dependencies", role="agent_developer", json=body).status_code == 200
    body = {"title": "Move A", "type": "configuration_change", "resources": [f"service:A-{word}"]}
    change = product.call("POST", "/api/v1/changes", role="agent_developer", json=body).json()
    path = f"/api/v1/changes/{change['id']}/impact"
    felt = product.call("GET", path, role="agent_developer").json()["felt"]
    assert felt[-1] == {
        "resource": f"service:C-{word}",
        "distance": 2,
        "path": [f"service:{each}-{word}" for each in "ABC"],
    }
    picture = product.call("GET", f"{path}/chart", role="agent_developer", params={"format": "png"})
    assert picture.content.startswith(b"\x89PNG")
    async with console_as(browser, product, "agent_developer") as page:
        await page.goto(address(product, f"/changes/{change['reference']}"))
        image = page.get_by_role("img", name=re.compile("2 more feel it, up to 2 steps away"))
        await image.scroll_into_view_if_needed()
        await expect(image).to_have_js_property("complete", True)
        assert await image.evaluate("each => each.naturalWidth") > 100
        await page.locator("summary", has_text="As a table").click()
        await expect(page.get_by_role("row", name=f"service:C-{word} 2 service:B-{word}")).to_be_visible()
