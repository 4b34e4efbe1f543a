"""The short address of a waiting vote leads to its page, whatever stands in it."""

import pytest
from aiohttp.test_utils import make_mocked_request

from web.console.stepup import forward


@pytest.mark.parametrize(
    ("token", "place"),
    [
        ("acme.s3-cret_", "acme.s3-cret_"),
        ("a\r\nSet-Cookie: b=c", "a%0D%0ASet-Cookie%3A%20b%3Dc"),
        ("a\x00", "a%00"),
        ("../../api?b#c", "..%2F..%2Fapi%3Fb%23c"),
    ],
)
async def test_a_short_address_leads_to_the_page_of_that_vote_and_nowhere_else(token, place):
    answer = await forward(make_mocked_request("GET", "/step-up/x", match_info={"token": token}))
    assert (answer.status, answer.headers["Location"]) == (303, f"/console/step-up/{place}")
