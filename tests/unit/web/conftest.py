from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.unit.web.sample import World, serving


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def client(world: World) -> AsyncIterator[aiohttp.ClientSession]:
    async with serving(world) as session:
        yield session
