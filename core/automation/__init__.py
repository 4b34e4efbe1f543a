"""Workflow automation: when something happens here or there, rules do something about it here or there (N5).

values.py                   rules and their actions, as read
triggers.py                 what rules can listen to, and the variables that are there then
templates.py                texts with {placeholders}
rule_file.py, action_file.py   YAML -> rules, every error with its place, read against surroundings.py
rulebook.py                 the rules of each tenant
asked_fields.py             pure: which fields of tickets rules write
rules.py                    pure: which rules an event concerns, the guards against loops and storms, what would be done
standing.py                 what a change has through its request
facts.py                    what is known of an event's subject
model.py, store.py          tables and SQL
engine.py                   the subscriber that asks the rules; telling.py: administrators are told once
acting.py                   what is done here; effects.py: what doors and connectors need to do the rest
looking.py                  rules with their history, pause and resume; rehearsing.py: dry run
events.py, errors.py        what goes to the outbox; what can go wrong
"""

from core.automation.acting import HereActions
from core.automation.asked_fields import AskedField, asked_fields
from core.automation.effects import Effect, finish_effect, load_effect, note_effect, settle_ticket, start_ticket
from core.automation.engine import Engine
from core.automation.events import AutomationEvent, ticket_event
from core.automation.looking import (
    EffectView,
    RuleView,
    RunView,
    list_rules,
    pause_rule,
    resume_rule,
    rule_history,
)
from core.automation.rehearsing import SINCE_MAX, Rehearsal, rehearse
from core.automation.rule_file import read_rules
from core.automation.rulebook import RuleBook, load_rulebook
from core.automation.rules import DEPTH_MAX, Result
from core.automation.store import purge_runs
from core.automation.surroundings import KnownSystem, Surroundings, WhyNot
from core.automation.telling import Trouble, load_trouble
from core.automation.triggers import TRIGGERS
from core.automation.values import Action, ActionKind, Limits, Mode, Rule, SecretSource

__all__ = [
    "DEPTH_MAX",
    "SINCE_MAX",
    "TRIGGERS",
    "Action",
    "ActionKind",
    "AskedField",
    "AutomationEvent",
    "Effect",
    "EffectView",
    "Engine",
    "HereActions",
    "KnownSystem",
    "Limits",
    "Mode",
    "Rehearsal",
    "Result",
    "Rule",
    "RuleBook",
    "RuleView",
    "RunView",
    "SecretSource",
    "Surroundings",
    "Trouble",
    "WhyNot",
    "asked_fields",
    "finish_effect",
    "list_rules",
    "load_effect",
    "load_rulebook",
    "load_trouble",
    "note_effect",
    "pause_rule",
    "purge_runs",
    "read_rules",
    "rehearse",
    "resume_rule",
    "rule_history",
    "settle_ticket",
    "start_ticket",
    "ticket_event",
]
