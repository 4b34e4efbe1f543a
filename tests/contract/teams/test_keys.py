"""The keys with which Teams signs: fetched once, again when they change, and never at a stranger's pleasure."""

import asyncio
import contextlib

import pytest
from aiohttp import web

from bot.teams.connector import make_session
from bot.teams.keys import FETCHED_AGAIN_S, FRESH_S, TRIED_AGAIN_S, NoKeys, SigningKeys
from bot.teams.tokens import Flaw, Untrusted
from sandbox.teams.jwt import SigningKey
from tests.teams_office import bound, serving

ISSUER = "https://api.botframework.com"


class Published:
    """Both documents, as they stand, and how often they were asked for."""

    def __init__(self):
        self.keys = [SigningKey.fresh()]
        self.issuer = ISSUER
        self.asked = 0
        self.status = 200
        self.delay_s = 0.0

    async def metadata(self, request):
        self.asked += 1
        await asyncio.sleep(self.delay_s)
        body = {"issuer": self.issuer, "jwks_uri": f"{request.url.origin()}/keys"}
        return web.json_response(body, status=self.status)

    async def jwks(self, _request):
        return web.json_response({"keys": [key.public() for key in self.keys]})


class Elapsed:
    def __init__(self):
        self.s = 0.0

    def __call__(self):
        return self.s


@pytest.fixture
def published():
    return Published()


@pytest.fixture
def elapsed():
    return Elapsed()


@pytest.fixture
async def keys(published, elapsed):
    app = web.Application()
    app.add_routes([web.get("/metadata", published.metadata), web.get("/keys", published.jwks)])
    async with contextlib.AsyncExitStack() as stack:
        listener, url = bound()
        await serving(stack, app, listener)
        session = await stack.enter_async_context(make_session())
        yield SigningKeys(session, f"{url}/metadata", issuer=ISSUER, elapsed=elapsed)


async def flaw_of(keys, key_id):
    with pytest.raises(Untrusted) as caught:
        await keys.find(key_id)
    return caught.value.flaw


async def test_keys_are_fetched_once_however_many_ask_at_once(keys, published):
    published.delay_s = 0.05
    found = await asyncio.gather(*(keys.find(published.keys[0].kid) for _ in range(20)))
    assert ({each.id for each in found}, published.asked) == ({published.keys[0].kid}, 1)


async def test_an_unknown_key_is_asked_for_once_an_hour(keys, published, elapsed):
    await keys.find(published.keys[0].kid)
    new = SigningKey.fresh()
    published.keys.append(new)
    elapsed.s = FETCHED_AGAIN_S - 1
    assert (await flaw_of(keys, new.kid), published.asked) == (Flaw.UNKNOWN_KEY, 1)
    elapsed.s = FETCHED_AGAIN_S
    assert ((await keys.find(new.kid)).id, published.asked) == (new.kid, 2)
    assert [await flaw_of(keys, f"stranger-{number}") for number in range(50)] == [Flaw.UNKNOWN_KEY] * 50
    assert published.asked == 2


async def test_a_key_that_is_withdrawn_is_believed_for_a_day_at_most(keys, published, elapsed):
    old = published.keys[0]
    await keys.find(old.kid)
    published.keys = [SigningKey.fresh()]
    elapsed.s = FRESH_S - 1
    assert (await keys.find(old.kid)).id == old.kid
    elapsed.s = FRESH_S
    assert await flaw_of(keys, old.kid) is Flaw.UNKNOWN_KEY


async def test_nothing_is_believed_while_the_keys_were_never_fetched(keys, published, elapsed):
    published.status = 503
    for _ in range(20):
        with pytest.raises(NoKeys):
            await keys.find("any")
    assert published.asked == 1
    published.status, elapsed.s = 200, TRIED_AGAIN_S
    assert (await keys.find(published.keys[0].kid)).id == published.keys[0].kid


async def test_known_keys_stay_while_they_cannot_be_fetched_again(keys, published, elapsed):
    await keys.find(published.keys[0].kid)
    published.status, elapsed.s = 503, FRESH_S + 1
    assert (await keys.find(published.keys[0].kid)).id == published.keys[0].kid


async def test_the_document_of_another_issuer_is_not_believed(keys, published):
    published.issuer = "https://issuer.example"
    with pytest.raises(NoKeys):
        await keys.find(published.keys[0].kid)
