"""The served sample against its own document: every call that the document allows, and many that it does not."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from tests.unit.web.sample import TOKEN, World, serving

EXAMPLES = 40  # for each operation and each mode of generation


def _serve(world: World, is_up: threading.Event, stop: asyncio.Event, loop: asyncio.AbstractEventLoop) -> None:
    async def until_stopped() -> None:
        async with serving(world):
            is_up.set()
            await stop.wait()

    asyncio.set_event_loop(loop)
    loop.run_until_complete(until_stopped())
    loop.close()


@pytest.fixture(scope="module")
def served() -> Iterator[World]:
    world, is_up, stop, loop = World(), threading.Event(), asyncio.Event(), asyncio.new_event_loop()
    thread = threading.Thread(target=_serve, args=(world, is_up, stop, loop))
    thread.start()
    assert is_up.wait(10)
    yield world
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)


@pytest.fixture(scope="module")
def document(served: World) -> schemathesis.BaseSchema:
    # /readyz answers 503 when nothing is checked; test_around_requests covers it
    return schemathesis.openapi.from_url(f"{served.url}/api/openapi.json").exclude(path="/readyz")


api = schemathesis.pytest.from_fixture("document")


@api.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
def test_the_sample_keeps_what_its_document_promises(case: schemathesis.Case, served: World):
    case.call_and_validate(base_url=served.url, headers={"Authorization": f"Bearer {TOKEN}"})
