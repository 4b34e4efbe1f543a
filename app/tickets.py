"""Ticket systems as configured."""

from __future__ import annotations

from app.container import Service
from connectors.itsm.servicenow import CONNECTOR, ServiceNowSettings
from connectors.itsm.subscriber import EVENTS, TicketSync
from core.ids import TenantId
from core.outbox import RetryPolicy, Subscription


def ticket_subscriptions(service: Service) -> list[Subscription]:
    """One subscription per configured system."""
    settings = service.settings.servicenow
    if settings.url is None or settings.tenant is None:
        return []
    system = CONNECTOR.connect(ServiceNowSettings(
        url=settings.url, user=settings.user, password=settings.password, assignment_group=settings.assignment_group,
        connect_timeout_s=settings.connect_timeout_s, read_timeout_s=settings.read_timeout_s,
    ))
    sync = TicketSync(slug=CONNECTOR.slug, tenant=TenantId(settings.tenant), system=system, database=service.database)
    return [Subscription(CONNECTOR.slug, frozenset(map(str, EVENTS)), sync.deliver, RetryPolicy(lease_s=120.0))]
