"""What can go wrong with service levels."""

from core.errors import Conflict, InvalidInput, LimitExceeded, NotFound


class InvalidObjective(InvalidInput):
    """The objective cannot be taken like this."""

    code = "sla.invalid_objective"


class InvalidPlan(InvalidInput):
    """The plan, or the action of it, cannot be taken like this."""

    code = "sla.invalid_plan"


class InvalidSample(InvalidInput):
    """A sample cannot be taken like this."""

    code = "sla.invalid_sample"


class InvalidPeriod(InvalidInput):
    """This is no period that can be reported."""

    code = "sla.invalid_period"


class UnknownObjective(NotFound):
    """There is no such objective here."""

    code = "sla.unknown_objective"


class UnknownService(NotFound):
    """No sample of this service was ever taken, and no objective names it."""

    code = "sla.unknown_service"


class UnknownPlan(NotFound):
    """There is no such plan here."""

    code = "sla.unknown_plan"


class UnknownAction(NotFound):
    """There is no such action here."""

    code = "sla.unknown_action"


class ObjectiveExists(Conflict):
    """The service has an objective of this name."""

    code = "sla.objective_exists"


class ObjectiveInFile(Conflict):
    """This objective stands in a file."""

    code = "sla.objective_in_file"


class WrongState(Conflict):
    """It is not in a state that allows this."""

    code = "sla.wrong_state"


class TooManyServices(LimitExceeded):
    """A tenant has a limited number of services."""

    code = "sla.too_many_services"


class TooManyObjectives(LimitExceeded):
    """A tenant has a limited number of objectives."""

    code = "sla.too_many_objectives"
