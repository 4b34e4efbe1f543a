"""Ticket systems as configured."""

from __future__ import annotations

from app.container import Service
from config.settings import Settings
from connectors.itsm.base import TicketSystem
from connectors.itsm.servicenow import CONNECTOR, ServiceNowSettings
from connectors.itsm.subscriber import EVENTS, TicketSync
from core.ids import TenantId
from core.outbox import Subscription


def connect_ticket_system(settings: Settings) -> TicketSystem | None:
    """ServiceNow as configured; None if it is not."""
    given = settings.servicenow
    if given.url is None:
        return None
    return CONNECTOR.connect(
        ServiceNowSettings(
            url=given.url,
            user=given.user,
            password=given.password,
            webhook_secret=given.webhook_secret,
            assignment_group=given.assignment_group,
            connect_timeout_s=given.connect_timeout_s,
            read_timeout_s=given.read_timeout_s,
        )
    )


def ticket_subscriptions(service: Service) -> list[Subscription]:
    """One subscription per configured system."""
    system, tenant = connect_ticket_system(service.settings), service.settings.servicenow.tenant
    if system is None or tenant is None:
        return []
    service.closers.append(system.close)
    sync = TicketSync(slug=CONNECTOR.slug, tenant=TenantId(tenant), system=system, database=service.database)
    return [Subscription(CONNECTOR.slug, frozenset(map(str, EVENTS)), sync.deliver)]
