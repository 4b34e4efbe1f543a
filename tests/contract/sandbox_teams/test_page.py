"""Teams in a browser: a person writes, clicks in a card, fills in a dialog, and another sees what became of it."""

from __future__ import annotations

import base64
import re
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from microsoft_teams.api.activities import InvokeActivity, MessageActivity, MessageActivityInput
from microsoft_teams.api.models.adaptive_card import AdaptiveCardActionCardResponse
from microsoft_teams.apps import ActivityContext
from microsoft_teams.cards import AdaptiveCard
from playwright.async_api import Browser, Page, expect

from tests.browsing import chromium
from tests.contract.sandbox_teams.conftest import Bot, Json, World, bot_token, card, card_message, execute, submit, text

PNG = base64.b64decode(  # of 2 by 3 pixels
    "iVBORw0KGgoAAAANSUhEUgAAAAIAAAADCAIAAAA2iEnWAAAAD0lEQVR4nGNgKNoEQigUAEPFBtky2QfOAAAAAElFTkSuQmCC"
)
FORM = card(
    {"type": "Input.Text", "id": "why", "label": "Reason", "isRequired": True, "errorMessage": "Say why."},
    {
        "type": "Input.ChoiceSet",
        "id": "how",
        "label": "How",
        "value": "soon",
        "choices": [{"title": "Soon", "value": "soon"}],
    },
    actions=[submit("Send", step="send")],
)
EVERYTHING = card(
    text("A **heading**", size="large", weight="bolder", style="heading"),
    {"type": "RichTextBlock", "inlines": ["plain ", {"type": "TextRun", "text": "coloured", "color": "good"}]},
    {"type": "FactSet", "facts": [{"title": "Risk", "value": "high"}]},
    {
        "type": "ColumnSet",
        "columns": [
            {"type": "Column", "width": "auto", "items": [text("left")]},
            {"type": "Column", "width": "stretch", "items": [text("right")]},
        ],
    },
    {"type": "Container", "style": "emphasis", "items": [text("boxed")]},
    {
        "type": "Image",
        "url": "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==",
        "altText": "dot",
    },
    {
        "type": "Table",
        "columns": [{"width": 1}, {"width": 2}],
        "rows": [
            {"type": "TableRow", "cells": [{"type": "TableCell", "items": [text(w)]} for w in ("Stage", "State")]},
            {"type": "TableRow", "cells": [{"type": "TableCell", "items": [text(w)]} for w in ("security", "open")]},
        ],
    },
    text("the details", id="details", isVisible=False),
    {"type": "Input.Date", "id": "day", "label": "Day"},
    {"type": "Input.Time", "id": "hour", "label": "Hour"},
    {"type": "Input.Number", "id": "count", "label": "Count", "min": 1},
    {"type": "Input.Toggle", "id": "sure", "title": "I am sure"},
    {
        "type": "Input.ChoiceSet",
        "id": "many",
        "label": "Many",
        "isMultiSelect": True,
        "choices": [{"title": "One", "value": "1"}, {"title": "Two", "value": "2"}],
    },
    {
        "type": "ActionSet",
        "actions": [
            {"type": "Action.ToggleVisibility", "title": "Details", "targetElements": ["details"]},
            {
                "type": "Action.ShowCard",
                "title": "Comment",
                "card": card(
                    {"type": "Input.Text", "id": "comment", "label": "Comment"}, actions=[execute("comment", "Save")]
                ),
            },
        ],
    },
    actions=[execute(f"do{number}", f"Do {number}") for number in range(8)],
)


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
    own = (world.hands.url, "data:")
    opened.on("request", lambda asked: None if asked.url.startswith(own) else complaints.append(asked.url))
    yield opened
    await opened.close()
    assert complaints == []


async def post(world: World, channel: str, activity: Json) -> str:
    _, token = await bot_token(world)
    url = f"{world.teams['service_url']}v3/conversations/{world.teams['channels'][channel]}/activities"
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    async with world.hands.client.post(url, json=activity, headers=headers) as answer:
        assert answer.status == 201, await answer.text()
        return str((await answer.json())["id"])


async def test_a_person_asks_fills_in_a_dialog_and_another_decides(world: World, bot: Bot, page: Page):
    @bot.app.on_message
    async def asked(ctx: ActivityContext[MessageActivity]) -> None:
        await ctx.send(
            AdaptiveCard.model_validate(
                card(text("New request"), actions=[submit("Fill in", msteams={"type": "task/fetch"})])
            )
        )

    @bot.app.on_dialog_open
    async def opened(_ctx: ActivityContext[InvokeActivity]) -> Json:
        form = {"contentType": "application/vnd.microsoft.card.adaptive", "content": FORM}
        return {"status": 200, "body": {"task": {"type": "continue", "value": {"title": "Request", "card": form}}}}

    @bot.app.on_dialog_submit
    async def sent(ctx: ActivityContext[InvokeActivity]) -> Json:
        data = bot.heard[-1]["value"]["data"]
        words = f"REQ-1 {data['why']} {data['how']} {data['step']}"
        request = card(text(words), actions=[execute("approve", "Approve", req="REQ-1")])
        channel = world.teams["channels"]["governance"]
        await bot.app.send(channel, MessageActivityInput().add_card(AdaptiveCard.model_validate(request)))
        return {"status": 200, "body": {"task": {"type": "message", "value": f"Thank you, {ctx.activity.from_.name}"}}}

    @bot.app.on_card_action
    async def decided(ctx: ActivityContext[InvokeActivity]) -> AdaptiveCardActionCardResponse:
        words = f"REQ-1 approved by {ctx.activity.from_.name}"
        return AdaptiveCardActionCardResponse(value=AdaptiveCard.model_validate(card(text(words))))

    await page.goto(f"{world.hands.url}/teams/?as=ann@acme.example")
    await page.get_by_label("Message Countersign").fill("approve")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Fill in").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog.get_by_text("Say why.")).to_be_visible()
    await expect(dialog.get_by_label("Reason")).to_have_attribute("aria-invalid", "true")
    await dialog.get_by_label("Reason").fill("because")
    await dialog.get_by_role("button", name="Send").click()
    await expect(dialog).to_be_hidden()
    await expect(page.get_by_text("Thank you, Ann Lee")).to_be_visible()

    await page.get_by_role("button", name="Acting as Ann Lee").click()
    await page.get_by_role("menuitemradio", name=re.compile("Ben Ode")).click()
    await page.get_by_role("button", name=re.compile("^governance")).click()
    await expect(page.get_by_text("REQ-1 because soon send")).to_be_visible()
    await page.get_by_role("button", name="Approve").click()
    await expect(page.get_by_text("REQ-1 approved by Ben Ode")).to_be_visible()
    await expect(page.get_by_text("The card as you see it")).to_be_visible()


async def test_every_element_of_a_card_is_drawn_and_sends_what_was_filled_in(world: World, bot: Bot, page: Page):
    @bot.app.on_card_action
    async def clicked(_ctx: ActivityContext[InvokeActivity]) -> AdaptiveCardActionCardResponse:
        return AdaptiveCardActionCardResponse(value=AdaptiveCard.model_validate(card(text("done"))))

    await post(world, "governance", card_message(EVERYTHING))
    await page.goto(f"{world.hands.url}/teams/?as=ann@acme.example#governance")
    await expect(page.get_by_role("heading", name="A heading")).to_be_visible()
    for words in ("coloured", "Risk", "left", "right", "boxed", "security"):
        await expect(page.get_by_text(words, exact=True)).to_be_visible()
    await expect(page.get_by_role("columnheader", name="Stage")).to_be_visible()
    await expect(page.get_by_text("the details")).to_be_hidden()
    await expect(page.get_by_role("button", name=re.compile("^Do "))).to_have_count(6)
    await page.get_by_role("button", name="More actions").click()
    await expect(page.get_by_role("menuitem", name="Do 7")).to_be_visible()
    await page.keyboard.press("Escape")
    await page.get_by_label("Day", exact=True).fill("2027-01-31")
    await page.get_by_role("button", name="Details").click()
    await expect(page.get_by_text("the details")).to_be_visible()
    await expect(page.get_by_label("Day", exact=True)).to_have_value("2027-01-31")
    await page.get_by_label("Hour", exact=True).fill("14:30")
    await page.get_by_label("Count", exact=True).fill("3")
    await page.get_by_label("I am sure", exact=True).check()
    await page.get_by_label("One", exact=True).check()
    await page.get_by_label("Two", exact=True).check()
    await page.get_by_role("button", name="Comment").click()
    await page.get_by_role("textbox", name="Comment").fill("well")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("done")).to_be_visible()
    assert bot.heard[-1]["value"]["action"]["data"] == {
        "day": "2027-01-31",
        "hour": "14:30",
        "count": "3",
        "sure": "true",
        "many": "1,2",
        "comment": "well",
    }


async def test_a_person_without_the_app_adds_it_and_the_bot_hears(world: World, bot: Bot, page: Page):
    await page.goto(f"{world.hands.url}/teams/?as=cyd@acme.example")
    await page.get_by_role("button", name="Add", exact=True).click()
    await expect(page.get_by_label("Message Countersign")).to_be_visible()
    assert [body["type"] for body in bot.heard] == ["installationUpdate", "conversationUpdate"]


async def test_the_service_fetches_a_cards_picture_and_the_readers_browser_asks_nobody_else(world: World, page: Page):
    asked: list[web.Request] = []

    async def picture(request: web.Request) -> web.Response:
        asked.append(request)
        return web.Response(body=PNG + bytes(250_000), content_type="image/png")  # a picture comes in several pieces

    app = web.Application()
    app.router.add_get("/week.png", picture)
    async with TestServer(app) as server:
        url, gone, other = (str(server.make_url(f"/{name}.png")) for name in ("week", "gone", "other"))
        await post(world, "governance", card_message(card({"type": "Image", "url": url, "altText": "a week"})))
        await page.goto(f"{world.hands.url}/teams/?as=ann@acme.example#governance")
        shown = page.get_by_role("img", name="a week")
        await expect(shown).to_be_visible()
        await expect(shown).to_have_js_property("naturalWidth", 2)
        await page.close()  # it would complain of the one that is gone
        await post(world, "governance", card_message(card({"type": "Image", "url": gone, "altText": "no week"})))

        async def status(address: str) -> int:
            at = f"{world.hands.url}/teams/page/image"
            async with world.hands.client.get(at, params={"url": address}) as answer:
                return answer.status

        assert [await status(each) for each in (url, gone, other)] == [200, 502, 404]
    assert {(each.headers.get("Cookie"), each.headers.get("Referer")) for each in asked} == {(None, None)}
