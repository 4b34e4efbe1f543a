"""What fails in ServiceNow's own ways; what fails everywhere alike is in test_every_system_failing.py."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.itsm.base import (
    Health,
    NotSent,
    Throttled,
    TicketPatch,
    TicketState,
)
from connectors.itsm.servicenow import ServiceNow, connect
from sandbox.faults import Fault
from tests.contract.itsm.bench import until_done


@pytest.fixture
async def servicenow(instance) -> AsyncIterator[ServiceNow]:
    connector = connect(instance.settings(read_timeout_s=0.5))
    yield connector
    await connector.close()


async def test_a_write_lost_after_each_single_call_is_never_repeated(instance, servicenow, draft):
    ticket = await servicenow.create(draft)
    step = TicketPatch(key="event-1", target=TicketState.APPROVED, note="approved", by="Ann Lee")
    for path in ("/table/change_request", "/sn_chg_rest/change", "/table/sysapproval_approver"):
        instance.fail(Fault.COMMIT_THEN_TIMEOUT, match=path)

    moved = await until_done(lambda: servicenow.update(ticket, step))

    row = instance.row(draft.key)
    assert moved.state is TicketState.APPROVED
    assert sum(entry["element"] == "work_notes" for entry in row["journal"]) == 1
    approvals = instance.records("sysapproval_approver")
    assert [one["state"] for one in approvals].count("approved") == 2


async def test_an_hourly_rule_is_respected_until_the_hour_ends(instance, servicenow, draft):
    instance.system.configure({"rate_limit": 0})

    with pytest.raises(Throttled, match="Rate limit of 0 requests per hour") as throttled:
        await servicenow.create(draft)
    assert 1 <= throttled.value.retry_after_s <= 3600


async def test_a_hibernating_instance_is_neither_believed_nor_given_up(instance, servicenow, draft):
    instance.system.configure({"hibernating": True})
    with pytest.raises(NotSent, match="a page instead of data"):
        await servicenow.create(draft)
    (finding,) = (await servicenow.check()).findings
    assert (finding.health, finding.next_step) == (Health.FAILED, "Check the address, and that the instance is awake.")

    instance.system.configure({"hibernating": False})
    assert (await servicenow.create(draft)).label == "New"
