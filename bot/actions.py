"""What a click says: which thing was clicked, and which version of it was seen. Who clicked comes from the request."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final
from uuid import UUID

VOTE_APPROVE: Final = "approvals.vote.approve"
VOTE_REJECT: Final = "approvals.vote.reject"
UNDO: Final = "approvals.undo"
REOPEN: Final = "approvals.reopen"
DRAFT_CONTINUE: Final = "approvals.draft.continue"
DRAFT_DISCARD: Final = "approvals.draft.discard"
ASK: Final = "approvals.ask"
ANSWER: Final = "approvals.answer"
DELEGATE: Final = "approvals.delegate"
DETAILS: Final = "approvals.details"
AMEND: Final = "approvals.amend"
WITHDRAW: Final = "approvals.withdraw"
COMMENT: Final = "approvals.comment"
WHY: Final = "approvals.why"
NUDGE: Final = "approvals.nudge"
MENU: Final = "approvals.menu"
OPEN_REQUEST: Final = "approvals.open_form"
BYPASS_END: Final = "bypass.end"
BYPASS_ACKNOWLEDGE: Final = "bypass.acknowledge"
BYPASS_REVIEW: Final = "bypass.review"
OPEN_BYPASS: Final = "bypass.open_form"
STEP_UP: Final = "signin.step_up"

FORM_REQUEST: Final = "approvals.request"
FORM_APPROVE: Final = "approvals.approve"
FORM_REJECT: Final = "approvals.reject"
FORM_REOPEN: Final = "approvals.reopen"
FORM_MANY: Final = "approvals.many"
FORM_ASK: Final = "approvals.ask"
FORM_ANSWER: Final = "approvals.answer"
FORM_COMMENT: Final = "approvals.comment"
FORM_AMEND: Final = "approvals.amend"
FORM_DELEGATE: Final = "approvals.delegate"
FORM_BYPASS: Final = "bypass.request"
FORM_REVIEW: Final = "bypass.review"

DIGEST_CHARS: Final = 16  # of the request's digest that a button carries: enough to tell versions apart


@dataclass(frozen=True, slots=True)
class Target:
    """The thing that was clicked. `digest` begins the digest of what was seen; empty for a bypass."""

    id: UUID
    digest: str = ""
    stage: str = ""

    def encode(self) -> str:
        """The button's value."""
        return json.dumps({"r": str(self.id), "d": self.digest[:DIGEST_CHARS], "s": self.stage}, separators=(",", ":"))


def decode(value: str) -> Target | None:
    """The target in a button's value or a form's memo; None for anything that we did not write."""
    try:
        body = json.loads(value)
        digest, stage = body["d"], body["s"]
        if not (isinstance(digest, str) and isinstance(stage, str) and len(digest) <= DIGEST_CHARS):
            return None
        return Target(id=UUID(body["r"]), digest=digest, stage=stage)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
