"""What ends a measurement: a fast wrong answer is worth nothing."""


class WrongAnswer(Exception):
    """Somebody answered something else than they should have."""
