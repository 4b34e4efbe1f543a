"""kill -9 while the platform rolls a change out and back: it is undone once, and the record is true (G7, X8)."""

from __future__ import annotations

import os
import signal

import pytest
import requests

from tests.chaos.test_killed_server import is_up, server_pid
from tests.e2e.test_changes_api import call
from tests.e2e.test_rollouts import scheduled
from tests.product import until


@pytest.fixture(scope="module")
def product(new_product):
    with new_product() as running:
        yield running


def kill(product):
    """The server dies at once; the demo starts it again."""
    os.kill(until(lambda: server_pid(product), "the server"), signal.SIGKILL)
    until(lambda: is_up(product), "the server to come back", within_s=90)


@pytest.mark.row("G7", "G10", "X8")
@pytest.mark.timeout(300)
def test_a_rollout_whose_server_is_killed_again_and_again_is_undone_once(product):
    product.control("platform/configure", next="bad", step_s=0.6)
    change = scheduled(product)
    path = f"/{change['id']}"
    call(product, "POST", f"{path}/rollout")

    def at(*states):
        return lambda: call(product, "GET", path)["rollout"]["state"] in states

    until(at("running"), "the platform to begin")
    kill(product)
    until(at("watching", "rolling_back"), "it to be out", within_s=60)
    kill(product)
    until(at("rolling_back", "recovering"), "it to be undone", within_s=60)
    kill(product)
    until(at("rolled_back"), "it to be as before", within_s=60)
    until(lambda: call(product, "GET", path)["recovery"]["state"] != "due", "the recovery", within_s=60)

    found = call(product, "GET", path)
    assert (found["state"], found["recovery"]["state"], found["review_state"]) == ("rolled_back", "passed", "due")
    records = requests.get(
        f"{product.status['sandbox_url']}/control/platform/records", params={"type": "rollout"}, timeout=30
    ).json()["records"]
    (mine,) = [each for each in records if each["change"] == change["reference"]]
    states = [each["state"] for each in mine["history"]]
    assert (states.count("succeeded"), states.count("rolled_back")) == (1, 1)
    trail = product.call(
        "GET", "/api/v1/audit", role="audit_reviewer", params={"q": change["reference"], "limit": 200}
    ).json()["items"]
    told = [each["action"] for each in trail]
    for action in ("change.completed", "change.rollback_started", "change.rolled_back", "change.recovered"):
        assert told.count(action) == 1, (action, told)
