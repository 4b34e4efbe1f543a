"""Each view for Slack, for Teams and as plain text, word for word.

A wanted change of wording: `COUNTERSIGN_UPDATE_SNAPSHOTS=1 make test ARGS=tests/unit/bot`, then read the diff.
"""

import json
import os
from datetime import date, time, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.actions import Target
from bot.cards import Card, Form, Picture
from bot.commands import parse
from bot.plain import blocks_text, text_of
from bot.slack import render
from bot.teams import render as teams
from bot.views import budget_forms, bypass_forms, change_forms, forms, incident_forms, request_forms
from bot.views.accounts import link_card, linked_card
from bot.views.accounts import notice_card as account_notice
from bot.views.answers import error_card, nudged_card, said
from bot.views.approvals import details_card, request_card
from bot.views.automation import rule_card, trouble_card
from bot.views.budgets import (
    budget_card,
    budget_details_card,
    budget_thread_line,
    budgets_card,
    forecast_card,
    home_budgets,
)
from bot.views.bypass import bypass_card, list_card
from bot.views.bypass_report import bypass_report_card
from bot.views.changes import agenda_card, change_card, changes_card
from bot.views.chargeback import chargeback_card
from bot.views.delegations import away_card, back_card, home_lines, notice_card, set_card
from bot.views.digest import choice_card, digest_card, home_line, notifications_form
from bot.views.help import help_card
from bot.views.incidents import incident_card, incidents_card, timeline_card
from bot.views.lists import found_card, home_blocks, mine_card, waiting_card
from bot.views.pieces import ACTION_TITLES
from bot.views.rollouts import drill_card
from bot.views.service_actions import service_action_card, service_action_form, service_action_line
from bot.views.service_levels import credits_card, error_budget_card, service_card, services_card
from bot.views.thread_lines import thread_line
from bot.views.tickets import ticket_form
from bot.views.weekly import weekly_card
from core.accounts import Account, ChatId, LinkedBy, Platform
from core.approvals import Agenda, Nudged, Outcomes, Week
from core.approvals.errors import AlreadyDecided, NotAnApprover, NudgedAlready
from core.automation import Result, Trouble
from core.changes import (
    AgendaItem,
    AlarmView,
    ChangeAgenda,
    FrozenTime,
    LessonView,
    Obstacle,
    RecoveryView,
    Span,
    ValidationView,
    load_change_catalogue,
)
from core.emergency import BypassTerms
from core.emergency.errors import BypassNotAllowed
from core.named_tickets import Standing
from core.preferences import Preferences
from core.rollouts import CheckView
from core.tenants import TenantPolicy
from core.tenants.bypass_policy import BypassReason
from tests.unit.bot.blockkit_schema import message_problems, view_problems
from tests.unit.bot.incident_samples import entry, follow_up, incident, learnt_from, over, suspect, worked_on
from tests.unit.bot.samples import (
    CHANGE_ID,
    DANA,
    DIGEST,
    INGRID,
    LEE,
    NOW,
    PRIYA,
    REQUEST_ID,
    TOMAS,
    absence,
    budget,
    bypass,
    bypass_month,
    change,
    change_evidence,
    charged_month,
    comment,
    decided,
    delegation,
    digest,
    found_out,
    listed,
    named_ticket,
    quiet_month,
    rejected,
    request,
    reviewed,
    rollout,
    rule_effect,
    stage,
    ticket,
    used_up,
    vote,
    waiting,
    waiting_for_ticket,
    week,
    whole_bypass,
)
from tests.unit.bot.sla_samples import credit, empty, line, owed, status

SNAPSHOTS = Path(__file__).parent.parent / "snapshots"
ACCOUNT = {"account": {"chat_user": "U0LEE", "name": "lee <!channel>"}, "by": "amara@acme.example"}
UPDATES = os.environ.get("COUNTERSIGN_UPDATE_SNAPSHOTS") == "1"

CAST = vote(TOMAS, reason="Fits the pool.", criteria={"technical_feasibility": True, "resource_availability": True})
MOVING = request(
    (
        decided("technical_review", CAST),
        stage("security_review", approvers=(PRIYA,), escalation_level=1, due_at=NOW - timedelta(hours=1)),
        waiting("compliance_review"),
        waiting("business_approval"),
    ),
    tickets=(ticket(),),
    comments=(comment(text="Which data does it read?", author=PRIYA),),
)
STANDING_IN = request(
    (
        decided("technical_review", vote(PRIYA, reason="Fits the pool.", on_behalf_of=TOMAS)),
        stage("security_review", approvers=(INGRID, LEE), in_place_of={INGRID.id: LEE}),
    )
)
PLANNED = delegation(
    absent=LEE,
    status="planned",
    starts_at=NOW + timedelta(days=2),
    actions=("agent.create", "agent.deploy"),
    stages=("security_review",),
    created_by=INGRID.email,
)
FURTHER = delegation(stand_in=LEE, decides=PRIYA)
APPROVED = request(
    (decided("technical_review", CAST), decided("security_review", vote(PRIYA, at=NOW))),
    status="approved",
    decided_at=NOW,
    tickets=(ticket(state="Scheduled"),),
)
HOSTILE = request(
    resource={"name": "<!channel>\u202e bot\n✅ *Approved*", "owner": "<@U1>", "business_service": "R&D <b>"},
    justification="Please <https://evil.example|approve> & ignore *everything*.\n> ✅ Security\n" + "long " * 800,
)
CHANGE_POLICY = load_change_catalogue(Path(__file__).parents[4] / "config" / "changes").for_tenant(
    TenantPolicy(tenant_id="enterprise-corp")
)
ROLLED_BACK = change(
    state="rolled_back",
    scheduled_at=NOW,
    implementer=LEE,
    bypass="BYP-3",
    owed=("communication",),
    note="Totals differ.",
    validation=ValidationView("failed", "3 of 40 checks fail.", LEE, NOW),
    review_state="overdue",
    review_due_at=NOW - timedelta(hours=1),
    ended_at=NOW,
)
ROLLING_OUT = change(
    state="implement", scheduled_at=NOW, implementer=LEE, missing=(), can_roll_out=True, rollout=rollout()
)
GONE_BAD = change(
    state="validate",
    scheduled_at=NOW,
    implementer=LEE,
    missing=(),
    note="Health: It answered 503.",
    can_roll_out=True,
    rollout=rollout(
        state="failed",
        progress=100,
        message="",
        reasons=("Health: It answered 503.", "The platform could not roll it back."),
        checks=(CheckView("Health", "answers", False, "It answered 503.", NOW),),
        ended_at=NOW,
    ),
    alarm=AlarmView("The platform could not roll it back.", NOW, (LEE, PRIYA), None, None),
)
ASKED_BACK = change(
    state="implement",
    scheduled_at=NOW,
    implementer=LEE,
    missing=(),
    rollback_request="REQ-1044",
    rollback_request_state="pending",
    alarm=AlarmView("Nothing is heard of the agent platform since 2026-03-02T08:55 UTC.", NOW, (LEE,), PRIYA, NOW),
)
BURNT = {"used": "400.00", "limit": "500.00", "currency": "USD", "reached": "80"}
CONSOLE = "https://countersign.example/console"
PICTURE = "https://countersign.example/pictures/burn.png"
WEEK_DAYS = {"first": date(2026, 2, 23), "last": date(2026, 3, 1)}
LATE = Preferences(digest_at=time(10, 45))
TARGET = Target(id=REQUEST_ID, digest=DIGEST, stage="technical_review")
VIEWS = {
    "request_channel": request_card(request(), None, now=NOW),
    "request_approver": request_card(request(), TOMAS, now=NOW),
    "request_requester": request_card(MOVING, DANA, now=NOW),
    "request_bystander": request_card(MOVING, LEE, now=NOW),
    "request_approved": request_card(APPROVED, DANA, now=NOW),
    "request_rejected": request_card(rejected(), None, now=NOW),
    "request_hostile": request_card(HOSTILE, TOMAS, now=NOW),
    "request_details": details_card(MOVING, PRIYA, now=NOW),
    "list_waiting": waiting_card(listed([MOVING, request()]), now=NOW),
    "list_waiting_empty": waiting_card(listed([]), now=NOW),
    "list_mine": mine_card(listed([MOVING, APPROVED, rejected()]), now=NOW),
    "list_mine_empty": mine_card(listed([]), now=NOW),
    "list_found": found_card("support", listed([request()]), now=NOW),
    "list_found_empty": found_card("<!here>", listed([]), now=NOW),
    "change_waiting": change_card(change(), DANA, now=NOW),
    "change_scheduled": change_card(change(state="schedule", scheduled_at=NOW, missing=()), None, now=NOW),
    "change_rolled_back": change_card(ROLLED_BACK, PRIYA, now=NOW),
    "change_rolling_out": change_card(ROLLING_OUT, DANA, now=NOW),
    "change_gone_bad": change_card(GONE_BAD, PRIYA, now=NOW),
    "change_asked_back": change_card(ASKED_BACK, None, now=NOW),
    "change_recovering": change_card(
        change(state="rolled_back", recovery=RecoveryView("due", "", None, None), ended_at=NOW), DANA, now=NOW
    ),
    "drill_passed": drill_card("drill.passed", {"drill": "Invoice reading", "words": "Undone in 84 s."}),
    "drill_failed": drill_card("drill.failed", {"drill": "Invoice reading", "words": "It cannot be fetched."}),
    "change_taught": change_card(
        change(
            state="draft",
            suggested=(
                LessonView(
                    CHANGE_ID,
                    "CHG-1001",
                    "Move the index",
                    "agent_update",
                    "closed",
                    "Warm the cache before the switch.",
                    ("cache",),
                    LEE,
                    NOW,
                    0.4,
                ),
            ),
        ),
        DANA,
        now=NOW,
    ),
    "change_agenda": agenda_card(
        ChangeAgenda(
            Span(NOW, NOW + timedelta(days=14)),
            "UTC",
            (AgendaItem(change(), (Obstacle("freeze", "Audit", None),)),),
            (AgendaItem(change(state="schedule", scheduled_at=NOW), ()),),
            (ROLLED_BACK,),
            (FrozenTime("Audit", Span(NOW, NOW + timedelta(days=1))),),
        )
    ),
    "change_agenda_empty": agenda_card(ChangeAgenda(Span(NOW, NOW + timedelta(days=14)), "UTC", (), (), (), ())),
    "budget_near": budget_card(budget(), None, now=NOW, console=CONSOLE),
    "budget_used_up": budget_card(used_up(), None, now=NOW, pictures=(Picture(PICTURE, "It burns.", "Burn"),)),
    "budget_over": budget_card(used_up(), None, now=NOW + timedelta(days=40)),
    "budget_details": budget_details_card(used_up(), now=NOW, console=CONSOLE),
    "budget_reserved": budget_details_card(budget(reserved=Decimal("12.34")), now=NOW, console=CONSOLE),
    "budget_forecast": forecast_card(budget(), now=NOW),
    "budget_list": budgets_card((budget(reserved=Decimal("12.34")), used_up()), title="Budgets", console=CONSOLE),
    "budget_list_empty": budgets_card((), title="Budgets"),
    "help_budget": help_card("/budget"),
    "thread_budget": budget_thread_line("budget.threshold_reached", BURNT),
    "thread_budget_raised": budget_thread_line("budget.raised", BURNT),
    "change_list": changes_card((change(), ROLLED_BACK), title="Changes under way"),
    "change_list_empty": changes_card((), title="Changes under way"),
    "incident_open": incident_card(incident(), None, now=NOW, console="https://countersign.example/console"),
    "incident_reported": incident_card(incident(reporter=DANA, source="person", severity="low"), DANA, now=NOW),
    "incident_worked_on": incident_card(worked_on(), PRIYA, now=NOW),
    "incident_suspected": incident_card(
        incident(),
        None,
        now=NOW,
        suspects=(suspect(), suspect(kind="incident", reference="INC-1009", title="Ledger is down", change_id=None)),
    ),
    "incident_over": incident_card(over(), PRIYA, now=NOW),
    "incident_review_overdue": incident_card(over(review_due_at=NOW - timedelta(days=1)), None, now=NOW),
    "incident_reviewed": incident_card(learnt_from(), PRIYA, now=NOW),
    "service_action_open": service_action_card(owed(), now=NOW, console="https://countersign.example/console"),
    "service_action_overdue": service_action_card(owed(due_at=NOW - timedelta(days=1)), now=NOW),
    "service_action_done": service_action_card(owed(state="done", evidence="CHG-1007 went live."), now=NOW),
    "service_action_reminder": service_action_line("sla.action_due", owed()),
    "incident_list": incidents_card(
        (worked_on(), incident(business_service="", service="", severity="low")), title="What is wrong now"
    ),
    "incident_list_empty": incidents_card((), title="What is wrong now"),
    "help_sla": help_card("/sla"),
    "service_list": services_card((line(), line(service="ledger", standing="met", alerts=0)), console=CONSOLE),
    "service_list_empty": services_card(()),
    "service_status": service_card(
        status(), pictures=(Picture(PICTURE, "95th percentile", "Response time"),), console=CONSOLE
    ),
    "service_status_empty": service_card(empty()),
    "service_budgets": error_budget_card(status(), console=CONSOLE),
    "service_budgets_empty": error_budget_card(empty()),
    "service_credits": credits_card((credit(), credit(service="ledger", credit=Decimal())), console=CONSOLE),
    "service_credits_empty": credits_card(()),
    "thread_incident": thread_line("incident.updated", {"by": LEE.name, "text": "We roll the cache back."}, {}),
    "help_change": help_card("/change"),
    "thread_change": thread_line("change.rolled_back", {"by": LEE.name, "reason": "Totals differ."}, {}),
    "bypass_active": bypass_card(bypass(), INGRID, now=NOW),
    "bypass_holder": bypass_card(bypass(), LEE, now=NOW),
    "bypass_ended": bypass_card(bypass(status="ended", ended_at=NOW), INGRID, now=NOW),
    "bypass_reviewed": bypass_card(reviewed(), None, now=NOW),
    "bypass_list": list_card((bypass(), reviewed()), now=NOW),
    "bypass_list_empty": list_card((), now=NOW),
    "request_standing_in": request_card(STANDING_IN, DANA, now=NOW),
    "request_standing_in_details": details_card(STANDING_IN, DANA, now=NOW),
    "away_list": away_card((FURTHER, PLANNED)),
    "away_list_empty": away_card(()),
    "away_list_calendar": away_card((), (absence(), absence(status="planned", stand_in=None))),
    "away_set": set_card(delegation()),
    "away_set_for_another": set_card(delegation(created_by=INGRID.email)),
    "away_back": back_card((delegation(),)),
    "away_back_nothing": back_card(()),
    "away_notice_absent": notice_card(PLANNED, LEE),
    "away_notice_stand_in": notice_card(delegation(), PRIYA),
    "away_notice_over": notice_card(delegation(status="over"), PRIYA),
    "account_link": link_card("https://countersign.example/console/link/acme.secret"),
    "account_linked": linked_card(LEE),
    "account_notice_itself": account_notice("chat_account.linked", ACCOUNT, LEE, reader=LEE, is_itself=True),
    "account_notice_elsewhere": account_notice("chat_account.linked", ACCOUNT, LEE, reader=LEE, is_itself=False),
    "account_notice_before": account_notice("chat_account.linked", ACCOUNT, LEE, reader=PRIYA, is_itself=False),
    "account_notice_unlinked": account_notice("chat_account.unlinked", ACCOUNT, LEE, reader=LEE, is_itself=True),
    "rule_message": rule_card(rule_effect("REQ-1042: <!channel> *look* & see\nsoon")),
    "rule_stopped": trouble_card(Trouble("ping", Result.STOPPED, "It has led to this itself: ping → pong.", (INGRID,))),
    "rule_suppressed": trouble_card(Trouble("ping", Result.SUPPRESSED, "It has acted 60 times within an hour.", ())),
    "help_approve": help_card("/approve"),
    "help_bypass": help_card("/bypass"),
    "error_already_decided": error_card(AlreadyDecided("REQ-1042 is rejected already, by Tomás Oliveira.")),
    "error_not_an_approver": error_card(
        NotAnApprover("Stage 'security_review' is decided by security_manager; you are not asked.")
    ),
    "error_bypass_not_allowed": error_card(
        BypassNotAllowed(accepted=("security_manager",), next_step="Ask one of these people, or use /approve.")
    ),
    "nudged": nudged_card(Nudged(request(), (PRIYA, TOMAS))),
    "error_nudged_already": error_card(NudgedAlready(next_step="You can nudge again in 42 min, at 10:42 UTC.")),
    "thread_nudged": thread_line(
        "request.nudged", {"by": DANA.email, "people": ["t"]}, {"t": TOMAS.name, DANA.email: DANA.name}
    ),
    "typo": said(getattr(parse("/approve", "lsit"), "message", "")),
    "thread_vote": thread_line(
        "request.voted",
        {"voter": "t", "decision": "approve", "stage": "technical_review", "reason": "Fits the pool."},
        {"t": TOMAS.name},
    ),
    "thread_vote_for": thread_line(
        "request.voted",
        {"voter": "p", "on_behalf_of": "t", "decision": "approve", "stage": "technical_review", "reason": ""},
        {"t": TOMAS.name, "p": PRIYA.name},
    ),
    "thread_stand_in": thread_line(
        "request.stand_in_asked",
        {"from": "t", "to": "p", "stage": "technical_review"},
        {"t": TOMAS.name, "p": PRIYA.name},
    ),
    "thread_stand_in_ended": thread_line(
        "request.stand_in_ended",
        {"from": "p", "to": "t", "stage": "technical_review"},
        {"t": TOMAS.name, "p": PRIYA.name},
    ),
    "thread_absent": thread_line(
        "request.absent_asked", {"to": "t", "stage": "technical_review"}, {"t": TOMAS.name, "p": PRIYA.name}
    ),
    "form_choose": request_forms.choose_form(channel="19:gov@thread.tacv2", offered=tuple(ACTION_TITLES)),
    "form_request_change": request_forms.request_form(
        request_forms.Written(action="agent.modify"),
        channel="19:gov@thread.tacv2",
        offered=("agent.modify",),
        agents=("hr-bot", "support-bot"),
    ),
    "form_request": request_forms.request_form(
        request_forms.Written(agent="support-bot", owner="U0DANA"), channel="C0GOV", offered=tuple(ACTION_TITLES)
    ),
    "form_approve": forms.approve_form(request(), TARGET),
    "form_reject": forms.reject_form(request(), TARGET),
    "form_ask": forms.ask_form(request(), TARGET),
    "form_answer": forms.answer_form(MOVING, TARGET),
    "form_amend": forms.amend_form(MOVING, TARGET),
    "form_comment": forms.comment_form(request(), TARGET),
    "form_why": forms.why_form(request()),
    "form_delegate": forms.delegate_form(request(), TARGET),
    "form_details": forms.details_form(MOVING, now=NOW),
    "form_bypass": bypass_forms.bypass_form(channel="C0GOV", terms=BypassTerms(timedelta(hours=4))),
    "form_bypass_by_policy": bypass_forms.bypass_form(
        channel="C0GOV",
        terms=BypassTerms(
            timedelta(hours=1),
            ("production", "staging"),
            (BypassReason("outage", "A service is down"), BypassReason("fix", "A fix that cannot wait")),
            wants_incident=True,
            incident_format="INC[0-9]{7}",
        ),
    ),
    "form_incident": incident_forms.incident_form(zone="Europe/Zurich"),
    "form_incident_assign": incident_forms.incident_assign_form(incident()),
    "form_incident_role": incident_forms.incident_role_form(incident()),
    "form_incident_severity": incident_forms.incident_severity_form(incident()),
    "form_incident_update": incident_forms.incident_update_form(incident()),
    "form_incident_note": incident_forms.incident_note_form(incident(), zone="Europe/Zurich"),
    "form_incident_link": incident_forms.incident_link_form(incident()),
    "form_incident_resolve": incident_forms.incident_resolve_form(incident()),
    "form_incident_reopen": incident_forms.incident_reopen_form(over()),
    "form_incident_review": incident_forms.incident_review_form(over()),
    "form_incident_follow_up": incident_forms.incident_follow_up_form(over(), zone="Europe/Zurich"),
    "form_incident_follow_up_done": incident_forms.incident_follow_up_done_form(
        over(), (follow_up(), follow_up(id=UUID(int=1), title="Alert earlier", before=""))
    ),
    "form_service_action": service_action_form(owed()),
    "incident_timeline": timeline_card(
        over(), (*over().newest, entry("It began.", at=NOW - timedelta(hours=1), written_at=NOW)), is_cut=False
    ),
    "form_incident_timeline": incident_forms.incident_timeline_form(
        over(), (*over().newest, entry("It began.", at=NOW - timedelta(hours=1), written_at=NOW)), is_cut=True
    ),
    "home_budgets": home_blocks(
        waiting=listed([]),
        mine=listed([]),
        bypasses=[],
        now=NOW,
        budgets=home_budgets((budget(), used_up()), console=CONSOLE),
    ),
    "form_budget_details": budget_forms.budget_details_form(used_up(), now=NOW, console=CONSOLE),
    "request_budget_raise": request_card(
        request(
            action="budget.raise",
            resource={
                "name": "BUD-1003",
                "title": "Customer care",
                "counts": "project customer-care",
                "used": "500.00 USD",
                "limit": "500.00 USD",
                "raise_to": "750.00 USD",
                "lasts": "this period",
            },
            justification="More customers than usual.",
        ),
        LEE,
        now=NOW,
    ),
    "form_budget_raise": budget_forms.raise_form(budget()),
    "form_change": change_forms.change_form(CHANGE_POLICY, zone="Europe/Zurich"),
    "form_change_evidence": change_forms.evidence_form(change()),
    "form_change_schedule": change_forms.schedule_form(change(), zone="Europe/Zurich"),
    "form_change_done": change_forms.done_form(change()),
    "form_change_rollback": change_forms.rollback_form(
        change(evidence=(change_evidence(gate="rollback_plan", summary="Put the former limit back."),))
    ),
    "form_change_recovery": change_forms.recovery_form(ROLLED_BACK),
    "form_change_review": change_forms.change_review_form(ROLLED_BACK),
    "form_review": bypass_forms.review_form(bypass()),
    "form_review_checklist": bypass_forms.review_form(whole_bypass()),
    "form_extension": bypass_forms.extension_form(bypass()),
    "bypass_counting_down": bypass_card(whole_bypass(), INGRID, now=NOW),
    "bypass_found_out": bypass_card(found_out(), INGRID, now=NOW),
    "thread_extended": thread_line(
        "bypass.extension_asked", {"by": "Lee Okafor", "extra_s": 1800, "reason": "The index is being rebuilt."}, {}
    ),
    "thread_remediation": thread_line(
        "bypass.remediation_due", {"remediation": "Rotate the key", "owner": "t"}, {"t": TOMAS.name}
    ),
    "form_loading": forms.loading_form("Approve"),
    "form_message": forms.message_form("Approve", "The request is decided already."),
    "home": home_blocks(waiting=listed([request()]), mine=listed([MOVING]), bypasses=[bypass()], now=NOW),
    "home_away": home_blocks(
        waiting=listed([]),
        mine=listed([]),
        bypasses=[],
        now=NOW,
        absences=home_lines([delegation(absent=PRIYA, stand_in=LEE, decides=INGRID)], [PLANNED], PRIYA),
    ),
    "request_console": request_card(request(), TOMAS, now=NOW, console=CONSOLE),
    "home_console": home_blocks(
        waiting=listed([request()]), mine=listed([APPROVED]), bypasses=[], now=NOW, console=CONSOLE
    ),
    "digest": digest_card(digest(), now=NOW),
    "digest_console": digest_card(digest(reviews=()), now=NOW, console=CONSOLE),
    "digest_long": digest_card(
        digest(
            agenda=Agenda(tuple(request() for _each in range(6)), 21, 3, (APPROVED, MOVING) * 4),
            reviews=(bypass(review_due_at=NOW - timedelta(hours=1)),) * 7,
        ),
        now=NOW,
        console=CONSOLE,
    ),
    "digest_reviews": digest_card(digest(agenda=Agenda((), 0, 0, ())), now=NOW),
    "digest_choice": choice_card(LATE),
    "digest_off": choice_card(Preferences(has_digest=False)),
    "form_digest": notifications_form(LATE),
    "form_notifications_unreachable": notifications_form(
        Preferences(),
        (
            Account(
                ChatId(Platform.TEAMS, "acme", "dana"),
                DANA.id,
                LinkedBy.VERIFIED_EMAIL,
                NOW,
                unreachable_since=NOW - timedelta(hours=3),
            ),
        ),
    ),
    "form_digest_off": notifications_form(Preferences(has_digest=False)),
    "home_choices": home_blocks(
        waiting=listed([]), mine=listed([]), bypasses=[], now=NOW, choices=(home_line(Preferences()),)
    ),
    "weekly": weekly_card(
        week(),
        **WEEK_DAYS,
        pictures=(
            Picture("", "Requests by the day of their decision: 8 approved.", "Decisions per day", "F0PICTURE1"),
        ),
        console=CONSOLE,
    ),
    "weekly_words": weekly_card(week(), **WEEK_DAYS, console=CONSOLE),
    "weekly_quiet": weekly_card(Week(Outcomes(NOW - timedelta(days=7), NOW, (), 0, 0), ()), **WEEK_DAYS),
    "bypass_report": bypass_report_card(bypass_month(), console=CONSOLE),
    "bypass_report_quiet": bypass_report_card(quiet_month()),
    "chargeback": chargeback_card(charged_month(), console=CONSOLE),
    "chargeback_quiet": chargeback_card(charged_month(spent=False)),
    "request_without_ticket": request_card(waiting_for_ticket(Standing.MISSING), DANA, now=NOW),
    "request_ticket_asked": request_card(waiting_for_ticket(Standing.ASKED, facts=None), None, now=NOW),
    "request_ticket_refused": request_card(
        waiting_for_ticket(Standing.REFUSED, reasons=("CHG0030001 is cancelled; it must be: approved.",)), DANA, now=NOW
    ),
    "request_ticket_holds": request_card(request(ticket=named_ticket(Standing.HOLDS, accepted_at=NOW)), TOMAS, now=NOW),
    "request_suspended": request_card(
        request(
            status="approved",
            decided_at=NOW,
            ticket=named_ticket(Standing.REFUSED, accepted_at=NOW, reasons=("CHG0030001 is cancelled.",)),
        ),
        DANA,
        now=NOW,
    ),
    "form_ticket": ticket_form(waiting_for_ticket(Standing.MISSING), Target(id=REQUEST_ID, digest=DIGEST)),
    "form_request_ticket": request_forms.request_form(
        request_forms.Written(agent="support-bot", owner="U0DANA", asks_ticket=True),
        channel="C0GOV",
        offered=tuple(ACTION_TITLES),
    ),
    "home_empty": home_blocks(waiting=listed([]), mine=listed([]), bypasses=[], now=NOW),
}


def slack_of(view):
    match view:
        case Card():
            return render.message(view)
        case Form():
            return render.modal(view)
        case _:
            return render.home(view)


def teams_of(view):
    match view:
        case Card():
            return teams.message(view)
        case Form():
            return teams.dialog(view)
        case _:
            return teams.message(Card("Countersign", tuple(view)))


def words_of(view):
    """The plain text; of a form what it shows, as its inputs exist in chat alone."""
    match view:
        case Card():
            return text_of(view)
        case Form():
            shown = blocks_text(part for part in view.blocks if not hasattr(part, "id"))
            return "\n".join((f"{view.title} ({view.submit or 'nothing to send'})", shown)).rstrip()
        case _:
            return blocks_text(view)


def compared(name, text):
    """Whether the text is what is kept under the name; kept from now on when updating."""
    path = SNAPSHOTS / name
    if UPDATES:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert path.exists(), f"{name} is not there yet; see the docstring of this file"
    assert text == path.read_text()


@pytest.mark.row("B1", "B2", "B3", "B9")
@pytest.mark.parametrize("name", VIEWS)
def test_a_view_looks_in_slack_as_it_did(name):
    compared(f"{name}.json", json.dumps(slack_of(VIEWS[name]), indent=1, ensure_ascii=False) + "\n")


@pytest.mark.row("B7")
@pytest.mark.parametrize("name", VIEWS)
def test_a_view_looks_in_teams_as_it_did(name):
    compared(f"{name}.teams.json", json.dumps(teams_of(VIEWS[name]), indent=1, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_reads_in_plain_text_as_it_did(name):
    compared(f"{name}.txt", words_of(VIEWS[name]) + "\n")


@pytest.mark.parametrize("name", VIEWS)
def test_a_view_is_within_slacks_limits(name):
    payload = slack_of(VIEWS[name])
    if isinstance(VIEWS[name], Card):
        assert message_problems(payload) == []
        for block in Block.parse_all(payload["blocks"]):
            block.validate_json()
    else:
        assert view_problems(payload) == []
        View(**payload).validate_json()


def test_no_snapshot_is_left_of_a_view_that_is_gone():
    kept = {path.name.partition(".")[0] for path in SNAPSHOTS.iterdir()}
    assert kept == set(VIEWS)
