import re
from html.parser import HTMLParser

import aiohttp
from playwright.async_api import Page

from tests.browsing import chromium
from tests.unit.web.sample import World
from web.docs_page import docs_page
from web.openapi import openapi_document
from web.registry import Api, Tag


class Links(HTMLParser):
    """Every address that the page loads or points to, and what CSP would refuse."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"src", "href"} and value is not None:
                self.addresses.append(value)
            if name == "style" or name.startswith("on"):
                self.inline.append(name)
        if tag == "style" or (tag == "script" and "src" not in dict(attrs)):
            self.inline.append(tag)


def test_the_page_asks_nobody_else_and_has_nothing_inline():
    page = docs_page(openapi_document(World().api(), server_url="http://x"), assets_url="/api/docs")
    links = Links()
    links.feed(page)
    assert links.inline == []
    assert [address for address in links.addresses if not address.startswith(("#", "/api/", "openapi.json"))] == []


def test_every_endpoint_is_on_the_page():
    api = World().api()
    page = docs_page(openapi_document(api, server_url="http://x"), assets_url="/api/docs")
    assert sorted(re.findall(r'<article id="(\w+)"', page)) == sorted(operation.name for operation in api.operations)


def test_words_from_the_document_are_text_and_never_markup():
    hostile = "<script>alert(1)</script>\"'&"
    api = Api(
        World().notes.endpoints(), title=hostile, version=hostile, description=hostile, tags=[Tag("notes", hostile)]
    )
    page = docs_page(openapi_document(api, server_url=f"http://x/{hostile}"), assets_url="/api/docs")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#x27;&amp;" in page


async def test_the_page_and_its_assets_are_served_for_browsers(client: aiohttp.ClientSession):
    for path, kind in (
        ("/api/docs", "text/html"),
        ("/api/docs/docs.css", "text/css"),
        ("/api/docs/docs.js", "text/javascript"),
        ("/api/docs/icon.svg", "image/svg+xml"),
    ):
        async with client.get(path) as answer:
            assert (answer.status, answer.content_type) == (200, kind)
            tag = answer.headers["ETag"]
        async with client.get(path, headers={"If-None-Match": tag}) as answer:
            assert answer.status == 304
    async with client.get("/api/docs/../auth.py") as answer:
        assert answer.status == 404


async def test_in_a_browser_the_search_and_the_theme_work(world: World, client: aiohttp.ClientSession):
    complaints: list[str] = []
    async with chromium() as browser:
        page = await browser.new_page(color_scheme="light")
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(f"{world.url}/api/docs")
        assert await _shown(page) == 10
        await page.keyboard.press("/")
        await page.keyboard.type("notes delete")
        assert await _shown(page) == 1
        await page.fill("#search", "no such thing")
        assert await page.locator("#nothing").is_visible()
        await page.keyboard.press("Escape")
        assert await _shown(page) == 10
        light = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        await page.click("#theme")
        dark = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        await page.reload()
        assert await page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(17, 21, 28)")
    assert complaints == []


async def _shown(page: Page) -> int:
    return await page.locator("article:visible").count()
