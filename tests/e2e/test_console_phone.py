"""The console on a telephone: what is beyond the edge shows, can be reached, and stays where it was moved to."""

from __future__ import annotations

import io
from collections import Counter

import pytest
from PIL import Image
from playwright.async_api import Locator, expect

from tests.e2e.test_console import address, asked, browser, console_as

__all__ = ["browser"]  # a fixture

PHONE = 390  # pixels
ROLE = "enterprise_administrator"
TARGET_MIN = 24  # pixels; WCAG 2.2, 2.5.8, AA
SEEN_FROM = 40  # of 255, between two colours beside each other
OVERFLOWING = "each => each.scrollWidth - each.clientWidth"
TO_THE_END = "each => { each.scrollLeft = each.scrollWidth }"


@pytest.mark.row("B9")
async def test_a_request_is_found_from_the_head_of_any_page(product, browser):
    reference, agent = asked(product)
    async with console_as(browser, product, ROLE, width=PHONE) as page:
        await page.goto(address(product, "/people"))
        search = page.get_by_role("searchbox", name="Find a request")
        await search.fill(reference)
        await search.press("Enter")
        await expect(page.get_by_role("link", name=f"Create agent: {agent}")).to_be_visible()


@pytest.mark.row("B9")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_table_throws_a_shade_at_the_edge_beyond_which_it_goes_on(product, browser, scheme):
    asked(product)
    async with console_as(browser, product, ROLE, width=PHONE, scheme=scheme) as page:
        await page.goto(address(product, "/audit"))
        table = page.get_by_role("region", name="Audit records")
        assert await table.evaluate(OVERFLOWING) > 100
        bare, shaded = await edges(table)
        assert distance(bare, shaded) > SEEN_FROM
        await table.evaluate(TO_THE_END)
        shaded, at_the_end = await edges(table)
        assert at_the_end == bare
        assert distance(bare, shaded) > SEEN_FROM


async def edges(table: Locator) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The commonest colour of the first and of the last column of pixels."""
    picture = Image.open(io.BytesIO(await table.screenshot())).convert("RGB")
    columns = ((x, picture.height) for x in (1, picture.width - 2))
    left, right = (
        Counter(picture.getpixel((x, y)) for y in range(height)).most_common(1)[0][0] for x, height in columns
    )
    return left, right


def distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


@pytest.mark.row("B9")
async def test_a_picture_stands_in_its_own_size_and_is_moved_sideways_by_keyboard(product, browser):
    asked(product)
    async with console_as(browser, product, ROLE, width=PHONE) as page:
        for path in ("/analytics", "/budgets/BUD-1002"):
            await page.goto(address(product, path))
            image = page.locator(".chart img").first
            await image.scroll_into_view_if_needed()
            await expect(image).to_have_js_property("complete", value=True)
            assert await image.evaluate("each => each.clientWidth >= each.naturalWidth && each.naturalWidth > 0"), path
            around = page.get_by_role("region", name="Picture: ").first
            await around.focus()
            await page.keyboard.press("ArrowRight")
            await expect(around).not_to_have_js_property("scrollLeft", 0)


@pytest.mark.row("B9")
async def test_focus_and_what_was_moved_sideways_stay_when_the_page_renews_itself(product, browser):
    reference, _ = asked(product)
    async with (
        console_as(browser, product, "meta_agent_manager") as decider,
        console_as(browser, product, "agent_developer", width=PHONE) as reader,
    ):
        async with reader.expect_response(lambda answer: answer.url.endswith("/console/events")):
            await reader.goto(address(product, f"/requests/{reference}"))
        table = reader.get_by_role("region", name="What decided")
        await table.evaluate(TO_THE_END)
        moved = await table.evaluate("each => each.scrollLeft")
        assert moved > 0
        opener = reader.locator("summary", has_text="Change what is asked")
        await opener.focus()
        await decider.goto(address(product, f"/requests/{reference}"))
        await decider.get_by_label("Text").fill("Which ledger?")
        await decider.get_by_role("button", name="Send").click()
        await expect(reader.get_by_role("status").last).to_have_text(f"{reference} was updated.")
        await expect(opener).to_be_focused()
        assert await table.evaluate("each => each.scrollLeft") == moved


@pytest.mark.row("B9")
async def test_a_short_link_has_room_around_it_for_a_finger(product, browser):
    async with console_as(browser, product, ROLE, width=PHONE) as page:
        await page.goto(address(product, "/bypasses"))
        link = await page.get_by_role("link", name="Monthly report").bounding_box()
        below = await page.get_by_role("navigation", name="Which bypasses").bounding_box()
        assert below["y"] - (link["y"] + link["height"] / 2) >= TARGET_MIN / 2
