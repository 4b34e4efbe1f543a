"""What can go wrong with chat accounts."""

from core.errors import Conflict, Forbidden


class UnknownChatAccount(Forbidden):
    """This chat account does not belong to anybody that Countersign knows."""

    code = "chat.unknown_account"


class OwnAccount(Forbidden):
    """Nobody lets their own chat account count as somebody else's."""

    code = "chat.own_account"


class NoLinkWaiting(Conflict):
    """No link of this chat account waits for a code."""

    code = "chat.no_link_waiting"


class WrongLinkCode(Forbidden):
    """This is not the code that the page shows for this chat account."""

    code = "chat.wrong_link_code"
