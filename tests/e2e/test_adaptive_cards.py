"""Every card as Microsoft's own library shows it, in a browser as narrow as a phone and as wide as a desk.

It renders what Teams is sent; Teams itself is not here. Pictures of all cards are written to the test's folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import expect

from bot.cards import (
    Card,
    ChecksInput,
    Context,
    Fields,
    Form,
    Heading,
    Option,
    Picture,
    Plain,
    Quote,
    Section,
    SelectInput,
    Strong,
)
from bot.teams import render
from core.charts import PictureFormat, Renderer, Theme, weekly_charts
from core.clock import ManualClock
from core.db import Database
from core.db.embedded import EmbeddedPostgres
from core.db.migrate import derived_app_url, migrate
from core.ids import TenantId
from core.pictures import keep_picture
from core.tenants import TenantPolicy, provision
from tests.browsing import chromium
from tests.factories import KEYRING, START
from tests.unit.bot.every_view import MODEST, VIEWS, WORDS, shown
from tests.unit.bot.readings import Act, teams_dialog, teams_message
from tests.unit.bot.samples import week
from tests.unit.bot.views.test_snapshots import PICTURE
from tests.unit.bot.views.test_snapshots import VIEWS as SHOWN
from web.middleware import header_hook
from web.pictures import picture_routes

TENANT = TenantId("enterprise-corp")
LIBRARIES = Path(__file__).parents[1] / "javascript" / "node_modules"
RENDERER = LIBRARIES / "adaptivecards" / "dist" / "adaptivecards.js"
SCRIPTS = (
    RENDERER,
    LIBRARIES / "markdown-it" / "dist" / "markdown-it.min.js",
    Path(__file__).with_name("adaptive_cards.js"),
)
PAGE = """<!doctype html><meta charset="utf-8"><title>Card</title>
<style>body { margin: 8px } #stage { overflow-wrap: break-word } #stage a { color: var(--link) }</style>
<div id="stage"></div>"""  # a chat breaks words that are longer than its messages are wide
MARKED_UP = ", ".join(f"#stage {tag}" for tag in ("a", "img", "em", "strong", "code", "h1", "li", "s", "table"))
MARGINS = 16  # pixels of the page beside the card
PHONE, DESK = 320, 720  # pixels of the card
DRAWN = '<svg xmlns="http://www.w3.org/2000/svg" width="960" height="400"><rect width="960" height="400"/></svg>'
# The people picker is Teams' own (Microsoft, "People Picker in Adaptive Cards"): the library alone does not know it.
OF_TEAMS_ALONE = re.compile(r'Property "choices\.data"|Input\.ChoiceSet must have at least one choice')
HOSTILE = (
    "**bold** *it* _it_ __b__ ~~gone~~ `code`",
    "[words](https://evil.example)",
    r"\[words\](https://evil.example) \\[a](b)",
    "<https://evil.example> <b>b</b> <at>Dana</at>",
    "# heading",
    "> quoted",
    "- one",
    "+ one",
    "1. one",
    "1) one",
    "---",
    "| a | b |",
    "&lt; &amp; &#42; &copy;",
    "{{DATE(2026-03-10T09:00:00Z, SHORT)}} {{{TIME(2026-03-10T09:00:00Z)}}}",
    "![picture](https://evil.example/a.png)",
    "back\\slash\\* snake_case_name _x",
    "👩‍👩‍👧‍👦 שלום عالم",
)

pytestmark = [
    pytest.mark.row("B7"),
]


@pytest.fixture
async def page():
    """A page with the library, in New York; it complains at the end if it met an error or asked anybody for anything."""
    async with opened_page() as opened:
        yield opened


@asynccontextmanager
async def opened_page(allowed=""):
    """Such a page; it may ask for what is allowed, and for the picture in some of the views, which it is given."""
    complaints, known = [], {PICTURE, allowed}
    async with chromium() as browser:
        opened = await browser.new_page(timezone_id="America/New_York", locale="en-GB")
        opened.on("pageerror", lambda error: complaints.append(str(error)))
        opened.on("console", lambda line: complaints.append(line.text) if line.type in {"error", "warning"} else None)
        opened.on("request", lambda asked: complaints.append(asked.url) if asked.url not in known else None)
        await opened.route(PICTURE, lambda route: route.fulfill(content_type="image/svg+xml", body=DRAWN))
        await opened.set_content(PAGE)
        await opened.add_style_tag(content=(RENDERER.parent / "adaptivecards.css").read_text())
        for script in SCRIPTS:
            await opened.add_script_tag(content=script.read_text())
        yield opened
    assert complaints == []


def content_of(view: Any) -> dict[str, Any]:
    match view:
        case Form():
            return render.dialog(view)["card"]["content"]
        case Card():
            return render.adaptive_card(view)
        case _:
            return render.adaptive_card(Card("Countersign", tuple(view)))


def acts_of(view: Any) -> tuple[Act, ...]:
    if isinstance(view, Form):
        return teams_dialog(render.dialog(view)).acts
    return teams_message(render.message(view if isinstance(view, Card) else Card("Countersign", tuple(view)))).acts


def legible(words: str) -> str:
    """The words as people see them: without what is invisible, and with one space between."""
    return " ".join(words.replace("\u2060", "").split())


async def show(page, view: Any, *, theme: str = "light", width: int = PHONE) -> list[str]:
    """What is wrong with the view in the library's eyes and in ours; it is shown afterwards."""
    await page.set_viewport_size({"width": width + MARGINS, "height": 600})
    complaints = await page.evaluate("([content, theme]) => show(content, theme)", [content_of(view), theme])
    complaints = [each for each in complaints if not OF_TEAMS_ALONE.search(each)]
    return complaints + [f"too wide: {part}" for part in await page.evaluate("overflowing()")]


def hostile_views() -> Iterator[tuple[str, Any]]:
    for kind in ("one_word", "right_to_left"):
        for name in sorted(VIEWS.keys() - {"thread_line"}):
            yield f"{name}_{kind}", shown(name, WORDS[kind], MODEST)


@pytest.mark.parametrize(("theme", "width"), [("light", PHONE), ("dark", PHONE), ("light", DESK), ("dark", DESK)])
async def test_the_library_takes_every_view_and_nothing_stands_out(page, tmp_path, theme, width):
    complaints = {}
    for name, view in SHOWN.items():
        complaints[name] = await show(page, view, theme=theme, width=width)
        await page.screenshot(path=tmp_path / f"{name}-{theme}-{width}.png", full_page=True)
    assert {name: found for name, found in complaints.items() if found} == {}


async def test_nothing_stands_out_on_a_phone_whatever_people_write(page):
    complaints = {name: await show(page, view) for name, view in hostile_views()}
    assert {name: found for name, found in complaints.items() if found} == {}


async def test_every_button_is_there_and_can_be_read_on_a_phone(page):
    cut = "(buttons) => buttons.filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.innerText)"
    for name in ("request_approver", "request_requester", "bypass_active", "home", "list_waiting"):
        assert await show(page, SHOWN[name]) == []
        buttons = page.locator("#stage button.ac-pushButton")
        seen = [label for label in await buttons.all_inner_texts() if label != "..."]
        folded = {"Nudge", "Comment", "Why these approvals?"} if name.startswith("request") else set()
        assert (name, seen) == (name, [act.label for act in acts_of(SHOWN[name]) if act.label not in folded])
        assert (name, await buttons.evaluate_all(cut)) == (name, [])


async def test_what_cannot_be_undone_is_asked_first(page):
    await show(page, SHOWN["request_requester"])
    question = page.get_by_text("Withdraw this request?")
    assert not await question.is_visible()
    await page.get_by_role("button", name="Withdraw").click()
    assert await question.is_visible()
    assert await page.get_by_role("button", name="Withdraw").count() == 2


async def test_a_moment_is_shown_in_the_readers_own_zone(page):
    await show(page, SHOWN["request_approver"])  # due at 07:00 UTC
    assert re.search(r"due Wed,? 11 Mar 2026 0?3:00", await page.locator("#stage").inner_text())


async def test_a_heading_is_one_for_screen_readers(page):
    await show(page, SHOWN["home"])
    headings = await page.locator("#stage [role=heading]").all_inner_texts()
    assert headings == ["Countersign", "Waiting for you", "Your requests", "Emergency bypasses"]


async def test_somebodys_words_are_shown_as_they_wrote_them_wherever_they_stand(page):
    for words in HOSTILE:
        blocks = (
            Heading(words),
            Section((Plain(words), Strong(words))),
            Fields(((words, (Plain(words),)),)),
            Quote(Plain(words)),
            Context((Plain(words),)),
        )
        assert await show(page, Card("A card", blocks)) == []
        assert (words, await page.locator(MARKED_UP).count()) == (words, 0)
        assert legible(await page.locator("#stage").inner_text()) == legible(
            f"{words} {words}{words} {words} {words} {words} {words}"
        )


async def test_somebodys_words_among_choices_are_shown_as_they_wrote_them(page):
    for words in HOSTILE:
        options = (Option("a", words), Option("b", f"{words} {'long ' * 20}"))
        parts = (ChecksInput("c", "Checks", options), SelectInput("s", "Select", options))
        assert await show(page, Form("f", "F", parts, "Send")) == []
        assert (words, await page.locator(MARKED_UP).count()) == (words, 0)
        labels = await page.locator("#stage .ac-textBlock").all_inner_texts()
        assert [legible(label) for label in labels].count(legible(words)) == 2


@pytest.mark.row("P8")
async def test_a_weeks_picture_at_our_own_address_is_loaded_and_fits_a_phone(page_with_pictures, tmp_path):
    page, url = page_with_pictures
    week = Card("The week", (Heading("The week in approvals"), Picture(url, "Five were approved.", "Decisions")))
    assert await show(page, week) == []
    image = page.get_by_role("img", name="Five were approved.")
    await expect(image).to_have_js_property("complete", value=True)
    assert await image.evaluate("image => image.naturalWidth") == 880  # twice as sharp as it is wide
    await page.screenshot(path=tmp_path / "week.png", full_page=True)
    assert await page.evaluate("overflowing()") == []


@pytest.fixture
async def page_with_pictures(tmp_path):
    """A page with the library, and the address of a chart that is kept and served as in Teams."""
    with EmbeddedPostgres(tmp_path / "postgresql", fast=True) as server:
        owner = server.address().owner_url
        await migrate(owner, derived_app_url(owner))
        database = Database(derived_app_url(owner), clock=ManualClock(START), keyring=KEYRING)
        await provision(database, TenantPolicy(tenant_id=TENANT))
        renderer = Renderer()
        png = await renderer.draw(weekly_charts(week())[0], PictureFormat.PNG, Theme.LIGHT)
        await renderer.close()
        async with database.tenant(TENANT) as tx:
            path = await keep_picture(tx, png, key="week", name="decisions.png")
        app = web.Application()
        app.on_response_prepare.append(header_hook(has_tls=False))
        app.router.add_routes(picture_routes(database))
        async with TestServer(app) as served:
            url = str(served.make_url(path))
            async with opened_page(allowed=url) as page:
                yield page, url
        await database.close()
