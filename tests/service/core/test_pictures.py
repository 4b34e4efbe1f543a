"""Pictures that a platform fetches: nobody guesses their address, and it ends (B7, P8)."""

import asyncio
from datetime import timedelta

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import func, select, text

from app.housekeeping import Housekeeping
from core.pictures import KEPT_FOR, PICTURE_BYTES_MAX, UnusablePicture, keep_picture, picture_of
from core.pictures.model import pictures
from core.pictures.tokens import hash_secret
from web.middleware import header_hook, problems
from web.pictures import picture_routes

PNG = b"\x89PNG\r\n\x1a\n and so on"
pytestmark = pytest.mark.row("B7", "P8")


async def kept(company, png=PNG, key="week", database=None):
    async with (database or company.database).tenant(company.tenant) as tx:
        return await keep_picture(tx, png, key=key, name="decisions.png")


def token_in(path):
    return path.removeprefix("/pictures/").removesuffix(".png")


async def stored(company):
    async with company.database.tenant(company.tenant) as tx:
        return (await tx.connection.execute(select(pictures))).all()


@pytest.fixture
async def http(company):
    app = web.Application(middlewares=[problems])
    app.on_response_prepare.append(header_hook(has_tls=True))
    app.router.add_routes(picture_routes(company.database))
    async with TestClient(TestServer(app)) as client:
        yield client


async def test_whoever_has_the_address_sees_the_picture_and_nobody_signs_in(company, http):
    path = await kept(company)
    answer = await http.get(path)
    assert (answer.status, answer.content_type, await answer.read()) == (200, "image/png", PNG)
    headers = answer.headers
    assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("private, max-age=86400", "nosniff")
    assert headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "Set-Cookie" not in headers
    looked = await http.head(path)
    assert (looked.status, looked.headers["Content-Length"], await looked.read()) == (200, str(len(PNG)), b"")


async def test_an_address_that_leads_nowhere_has_one_answer_whatever_is_wrong_with_it(company, http):
    path = await kept(company)
    token = token_in(path)
    last = "0" if token[-1] != "0" else "1"
    wrong = [
        token[:-1] + last,
        token.replace(company.tenant, "no-such-tenant"),
        token.replace(company.tenant, "global-partners"),
        token.upper(),
        token[:-1],
        token + "0",
        "x",
        "%00",
        "a" * 5000,
        "..%2f..%2fhealthz",
        "_".join((company.tenant, "0" * 32, "0" * 64)),
    ]
    answers = set()
    for each in wrong:
        answer = await http.get(f"/pictures/{each}.png")
        answers.add((answer.status, await answer.read(), answer.headers["Cache-Control"], answer.content_type))
    company.clock.advance(KEPT_FOR)
    over = await http.get(path)
    answers.add((over.status, await over.read(), over.headers["Cache-Control"], over.content_type))
    assert answers == {(404, b"There is no such picture.\n", "no-store", "text/plain")}
    assert (await http.post(path)).status == 405


async def test_the_same_picture_kept_again_has_the_same_address_and_is_there_once(company, other_replica):
    paths = await asyncio.gather(*(kept(company, database=each) for each in (company.database, other_replica) * 3))
    assert len(set(paths)) == 1
    assert len(await stored(company)) == 1
    company.clock.advance(KEPT_FOR - timedelta(minutes=1))
    assert await kept(company) == paths[0]
    company.clock.advance(timedelta(days=1))
    assert (await picture_of(company.database, token_in(paths[0]))).png == PNG


async def test_another_picture_in_its_place_has_another_address_and_the_old_one_leads_nowhere(company):
    before = await kept(company)
    after = await kept(company, PNG + b"!")
    assert await picture_of(company.database, token_in(before)) is None
    assert (await picture_of(company.database, token_in(after))).png == PNG + b"!"
    assert await kept(company, key="another week") not in (before, after)


async def test_the_address_cannot_be_read_from_the_database(company):
    secret = token_in(await kept(company)).rpartition("_")[2]
    async with company.database.tenant(company.tenant) as tx:
        row = (await tx.connection.execute(text("SELECT pictures::text AS all, secret_hash FROM pictures"))).one()
    assert secret not in row.all
    assert (len(secret), row.secret_hash) == (64, hash_secret(secret))


async def test_pictures_are_gone_when_their_time_is_over(company):
    await kept(company)
    company.clock.advance(timedelta(days=1))
    await kept(company, key="later")
    company.clock.advance(KEPT_FOR - timedelta(days=1))
    await Housekeeping(company.database).clean()
    assert [row.key for row in await stored(company)] == ["later"]


@pytest.mark.parametrize("bad", [b"", b"<svg/>", b"\xff\xd8\xff jpeg", PNG + b"0" * PICTURE_BYTES_MAX])
async def test_what_no_platform_would_show_is_not_kept(company, bad):
    with pytest.raises(UnusablePicture):
        await kept(company, bad)
    async with company.database.tenant(company.tenant) as tx:
        assert (await tx.connection.execute(select(func.count()).select_from(pictures))).scalar_one() == 0
