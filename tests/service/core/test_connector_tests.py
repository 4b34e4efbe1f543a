"""A connector is tested by those who may, now and then, and whatever its system does is an answer (N6)."""

from __future__ import annotations

import asyncio

import pytest

from core.access import PermissionMissing
from core.deliveries import Connected, Connection, Finding, Health, TestedLately, run_test
from core.errors import NotFound

pytestmark = pytest.mark.row("N6")
WELL = Finding("sign-in", Health.OK, "It answers.")


class System:
    """A system that answers, hangs or breaks, and counts who asked."""

    def __init__(self, answer=(WELL,)):
        self.answer, self.asked = answer, 0

    async def check(self):
        self.asked += 1
        if self.answer is None:
            await asyncio.sleep(3600)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def connected(company, system):
    return Connected([Connection("servicenow", "ServiceNow", company.tenant, system.check)])


async def asked(company, system, *, role="tenant_administrator", name="servicenow", within_s=5.0):
    return await run_test(
        company.database, company.actor(role), connected(company, system), name=name, within_s=within_s
    )


async def test_what_is_found_is_said_and_recorded(company):
    bad = Finding("rights", Health.FAILED, "It may not write.", "Give it the role itil.")
    assert await asked(company, System((WELL, bad))) == (WELL, bad)
    first, second = [each for each in await company.trail() if each["action"].startswith("connector.test")]
    assert {first["action"], second["action"]} == {"connector.test", "connector.tested"}
    tested = first if first["action"] == "connector.tested" else second
    assert (tested["result"], tested["resource"], tested["details"]["health"]) == ("failure", "servicenow", "failed")


async def test_two_who_ask_at_once_are_one_test_and_after_a_while_it_is_possible_again(company):
    system = System()
    both = await asyncio.gather(asked(company, system), asked(company, system), return_exceptions=True)
    assert sorted(type(each).__name__ for each in both) == ["TestedLately", "tuple"]
    assert system.asked == 1
    company.advance(seconds=9)
    with pytest.raises(TestedLately) as refused:
        await asked(company, system)
    assert refused.value.retry_after_s == 10
    company.advance(seconds=2)
    assert await asked(company, system) == (WELL,)


async def test_a_system_that_hangs_or_breaks_has_failed_and_tells_no_secret(company):
    (hung,) = await asked(company, System(None), within_s=0.05)
    assert (hung.health, hung.message) == (Health.FAILED, "It did not answer within 0.05 seconds.")
    company.advance(seconds=11)
    (broken,) = await asked(company, System(RuntimeError("password=hunter2")))
    assert (broken.health, "hunter2" in broken.message) == (Health.FAILED, False)
    company.advance(seconds=11)
    (told,) = await asked(company, System((Finding("address", Health.OK, "https://ann:hunter2@there/"),)))
    assert told.message == "https://***@there/"


async def test_nobody_tests_without_the_right_and_nothing_is_tested_that_is_not_there(company):
    system = System()
    with pytest.raises(PermissionMissing):
        await asked(company, system, role="agent_operator")
    with pytest.raises(NotFound, match="nothing to test"):
        await asked(company, system, name="slack")
    assert system.asked == 0
    denied = [each for each in await company.trail() if each["result"] == "denied"]
    assert [each["action"] for each in denied] == ["connector.test"]
