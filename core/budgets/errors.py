"""What can go wrong with budgets. A refusal at the gate is an answer, not an error."""

from core.errors import Conflict, Forbidden, InvalidInput, LimitExceeded, NotFound


class InvalidBudget(InvalidInput):
    """This is not a budget."""

    code = "budgets.invalid"


class UnknownBudget(NotFound):
    """There is no such budget here."""

    code = "budgets.unknown"


class NotYourBudget(Forbidden):
    """Only its owners, or those who manage budgets, can do this."""

    code = "budgets.not_yours"


class NotManager(Forbidden):
    """Only those who manage budgets can do this; anybody can ask for a raise."""

    code = "budgets.not_manager"


class OverBudget(Conflict):
    """This budget is over."""

    code = "budgets.over"


class NothingToRaise(Conflict):
    """A raise must be above what the budget has."""

    code = "budgets.no_raise"


class RaiseWaits(Conflict):
    """Another raise of this budget waits for approval."""

    code = "budgets.raise_waits"


class NothingToLift(Conflict):
    """No budget stands in the way of this action."""

    code = "budgets.nothing_to_lift"


class InvalidSpending(InvalidInput):
    """This cannot be asked for."""

    code = "budgets.invalid_spending"


class TooManyReserved(LimitExceeded):
    """More cannot be reserved at once."""

    code = "budgets.too_many_reserved"


class AlreadyTold(Conflict):
    """Usage of this id was told already."""

    code = "budgets.already_told"
