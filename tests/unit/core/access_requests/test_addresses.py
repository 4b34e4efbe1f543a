"""Where a callback may go: out, by https, and inside only where it was said (SSRF; X1)."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest

from core.access_requests import AddressRefused, reach
from core.access_requests.addresses import read_endpoint

LOOPBACK = (ip_network("127.0.0.0/8"),)

NO_ADDRESS = (
    "", "x", "ftp://example.com/", "file:///etc/passwd", "https://", "https://:443/", "https://example.com:0/",
    "https://example.com:99999/", "https://[::1/", "https://user@example.com/", "https://u:p@example.com/",
    "https://example.com/#x", "https://example.com/\nX: y", "https://example.com/" + "x" * 2000, "//example.com/",
    "gopher://127.0.0.1:25/", "https://example.com/\u202e",
)  # fmt: skip


@pytest.mark.row("X1")
@pytest.mark.parametrize("endpoint", NO_ADDRESS)
def test_what_is_no_plain_web_address_is_refused(endpoint):
    with pytest.raises(AddressRefused):
        read_endpoint(endpoint)


def test_the_port_is_the_scheme_s_unless_it_is_named():
    assert read_endpoint("https://example.com/a?b=c") == ("https", "example.com", 443)
    assert read_endpoint("http://example.com:8080") == ("http", "example.com", 8080)


@pytest.mark.row("X1")
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "0x7f.0.0.1", "2130706433", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0", "0.0.0.0"]
)  # fmt: skip
async def test_this_machine_is_refused_however_it_is_written(host):
    with pytest.raises(AddressRefused, match="not public"):
        await reach(f"https://{host}/", allowed=())


@pytest.mark.row("X1")
async def test_what_was_allowed_is_reached_by_http_too_and_nothing_beside_it():
    found = await reach("http://127.0.0.1:8080/x", allowed=LOOPBACK)
    assert (found.host, found.port, found.addresses) == ("127.0.0.1", 8080, (ip_address("127.0.0.1"),))
    with pytest.raises(AddressRefused, match="not public"):
        await reach("https://[::1]/", allowed=LOOPBACK)
    with pytest.raises(AddressRefused, match="goes by https"):
        await reach("http://1.1.1.1/", allowed=LOOPBACK)


@pytest.mark.row("X1")
@pytest.mark.parametrize(
    "host", ["no-such-name.invalid", "a" * 64 + ".example", "xn--a.invalid", "é" * 70 + ".example"]
)
async def test_a_name_that_leads_nowhere_is_refused(host):
    with pytest.raises(AddressRefused, match="cannot be found"):
        await reach(f"https://{host}/", allowed=())
