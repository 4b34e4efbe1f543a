"""The workspace in a browser: a person reads, asks, fills in a modal and clicks, and sees it happen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, expect
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from tests.browsing import chromium
from tests.contract.sandbox_slack.conftest import Hands, Json, World, button, modal, section, text_input


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as started:
        yield started


@pytest.fixture
async def page(browser: Browser, world: World) -> AsyncIterator[Page]:
    """A page that complains at the end if it asked anybody else for anything, or met an error."""
    complaints: list[str] = []
    opened = await browser.new_page()
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda line: complaints.append(line.text) if line.type == "error" else None)
    own = world.options.base_url
    opened.on("request", lambda asked: None if asked.url.startswith(own) else complaints.append(asked.url))
    yield opened
    await opened.close()
    assert complaints == []


async def test_a_person_asks_fills_in_the_modal_and_another_clicks(world: World, product: AsyncApp, page: Page):
    @product.command("/approve")
    async def ask(ack: AsyncAck, command: Json, client: AsyncWebClient):
        await ack()
        await client.views_open(trigger_id=command["trigger_id"], view=modal(text_input("why", "Justification")))

    @product.view("ask")
    async def sent(ack: AsyncAck, view: Json, client: AsyncWebClient):
        why = view["state"]["values"]["why"]["typed"]["value"]
        if why == "no":
            await ack(response_action="errors", errors={"why": "Say more."})
            return
        await ack()
        row = {"type": "actions", "elements": [button("yes", "Approve", "REQ-1")]}
        await client.chat_postMessage(channel="C1GOV", text="REQ-1", blocks=[section(f"*REQ-1* {why}"), row])

    @product.action("yes")
    async def yes(ack: AsyncAck, body: Json, client: AsyncWebClient, respond: AsyncRespond):
        await ack()
        blocks = [section(f"approved by <@{body['user']['id']}>")]
        await client.chat_update(channel="C1GOV", ts=body["message"]["ts"], text="done", blocks=blocks)
        await respond(text="Thank you", replace_original=False)

    await page.goto(f"{world.options.base_url}/?as=ann#C1GOV")
    await page.get_by_label("Message #governance").fill("/approve create")
    await page.keyboard.press("Enter")
    await page.get_by_label("Justification").fill("no")
    await page.get_by_role("button", name="Send", exact=True).last.click()
    await expect(page.get_by_text("Say more.")).to_be_visible()
    await expect(page.get_by_label("Justification")).to_have_accessible_description("Say more.")
    await expect(page.get_by_label("Justification")).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("Justification").fill("because")
    await page.get_by_role("button", name="Send", exact=True).last.click()
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await expect(page.get_by_text("REQ-1 because")).to_be_visible()

    await page.get_by_role("button", name="Acting as Ann Lee").click()
    await page.get_by_role("menuitemradio", name="Ben Ode").click()
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_text("approved by @Ben Ode")).to_be_visible()
    await expect(page.get_by_text("Thank you")).to_be_visible()
    await expect(page.get_by_text("Only visible to you")).to_be_visible()


async def test_a_line_of_a_menu_is_chosen_by_a_person(world: World, product: AsyncApp, page: Page):
    @product.action("more")
    async def more(ack: AsyncAck, action: Json, respond: AsyncRespond):
        await ack()
        await respond(text=f"chosen: {action['selected_option']['value']}", replace_original=False)

    options = [{"text": {"type": "plain_text", "text": text}, "value": text.lower()} for text in ("Comment", "Why")]
    row = {"type": "actions", "elements": [{"type": "overflow", "action_id": "more", "options": options}]}
    await world.web.chat_postMessage(channel="C1GOV", text="REQ-1", blocks=[section("*REQ-1*"), row])
    await page.goto(f"{world.options.base_url}/?as=ann#C1GOV")
    await page.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Why").click()
    await expect(page.get_by_text("chosen: why")).to_be_visible()


async def test_what_is_said_elsewhere_appears_and_counts_as_unread_in_other_channels(world: World, page: Page):
    await page.goto(f"{world.options.base_url}/?as=ben#C2SEC")
    await expect(page.get_by_role("heading", name="security", exact=True)).to_be_visible()
    await world.web.chat_postMessage(channel="C1GOV", text="news :tada:")
    await expect(page.get_by_label("1 unread")).to_be_visible()
    await page.get_by_role("button", name="governance").click()
    await expect(page.get_by_text("news 🎉")).to_be_visible()
    await expect(page.get_by_label("1 unread")).to_be_hidden()


async def test_a_thread_is_read_and_answered_beside_the_channel(world: World, hands: Hands, page: Page):
    await hands.post("slack/configure", events=[])
    parent = await world.web.chat_postMessage(channel="C1GOV", text="parent")
    await world.web.chat_postMessage(channel="C1GOV", text="first reply", thread_ts=parent["ts"])
    await page.goto(f"{world.options.base_url}/?as=ann#C1GOV")
    await page.get_by_role("button", name="1 reply").click()
    thread = page.get_by_label("Thread", exact=True)
    await expect(thread.get_by_text("first reply")).to_be_visible()
    await thread.get_by_label("Reply …").fill("second reply")
    await page.keyboard.press("Enter")
    await expect(thread.get_by_text("second reply")).to_be_visible()
    replies = (await hands.messages("C1GOV"))[0]["thread"]
    assert [reply["text"] for reply in replies] == ["first reply", "second reply"]


async def test_the_home_tab_shows_what_the_product_publishes(world: World, product: AsyncApp, page: Page):
    @product.event("app_home_opened")
    async def opened(event: Json, client: AsyncWebClient):
        view = {"type": "home", "blocks": [section("*Waiting for you*")]}
        await client.views_publish(user_id=event["user"], view=view)

    await page.goto(f"{world.options.base_url}/?as=ann")
    await page.get_by_role("button", name="Countersign home").click()
    await expect(page.get_by_text("Waiting for you")).to_be_visible()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<script>alert(1)</script> &lt;b&gt;", "<script>alert(1)</script> <b>"),
        ("<javascript:alert(1)|click>", "<javascript:alert(1)|click>"),
        ("a *bold* and _italic_ `code`", "a bold and italic code"),
        ("<!date^0^{date_num}|then>", "1970-01-01"),
        ("<@U2BEN> in <#C1GOV>", "@Ben Ode in #governance"),
    ],
)
async def test_words_are_shown_as_words_and_never_run(world: World, page: Page, text: str, shown: str):
    await world.web.chat_postMessage(channel="C1GOV", text=text)
    await page.goto(f"{world.options.base_url}/?as=ann#C1GOV")
    await expect(page.locator(".words")).to_have_text(shown)


@pytest.mark.parametrize("width", [360, 768, 1440])
async def test_nothing_sticks_out_at_any_width(world: World, page: Page, width: int):
    long: Any = section("a" * 300)
    await world.web.chat_postMessage(
        channel="C1GOV", text="x", blocks=[long, long | {"accessory": button("b", "B", "")}]
    )
    await page.set_viewport_size({"width": width, "height": 720})
    await page.goto(f"{world.options.base_url}/?as=ann#C1GOV")
    await expect(page.locator(".msg")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") == width
    assert await page.evaluate("document.querySelector('#messages').scrollWidth <= document.body.clientWidth")


async def test_a_dismissed_modal_is_gone_at_once_and_takes_no_more_keys(
    world: World, hands: Hands, product: AsyncApp, page: Page
):
    @product.command("/approve")
    async def ask(ack: AsyncAck, command: Json, client: AsyncWebClient):
        await ack()
        await client.views_open(trigger_id=command["trigger_id"], view=modal(text_input("why", "Justification")))

    answered = asyncio.Event()
    submitted: list[str] = []

    async def hold(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    await page.goto(f"{world.options.base_url}/?as=ann#C1GOV")
    await page.route("**/control/slack/close", hold)
    page.on("request", lambda asked: submitted.append(asked.url) if asked.url.endswith("/submit") else None)
    await hands.command("ann", "/approve")
    form = page.get_by_role("dialog")
    await expect(form.get_by_label("Justification")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(form).to_be_hidden()
    await page.keyboard.press("Enter")
    await world.web.chat_postMessage(channel="C1GOV", text="The page is drawn again")
    await expect(page.get_by_text("The page is drawn again")).to_be_visible()
    await expect(form).to_be_hidden()
    async with page.expect_response("**/control/slack/close"):
        answered.set()
    await hands.command("ann", "/approve")
    await expect(form.get_by_label("Justification")).to_be_focused()
    assert submitted == []


async def test_a_page_that_is_open_during_a_reset_shows_the_first_day(world: World, hands: Hands, page: Page):
    await world.web.chat_postMessage(channel="U1ANN", text="To be forgotten")
    direct = (await world.web.conversations_open(users=["U1ANN"]))["channel"]["id"]
    await page.goto(f"{world.options.base_url}/?as=ann#{direct}")
    await expect(page.get_by_text("To be forgotten")).to_be_visible()
    await hands.post("reset")
    await expect(page.get_by_text("To be forgotten")).to_be_hidden()
    await world.web.chat_postMessage(channel="U1ANN", text="A new day")
    await expect(page.get_by_text("A new day")).to_be_visible()
