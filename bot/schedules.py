"""What comes by the calendar: morning digests; figures of a week, bypasses and costs of a month (B9, P8, E2, C10).

All are posted once and never edited: what they say is true of the hour at which they came.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

import structlog

from bot.cards import Card, Picture
from bot.late import said_in
from bot.pictures import Gallery, drawn
from bot.platform import PlaceUnusable, Platform
from bot.reach import Reach
from bot.views.bypass_report import bypass_report_card
from bot.views.chargeback import chargeback_card
from bot.views.digest import digest_card
from bot.views.weekly import weekly_card
from core.actor import system_actor
from core.approvals import Week, week
from core.charts import Renderer, bypass_chart, centres_chart, weekly_charts
from core.costs import RateCatalogue
from core.emergency import issue_bypass_report
from core.finance import chargeback
from core.ids import UserId
from core.links import MessageSlot
from core.outbox import Event
from core.preferences import PreferenceEvent, Unheard
from core.schedules import ScheduleEvent, load_digest
from core.tenants import TenantPolicy, tenant_policy

log = structlog.get_logger()

EVENTS: Final = frozenset({*map(str, ScheduleEvent), PreferenceEvent.UNREACHED.value})


@dataclass(frozen=True, slots=True)
class ScheduledMessages:
    """The subscriber of schedules."""

    platform: Platform
    gallery: Gallery
    renderer: Renderer
    approvals_channel: str
    emergency_channel: str
    reach: Reach = field(default_factory=Reach)
    rates: RateCatalogue = field(default_factory=lambda: RateCatalogue({}))

    async def deliver(self, event: Event) -> None:
        """The message of the event stands in its place, unless its time is over."""
        due = said_in(event) if event.type == PreferenceEvent.UNREACHED else event
        if event.tenant != self.platform.tenant or due is None or due.type not in set(ScheduleEvent):
            return
        if self.platform.database.clock.now() >= datetime.fromisoformat(due.data["expires"]):
            log.info("scheduled_message_too_late", event_type=due.type, day=due.data["day"])
            return
        match ScheduleEvent(due.type):
            case ScheduleEvent.DIGEST_DUE:
                await self._digest(due)
            case ScheduleEvent.REPORT_DUE:
                policy = await self._policy(due)
                if policy.weekly_report is not None:
                    await self._report(due, self._channel(policy, policy.weekly_report.channel), self._post_report)
            case ScheduleEvent.BYPASS_REPORT_DUE:
                policy = await self._policy(due)
                if policy.bypass_report is not None:
                    await self._report(due, self._channel(policy, policy.bypass_report.channel), self._post_bypasses)

            case ScheduleEvent.CHARGEBACK_DUE:
                policy = await self._policy(due)
                if policy.chargeback_report is not None and policy.chargeback_report.channel:
                    await self._report(
                        due, self._channel(policy, policy.chargeback_report.channel), self._post_chargeback
                    )

    async def _digest(self, event: Event) -> None:
        platform, since = self.platform, datetime.fromisoformat(event.data["since"])
        digest = await load_digest(platform.database, event.tenant, UserId(event.subject_id), since=since)
        chat_user = await platform.chat_user(digest.person) if digest else None
        if digest is None or chat_user is None:
            return
        if not await self.reach.is_told(platform, digest.person, subject=event.id):
            return
        card = digest_card(digest, now=platform.database.clock.now(), console=platform.console)
        unheard = Unheard(event.subject, event)
        write = platform.say_once(self._slot(event, chat_user), card)
        await self.reach.writes(platform, digest.person, chat_user, write, about=unheard)

    async def _policy(self, event: Event) -> TenantPolicy:
        async with self.platform.database.tenant(event.tenant) as tx:
            return await tenant_policy(tx)

    async def _report(self, event: Event, place: str, post: Callable[[Event, MessageSlot], Awaitable[None]]) -> None:
        slot = self._slot(event, place)
        try:
            if not await self.platform.is_said(slot):
                await post(event, slot)
        except PlaceUnusable as exc:
            log.warning("chat_channel_unusable", channel=slot.place, error=str(exc))

    async def _post_report(self, event: Event, slot: MessageSlot) -> None:
        since, until = (datetime.fromisoformat(event.data[key]) for key in ("since", "until"))
        found = await week(self.platform.database, system_actor(event.tenant), since=since, until=until)
        charts = weekly_charts(found) if self.gallery.takes_pictures else ()
        drawings = await drawn(self.renderer, charts, suffix=event.data["day"], attempt=event.attempt)
        await self.gallery.say_once(slot, lambda pictures: self._card(event, found, pictures), drawings)

    async def _post_bypasses(self, event: Event, slot: MessageSlot) -> None:
        month = event.data["month"]
        found = await issue_bypass_report(self.platform.database, event.tenant, month=month)
        charts = (bypass_chart(found),) if self.gallery.takes_pictures and found.all.total else ()
        drawings = await drawn(self.renderer, charts, suffix=month, attempt=event.attempt)
        console = self.platform.console
        await self.gallery.say_once(slot, lambda pictures: bypass_report_card(found, pictures, console), drawings)

    async def _post_chargeback(self, event: Event, slot: MessageSlot) -> None:
        month = event.data["month"]
        made = await chargeback(self.platform.database, self.rates, system_actor(event.tenant), period=month)
        charts = (centres_chart(made),) if self.gallery.takes_pictures and made.statement.centres else ()
        drawings = await drawn(self.renderer, charts, suffix=month, attempt=event.attempt)
        console = self.platform.console
        await self.gallery.say_once(slot, lambda pictures: chargeback_card(made, pictures, console), drawings)

    def _card(self, event: Event, found: Week, pictures: Sequence[Picture]) -> Card:
        day = date.fromisoformat(event.data["day"])
        first, last = day - timedelta(days=7), day - timedelta(days=1)
        return weekly_card(found, first=first, last=last, pictures=pictures, console=self.platform.console)

    def _channel(self, policy: TenantPolicy, name: str) -> str:
        ours = {"approvals": self.approvals_channel, "emergency": self.emergency_channel}
        return policy.channels.get(name, ours.get(name, name))

    def _slot(self, event: Event, place: str) -> MessageSlot:
        role = f"{event.type.partition('.')[0]}:{event.data['day']}"
        return MessageSlot(event.subject_id, self.platform.slug, place, role)
