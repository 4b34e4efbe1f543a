"""What can go wrong with reports of costs."""

from core.errors import Conflict, InvalidInput, LimitExceeded, NotFound


class InvalidReport(InvalidInput):
    """This is no report that can be made."""

    code = "finance.invalid"


class InvalidCostCentre(InvalidInput):
    """This is no cost centre."""

    code = "finance.invalid_cost_centre"


class UnknownCostCentre(NotFound):
    """There is no such cost centre here."""

    code = "finance.unknown_cost_centre"


class InvalidBenefit(InvalidInput):
    """This is no benefit."""

    code = "finance.invalid_benefit"


class UnknownBenefit(NotFound):
    """There is no such benefit here."""

    code = "finance.unknown_benefit"


class UnknownRecommendation(NotFound):
    """There is no such recommendation here."""

    code = "finance.unknown_recommendation"


class AlreadySettled(Conflict):
    """The recommendation is settled already."""

    code = "finance.already_settled"


class TooMany(LimitExceeded):
    """There are too many of these."""

    code = "finance.too_many"
