"""What goes to the outbox."""

from enum import StrEnum


class AccountEvent(StrEnum):
    """The closed set of event types of a chat account. Their subject is the person whose it became or was."""

    LINKED = "chat_account.linked"
    UNLINKED = "chat_account.unlinked"
