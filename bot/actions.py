"""What a click says: which thing was clicked, and which version of it was seen. Who clicked comes from the request."""

from __future__ import annotations

import hashlib
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
NAME_TICKET: Final = "approvals.ticket"
NUDGE: Final = "approvals.nudge"
MENU: Final = "approvals.menu"
OPEN_REQUEST: Final = "approvals.open_form"
BYPASS_END: Final = "bypass.end"
BYPASS_ACKNOWLEDGE: Final = "bypass.acknowledge"
BYPASS_REVIEW: Final = "bypass.review"
BYPASS_EXTEND: Final = "bypass.extend"
BYPASS_EXTENSION_CONFIRM: Final = "bypass.extension.confirm"
BYPASS_EXTENSION_DECLINE: Final = "bypass.extension.decline"
OPEN_BYPASS: Final = "bypass.open_form"
OPEN_NOTIFICATIONS: Final = "preferences.digest"  # as home pages of the first days have it
STEP_UP: Final = "signin.step_up"
LINK_ACCOUNT: Final = "accounts.link"
CHANGE_SUBMIT: Final = "changes.submit"
CHANGE_EVIDENCE: Final = "changes.evidence"
CHANGE_SCHEDULE: Final = "changes.schedule"
CHANGE_START: Final = "changes.start"
CHANGE_DONE: Final = "changes.done"
CHANGE_ROLLBACK: Final = "changes.rollback"
CHANGE_REVIEW: Final = "changes.review"
CHANGE_ROLL_OUT: Final = "changes.roll_out"
CHANGE_RECOVERY: Final = "changes.recovery"
CHANGE_ACKNOWLEDGE: Final = "changes.acknowledge"
INCIDENT_ACKNOWLEDGE: Final = "incidents.acknowledge"
INCIDENT_RELEASE: Final = "incidents.release"
INCIDENT_ASSIGN: Final = "incidents.assign"
INCIDENT_ROLE: Final = "incidents.role"
INCIDENT_SEVERITY: Final = "incidents.severity"
INCIDENT_UPDATE: Final = "incidents.update"
INCIDENT_NOTE: Final = "incidents.note"
INCIDENT_LINK: Final = "incidents.link"
INCIDENT_TIMELINE: Final = "incidents.timeline"
INCIDENT_CHANNEL: Final = "incidents.channel"
INCIDENT_RESOLVE: Final = "incidents.resolve"
INCIDENT_REOPEN: Final = "incidents.reopen"
INCIDENT_REVIEW: Final = "incidents.review"
INCIDENT_FOLLOW_UP: Final = "incidents.follow_up"
INCIDENT_FOLLOW_UP_DONE: Final = "incidents.follow_up_done"
INCIDENT_MENU: Final = "incidents.menu"
BUDGET_ACKNOWLEDGE: Final = "budgets.acknowledge"
BUDGET_RAISE: Final = "budgets.raise"
BUDGET_THROTTLE: Final = "budgets.throttle"
BUDGET_LIFT: Final = "budgets.lift"
BUDGET_DETAILS: Final = "budgets.details"
SERVICE_ACTION_FINISH: Final = "service_actions.finish"
BUDGET_CONSOLE: Final = "budgets.console"
LEAD_AWAY: Final = frozenset({STEP_UP, LINK_ACCOUNT, BUDGET_CONSOLE})  # link buttons: the address is open already

FORM_REQUEST: Final = "approvals.request"
FORM_CHOOSE: Final = "approvals.choose"  # what to ask for: the step before the form
FORM_APPROVE: Final = "approvals.approve"
FORM_REJECT: Final = "approvals.reject"
FORM_REOPEN: Final = "approvals.reopen"
FORM_MANY: Final = "approvals.many"
FORM_ASK: Final = "approvals.ask"
FORM_ANSWER: Final = "approvals.answer"
FORM_COMMENT: Final = "approvals.comment"
FORM_AMEND: Final = "approvals.amend"
FORM_TICKET: Final = "approvals.ticket"
FORM_DELEGATE: Final = "approvals.delegate"
FORM_BYPASS: Final = "bypass.request"
FORM_REVIEW: Final = "bypass.review"
FORM_EXTEND: Final = "bypass.extend"
FORM_CHANGE: Final = "changes.new"
FORM_CHANGE_EVIDENCE: Final = "changes.evidence"
FORM_CHANGE_SCHEDULE: Final = "changes.schedule"
FORM_CHANGE_DONE: Final = "changes.done"
FORM_CHANGE_ROLLBACK: Final = "changes.rollback"
FORM_CHANGE_REVIEW: Final = "changes.review"
FORM_CHANGE_RECOVERY: Final = "changes.recovery"
FORM_INCIDENT: Final = "incidents.new"
FORM_INCIDENT_ASSIGN: Final = "incidents.assign"
FORM_INCIDENT_ROLE: Final = "incidents.role"
FORM_INCIDENT_SEVERITY: Final = "incidents.severity"
FORM_INCIDENT_UPDATE: Final = "incidents.update"
FORM_INCIDENT_NOTE: Final = "incidents.note"
FORM_INCIDENT_LINK: Final = "incidents.link"
FORM_INCIDENT_TIMELINE: Final = "incidents.timeline"
FORM_INCIDENT_RESOLVE: Final = "incidents.resolve"
FORM_INCIDENT_REOPEN: Final = "incidents.reopen"
FORM_INCIDENT_REVIEW: Final = "incidents.review"
FORM_INCIDENT_FOLLOW_UP: Final = "incidents.follow_up"
FORM_INCIDENT_FOLLOW_UP_DONE: Final = "incidents.follow_up_done"
FORM_SERVICE_ACTION: Final = "service_actions.finish"
FORM_BUDGET_RAISE: Final = "budgets.raise"
FORM_NOTIFICATIONS: Final = "preferences.digest"

CHOICE_MAX: Final = 150  # characters of an option's value; Slack, the platform with the least room
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


def choice_value(value: str) -> str:
    """What stands for a choice of a form: the choice itself, or its digest where that is too long to travel."""
    return value if len(value) <= CHOICE_MAX else hashlib.sha256(value.encode()).hexdigest()


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
