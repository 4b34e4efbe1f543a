"""Whose accounts in ticket systems are: what makes an approval there a vote here (N1, X2).

accounts.py   values
errors.py     what can go wrong
linking.py    the signed link: a code from our page, written on a ticket by the account that it shall bind
managing.py   use cases of the person and of administrators: list, set, unlink
knowing.py    who is behind an account; which accounts people have
model.py, store.py   tables and SQL
"""

from core.ticket_accounts.accounts import CODE, AccountSystem, TicketAccount, Waiting
from core.ticket_accounts.errors import AccountTaken, IntegrationAccount
from core.ticket_accounts.knowing import accounts_in, person_behind
from core.ticket_accounts.linking import begin_ticket_link, finish_ticket_link
from core.ticket_accounts.managing import (
    MyTicketAccounts,
    all_ticket_accounts,
    list_ticket_accounts,
    my_ticket_accounts,
    set_ticket_account,
    unlink_ticket_account,
)

__all__ = [
    "CODE",
    "AccountSystem",
    "AccountTaken",
    "IntegrationAccount",
    "MyTicketAccounts",
    "TicketAccount",
    "Waiting",
    "accounts_in",
    "all_ticket_accounts",
    "begin_ticket_link",
    "finish_ticket_link",
    "list_ticket_accounts",
    "my_ticket_accounts",
    "person_behind",
    "set_ticket_account",
    "unlink_ticket_account",
]
