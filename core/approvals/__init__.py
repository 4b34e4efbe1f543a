"""Approval requests: staged, timed, escalated, voted on, audited (P1, P2, P3, P6, R7).

policy.py, policy_file.py, calendar_file.py, catalogue.py   YAML -> frozen policies, per tenant
assessment.py, risk.py                    pure: what a request's circumstances mean under its policy (P4, P5)
state.py, effects.py                      what rules read, what they return
rules.py, ballots.py, asking.py, routing.py, quorum.py, folding.py   pure: who is asked, what follows, how it looks then
undoing.py, pausing.py                    pure: votes taken back; time that stands still
model.py, store.py, queries.py, reading.py   tables; SQL that writes; SQL that reads; requests as doors show them
consequences.py                           audit, outbox and deadlines of each effect; what deadlines do
assuring.py, stepping.py, confirming.py   votes that need a second factor (X2)
service.py, voting.py, amending.py, many.py, nudging.py, using.py   use cases; loading.py: how each begins and ends
lapsing.py                                requests that are over as what they are about is
hearing.py, ticket_votes.py               what a request hears of its ticket; decisions there as votes
awaiting.py, ticketing.py                 the ticket that a policy asks for: the wait for it, and what its system says
possible.py, holding.py                   stages that nobody could decide: by the file alone, and by a tenant's people
explaining.py, simulating.py              what would happen; policies against history (P10)
suggesting.py                             who is told first, and who usually answers soonest
analytics.py, outcomes.py, weekly.py      questions about many requests, by opening and by decision (P8)
agenda.py                                 what is on somebody's table, for their morning digest
changes.py, sightings.py                  what changed a moment ago; who has seen which version
views.py, events.py, errors.py            what doors show; the outbox; what can go wrong
"""

from core.approvals import consequences, ticketing
from core.approvals.agenda import Agenda, load_agenda, people_asked
from core.approvals.amending import amend, amend_from_ticket
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
from core.approvals.awaiting import ticket_awaited
from core.approvals.catalogue import PolicyCatalogue, load_catalogue
from core.approvals.changes import changed_requests
from core.approvals.confirming import confirm_vote, waiting_vote
from core.approvals.consequences import UNUSED_AFTER
from core.approvals.errors import NobodyToAsk
from core.approvals.events import RequestEvent
from core.approvals.explaining import Outlook, StageOutlook, explain
from core.approvals.facts import agent_facts, person_facts, time_facts
from core.approvals.hearing import FieldNews, TicketHand, hear_of_ticket, held_view, tell_of_field
from core.approvals.holding import PolicyHolders, StageHolders, holders
from core.approvals.lapsing import lapse_request
from core.approvals.many import Outcome, Seen, approve_many, largest_kind, preview_many, similar_waiting
from core.approvals.nudging import Nudged, nudge
from core.approvals.outcomes import DayOutcomes, Outcomes, outcomes
from core.approvals.policy import ApprovalPolicy, PolicySet
from core.approvals.queries import RequestFilter, id_of, is_used, numbers, request_states, usable_approvals
from core.approvals.quorum import in_words as quorum_in_words
from core.approvals.service import (
    Wishes,
    add_comment,
    comment,
    count_requests,
    get_request,
    list_requests,
    live_requests,
    load_request,
    open_request,
    policies_in_force,
    reassign,
    take_back,
    withdraw,
)
from core.approvals.sightings import Sighting, see_request, sightings_of
from core.approvals.simulating import Difference, Side, Simulation, simulate
from core.approvals.standing import Standing, standing
from core.approvals.state import Choice
from core.approvals.stepping import WaitingVote
from core.approvals.suggesting import SUGGESTED_MAX, Experience
from core.approvals.ticket_life import TicketMoment, ticket_life
from core.approvals.ticket_votes import TicketVote, take_ticket_vote, tell_uncounted
from core.approvals.ticketing import ask_again, name_ticket, take_facts
from core.approvals.undoing import GRACE
from core.approvals.using import hold_approved, limit_approval, use_approval
from core.approvals.views import (
    ApprovedRequest,
    CommentView,
    Endorsement,
    RequestView,
    StageView,
    UsableApproval,
    VoteView,
)
from core.approvals.voting import cast_vote, undo_vote
from core.approvals.weekly import Week, week

DEADLINES = {**consequences.DEADLINES, **ticketing.DEADLINES}

__all__ = [
    "DEADLINES",
    "GRACE",
    "SUGGESTED_MAX",
    "UNUSED_AFTER",
    "Agenda",
    "ApprovalPolicy",
    "ApprovedRequest",
    "Assessment",
    "Choice",
    "CommentView",
    "DayOutcomes",
    "Difference",
    "Endorsement",
    "Experience",
    "FieldNews",
    "Figures",
    "Judged",
    "NobodyToAsk",
    "Nudged",
    "Outcome",
    "Outcomes",
    "Outlook",
    "PolicyCatalogue",
    "PolicyChoice",
    "PolicyHolders",
    "PolicySet",
    "RequestEvent",
    "RequestFilter",
    "RequestView",
    "Seen",
    "Side",
    "Sighting",
    "Simulation",
    "StageHolders",
    "StageOutlook",
    "StageView",
    "Standing",
    "TicketHand",
    "TicketMoment",
    "TicketVote",
    "UsableApproval",
    "VoteView",
    "WaitingVote",
    "Week",
    "Wishes",
    "add_comment",
    "agent_facts",
    "amend",
    "amend_from_ticket",
    "approve_many",
    "ask_again",
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
    "hear_of_ticket",
    "held_view",
    "hold_approved",
    "holders",
    "id_of",
    "is_used",
    "lapse_request",
    "largest_kind",
    "limit_approval",
    "list_requests",
    "live_requests",
    "load_agenda",
    "load_catalogue",
    "load_request",
    "name_ticket",
    "nudge",
    "numbers",
    "open_request",
    "outcomes",
    "people_asked",
    "person_facts",
    "policies_in_force",
    "preview_many",
    "quorum_in_words",
    "reassign",
    "request_states",
    "see_request",
    "shares_of_time",
    "sightings_of",
    "similar_waiting",
    "simulate",
    "standing",
    "take_back",
    "take_facts",
    "take_ticket_vote",
    "tell_of_field",
    "tell_uncounted",
    "ticket_awaited",
    "ticket_life",
    "time_facts",
    "undo_vote",
    "usable_approvals",
    "use_approval",
    "waiting_vote",
    "week",
    "withdraw",
]
