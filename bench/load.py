"""Many users at once against a server on this machine, over kept connections; every answer is looked at.

A small client of its own: on a machine where client and server share the cores, a comfortable one would be measured
instead of the server. It reads answers that carry their Content-Length, as the measured ones do.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from bench.errors import WrongAnswer
from bench.report import Round, percentile

HOST: Final = "127.0.0.1"
USERS: Final = 32
ANSWER_WITHIN_S: Final = 30.0

Ask = Callable[[int], bytes]  # the next request of this user
Check = Callable[[int, bytes], bool]  # whether status and body are what they should be


def request(path: str, body: bytes, *, headers: Mapping[str, str] | None = None) -> bytes:
    """A POST as it goes over the wire; JSON unless the headers say otherwise."""
    lines = {"Host": HOST, "Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body


def json_request(path: str, body: Mapping[str, Any], *, token: str | None = None) -> bytes:
    """As `request`, with the person's token."""
    return request(path, json.dumps(body).encode(), headers={"Authorization": f"Bearer {token}"} if token else None)


async def drive(
    port: int, ask: Ask, check: Check, *, seconds: float, users: int = USERS, every_s: float | None = None
) -> Round:
    """What `users` get who ask again as soon as they are answered, or one question per `every_s`, for `seconds`.

    Raises WrongAnswer with the first answer that does not pass.
    """
    connections = [await asyncio.open_connection(HOST, port) for _ in range(users)]
    latencies: list[float] = []
    started = time.perf_counter()
    end = started + seconds

    async def user(number: int) -> None:
        reader, writer = connections[number]
        due = started + (every_s or 0.0) * number / users  # paced users do not ask all at the same instant
        while due < end:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            asked = time.perf_counter()
            if asked >= end:
                return
            writer.write(ask(number))
            status, body = await asyncio.wait_for(_read(reader), ANSWER_WITHIN_S)
            latencies.append(time.perf_counter() - asked)
            if not check(status, body):
                raise WrongAnswer(f"{status} {body[:500].decode(errors='replace')}")
            due = due + every_s if every_s else 0.0

    try:
        async with asyncio.TaskGroup() as group:
            for number in range(users):
                group.create_task(user(number))
        elapsed = time.perf_counter() - started
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None
    finally:
        for _, writer in connections:
            writer.close()
    return Round(len(latencies) / elapsed, percentile(latencies, 0.5), percentile(latencies, 0.99))


async def _read(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    head = await reader.readuntil(b"\r\n\r\n")
    return int(head[9:12]), await reader.readexactly(content_length(head))


def content_length(head: bytes) -> int:
    """What the head of an answer promises. Raises WrongAnswer if it promises nothing."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    raise WrongAnswer(f"an answer without its length: {head.decode(errors='replace')}")
