"""A list that is asked for what nothing can be says so, with what would be accepted (B6, S3, N6)."""

from __future__ import annotations

import pytest

from core.agents import list_agents
from core.approvals import RequestFilter, list_requests
from core.deliveries import list_all
from core.emergency import list_bypasses
from core.errors import InvalidInput
from core.incidents import list_follow_ups
from core.sla import SlaCatalogue, list_actions

LISTS = {
    "follow-ups": lambda db, who, state: list_follow_ups(db, who, state=state),
    "actions": lambda db, who, state: list_actions(db, SlaCatalogue({}), who, state=state),
    "deliveries": lambda db, who, state: list_all(db, who, subscriber=None, state=state, after=None, limit=5),
    "agents": lambda db, who, state: list_agents(db, who, state=state),
    "bypasses": lambda db, who, state: list_bypasses(db, who, state=state),
    "reviews": lambda db, who, state: list_bypasses(db, who, review_state=state),
    "requests": lambda db, who, state: list_requests(db, who, RequestFilter(state=state)),
}


@pytest.mark.row("B6", "S3", "N6")
@pytest.mark.parametrize("which", LISTS)
async def test_a_state_that_there_is_not_is_refused_with_those_that_there_are(company, which):
    find, reviewer = LISTS[which], company.actor("audit_reviewer")
    with pytest.raises(InvalidInput) as refused:
        await find(company.database, reviewer, "foo")
    assert refused.value.where == ("review_state" if which == "reviews" else "state")
    assert refused.value.accepted
    for state in refused.value.accepted:
        assert await find(company.database, reviewer, state) == ()
