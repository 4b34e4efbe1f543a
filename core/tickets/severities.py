"""How bad an incident is, on its ticket: ours is written there, and a priority that people move is taken over, or not.

Weighed as any field (merging.py), by the severity that the ticket's own fields stand for.
"""

from __future__ import annotations

from typing import Final

from core.db import Database
from core.ids import TenantId
from core.incidents import Severity, held_severity, keep_severity, take_severity
from core.links import TicketLink
from core.tickets import store
from core.tickets.fields import FieldsThere
from core.tickets.merging import Direction, FieldRule, Owner, Side, Verdict, merge, sent, taken

SEVERITY: Final = "(severity)"  # among the fields of a ticket; no system's field has such a name


async def plan_severity(
    database: Database, tenant: TenantId, link: TicketLink, *, direction: Direction, owner: Owner, there: FieldsThere
) -> str | None:
    """The severity to be written there, after what could be taken over was; None if nothing is.

    What was moved there and does not stand is told once, in the timeline. Call `fields_written` when it is there, or
    this again.
    """
    side = there.side(SEVERITY)
    async with database.tenant(tenant) as tx:
        held = await held_severity(tx, link.subject_id)
        known = {} if there.is_fresh else await store.agreed(tx, link.subject_id, link.system)
        # Until it was ours once, a ticket shows what its system puts there by itself, which is nobody's word.
        rule = FieldRule(SEVERITY, direction if SEVERITY in known else Direction.OUT, owner, SEVERITY)
        here = Side(held.severity, held.row.updated_at, 0)
        may_take = held.is_under_way and side.value in tuple(Severity)
        found = merge(rule, known.get(SEVERITY), here, side, may_take=may_take, is_ours=there.is_ours)
        agreed, hand = found.agreed, there.hand(link)
        who = f"{hand.shown.capitalize() if not hand.author else hand.author} on {hand.ticket} in {hand.system}"
        match found.verdict:
            case Verdict.TAKE:
                await take_severity(tx, held, Severity(side.value), who=who, system=link.system)
                agreed = taken(Side(side.value, tx.now, 0), side)
            case Verdict.WRITE:
                agreed = sent(agreed, here)
            case Verdict.NOTHING | Verdict.ASK:
                pass
        if (found.is_declined or found.is_conflict) and found.verdict is not Verdict.TAKE:
            await keep_severity(tx, held, wanted=side.value, who=who)
        await store.save(tx, link.subject_id, link.system, {SEVERITY: agreed})
    return here.value if found.verdict is Verdict.WRITE else None
