"""How soon Slack has its acknowledgement of `/approve help`, typed by 32 people at once (Slack waits three seconds).

Signed as Slack signs, sent to /slack/events; the simulated Slack is the Web API. The answer itself goes to the
command's response_url, which is the yardstick's process here: it counts, so that no acknowledgement was for nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

import aiohttp

from bench.errors import WrongAnswer
from bench.gate import measure
from bench.load import HOST, Ask, Check, request
from bench.report import Case, Section
from bench.world import World

BARE: Final = "bare handler"
COMMAND: Final = "/approve help"
EVERY_S: Final = 1.0
ANSWERED_WITHIN_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Commands:
    """What the workspace's members type."""

    world: World

    def signed(self, number: int) -> bytes:
        """The member's command, signed now."""
        user = self.world.developers[number]
        body = urlencode(
            {
                "token": "unused",
                "team_id": "T0BENCH",
                "channel_id": "C0GENERAL",
                "user_id": user.slack_id,
                "command": "/approve",
                "text": "help",
                "api_app_id": "A0BENCH",
                "trigger_id": f"1.{time.time_ns()}",
                "response_url": f"http://{HOST}:{self.world.yardstick}/said",
            }
        ).encode()
        return request("/slack/events", body, headers=signature(body, self.world.signing_secret, at=int(time.time())))


def signature(body: bytes, secret: str, *, at: int) -> dict[str, str]:
    """The headers of a request that Slack made at the Unix time `at`: https://docs.slack.dev/authentication/verifying-requests-from-slack."""
    digest = hmac.new(secret.encode(), b"v0:%d:%s" % (at, body), hashlib.sha256).hexdigest()
    return {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Slack-Request-Timestamp": str(at),
        "X-Slack-Signature": f"v0={digest}",
    }


async def run(world: World, *, rounds: int, seconds: float) -> tuple[Section, Section]:
    """Back to back, and one command a second each. Raises WrongAnswer, also if a command was not answered."""
    commands = Commands(world)
    sent = 0

    def command(number: int) -> bytes:
        nonlocal sent
        sent += 1
        return commands.signed(number)

    form = urlencode({"command": "/approve", "text": "help"}).encode()
    bare = request("/form", form, headers={"Content-Type": "application/x-www-form-urlencoded"})

    def is_acknowledged(status: int, body: bytes) -> bool:
        return status == 200 and body == b""

    cases: dict[str, tuple[int, Ask, Check]] = {
        BARE: (world.yardstick, lambda _: bare, is_acknowledged),
        COMMAND: (world.product, command, is_acknowledged),
    }
    hurried = await measure(cases, rounds=rounds, seconds=seconds)
    await _answered(world, lambda: sent)
    paced = await measure(cases, rounds=rounds, seconds=max(seconds, 2 * EVERY_S), every_s=EVERY_S)
    await _answered(world, lambda: sent)
    return (
        _section("Acknowledging slash commands, 32 users back to back", hurried),
        _section("Acknowledging slash commands, 32 users with one command a second each", paced),
    )


def _section(title: str, cases: tuple[Case, ...]) -> Section:
    return Section(title, cases, baselines=(BARE,), notes=("Every command was answered at its response_url.",))


async def _answered(world: World, sent: Callable[[], int]) -> None:
    """Every command has its help card."""
    deadline = time.monotonic() + ANSWERED_WITHIN_S
    async with aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"http://{HOST}:{world.yardstick}/said") as answer:
                heard = await answer.json()
            if heard["count"] >= sent():
                break
            if time.monotonic() > deadline:
                raise WrongAnswer(f"{sent()} commands, but {heard['count']} answers")
            await asyncio.sleep(0.1)
    if "/approve" not in heard["last"]:
        raise WrongAnswer(f"the answer is no help: {heard['last'][:300]}")
