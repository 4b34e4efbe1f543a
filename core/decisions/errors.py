"""What can go wrong when asking the gate. A refusal by policy is an answer, not an error."""

from core.errors import Conflict, Forbidden, InvalidInput, NotFound


class InvalidQuestion(InvalidInput):
    """The gate cannot read this question."""

    code = "decisions.invalid"


class NothingToAsk(Forbidden):
    """Your roles do not let you ask for anything here."""

    code = "decisions.nothing_to_ask"


class UnknownDecision(NotFound):
    """There is no such decision here."""

    code = "decisions.unknown"


class OutcomeReported(Conflict):
    """The outcome of this decision was reported already."""

    code = "decisions.outcome_reported"
