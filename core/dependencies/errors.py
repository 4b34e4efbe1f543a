"""What can go wrong with a dependency."""

from core.errors import InvalidInput, LimitExceeded, NotFound


class InvalidDependency(InvalidInput):
    """This is no dependency."""

    code = "dependencies.invalid"


class UnknownDependency(NotFound):
    """There is no such dependency here."""

    code = "dependencies.unknown"


class TooManyDependencies(LimitExceeded):
    """The graph is full."""

    code = "dependencies.too_many"
