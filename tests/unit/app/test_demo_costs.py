"""What the demo's agents have used is what the API takes, the same at every start."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from app.demo_costs import DAYS, WORKERS, usage_events
from core.costs import EVENTS_MAX, Usage, load_rate_catalogue
from core.costs.usage import check
from core.ids import TenantId

NOW = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
CARD = load_rate_catalogue(Path(__file__).parents[3] / "config" / "costs").for_tenant(TenantId("enterprise-corp"))


def test_six_weeks_of_usage_are_sound_priced_and_always_the_same():
    events = list(usage_events(NOW))
    assert events == list(usage_events(NOW))
    spent: Counter[str] = Counter()
    for each in events:
        at = datetime.fromisoformat(each["time"])
        usage = Usage(each["id"], each["meter"], Decimal(each["quantity"]), at, each["project"], each["agent"])
        check(usage, now=NOW)
        price = CARD.price(usage.meter, usage.at)
        spent[usage.agent] += int(usage.quantity * price.tiers[0].unit_price * 100)
    assert len({each["id"] for each in events}) == len(events) < EVENTS_MAX
    assert len({each["time"] for each in events}) == DAYS
    assert [agent for agent, _cents in spent.most_common()][-1] == "faq-writer"
    assert spent.keys() == {worker.agent for worker in WORKERS}
