"""What can go wrong with people and permissions."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, NotFound, Unauthenticated


class TokenRefused(Unauthenticated):
    """The token is not valid, has expired or was revoked."""

    code = "access.token_refused"


class PermissionMissing(Forbidden):
    """Your role does not permit this."""

    code = "access.permission_missing"


class ScopeMissing(Forbidden):
    """This token may not be used for that."""

    code = "access.scope_missing"


class TenantRefused(Forbidden):
    """Only enterprise administrators may act in another tenant."""

    code = "access.tenant_refused"


class UnknownPerson(NotFound):
    """There is no such person here."""

    code = "access.unknown_person"


class PersonExists(Conflict):
    """A person with this e-mail address exists already."""

    code = "access.person_exists"


class VoteForAnother(Forbidden):
    """A token that you make for somebody else cannot vote: they cast their votes themselves."""

    code = "access.vote_for_another"


class SelfGrant(Forbidden):
    """Nobody may grant a role to themselves."""

    code = "access.self_grant"
