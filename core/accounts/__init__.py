"""Which chat account is which person, how sure that is, and how it comes about (X2).

accounts.py   the closed sets and values: Platform, LinkedBy, ChatId, Profile, Account
matching.py   who is behind a chat account: linked, or matched by e-mail where the tenant allows it; refusals recorded
linking.py    the signed link: begun in chat, confirmed at the console, finished in chat with a code
managing.py   use cases of the person and of administrators: list, set, unlink
binding.py    one account becomes one person's, in the caller's transaction
model.py, store.py, link_store.py   tables and SQL
events.py, errors.py
"""

from core.accounts.accounts import Account, ChatId, LinkedBy, Platform, Profile, Unlinked, chat_id
from core.accounts.errors import NoLinkWaiting, UnknownChatAccount, WrongLinkCode
from core.accounts.events import AccountEvent
from core.accounts.linking import PendingLink, begin_link, confirm_link, find_link, finish_link
from core.accounts.managing import (
    MyAccounts,
    list_accounts,
    my_accounts,
    set_account,
    unlink_account,
    unlink_mine,
)
from core.accounts.matching import (
    account_of,
    accounts_of,
    find_account,
    find_accounts,
    match_by_email,
    may_match_by_email,
    note_added,
    note_seen,
    note_unreachable,
    refuse,
)

__all__ = [
    "Account",
    "AccountEvent",
    "ChatId",
    "LinkedBy",
    "MyAccounts",
    "NoLinkWaiting",
    "PendingLink",
    "Platform",
    "Profile",
    "UnknownChatAccount",
    "Unlinked",
    "WrongLinkCode",
    "account_of",
    "accounts_of",
    "begin_link",
    "chat_id",
    "confirm_link",
    "find_account",
    "find_accounts",
    "find_link",
    "finish_link",
    "list_accounts",
    "match_by_email",
    "may_match_by_email",
    "my_accounts",
    "note_added",
    "note_seen",
    "note_unreachable",
    "refuse",
    "set_account",
    "unlink_account",
    "unlink_mine",
]
