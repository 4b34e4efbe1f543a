"""What the outside knows of a subject. The doors keep here what they must remember, because they hold no SQL.

model.py     tables
tickets.py   one ticket per subject and system; recording.py takes one over
messages.py  one living message per subject, place and role
accounts.py  which chat account is which person
"""

from core.links.accounts import ChatAccount, account_of, link_account, person_of
from core.links.messages import MessageSlot, drop_message, find_message, messages_of, reserve_message, settle_message
from core.links.recording import record_ticket
from core.links.tickets import TicketLink, save_ticket, tickets_of

__all__ = [
    "ChatAccount",
    "MessageSlot",
    "TicketLink",
    "account_of",
    "drop_message",
    "find_message",
    "link_account",
    "messages_of",
    "person_of",
    "record_ticket",
    "reserve_message",
    "save_ticket",
    "settle_message",
    "tickets_of",
]
