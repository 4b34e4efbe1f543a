"""A link to sign in leads to a page of the console and nowhere else."""

import pytest

from web.console.signin import local


@pytest.mark.parametrize("place", ["/console", "/console/requests/REQ-1?done=voted", "/console?tab=all"])
def test_a_page_of_the_console_is_gone_back_to(place):
    assert local(place) == place


@pytest.mark.parametrize(
    "place",
    [
        "",
        "https://evil.example/",
        "//evil.example/console",
        "/console.evil.example",
        "/api/docs",
        "/console/\\evil.example",
        "/console/\r\nSet-Cookie: a=b",
    ],
)
def test_anything_else_leads_to_the_first_page(place):
    assert local(place) == "/console"
