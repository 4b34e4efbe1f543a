"""What people see of deliveries: what they are about, and no secret (N6)."""

from __future__ import annotations

import pytest

from core.access import PermissionMissing
from core.deliveries import inboxes, list_all, references_of
from core.outbox import emit
from core.tickets import claim_look, note_failed
from tests.factories import ask
from tests.service.core.test_outbox import TYPE, Subscriber, dispatching, settled, until

pytestmark = pytest.mark.row("N6")


async def test_the_event_of_a_delivery_is_shown_with_its_secrets_struck_out(company):
    async with company.database.tenant(company.tenant) as tx:
        data = {"number": 1, "callback_token": "hunter2", "inner": {"note": "Bearer abc", "plain": "as it was"}}
        await emit(tx, subject="request:1", type=TYPE, data=data)
    async with dispatching((company.database, [Subscriber("well")])) as running:
        await until(settled(company, "done"), *running)
    (found,) = await list_all(
        company.database, company.actor("audit_reviewer"), subscriber="well", state=None, after=None, limit=10
    )
    assert found.data == {"number": 1, "callback_token": "***", "inner": {"note": "***", "plain": "as it was"}}
    assert found.occurred_at == company.clock.now()


async def test_the_way_back_is_shown_with_what_went_wrong(company):
    await claim_look(company.database, company.tenant, "servicenow")
    await note_failed(company.database, company.tenant, "servicenow", "It is away.")
    (found,) = await inboxes(company.database, company.actor("audit_reviewer"))
    assert (found.system, found.looked_at, found.failures, found.problem) == ("servicenow", None, 1, "It is away.")
    assert found.next_look_at > company.clock.now()
    with pytest.raises(PermissionMissing):
        await inboxes(company.database, company.actor("infrastructure_manager"))


async def test_subjects_are_called_by_their_references(company, catalogue):
    asked = await ask(company, catalogue)
    subject = f"request:{asked.request_id}"
    found = await references_of(
        company.database, company.actor("audit_reviewer"), {subject, "digest:x", "request:", "request:1"}
    )
    assert list(found) == [subject]
    assert found[subject].startswith("REQ-")
