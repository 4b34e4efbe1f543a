"""What can go wrong with a receipt. At the gate each is the reason of a denial."""

from core.errors import Conflict, Forbidden, InvalidInput


class InvalidReceipt(InvalidInput):
    """This is not a receipt of this installation for this tenant."""

    code = "receipts.invalid"


class ExpiredReceipt(Conflict):
    """The receipt has expired."""

    code = "receipts.expired"


class UsedApproval(Conflict):
    """The approval behind the receipt is used up or no longer stands."""

    code = "receipts.used"


class SuspendedApproval(Conflict):
    """The ticket that the approval rests on does not let it be used now."""

    code = "receipts.suspended"


class OtherAction(Forbidden):
    """The receipt is for another action or resource."""

    code = "receipts.other_action"
