"""What can go wrong when people prove who they are."""

from __future__ import annotations

from core.errors import Conflict, Forbidden, InvalidInput, LimitExceeded, NotFound, Unauthenticated


class SignInRefused(Unauthenticated):
    """These do not belong together: organisation, e-mail, password and, where you have set it up, the one-time code."""

    code = "signin.refused"


class TooManyAttempts(LimitExceeded):
    """Too many attempts to sign in failed."""

    code = "signin.too_many_attempts"


class WeakPassword(InvalidInput):
    """This password is too easy to guess."""

    code = "signin.weak_password"


class SecondFactorWanted(SignInRefused):
    """The password is right; now your second factor."""

    code = "signin.second_factor_wanted"

    def __init__(self, token: str) -> None:
        """`token` is under which the other half of the sign-in waits, for five minutes."""
        super().__init__()
        self.token = token


class KeyRefused(Forbidden):
    """This key was not accepted."""

    code = "signin.key_refused"


class NoNameForKeys(Conflict):
    """Passkeys work under a name, and this installation is reached by an IP address."""

    code = "signin.no_name_for_keys"


class CodeRefused(Forbidden):
    """This code is not valid, or was used already."""

    code = "signin.code_refused"


class PasswordRefused(Forbidden):
    """This is not your present password."""

    code = "signin.password_refused"


class NoSecondFactor(Conflict):
    """You have not set up a second factor yet."""

    code = "signin.no_second_factor"


class NoPassword(Conflict):
    """You have no password yet."""

    code = "signin.no_password"


class LinkOver(NotFound):
    """This link does not hold, or no longer."""

    code = "signin.link_over"


class StepUpRequired(Forbidden):
    """This decision needs your second factor."""

    code = "signin.step_up_required"

    def __init__(self, message: str | None = None, *, link: str = "") -> None:
        """`link` is where the person confirms, once and soon."""
        super().__init__(message, where="assurance", next_step=f"Confirm it is you: {link}" if link else None)
        self.link = link
