"""Every view of bot/views with as much, and as hostile, as people can put into it.

The package is walked, so that a new view cannot be forgotten: one whose arguments have no extreme here fails by name.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

import bot.views
from bot.actions import Target
from bot.cards import Picture, Plain, Strong
from bot.views.pieces import ACTION_TITLES
from bot.views.request_forms import Written
from core.access import PersonView
from core.accounts import Account, ChatId, LinkedBy
from core.accounts import Platform as ChatPlatform
from core.approvals import Agenda, Assessment, Judged, Nudged, Outcome, RequestEvent
from core.approvals.many import MANY_MAX
from core.approvals.risk import Counted, Risk, RiskLevel
from core.automation import Result, Trouble
from core.budgets import Scope
from core.changes import (
    AgendaItem,
    AlarmView,
    ChangeAgenda,
    ChangeEvent,
    ChangePolicy,
    ChangeRisk,
    ChangeType,
    FrozenTime,
    History,
    LessonView,
    Obstacle,
    RecoveryView,
    ReviewView,
    Span,
    ValidationView,
)
from core.changes.policy_file import TYPE_MAX, TYPES_MAX
from core.costs import Check
from core.decisions import DecisionView
from core.decisions.views import Answer, Reason
from core.drafts import DraftView
from core.emergency import BypassTerms, EmergencyEvent
from core.errors import InvalidInput
from core.finance import Assignments, Chargeback, SubjectKind, Turn
from core.finance.chargeback import Spent, statement_of
from core.ids import UserId
from core.incidents import IncidentEvent
from core.preferences import Preferences
from core.rollouts import CheckView
from core.tenants.bypass_policy import BypassReason
from core.tickets import Drift, Finding, Remedy
from core.tickets.walks import WalkView
from tests.unit.bot.incident_samples import entry, follow_up, huge_incident, suspect
from tests.unit.bot.samples import (
    CHANGE_ID,
    DIGEST,
    NOW,
    REQUEST_ID,
    absence,
    bypass,
    bypass_month,
    change,
    change_evidence,
    charged_month,
    comment,
    decided,
    delegation,
    digest,
    extension,
    listed,
    named_ticket,
    person,
    remediation,
    request,
    rollout,
    rule_effect,
    stage,
    tally,
    ticket,
    used,
    used_up,
    vote,
    week,
)
from tests.unit.bot.sla_samples import credit, judged, line, owed, status

WORDS = {
    "long": "words " * 500,
    "one_word": "w" * 3000,
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈" * 250,
    "right_to_left": "שלום عالم " * 300,
    "mentions": "<!channel> <!here> <@U1EVIL> <#C1> " * 80,
    "links": "<https://evil.example|approve> https://evil.example & <mailto:a@b.c|x> " * 40,
    "markup": "*✅ Approved* _by_ ~all~ `code` ```\n> quoted\n" * 60,
    "direction": "\u202egpj.exe\u2066\u2069\u202d\u200f " * 200,
}
CONSOLE = "https://countersign.example/console"
VIEW_TYPES = {"Card", "Card | None", "Form", "tuple[Block, ...]", "list[Block]"}
TARGET = Target(id=REQUEST_ID, digest=DIGEST, stage="s" * 100)
# Arguments that no person writes: what they are is ours.
OURS = {
    ("help_card", "command"): "/approve",
    ("said", "words"): "*REQ-1* is withdrawn.",
    ("loading_form", "title"): "Approve",
    ("bypass_form", "channel"): "C0GOV",
    ("change_form", "zone"): "Europe/Zurich",
    ("schedule_form", "zone"): "Europe/Zurich",
    ("changes_card", "title"): "Changes under way",
    ("choose_form", "channel"): "C0GOV",
    ("choose_form", "offered"): tuple(ACTION_TITLES),
    ("request_form", "channel"): "C0GOV",
    ("request_form", "draft"): None,
    ("request_form", "offered"): tuple(ACTION_TITLES),
    ("told_of_ticket", "event"): "request.ticket_refused",
    ("change_thread_line", "event"): "change.rolled_back",
    ("drill_card", "event"): "drill.failed",
    ("incident_form", "zone"): "Europe/Zurich",
    ("incident_note_form", "zone"): "Europe/Zurich",
    ("incident_follow_up_form", "zone"): "Europe/Zurich",
    ("incident_timeline_form", "is_cut"): True,
    ("timeline_card", "is_cut"): True,
    ("timeline_blocks", "is_cut"): True,
    ("incidents_card", "title"): "What is wrong now",
    ("incident_thread_line", "event"): "incident.resolved",
    ("service_action_line", "event"): "sla.action_due",
    ("budgets_card", "title"): "Budgets",
    ("budget_thread_line", "event"): "budget.reset",
}


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything there is."""

    people: int
    stages: int
    rows: int
    said: int  # comments
    facts: int
    some: int  # of what comes in small numbers


HUGE = Size(people=300, stages=60, rows=300, said=60, facts=30, some=20)
MODEST = Size(people=5, stages=4, rows=3, said=2, facts=2, some=2)


def crowd(words: str, size: Size) -> tuple[PersonView, ...]:
    return tuple(person(number, f"{words[:300]} {number}") for number in range(1, size.people + 1))


def huge_request(words: str, size: Size = HUGE) -> Any:
    people = crowd(words, size)
    stages = tuple(
        decided(f"stage_{number}", *(vote(each, reason=words[:2000]) for each in people[:3]))
        if number % 2
        else stage(f"stage_{number}", title=words[:400], approvers=people, criteria=(words[:500],) * min(size.some, 12))
        for number in range(size.stages)
    )
    judged = tuple(
        Judged(words[:200], words[:500], holds=True, values={words[:50]: words[:200]}) for _ in range(size.some)
    )
    return request(
        stages,
        justification=words,
        resource={"name": words[:120], "owner": words[:300], **{f"fact_{n}": words[:300] for n in range(size.facts)}},
        requester=people[0],
        comments=tuple(comment(text=words, author=people[1]) for _ in range(size.said)),
        tickets=(ticket(number=words[:100]),) * min(size.some, 9),
        ticket=named_ticket(reasons=(words,) * 4, accepted_at=NOW),
        assessment=Assessment(
            risk=Risk(
                100, RiskLevel.HIGH, tuple(Counted(words[:200], 5, {words[:50]: words[:200]}) for _ in range(size.some))
            ),
            stages=judged,
            automatic=judged,
        ),
    )


def walk(words: str, size: Size) -> WalkView:
    """A walk through tickets that found every kind of thing."""
    found = tuple(
        Drift(REQUEST_ID, words[:100], words[:100], words[:100], what, remedy, words, words, words[:200])
        for what in Finding
        for remedy in Remedy
        for _ in range(size.some)
    )
    return WalkView(
        id=REQUEST_ID,
        system="servicenow",
        state="done",
        is_dry_run=False,
        asked_by=words[:100],
        started_at=NOW,
        finished_at=NOW,
        total=len(found),
        walked=len(found),
        found={str(each): size.some for each in Finding},
        repaired=len(found),
        asked=len(found),
        findings=found,
        problem=words,
    )


def huge_bypass(words: str, size: Size = HUGE) -> Any:
    people = crowd(words, size)
    return bypass(
        requester=people[0],
        resource=words[:120],
        justification=words,
        acknowledged_by=people[1],
        acknowledged_at=NOW,
        review_status="done",
        review_verdict="justified",
        reviewed_by=people[2],
        review_notes=words,
        risk_factors=((words[:200], 30),) * size.some,
        tickets=(ticket(number=words[:100]),) * min(size.some, 9),
        environment=words[:40],
        reason_title=words,
        incident=words[:80],
        risk_after="high",
        risk_after_factors=((words[:200], 30),) * size.some,
        uses=(used(resource=words),) * size.some,
        extensions=(extension(reason=words[:500], asked_by=people[2]),),
        checklist=tuple(f"{number} {words[:70]}" for number in range(10)),
        remediations=(remediation(title=words[:200], owner=people[1]),) * size.some,
    )


def huge_change(words: str, size: Size = HUGE) -> Any:
    people = crowd(words, size)
    resources = tuple(f"service:{words[:110]}{number}" for number in range(size.some))
    counted = tuple(Counted(words[:200], 5, {words[:50]: words[:200]}) for _ in range(size.some))
    return change(
        title=words[:200],
        description=words[:3500],
        type=words[:100],
        resources=resources,
        reach=(*resources, "service:Ledger"),
        requester=people[0],
        implementer=people[1],
        risk=ChangeRisk(100, RiskLevel.HIGH, counted, History(12, 3, 0)),
        evidence=(change_evidence(summary=words[:4000], author=people[2]),) * size.some,
        owed=("testing",),
        note=words[:4000],
        validation=ValidationView("failed", words[:4000], people[1], NOW),
        review=ReviewView("unsuccessful", words[:4000], words[:4000], (words[:40],) * 10, people[2], NOW),
        suggested=(
            LessonView(
                CHANGE_ID, "CHG-1001", words[:200], "agent_update", "closed", words[:4000], (), people[1], NOW, 0.4
            ),
        )
        * 3,
        can_roll_out=True,
        rollout=rollout(
            message=words[:500],
            reasons=(words[:500],) * min(size.some, 20),
            checks=(CheckView(words[:200], words[:100], passed=False, value=words[:300], at=NOW),) * min(size.some, 20),
            is_silent=True,
        ),
        rollback_request="REQ-1044",
        rollback_request_state="pending",
        recovery=RecoveryView("failed", words[:4000], None, NOW),
        alarm=AlarmView(words[:4000], NOW, people, None, None),
    )


def cost_check(words: str, size: Size) -> Check:
    """A comparison that found as much as can differ."""
    names = ("day", "project", "agent", "meter", "meter_class", "currency", "ledger", "rollup")
    return Check(NOW, 10**9, 10**6, False, (dict.fromkeys(names, words),) * size.rows)


def huge_budget(words: str, size: Size = HUGE) -> Any:
    people = crowd(words, size)
    found = used_up()
    controls = found.terms.controls * min(size.some, 10)
    scope = Scope(words[:300], words[:300], words[:300])
    return replace(
        found,
        terms=replace(found.terms, name=words[:100], scope=scope, controls=controls),
        owners=people[:20],
        controls_now=controls,
        acknowledged_by=people[1],
        past=found.past * size.some,
        reserved=found.standing.used,
    )


ONE = Decimal(1)


def huge_statement(words: str, size: Size = HUGE) -> Chargeback:
    """Whatever a cost centre is called: a code is ours, its title and what is charged to it are anybody's."""
    used = [Spent(date(2026, 2, 1), f"p{number}", words[:200], words[:200], ONE, ONE) for number in range(size.rows)]
    turns = [Turn(SubjectKind.PROJECT, each.project, date(2026, 2, 1), f"CC-{each.project}") for each in used]
    titles = {turn.code: words[:200] for turn in turns}
    return replace(
        charged_month(),
        tenant_name=words[:200],
        statement=statement_of(
            used,
            Assignments(turns),
            titles,
            since=date(2026, 2, 1),
            until=date(2026, 3, 1),
            currency="USD",
        ),
    )


def huge_status(words: str, size: Size) -> Any:
    promises = (judged(words=words), judged(words=words, budget=None)) * size.some
    return status(service=words[:120], words=words, objectives=promises, standing="breached")


def change_policy(size: Size) -> ChangePolicy:
    """No type is called by whatever somebody writes: keys are letters, digits and underscores."""
    keys = [f"{number}_{'w' * 50}"[:TYPE_MAX] for number in range(min(size.rows, TYPES_MAX))]
    types = {key: ChangeType(key) for key in keys}
    return ChangePolicy(types=types, matrix={})


@cache
def extremes(words: str, size: Size) -> dict[str, Any]:
    """The extreme of each type that a view takes, by its annotation."""
    people, asked, emergency = crowd(words, size), huge_request(words, size), huge_bypass(words, size)
    away = delegation(
        absent=people[0], stand_in=people[1], decides=people[2], reason=words, actions=(words[:100],) * size.some
    )
    draft = DraftView(REQUEST_ID, "agent.create", {"name": words[:2000]}, words, NOW)
    denied = DecisionView(
        id=REQUEST_ID,
        decision=Answer.DENY,
        reasons=(Reason("gate.denied", words),),
        action="agent.create",
        resource={"name": words[:120]},
        decided_at=NOW,
    )
    error = InvalidInput(words, accepted=tuple(f"{words[:100]} {n}" for n in range(2 * size.some)), next_step=words)
    return {
        "StatusView": huge_status(words, size),
        "Sequence[ServiceView]": (line(service=words[:120], words=words),) * size.rows,
        "Sequence[CreditView]": (credit(service=words[:120]),) * size.rows,
        "RequestView": asked,
        "PersonView": people[0],
        "PersonView | None": people[1],
        "Sequence[PersonView]": people,
        "UserId": UserId(people[0].id),
        "datetime": NOW,
        "timedelta": timedelta(days=3650),
        "str": words,
        "str | None": words[:100],
        "Target": TARGET,
        "CountersignError": error,
        "DecisionView": denied,
        "DraftView": draft,
        "Sequence[DraftView]": (draft,) * min(size.rows, 50),
        "Sequence[RequestView]": tuple(
            replace(asked, id=UUID(int=number)) for number in range(min(size.rows, MANY_MAX))
        ),
        "Sequence[Outcome]": (Outcome(asked, words), Outcome(asked)) * (min(size.rows, MANY_MAX) // 2),
        "Written": Written(
            agent=words,
            business_service=words,
            justification=words,
            owner="U0DANA",
            sponsor="U0LEE",
            ticket=words[:200],
            asks_ticket=True,
        ),
        "Nudged": Nudged(asked, people),
        "Effect": rule_effect(words),
        "Trouble": Trouble(words, Result.STOPPED, words, people),
        "Listed": listed([asked] * size.rows),
        "BypassView": emergency,
        "BypassTerms": BypassTerms(
            timedelta(hours=4),
            tuple(f"{number}{'e' * 38}" for number in range(9)),
            tuple(BypassReason(f"r{number}", words[:500]) for number in range(min(size.rows, 25))),
            wants_incident=True,
            incident_format=words[:500],
        ),
        "tuple[BypassView, ...]": (emergency,) * size.rows,
        "Sequence[BypassView]": (emergency,) * size.rows,
        "BudgetView": huge_budget(words, size),
        "Sequence[BudgetView]": (huge_budget(words, size),) * size.rows,
        "ChangeView": huge_change(words, size),
        "ChangeAgenda": ChangeAgenda(
            span=Span(NOW, NOW + timedelta(days=14)),
            time_zone="UTC",
            waiting=(AgendaItem(huge_change(words, size), ()),) * size.rows,
            planned=(AgendaItem(huge_change(words, size), (Obstacle("freeze", words[:100], None),)),) * size.rows,
            reviews=(huge_change(words, size),) * size.rows,
            freezes=(FrozenTime(words[:100], Span(NOW, NOW + timedelta(days=1))),) * min(size.rows, 20),
        ),
        "Sequence[ChangeView]": (huge_change(words, size),) * size.rows,
        "ChangePolicy": change_policy(size),
        "IncidentView": huge_incident(words, people, min(size.some, 12)),
        "Sequence[IncidentView]": (huge_incident(words, people, min(size.some, 12)),) * size.rows,
        "Sequence[FollowUpView]": tuple(
            follow_up(id=UUID(int=number), title=words[:300], before=words[:3000], owner=people[0])
            for number in range(50)
        ),
        "OwedAction": owed(
            service=words[:120], title=words[:200], why=words[:2000], owner=people[0], evidence=words[:2000]
        ),
        "Sequence[Suspect]": (suspect(reference=words[:200], title=words[:200], reasons=(words,) * 4),) * 5,
        "Sequence[EntryView]": (entry(words[:3000], author=people[0], written_at=NOW),) * min(size.rows, 40),
        "DelegationView": away,
        "Sequence[DelegationView]": (away,) * size.rows,
        "Sequence[AbsenceView]": (absence(absent=away.absent, stand_in=away.stand_in), absence(stand_in=None))
        * size.rows,
        "Iterable[TicketLink]": (ticket(number=words[:100]),) * min(size.some, 9),
        "Sequence[Block]": (),
        "Digest": digest(
            person=people[0],
            agenda=Agenda((asked,) * 6, 300, 300, (asked,) * 6),
            reviews=(emergency,) * min(size.rows, 50),
        ),
        "Preferences": Preferences(),
        "Chargeback": huge_statement(words, size),
        "BypassReport": bypass_month(
            by_reason=(tally(words[:300], 3),) * size.some, by_person=(tally(words[:200], 3),) * size.some
        ),
        "Week": week(stages=tuple(replace(each, stage=words[:100]) for each in week().stages)),
        "Sequence[Picture]": (Picture("", words, words, "F0PICTURE1"), Picture(words, words, words)),
        "date": NOW.date(),
        "Sequence[str] | None": tuple(f"{words[:100]} {number}" for number in range(min(size.rows, 100))),
        "Mapping[str, Any]": {
            "ticket": words,
            "system": words,
            "reasons": [words] * 4,
            "suspends": True,
            "by": words,
            "reason": words,
        },
        "WalkView": walk(words, size),
        "Check": cost_check(words, size),
        "Iterable[Account]": (
            Account(
                ChatId(ChatPlatform.TEAMS, words[:100], "U1"),
                people[0].id,
                LinkedBy.SIGNED_LINK,
                NOW,
                words,
                words,
                NOW,
                NOW,
            ),
        )
        * min(size.some, 3),
        "Text": (Plain(words), Strong(words)),
    }


def views() -> Iterator[tuple[str, Any]]:
    for module in pkgutil.iter_modules(bot.views.__path__):
        found = importlib.import_module(f"bot.views.{module.name}")
        for name, function in vars(found).items():
            is_own = inspect.isfunction(function) and function.__module__ == found.__name__ and name[:1] != "_"
            if is_own and str(inspect.signature(function).return_annotation) in VIEW_TYPES:
                yield name, function


VIEWS = dict(views())
EVENTS = sorted(map(str, (*RequestEvent, *EmergencyEvent, *ChangeEvent, *IncidentEvent)))


def shown(name: str, words: str, size: Size = HUGE, **given: Any) -> Any:
    """The view of that name with these words wherever people can write some."""
    known = extremes(words, size)
    values = {}
    for key, parameter in inspect.signature(VIEWS[name]).parameters.items():
        ours = {"console": CONSOLE} | {key: OURS[name, key] for key in (key,) if (name, key) in OURS} | given
        if key not in ours:
            assert parameter.annotation in known, f"{name} takes a {parameter.annotation}; add an extreme one above"
        values[parameter] = ours[key] if key in ours else known[parameter.annotation]
    positional = [value for parameter, value in values.items() if parameter.kind is not parameter.KEYWORD_ONLY]
    named = {parameter.name: value for parameter, value in values.items() if parameter.kind is parameter.KEYWORD_ONLY}
    return VIEWS[name](*positional, **named)


def thread_line(event: str, words: str, size: Size = HUGE) -> Any:
    """The line of a thread that an event leaves, or None."""
    people = [str(number) for number in range(size.people)]
    data = {"people": people, "changed": {words[:100]: [words, words]}, "voided": 2}
    said = ("stage", "reason", "note", "text", "by", "voter", "from", "to", "author", "status", "action", "resource")
    return shown(
        "thread_line",
        words,
        size,
        event=event,
        data=data | dict.fromkeys(said, words),
        names=dict.fromkeys(people, words),
    )
