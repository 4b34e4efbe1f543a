"""Workflow automation as configured: the rules of each tenant, and who does what they say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Final

from app.container import Service
from app.tickets import Connected, connected_systems
from config.settings import Settings
from connectors.callbacks import RuleWebhooks
from core.access_requests import read_endpoint
from core.automation import AutomationEvent, Engine, HereActions, KnownSystem, RuleBook, load_rulebook
from core.outbox import BreakerPolicy, RetryPolicy, Subscription

RULES: Final = "automation"
# One destination for many rules, or many addresses: that some fail says nothing of the others.
_NEVER_OPEN: Final = BreakerPolicy(failures=1_000_000_000)


def read_rulebook(settings: Settings) -> RuleBook:
    """The rules of every tenant, checked against the systems that it is connected to. Raises ConfigError."""
    return load_rulebook(settings.automation_dir, known_systems(connected_systems(settings)), check_url=read_endpoint)


def known_systems(connected: Collection[Connected]) -> dict[str, dict[str, KnownSystem]]:
    """For each tenant its ticket systems by name: which kinds of tickets each can make, and what rules may write."""
    found: dict[str, dict[str, KnownSystem]] = defaultdict(dict)
    for each in connected:
        fields = each.rule_fields
        found[each.tenant][each.slug] = KnownSystem(each.kinds, fields.known, fields.why_not)
    return dict(found)


def connect_automation(service: Service) -> None:
    """The service has its rules, and whoever asks them and does what is to be done here or at an address."""
    service.rulebook = read_rulebook(service.settings)
    engine = Engine(service.database, service.rulebook)
    here = HereActions(service.database, service.gate)
    webhooks = RuleWebhooks(service.database, service.settings.base_url, service.settings.automation.internal_addresses)
    service.subscriptions += [
        # What nobody listens to is not delivered: most events, and most tenants, have no rule.
        Subscription(RULES, service.rulebook.triggers(), engine.deliver, breaker=_NEVER_OPEN),
        Subscription(f"{RULES}_here", frozenset({str(AutomationEvent.HERE)}), here.deliver, breaker=_NEVER_OPEN),
        Subscription(
            f"{RULES}_webhooks",
            frozenset({str(AutomationEvent.WEBHOOK)}),
            webhooks.deliver,
            RetryPolicy(timeout_s=30.0),
            _NEVER_OPEN,
        ),
    ]
