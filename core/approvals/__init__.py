"""Approval requests: staged, timed, escalated, voted on, audited (P1, P2, P3, P6, R7).

policy.py, policy_file.py, calendar_file.py, catalogue.py   YAML -> frozen policies, per tenant
assessment.py, risk.py                    pure: what a request's circumstances mean under its policy (P4, P5)
state.py, effects.py                      what rules read, what they return
rules.py, asking.py, routing.py, quorum.py, folding.py   pure: who is asked, what follows, what it looks like then
undoing.py, pausing.py                    pure: votes taken back; time that stands still
model.py, store.py, queries.py            tables; SQL that writes; SQL that reads
consequences.py                           audit, outbox and deadlines of each effect; what deadlines do
assuring.py, stepping.py, confirming.py   votes that need a second factor (X2)
service.py, amending.py, many.py, nudging.py, using.py   use cases; loading.py: how each begins and ends
explaining.py, simulating.py              what would happen; policies against history (P10)
analytics.py, outcomes.py                 questions about many requests, by opening and by decision (P8)
changes.py                                what changed a moment ago
views.py, events.py, errors.py            what doors show; the outbox; what can go wrong
"""

from core.approvals.amending import amend
from core.approvals.analytics import Figures, figures, shares_of_time
from core.approvals.asking import asked_title
from core.approvals.assessment import (
    Assessment,
    Judged,
    PolicyChoice,
    assess,
    choose_policy,
    circumstances_of,
)
from core.approvals.catalogue import PolicyCatalogue, load_catalogue
from core.approvals.changes import changed_requests
from core.approvals.confirming import confirm_vote, waiting_vote
from core.approvals.consequences import DEADLINES
from core.approvals.events import RequestEvent
from core.approvals.explaining import Outlook, StageOutlook, explain
from core.approvals.many import Outcome, Seen, approve_many, largest_kind, preview_many, similar_waiting
from core.approvals.nudging import Nudged, nudge
from core.approvals.outcomes import DayOutcomes, Outcomes, outcomes
from core.approvals.policy import ApprovalPolicy, PolicySet
from core.approvals.queries import RequestFilter, usable_approvals
from core.approvals.quorum import in_words as quorum_in_words
from core.approvals.service import (
    cast_vote,
    comment,
    count_requests,
    get_request,
    list_requests,
    load_request,
    open_request,
    policies_in_force,
    reassign,
    undo_vote,
    withdraw,
)
from core.approvals.simulating import Difference, Side, Simulation, simulate
from core.approvals.state import Choice
from core.approvals.stepping import WaitingVote
from core.approvals.undoing import GRACE
from core.approvals.using import hold_approved, use_approval
from core.approvals.views import (
    ApprovedRequest,
    CommentView,
    Endorsement,
    RequestView,
    StageView,
    UsableApproval,
    VoteView,
)

__all__ = [
    "DEADLINES",
    "GRACE",
    "ApprovalPolicy",
    "ApprovedRequest",
    "Assessment",
    "Choice",
    "CommentView",
    "DayOutcomes",
    "Difference",
    "Endorsement",
    "Figures",
    "Judged",
    "Nudged",
    "Outcome",
    "Outcomes",
    "Outlook",
    "PolicyCatalogue",
    "PolicyChoice",
    "PolicySet",
    "RequestEvent",
    "RequestFilter",
    "RequestView",
    "Seen",
    "Side",
    "Simulation",
    "StageOutlook",
    "StageView",
    "UsableApproval",
    "VoteView",
    "WaitingVote",
    "amend",
    "approve_many",
    "asked_title",
    "assess",
    "cast_vote",
    "changed_requests",
    "choose_policy",
    "circumstances_of",
    "comment",
    "confirm_vote",
    "count_requests",
    "explain",
    "figures",
    "get_request",
    "hold_approved",
    "largest_kind",
    "list_requests",
    "load_catalogue",
    "load_request",
    "nudge",
    "open_request",
    "outcomes",
    "policies_in_force",
    "preview_many",
    "quorum_in_words",
    "reassign",
    "shares_of_time",
    "similar_waiting",
    "simulate",
    "undo_vote",
    "usable_approvals",
    "use_approval",
    "waiting_vote",
    "withdraw",
]
