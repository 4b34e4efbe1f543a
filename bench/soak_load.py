"""What people do during the soak: requests and bypasses that live and end in every way, over HTTP.

Everybody keeps trying while the server is gone. A call whose answer was lost is made again: whether it had happened is
not asked, because what counts in the end is what the product itself says has happened.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import aiohttp

from bench.errors import WrongAnswer
from bench.soak_world import ASKER, VOTERS, People, Server

USERS: Final = 6  # stories that are told at once
CALL_WITHIN_S: Final = 60.0
COMMENT_SHARE: Final = 0.4  # of all steps, after which somebody says something
STORIES: Final = (  # how a story ends, and how many of a hundred end so
    ("used", 45), ("failed", 8), ("approved", 8), ("rejected", 12), ("withdrawn", 10), ("open", 5), ("bypass", 12),
)  # fmt: skip


@dataclass(slots=True)
class Load:
    """Who does what, and how many changes were made so far."""

    server: Server
    people: Sequence[People]
    seed: int
    changes: int  # how many are wanted
    done: int = 0
    lost: int = 0  # calls whose answer did not come
    kinds: Counter[str] = field(default_factory=Counter)
    _names: Iterator[int] = field(default_factory=itertools.count)
    _awaited: tuple[float, asyncio.Future[None]] | None = None

    async def run(self) -> None:
        """So many changes were made, or a few more. Raises WrongAnswer for an answer that no story allows."""
        timeout = aiohttp.ClientTimeout(total=CALL_WITHIN_S)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as group:
                for user in range(USERS):
                    group.create_task(self._tell(session, random.Random(self.seed + user)))
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None

    async def reaches(self, count: float, loading: asyncio.Task[None]) -> None:
        """So many changes were made, or the load has ended."""
        if self.done >= count:
            return
        reached: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._awaited = (count, reached)
        await asyncio.wait({loading, reached}, return_when=asyncio.FIRST_COMPLETED)
        reached.cancel()

    def count(self) -> None:
        """One more change was made."""
        self.done += 1
        count, awaited = self._awaited or (0.0, None)
        if awaited is not None and self.done >= count and not awaited.done():
            awaited.set_result(None)

    async def _tell(self, session: aiohttp.ClientSession, chance: random.Random) -> None:
        names, weights = zip(*STORIES, strict=True)
        while self.done < self.changes:
            (ending,) = chance.choices(names, weights)
            story = _Story(self, session, chance, chance.choice(self.people), f"soak-{next(self._names)}")
            self.kinds[ending] += 1
            await (story.bypass() if ending == "bypass" else story.request(ending))


@dataclass(slots=True)
class _Story:
    load: Load
    session: aiohttp.ClientSession
    chance: random.Random
    people: People
    name: str
    said: int = 0

    async def request(self, ending: str) -> None:
        """A request from its opening to this end, with remarks between."""
        answer = await self._ask()
        id_ = str(answer["request_id"])
        await self._perhaps_comment(id_)
        if ending == "withdrawn":
            await self._act(f"/api/v1/requests/{id_}/withdraw", ASKER, {"reason": self._words()})
            return
        last = self.chance.randrange(len(VOTERS)) if ending in {"rejected", "open"} else len(VOTERS)
        for role in VOTERS[:last]:
            await self._vote(id_, role, "approve")
            await self._perhaps_comment(id_)
        if ending == "rejected":
            await self._vote(id_, VOTERS[last], "reject")
        if ending not in {"used", "failed"}:
            return
        allowed = await self._ask()
        status = "succeeded" if ending == "used" else "failed"
        if allowed["decision"] == "allow":  # the answer that said so may have been lost
            await self._act(f"/api/v1/decisions/{allowed['id']}/outcome", ASKER, {"status": status})

    async def bypass(self) -> None:
        """A bypass that is granted, ended and reviewed."""
        body = {
            "action": "agent.deploy",
            # Of an agent that is not registered, and unlike any that is: soak-9 would be taken for a slip for soak-4.
            "resource": f"{self.chance.getrandbits(64):016x}",
            "justification": f"Payments fail for every customer. {self._words()}",
            "duration": "1 hour",
        }
        status, granted = await self._post("/api/v1/bypasses", VOTERS[0], body)
        if status != HTTPStatus.CREATED:  # it was granted before, and the answer was lost
            return
        self.load.count()
        await self._act(f"/api/v1/bypasses/{granted['id']}/end", VOTERS[0], {})
        review = {"verdict": "justified", "notes": self._words()}
        await self._act(f"/api/v1/bypasses/{granted['id']}/review", "tenant_administrator", review)

    async def _ask(self) -> dict[str, Any]:
        emails = self.people.emails
        resource = {
            "type": "agent",
            "name": self.name,
            "sponsor": emails["tenant_administrator"],
            "owner": emails[ASKER],
            "business_service": "Payments",
        }
        question = {
            "action": "agent.create",
            "resource": resource,
            "context": {"justification": f"Reads invoices. {self.name}"},
        }
        status, answer = await self._post("/api/v1/decisions", ASKER, question)
        if status != HTTPStatus.OK:
            raise WrongAnswer(f"{status} {answer}")
        self.load.count()
        return answer

    async def _vote(self, id_: str, role: str, decision: str) -> None:
        await self._act(f"/api/v1/requests/{id_}/votes", role, {"decision": decision, "reason": self._words()})

    async def _perhaps_comment(self, id_: str) -> None:
        if self.chance.random() < COMMENT_SHARE:
            await self._act(f"/api/v1/requests/{id_}/comments", self.chance.choice(VOTERS), {"text": self._words()})

    async def _act(self, path: str, role: str, body: dict[str, Any]) -> None:
        await self._post(path, role, body)
        self.load.count()

    def _words(self) -> str:
        """What nobody else says."""
        self.said += 1
        return f"[{self.name}/{self.said}]"

    async def _post(self, path: str, role: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and answer, however often it takes. A refusal counts only where nothing was lost before it."""
        headers = {"Authorization": f"Bearer {self.people.tokens[role]}"}
        lost = 0
        while True:
            await self.load.server.wait_until_up()
            try:
                status, answer = await self._sent(path, headers, body)
            except (aiohttp.ClientError, TimeoutError):
                status, answer = 0, {}
            if 0 < status < HTTPStatus.INTERNAL_SERVER_ERROR:
                if status >= HTTPStatus.BAD_REQUEST and not lost:
                    raise WrongAnswer(f"{path}: {status} {answer}")
                return status, answer
            lost += 1
            self.load.lost += 1
            await asyncio.sleep(0.1)

    async def _sent(self, path: str, headers: dict[str, str], body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        async with self.session.post(self.load.server.url + path, headers=headers, json=body) as answer:
            found = await answer.json() if answer.content_length else {}
            return answer.status, found
