"""Uploads as the official client makes them, and pictures in messages."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError, SlackRequestError
from slack_sdk.web.async_client import AsyncWebClient

from tests.contract.sandbox_slack.conftest import BOT_TOKEN, Hands, StartSandbox, World, modal, section


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


PNG = (
    b"\x89PNG\r\n\x1a\n"
    + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    + chunk(b"IDAT", zlib.compress(b"\x00\xff\x00\x00"))
    + chunk(b"IEND", b"")
)


def image(file: dict[str, str], alt: str = "A red dot") -> dict[str, Any]:
    return {"type": "image", "slack_file": file, "alt_text": alt}


async def uploaded(client: AsyncWebClient, data: bytes = PNG, **more: Any) -> dict[str, Any]:
    answer = await client.files_upload_v2(file=data, filename="dot.png", title="Dot", alt_txt="A red dot", **more)
    return dict(answer["file"])


async def refusal(call: Any) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        await call
    return dict(caught.value.response.data)


async def test_an_uploaded_picture_is_shown_by_its_id_and_seen_by_everybody(world: World, hands: Hands):
    file = await uploaded(world.web)
    assert (file["name"], file["title"], file["size"], file["mimetype"]) == ("dot.png", "Dot", len(PNG), "")
    assert (await world.web.files_info(file=file["id"]))["file"]["mimetype"] == "image/png"
    await world.web.chat_postMessage(channel="C1GOV", text="Look", blocks=[image({"id": file["id"]})])
    (message,) = await hands.messages("#governance")
    (shown,) = message["files"]
    assert (shown["id"], shown["mimetype"], shown["alt_txt"]) == (file["id"], "image/png", "A red dot")
    async with hands.client.get(hands.url + shown["path"]) as answer:
        assert (answer.status, answer.content_type, await answer.read()) == (200, "image/png", PNG)
    assert [each["id"] for each in (await hands.get("slack/records", type="file"))["records"]] == [file["id"]]


async def test_a_picture_may_be_meant_by_either_of_its_addresses(world: World):
    file = await uploaded(world.web)
    for address in ("url_private", "permalink"):
        await world.web.chat_postMessage(channel="C1GOV", text="Look", blocks=[image({"url": file[address]})])


async def test_the_private_address_is_for_whoever_has_the_token_and_may_read_files(world: World, hands: Hands):
    url = (await uploaded(world.web))["url_private"]
    signed_in = {"Authorization": f"Bearer {BOT_TOKEN}"}
    async with hands.client.get(url, headers=signed_in) as answer:
        assert (answer.status, await answer.read()) == (200, PNG)
    async with hands.client.get(url) as answer:
        assert answer.status == 401
    await hands.post("slack/configure", scopes=["files:write"])
    async with hands.client.get(url, headers=signed_in) as answer:
        assert answer.status == 401


async def test_with_a_channel_the_file_is_posted_there(world: World, hands: Hands):
    await uploaded(world.web, channel="C1GOV", initial_comment="The week")
    (message,) = await hands.messages("#governance")
    assert (message["text"], [file["name"] for file in message["files"]]) == ("The week", ["dot.png"])


async def test_without_the_scope_nothing_is_uploaded(world: World, hands: Hands):
    await hands.post("slack/configure", scopes=["chat:write"])
    refused = await refusal(world.web.files_upload_v2(file=PNG, filename="dot.png"))
    assert (refused["error"], refused["needed"], refused["provided"]) == ("missing_scope", "files:write", "chat:write")


async def test_until_a_picture_has_been_looked_through_no_message_shows_it(world: World, hands: Hands):
    await hands.post("slack/configure", file_processing_s=60)
    file = await uploaded(world.web)
    blocks = [section("Look"), image({"id": file["id"]})]
    refused = await refusal(world.web.chat_postMessage(channel="C1GOV", text="Look", blocks=blocks))
    assert refused["error"] == "invalid_blocks"
    assert refused["errors"] == ["[ERROR] invalid slack file [json-pointer:/blocks/1/slack_file]"]
    assert (await world.web.files_info(file=file["id"]))["file"]["mimetype"] == ""
    await hands.post("slack/configure", file_processing_s=0)
    await world.web.chat_postMessage(channel="C1GOV", text="Look", blocks=blocks)


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        ({"id": "F0NOTTHERE1"}, "invalid slack file [json-pointer:/blocks/0/slack_file]"),
        ({"id": "x"}, "input must match regex pattern: ^[F][A-Z0-9]{8,}$ [json-pointer:/blocks/0/slack_file/id]"),
        ({"id": "F0NOTTHERE1", "url": "u"}, "must provide either an id or a url [json-pointer:/blocks/0/slack_file]"),
        ({}, "missing required field: image_url [json-pointer:/blocks/0]"),
        ({"id": ["F0NOTTHERE1"]}, "must provide either an id or a url [json-pointer:/blocks/0/slack_file]"),
    ],
)
async def test_a_picture_that_is_none_is_refused_with_its_place(world: World, reference: Any, problem: str):
    refused = await refusal(world.web.chat_postMessage(channel="C1GOV", text="x", blocks=[image(reference)]))
    assert refused["error"] == "invalid_blocks"
    assert f"[ERROR] {problem}" in refused["errors"]


async def test_words_are_no_picture(world: World):
    file = await uploaded(world.web, b"only words")
    refused = await refusal(world.web.chat_postMessage(channel="C1GOV", text="x", blocks=[image({"id": file["id"]})]))
    assert refused["errors"] == ["[ERROR] invalid slack file [json-pointer:/blocks/0/slack_file]"]


async def test_the_bytes_must_be_those_that_were_announced(world: World, hands: Hands):
    announced = await world.web.files_getUploadURLExternal(filename="dot.png", length=len(PNG) + 1)
    async with hands.client.post(announced["upload_url"], data=PNG) as answer:
        assert answer.status == 400
        assert f"{len(PNG)} bytes came and {len(PNG) + 1} were announced" in await answer.text()
    assert (await refusal(world.web.files_completeUploadExternal(files=[{"id": announced["file_id"]}])))["error"] == (
        "file_not_found"
    )


async def test_bytes_may_come_as_a_form(world: World, hands: Hands):
    announced = await world.web.files_getUploadURLExternal(filename="dot.png", length=len(PNG))
    form = aiohttp.FormData()
    form.add_field("filename", PNG, filename="dot.png")
    async with hands.client.post(announced["upload_url"], data=form) as answer:
        assert (answer.status, await answer.text()) == (200, f"OK - {len(PNG)}")
    done = await world.web.files_completeUploadExternal(files=[{"id": announced["file_id"], "title": "Dot"}])
    assert done["files"][0]["title"] == "Dot"


async def test_an_address_is_good_for_its_own_upload_and_no_other(world: World, hands: Hands):
    async with hands.client.post(f"{hands.url}/slack/upload/v1/guess", data=PNG) as answer:
        assert answer.status == 404
    announced = await world.web.files_getUploadURLExternal(filename="dot.png", length=len(PNG))
    async with hands.client.post(announced["upload_url"], data=PNG) as answer:
        assert answer.status == 200
    await world.web.files_completeUploadExternal(files=[{"id": announced["file_id"]}])
    async with hands.client.post(announced["upload_url"], data=PNG) as answer:
        assert answer.status == 404


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"length": 0}, "missing_argument"),
        ({"filename": ""}, "missing_argument"),
        ({"length": "many"}, "invalid_arguments"),
        ({"alt_txt": "x" * 1001}, "alt_txt_too_large"),
        ({"length": 10**9}, "file_upload_size_restricted"),
    ],
)
async def test_an_upload_that_cannot_be_is_refused(world: World, wrong: dict[str, Any], error: str):
    asked = {"filename": "dot.png", "length": 10} | wrong
    assert (await refusal(world.web.api_call("files.getUploadURLExternal", params=asked)))["error"] == error


@pytest.mark.parametrize("files", ["", "[]", "{}", "[1]", "[", '[{"id": "F0NOTTHERE1"}]'])
async def test_completing_what_was_not_uploaded_is_refused(world: World, files: str):
    refused = await refusal(world.web.api_call("files.completeUploadExternal", params={"files": files}))
    assert refused["error"] == ("file_not_found" if "F0" in files else "invalid_arguments")


async def test_a_broken_upload_is_an_error_of_the_client_as_well(world: World, hands: Hands):
    await hands.post("faults", system="slack", fault="500", match="/upload/")
    with pytest.raises(SlackRequestError):
        await uploaded(world.web)


async def test_files_survive_a_restart_and_are_gone_after_a_reset(start: StartSandbox, tmp_path: Path):
    data = tmp_path / "sandbox.json"
    async with start(data) as before:
        file = await uploaded(before.web)
        await before.web.chat_postMessage(channel="C1GOV", text="Look", blocks=[image({"id": file["id"]})])
    async with start(data) as after:
        (message,) = await after.hands.messages("#governance")
        async with after.hands.client.get(after.hands.url + message["files"][0]["path"]) as answer:
            assert await answer.read() == PNG
        await after.hands.post("reset", system="slack")
        assert (await refusal(after.web.files_info(file=file["id"])))["error"] == "file_not_found"


async def test_a_view_shows_an_uploaded_picture_as_well_and_no_other(world: World):
    file = await uploaded(world.web)
    home = {"type": "home", "blocks": [image({"id": file["id"]})]}
    await world.web.views_publish(user_id="U1ANN", view=home)
    wrong = modal(image({"id": "F0NOTTHERE1"})) | {"type": "home"}
    refused = await refusal(world.web.views_publish(user_id="U1ANN", view=wrong))
    assert "invalid slack file" in str(refused["response_metadata"])
