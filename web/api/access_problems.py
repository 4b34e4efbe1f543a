"""The profile's own problem types: what the core refuses, with the names and statuses that the draft gives it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

from core.access_requests import (
    DuplicateRequest,
    ExpiredDenial,
    HiddenTask,
    InvalidBinding,
    InvalidTaskState,
    NotRequestable,
    UnknownTask,
)
from core.errors import CountersignError
from web.errors import DoorError

_URN: Final = "urn:openid:authzen:access-request:error:"


class _ProfileProblem(DoorError):
    """Something of the profile went wrong."""

    def __init__(self, cause: CountersignError) -> None:
        super().__init__(cause.message, accepted=cause.accepted, next_step=cause.next_step)
        self.type_uri = _URN + self.code


class NotRequestableProblem(_ProfileProblem):
    """Access is not requestable."""

    code = "not_requestable"


class ExpiredDenialProblem(_ProfileProblem):
    """The requestable denial has expired."""

    code = "expired_denial"
    status = HTTPStatus.GONE


class InvalidBindingProblem(_ProfileProblem):
    """The access request cannot be bound to the denied decision."""

    code = "invalid_denial_binding"


class DuplicateRequestProblem(_ProfileProblem):
    """The Idempotency-Key was used for another access request."""

    code = "duplicate_request"
    status = HTTPStatus.CONFLICT


class UnknownTaskProblem(_ProfileProblem):
    """The task is unknown, or not yours."""

    code = "unknown_task"
    status = HTTPStatus.NOT_FOUND


class InvalidTaskStateProblem(_ProfileProblem):
    """The task is over."""

    code = "invalid_task_state"
    status = HTTPStatus.CONFLICT


_PROBLEMS: Final[dict[type[CountersignError], type[_ProfileProblem]]] = {
    NotRequestable: NotRequestableProblem,
    ExpiredDenial: ExpiredDenialProblem,
    InvalidBinding: InvalidBindingProblem,
    DuplicateRequest: DuplicateRequestProblem,
    UnknownTask: UnknownTaskProblem,
    HiddenTask: UnknownTaskProblem,
    InvalidTaskState: InvalidTaskStateProblem,
}


@contextmanager
def in_the_profile_s_words() -> Iterator[None]:
    """What the draft has a problem type for is raised as that; everything else goes on as it is."""
    try:
        yield
    except CountersignError as exc:
        problem = _PROBLEMS.get(type(exc))
        if problem is None:
            raise
        raise problem(exc) from exc
