"""What an API token may be limited to. A token never widens what its person may do."""

from __future__ import annotations

from enum import StrEnum

from core.access.errors import ScopeMissing
from core.actor import Actor


class TokenScope(StrEnum):
    """The closed set of scopes."""

    READ = "read"
    DECIDE = "decide"  # ask the gate, report outcomes
    REQUEST = "request"  # open, comment on and withdraw requests; bypasses
    VOTE = "vote"
    ADMIN = "admin"  # people, grants, tokens of others, tenants, policies, deliveries


def covers(actor: Actor, scope: TokenScope) -> bool:
    """Whether the actor's credential covers `scope`; None means that it covers everything."""
    return actor.scopes is None or scope in actor.scopes


def require_scope(actor: Actor, scope: TokenScope) -> None:
    """Returns if the actor's credential covers `scope`; raises ScopeMissing otherwise."""
    if not covers(actor, scope):
        raise ScopeMissing(
            f"This token does not cover '{scope}'.",
            where="token scopes",
            accepted=tuple(sorted(actor.scopes or ())),
            next_step="Create a token that does.",
        )
