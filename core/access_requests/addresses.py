"""Which addresses a callback may reach: https, out there, or inside where the installation says so (SSRF).

What counts is where a name leads, not how it is written; so a name is looked up when it is registered and again at each
delivery, which then connects to exactly what was found and checked.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address
from typing import Final
from urllib.parse import urlsplit

from core.access_requests.errors import AddressRefused
from core.networks import Address, is_public

ENDPOINT_MAX: Final = 2000  # characters
LOOKUP_S: Final = 5.0
_PORTS: Final = {"https": 443, "http": 80}

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class Reachable:
    """Where an endpoint leads: the only addresses that may be connected to."""

    host: str
    port: int
    addresses: tuple[Address, ...]


async def reach(endpoint: str, *, allowed: Sequence[Network]) -> Reachable:
    """Where the endpoint leads now. `allowed` are the networks that may be reached although they are internal.

    Raises AddressRefused, also for a name that leads nowhere.
    """
    scheme, host, port = read_endpoint(endpoint)
    try:
        async with asyncio.timeout(LOOKUP_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError) as exc:
        raise AddressRefused(f"'{host}' cannot be found.", where="endpoint") from exc
    addresses = tuple(dict.fromkeys(ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))
    inside = [address for address in addresses if not is_within(address, allowed)]
    if scheme == "http" and inside:
        raise AddressRefused("A callback goes by https.", where="endpoint", accepted=("https://…",))
    for address in inside:
        if not is_public(address):
            raise AddressRefused(f"'{host}' leads to an address that is not public.", where="endpoint")
    return Reachable(host, port, addresses)


def read_endpoint(endpoint: str) -> tuple[str, str, int]:
    """Its scheme, host and port. Raises AddressRefused for what is no plain web address."""
    try:
        parts = urlsplit(endpoint)
        port = parts.port
    except ValueError as exc:
        raise AddressRefused("This is no web address.", where="endpoint", accepted=("https://…",)) from exc
    if len(endpoint) > ENDPOINT_MAX or parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise AddressRefused("This is no web address.", where="endpoint", accepted=("https://…",))
    if parts.username is not None or parts.password is not None or parts.fragment or not endpoint.isprintable():
        raise AddressRefused("It must not hold a user, a password or a fragment.", where="endpoint")
    return parts.scheme, parts.hostname, port or _PORTS[parts.scheme]


def is_within(address: Address, networks: Sequence[Network]) -> bool:
    """Whether one of the networks holds it."""
    return any(address.version == network.version and address in network for network in networks)
