"""kill -9 between the work and the keeping of its answer: the same call again does not do the work twice (N6, E1)."""

import asyncio
import os
import signal
import threading
import uuid

import asyncpg
import pytest
import requests

from core.db.embedded import EmbeddedPostgres
from tests.chaos.test_killed_server import is_up, server_pid
from tests.product import until

# Whoever keeps an answer waits for whoever holds this lock.
HOLD_ANSWERS = """
CREATE FUNCTION hold_answers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM pg_advisory_xact_lock_shared(4711); RETURN NEW; END $$;
CREATE TRIGGER hold BEFORE UPDATE OF status ON idempotency_keys FOR EACH ROW EXECUTE FUNCTION hold_answers();
"""
LET_GO = "DROP TRIGGER hold ON idempotency_keys; DROP FUNCTION hold_answers()"
BYPASS = {
    "action": "agent.deploy",
    "resource": "payments-bot",
    "justification": "Payments are failing for every customer.",
    "duration": "1 hour",
}


@pytest.fixture(scope="module")
def product(new_product):
    with new_product() as running:
        yield running


def grant(product, key):
    return product.call(
        "POST", "/api/v1/bypasses", role="meta_agent_manager", json=BYPASS, headers={"Idempotency-Key": key}
    )


def granted(product):
    found = product.call("GET", "/api/v1/bypasses", role="tenant_administrator").json()["items"]
    return [bypass for bypass in found if bypass["resource"] == BYPASS["resource"]]


@pytest.mark.row("E1", "N6")
async def test_a_bypass_whose_answer_was_lost_is_not_granted_again(product):
    url = EmbeddedPostgres(product.data / "postgresql").start().owner_url
    key = str(uuid.uuid4())
    database = await asyncpg.connect(url)
    try:
        await database.execute(HOLD_ANSWERS)
        await database.execute("SELECT pg_advisory_lock(4711)")
        call = threading.Thread(target=_expecting_no_answer, args=(product, key))
        call.start()
        await asyncio.to_thread(until, lambda: granted(product), "the bypass to be granted")
        os.kill(server_pid(product), signal.SIGKILL)
        await asyncio.to_thread(call.join)
        await database.execute("SELECT pg_advisory_unlock(4711)")
        await database.execute(LET_GO)
    finally:
        await database.close()
    (bypass,) = granted_once_up(product)

    assert grant(product, key).status_code == 409  # for a while, it may still be under way
    product.control("clock", advance="31s")
    again = grant(product, key)

    assert again.status_code == 409
    problem = again.json()
    assert problem["type"].endswith("idempotency_answer_lost")
    assert problem["detail"] == (
        "This call was carried out (bypass.grant payments-bot), but its answer was lost when the server stopped."
    )
    assert problem["next_step"] == f"Do not send it again; look up {bypass['id']}."
    assert [each["id"] for each in granted(product)] == [bypass["id"]]


def granted_once_up(product):
    until(lambda: is_up(product), "the server to be back", within_s=60)
    return granted(product)


def _expecting_no_answer(product, key):
    with pytest.raises(requests.ConnectionError):
        grant(product, key)
