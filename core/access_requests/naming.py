"""The profile's opaque ids, and what a denial is bound to. Pure.

Ids are random (UUIDv4), not the house's ordered ones: the profile asks that a task's and an approval's id cannot be
guessed and says nothing. A denial is bound to the subject, resource and action as they were sent. No member of an
evaluation's context is part of the decision, so none is bound.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID, uuid4

import rfc8785

EVALUATION: Final = "eval"
TASK: Final = "arq"
APPROVAL: Final = "apr"
_ID: Final = re.compile(r"([a-z]+)_([0-9a-f]{32})")


def new_id() -> UUID:
    """An id with 122 bits of chance."""
    return uuid4()


def written(kind: str, value: UUID) -> str:
    """`arq_0f3c…`."""
    return f"{kind}_{value.hex}"


def read(kind: str, text: object) -> UUID | None:
    """The id behind the text; None if it is no id of this kind."""
    found = _ID.fullmatch(text) if isinstance(text, str) else None
    return UUID(found[2]) if found and found[1] == kind else None


def bound_to(subject: Mapping[str, Any], resource: Mapping[str, Any], action: Mapping[str, Any]) -> str | None:
    """A digest that is equal for what the profile calls structurally equal; None if there can be none.

    The actor inside the subject (`properties.act`) is left out, as the profile has it. RFC 8785 writes numbers as
    doubles; what a double cannot hold has no digest.
    """
    properties = {key: value for key, value in subject.get("properties", {}).items() if key != "act"}
    try:
        canonical = rfc8785.dumps(
            {"subject": {**subject, "properties": properties}, "resource": dict(resource), "action": dict(action)}
        )
    except rfc8785.CanonicalizationError:
        return None
    return hashlib.sha256(canonical).hexdigest()
