"""What can go wrong with accounts in ticket systems."""

from core.errors import Conflict, InvalidInput


class AccountTaken(Conflict):
    """That account is somebody else's."""

    code = "ticket_accounts.taken"


class IntegrationAccount(InvalidInput):
    """With that account we sign in there ourselves: what it does is nobody's vote."""

    code = "ticket_accounts.own"
