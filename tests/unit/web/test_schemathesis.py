"""The served sample against its own document: every call that the document allows, and many that it does not."""

import asyncio
import threading
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.unit.web.sample import TOKEN, World, serving
from web import ports
from web.openapi import openapi_document

# The tool signs in by itself, so that it also leaves the credential out where it means to.
SIGNED_IN = schemathesis.Config.from_dict({"auth": {"openapi": {"bearer": {"bearer": TOKEN}}}})
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
    async def works() -> None:
        return

    world = World(checks=[ports.HealthCheck("database", works)])
    is_up, stop, loop = threading.Event(), asyncio.Event(), asyncio.new_event_loop()
    thread = threading.Thread(target=_serve, args=(world, is_up, stop, loop))
    thread.start()
    assert is_up.wait(10)
    yield world
    loop.call_soon_threadsafe(stop.set)
    thread.join(10)


def _cases() -> Iterator[tuple[str, str, GenerationMode]]:
    for operation in World().api().operations:
        place = operation.endpoint.path, str(operation.endpoint.method)
        yield *place, GenerationMode.POSITIVE
        takes_nothing = operation.is_public and not (operation.body or operation.query or operation.path)
        if not takes_nothing:  # else there is nothing that a caller could get wrong
            yield *place, GenerationMode.NEGATIVE


@pytest.mark.parametrize(("path", "method", "mode"), list(_cases()))
def test_the_sample_keeps_what_its_document_promises(served: World, path: str, method: str, mode: GenerationMode):
    document = schemathesis.openapi.from_dict(openapi_document(served.api(), server_url=served.url), config=SIGNED_IN)
    operation = document[path][method]

    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), derandomize=True)
    def keeps_its_promise(case: schemathesis.Case) -> None:
        # No schema can say which cursors were given out: an invented one is refused with 400, as it must be. For calls
        # that carry one, this single check is left out; all others still hold. test_paging covers cursors.
        excluded: list[schemathesis.CheckFunction] = (
            [positive_data_acceptance] if "cursor" in (case.query or {}) else []
        )
        served.keys.forget()  # invented keys repeat, and a key sent with another body is refused, as it must be
        case.call_and_validate(base_url=served.url, excluded_checks=excluded)

    keeps_its_promise()
