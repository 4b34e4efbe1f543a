"""Whatever is sent, the sandbox answers in its own words: no 5xx, and nothing that is said is lost for it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.slack import blockkit
from sandbox.slack.reaction import actions_of
from tests.contract.sandbox_slack.conftest import BOT_TOKEN, Hands, StartSandbox, World, button, section

JUNK: list[Any] = [["x"], {"a": 1}, 5, True, None, "", "\ud800"]
TEXT = {"type": "plain_text", "text": "x"}
OPTION = {"text": TEXT, "value": "v"}
SOUND: list[Any] = [
    {"type": "section", "text": TEXT, "accessory": {"type": "overflow", "action_id": "o", "options": [OPTION]}},
    {"type": "actions", "elements": [{"type": "button", "action_id": "b", "text": TEXT, "style": "primary"}]},
    {
        "type": "actions",
        "elements": [{"type": "static_select", "option_groups": [{"label": TEXT, "options": [OPTION]}]}],
    },
    {"type": "context", "elements": [TEXT, {"type": "image", "image_url": "http://a.example/i", "alt_text": "i"}]},
    {"type": "input", "label": TEXT, "element": {"type": "checkboxes", "options": [OPTION]}},
    {"type": "divider", "accessory": {"type": "static_select", "options": 5}},
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in items for found in places(item, (*path, key)))]


def spoiled(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    if not path:
        return junk
    value[path[0]] = spoiled(value[path[0]], path[1:], junk)
    return value


@given(st.sampled_from(places(SOUND)[1:]), st.sampled_from(JUNK))
def test_blocks_with_anything_anywhere_are_refused_or_shown(path: tuple[Any, ...], junk: Any):
    blocks = spoiled(json.loads(json.dumps(SOUND)), path, junk)
    errors = blockkit.message_errors(blocks)
    assert all("[json-pointer:/blocks" in error for error in errors)
    if not errors:
        actions_of(blockkit.with_ids(blocks))


@pytest.mark.parametrize("junk", JUNK)
@pytest.mark.parametrize(
    ("method", "argument"),
    [
        ("chat.postMessage", "channel"),
        ("chat.postMessage", "blocks"),
        ("chat.postMessage", "attachments"),
        ("chat.postMessage", "metadata"),
        ("chat.postMessage", "thread_ts"),
        ("chat.update", "ts"),
        ("conversations.open", "users"),
        ("conversations.history", "limit"),
        ("conversations.history", "cursor"),
        ("conversations.list", "types"),
        ("users.info", "user"),
        ("views.publish", "view"),
        ("views.publish", "user_id"),
        ("views.update", "view_id"),
    ],
)
async def test_the_web_api_answers_200_to_any_argument(world: World, method: str, argument: str, junk: Any):
    sound = {"channel": "C1GOV", "text": "hello", "user_id": "U1ANN", "view": {"type": "home", "blocks": []}}
    answer = await posted(world, method, json.dumps(sound | {argument: junk}))
    assert answer[0] == 200
    assert answer[1]["ok"] in {True, False}


@pytest.mark.parametrize(
    ("body", "kind", "error"),
    [
        ("[" * 100_000, "application/json", "invalid_json"),
        ("{", "application/json", "invalid_json"),
        ("[]", "application/json", "json_not_object"),
        ("text=a", "multipart/form-data", "invalid_form_data"),
        ("text=a", "application/x-www-form-urlencoded; charset=none-such", "invalid_form_data"),
    ],
)
async def test_a_body_that_cannot_be_read_is_named(world: World, body: str, kind: str, error: str):
    assert await posted(world, "chat.postMessage", body, kind) == (200, {"ok": False, "error": error})


@pytest.mark.parametrize("junk", [["x"], {"a": 1}, 5, True, "\ud800"])
@pytest.mark.parametrize("argument", ["user", "channel", "ts", "action_id", "block_id", "value", "view_id", "home"])
async def test_a_click_with_anything_in_it_is_a_4xx_or_a_click(world: World, hands: Hands, argument: str, junk: Any):
    overflow = {"type": "overflow", "action_id": "more", "options": [OPTION]}
    block = {"type": "actions", "elements": [overflow, button("go", "Go", "1")]}
    sent = await world.web.chat_postMessage(channel="C1GOV", text="Look", blocks=[block])
    click = {"user": "ann", "channel": "governance", "ts": sent["ts"], "action_id": "more", "value": "v"}
    status, answer = await hands.call("POST", "/control/slack/click", click | {argument: junk})
    assert status in {200, 400, 403, 404}
    assert status == 200 or answer["error"]


@pytest.mark.parametrize("asked", [{"events": [{}]}, {"event_retry_delays": [True]}, {"rate_limits": {"burst": "x"}}])
async def test_options_that_make_no_sense_are_refused(hands: Hands, asked: Any):
    assert (await hands.call("POST", "/control/slack/configure", asked))[0] == 400


async def test_half_a_character_does_not_end_the_memory(start: StartSandbox, tmp_path: Path):
    file = tmp_path / "sandbox.json"
    async with start(file) as before:
        await before.hands.post("slack/message", user="ann", channel="governance", text="half \ud800")
        await written(file, "half ")
        await before.web.chat_postMessage(channel="C1GOV", text="said afterwards", blocks=[section("x")])
        await written(file, "said afterwards")
    async with start(file) as after:
        assert [m["text"] for m in await after.hands.messages("governance")] == ["half \ud800", "said afterwards"]


async def test_memory_goes_on_when_the_disk_is_free_again(
    start: StartSandbox, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    folder = tmp_path / "gone"
    folder.write_text("a file where the folder should be")
    async with start(folder / "sandbox.json") as world:
        await world.web.chat_postMessage(channel="C1GOV", text="while the disk was full")
        await until(lambda: "snapshot_not_written" in caplog.text, "the writer never met the full disk")
        await asyncio.to_thread(folder.unlink)
        await written(folder / "sandbox.json", "while the disk was full")


async def test_what_an_administrator_edited_stays_edited_after_a_restart(start: StartSandbox, tmp_path: Path):
    file = tmp_path / "sandbox.json"
    async with start(file) as before:
        await before.hands.post("slack/edit", type="user", id="U2BEN", fields={"deleted": True, "title": "Gone"})
    async with start(file) as after:
        user = (await after.web.users_info(user="U2BEN"))["user"]
        assert (user["deleted"], user["profile"]["title"]) == (True, "Gone")


async def posted(world: World, method: str, body: str, kind: str = "application/json") -> tuple[int, Any]:
    headers = {"Authorization": f"Bearer {BOT_TOKEN}", "Content-Type": kind}
    url = f"{world.hands.url}/slack/api/{method}"
    async with world.hands.client.post(url, data=body.encode("utf-8", "surrogatepass"), headers=headers) as answer:
        return answer.status, await answer.json()


async def written(file: Path, text: str) -> None:
    await until(lambda: file.is_file() and text in file.read_text(encoding="utf-8"), f"{text!r} is not in {file}")


async def until(holds: Callable[[], bool], otherwise: str) -> None:
    def wait() -> bool:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if holds():
                return True
            time.sleep(0.02)
        return False

    assert await asyncio.to_thread(wait), otherwise
