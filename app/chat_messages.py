"""What a chat platform is told of: the subscribers that keep its messages true, the same on every platform."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bot import (
    absences,
    accounts,
    automation,
    budget_owners,
    budgets,
    cost_checks,
    drills,
    living,
    reconciliations,
    schedules,
    service_actions,
)
from bot.absences import AbsenceMessages
from bot.accounts import AccountMessages
from bot.automation import AutomationMessages
from bot.budget_owners import BudgetOwnerMessages
from bot.budgets import BudgetMessages
from bot.cost_checks import CostCheckMessages
from bot.drills import DrillMessages
from bot.living import LivingMessages
from bot.pictures import Gallery
from bot.platform import Platform
from bot.reach import Reach
from bot.reconciliations import ReconciliationMessages
from bot.schedules import ScheduledMessages
from bot.service_actions import ServiceActionMessages
from config.chat import SlackSettings, TeamsSettings
from core.budgets import BudgetCatalogue
from core.charts import Renderer
from core.costs import RateCatalogue
from core.outbox import Subscription


@dataclass(frozen=True, slots=True)
class Office:
    """A platform as this process speaks on it. `refresh_home` is given a chat user."""

    platform: Platform
    settings: SlackSettings | TeamsSettings
    gallery: Gallery
    renderer: Renderer
    refresh_home: Callable[[str], Awaitable[None]]
    reach: Reach
    rates: RateCatalogue
    budgets: BudgetCatalogue

    def subscriptions(self) -> list[Subscription]:
        """Everything that this platform is told of, each under a name of the platform's own."""
        platform, reach, slug = self.platform, self.reach, self.platform.slug
        approvals, emergency = self.settings.approvals_channel, self.settings.emergency_channel
        channels = {"approvals_channel": approvals, "emergency_channel": emergency}
        messages = LivingMessages(platform, **channels, refresh_home=self.refresh_home, reach=reach)
        scheduled = ScheduledMessages(platform, self.gallery, self.renderer, **channels, reach=reach, rates=self.rates)
        by_rules = AutomationMessages(platform, **channels, reach=reach)
        notices = AbsenceMessages(platform, refresh_home=self.refresh_home, reach=reach)
        walks = ReconciliationMessages(platform, reach=reach)
        spending = BudgetMessages(platform, self.gallery, self.renderer, approvals, self.budgets)
        owners = BudgetOwnerMessages(platform, reach=reach)
        to_do = ServiceActionMessages(platform, reach=reach)
        return [
            Subscription(slug, living.EVENTS, messages.deliver),
            Subscription(f"{slug}_absences", absences.EVENTS, notices.deliver),
            Subscription(f"{slug}_schedules", schedules.EVENTS, scheduled.deliver),
            Subscription(f"{slug}_accounts", accounts.EVENTS, AccountMessages(platform).deliver),
            Subscription(f"{slug}_reconciliations", reconciliations.EVENTS, walks.deliver),
            Subscription(f"{slug}_automation", automation.EVENTS, by_rules.deliver),
            Subscription(f"{slug}_budgets", budgets.EVENTS, spending.deliver),
            Subscription(f"{slug}_budget_owners", budget_owners.EVENTS, owners.deliver),
            Subscription(f"{slug}_service_actions", service_actions.EVENTS, to_do.deliver),
            Subscription(f"{slug}_cost_checks", cost_checks.EVENTS, CostCheckMessages(platform, reach=reach).deliver),
            Subscription(f"{slug}_drills", drills.EVENTS, DrillMessages(platform, approvals).deliver),
        ]
