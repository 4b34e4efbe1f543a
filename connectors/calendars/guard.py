"""Which addresses a feed may have: people type them in, so none may lead into our own network (CWE-918).

The name is resolved by us, its addresses are checked, and exactly these are connected to: a name that answers one
thing when it is checked and another when it is called gains nothing.
"""

from __future__ import annotations

import socket
from ipaddress import ip_address

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from core.networks import is_public


class ForbiddenAddressError(OSError):
    """The address leads into a network that is not public, or is no https address."""


class PublicResolver(AbstractResolver):
    """Finds public addresses alone. Raises ForbiddenAddressError if the name has any other."""

    def __init__(self) -> None:
        self._names = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of the name, each of them public."""
        found = await self._names.resolve(host, port, family)
        if not found or not all(leads_outside(each["host"]) for each in found):
            raise ForbiddenAddressError
        return found

    async def close(self) -> None:
        """Nothing is kept open."""
        await self._names.close()


def check_url(url: URL, *, allows_private: bool) -> None:
    """Returns if the address may be called. Raises ForbiddenAddressError.

    A host that is written as an address is never resolved, so it is looked at here.
    """
    if not url.host or url.user or url.password:
        raise ForbiddenAddressError
    if allows_private:
        if url.scheme not in {"http", "https"}:
            raise ForbiddenAddressError
        return
    if url.scheme != "https" or (_is_literal(url.host) and not leads_outside(url.host)):
        raise ForbiddenAddressError


def leads_outside(text: str) -> bool:
    """Whether the text is an address of the public internet."""
    try:
        return is_public(ip_address(text.partition("%")[0].strip("[]")))
    except ValueError:
        return False


def _is_literal(host: str) -> bool:
    try:
        ip_address(host.partition("%")[0].strip("[]"))
    except ValueError:
        return False
    return True
