"""Use case: what agents are worth against what they cost (C9)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from core.access import TokenScope, permitted
from core.actor import Actor
from core.db import Database
from core.finance import ledger
from core.finance.benefits import BenefitView, benefits_in
from core.finance.chargeback import Spent
from core.finance.errors import InvalidReport
from core.finance.exact import difference, total
from core.finance.ledger import Narrowed
from core.finance.looking import DAY, chosen_currency
from core.finance.roi import BenefitKind, Payback, Return, return_of
from core.finance.spans import FIRST_YEAR, Span, span


@dataclass(frozen=True, slots=True)
class AgentReturn:
    """An agent's return in the span. `claims` are what people declared of it, in this currency."""

    agent: str
    claims: int
    found: Return


@dataclass(frozen=True, slots=True)
class Returns:
    """Every agent with costs or benefits in the span, the greatest net first; and all of them together."""

    span: Span
    currency: str
    agents: tuple[AgentReturn, ...]
    benefit: Decimal
    cost: Decimal  # running costs and investments
    unclaimed: Decimal  # of `cost`: of agents of which nobody said what they are worth

    @property
    def net(self) -> Decimal:
        """What was gained beyond what was spent."""
        return difference(self.benefit, self.cost)


async def returns(
    database: Database,
    actor: Actor,
    *,
    agent: str | None = None,
    since: date | None = None,
    until: date | None = None,
    currency: str = "",
) -> Returns:
    """The return of each agent, or of one; by default over the last year. Costs without an agent are nobody's."""
    async with permitted(database, actor, TokenScope.READ, action="roi.show", resource=f"agent:{agent or '*'}") as tx:
        await ledger.may_read(tx, actor)
        until = until or tx.now.date() + DAY
        found = span(since or until - 365 * DAY, until, now=tx.now)
        claims = [each for each in await benefits_in(tx) if agent in (None, each.agent)]
        life = Span(date(FIRST_YEAR, 1, 1), found.until)
        narrowed = Narrowed(agent=agent)
        known = await ledger.currencies(tx, life, narrowed) or tuple({each.currency for each in claims})
        chosen = chosen_currency(currency, tuple(dict.fromkeys((*known, *(each.currency for each in claims)))))
        spent = await ledger.spent(tx, life, currency=chosen, narrowed=narrowed, by=("agent",))
    if agent is not None and not claims and not spent:
        raise InvalidReport(f"Nothing is known of an agent '{agent[:100]}'.", where="agent")
    agents = _agents([each for each in claims if each.currency == chosen], spent, found)
    costs = [total((each.found.running_cost, each.found.investment)) for each in agents]
    return Returns(
        span=found,
        currency=chosen,
        agents=agents,
        benefit=total(each.found.benefit for each in agents),
        cost=total(costs),
        unclaimed=total(cost for each, cost in zip(agents, costs, strict=True) if not each.claims),
    )


def _agents(claims: Iterable[BenefitView], spent: Iterable[Spent], found: Span) -> tuple[AgentReturn, ...]:
    said: dict[str, list[BenefitView]] = defaultdict(list)
    costs: dict[str, dict[date, Decimal]] = defaultdict(dict)
    for claim in claims:
        said[claim.agent].append(claim)
    for each in spent:
        if each.agent:
            costs[each.agent][each.day] = each.cost
    rows = [
        AgentReturn(
            name,
            sum(each.benefit.kind is not BenefitKind.INVESTMENT for each in said[name]),
            return_of([each.benefit for each in said[name]], costs[name], since=found.since, until=found.until),
        )
        for name in sorted({*said, *costs})
    ]
    told = [row for row in rows if row.claims or row.found.running_cost or row.found.investment]
    return tuple(sorted(told, key=lambda row: (-row.found.net, row.agent)))


def payback_words(payback: Payback | None) -> str:
    """When it pays back, for people."""
    if payback is None:
        return "–"
    if payback.on is None:
        return "not at this pace"
    return f"{payback.on.isoformat()}, {payback.after_days} days" + ("" if payback.is_reached else " (expected)")
