"""Who fills the places of people who are away (P6, X5). Pure: from a request as it stands to effects.

Each place of a stage takes one vote. While its person is away it is filled by the last of their chain who is not the
requester, has decided no other stage (R7), and is not asked on this one already: nobody's vote counts twice.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from core.approvals.ballots import barred
from core.approvals.effects import AskAbsent, FillPlace, GiveBack, Seating
from core.approvals.policy import ApprovalPolicy
from core.approvals.routing import stand_in
from core.approvals.state import RequestState, RequestStatus, Seat, StageState
from core.delegations import StandIns
from core.ids import UserId

Place = tuple[str, UserId]  # a stage and whose place it is
NOBODY_NEW: frozenset[Place] = frozenset()


def seat(
    state: RequestState, policy: ApprovalPolicy, away: StandIns, *, newly_asked: AbstractSet[Place] = NOBODY_NEW
) -> tuple[Seating, ...]:
    """What changes at the places of the open stages; nothing if everybody sits where they should.

    Whoever is away and only just asked is replaced, or asked all the same, visibly. Whoever went away afterwards stays
    asked beside who stands in. A place that has its vote is left alone.
    """
    if state.status is not RequestStatus.PENDING:
        return ()
    return tuple(
        change
        for stage in state.open_stages
        for change in _seat(
            state,
            stage,
            away,
            barred=barred(state, policy, stage.key),
            newly_asked={place for key, place in newly_asked if key == stage.key},
        )
    )


def _seat(
    state: RequestState,
    stage: StageState,
    away: StandIns,
    *,
    barred: AbstractSet[UserId],
    newly_asked: AbstractSet[UserId],
) -> list[Seating]:
    filled = state.filled(stage)
    excluded = {*barred, *map(stage.holder, stage.approvers), *(vote.voter for vote in state.votes_on(stage.key))}
    excluded |= {seat.stand_in for place, seat in stage.stand_ins.items() if place in filled}
    changes: list[Seating] = []
    # Those who have somebody first: who comes later must not take their stand-in from them.
    for place in sorted(stage.approvers - filled, key=lambda place: (place not in stage.stand_ins, place)):
        holder, present = stage.holder(place), stage.stand_ins.get(place)
        wanted = stand_in(away.candidates(holder, stage.key), excluded=excluded)
        if wanted is not None:
            excluded.add(wanted)
        if wanted is None and present is not None:
            changes.append(GiveBack(stage.key, place, holder, present.stand_in))
        elif wanted is None and away.is_away(holder, stage.key) and place in newly_asked:
            changes.append(AskAbsent(stage.key, holder))
        elif wanted is not None and (present is None or present.stand_in != wanted):
            stays_asked = place not in newly_asked if present is None else present.stays_asked
            changes.append(FillPlace(stage.key, place, holder, Seat(wanted, stays_asked)))
    return changes
