"""kill -9 in the middle of the story: nothing is lost, nothing is doubled (N6, X3)."""

import json
import os
import random
import secrets
import signal
import threading
import time
from pathlib import Path

import pytest
import requests

from tests.product import Product, ticket_in, until

KILLS = 10
SEED = int(os.environ.get("COUNTERSIGN_CHAOS_SEED", "0")) or secrets.randbelow(10**6)
VOTERS = ("meta_agent_manager", "security_manager", "compliance_manager", "tenant_administrator")
RECOVERS_WITHIN_S = 180.0  # all ten kills may fall into one call, and a busy machine takes ten seconds for a start


@pytest.fixture(scope="module")
def product(new_product):
    with new_product() as running:
        yield running


def server_pid(product: Product) -> int | None:
    """The process that serves: found by the folder it was given."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().split(b"\0")
            environ = (entry / "environ").read_bytes()
        except OSError:
            continue
        if b"serve" in command and f"COUNTERSIGN_DATA_DIR={product.data}".encode() in environ.split(b"\0"):
            return int(entry.name)
    return None


class Killer(threading.Thread):
    """Kills the server at random moments, each time after it has come back."""

    def __init__(self, product: Product) -> None:
        super().__init__(daemon=True)
        self.product = product
        self.chance = random.Random(SEED)
        self.kills = 0
        self.is_over = threading.Event()

    def run(self) -> None:
        while self.kills < KILLS and not self.is_over.wait(self.chance.uniform(0.02, 0.6)):
            pid = server_pid(self.product)
            if pid is None or not is_up(self.product):
                continue
            os.kill(pid, signal.SIGKILL)
            self.kills += 1


def is_up(product: Product) -> bool:
    try:
        return product.call("GET", "/healthz").status_code == 200
    except requests.RequestException:
        return False


def persistently(act, what):
    """What a client does that does not give up: the same call again."""
    deadline = time.monotonic() + RECOVERS_WITHIN_S
    answer = None
    while time.monotonic() < deadline:
        try:
            answer = act()
        except requests.RequestException:
            answer = None
        if answer is not None and answer.status_code < 500 and answer.status_code != 409:
            return answer
        time.sleep(0.1)
    raise AssertionError(
        f"{what} did not succeed within {RECOVERS_WITHIN_S:.0f} s: {answer and answer.text}; seed {SEED}"
    )


def post(product, role, path, body):
    """Without an Idempotency-Key: votes, questions to the gate and outcomes are idempotent by themselves."""
    return persistently(lambda: product.call("POST", path, role=role, json=body), f"{role} {path}")


def one_story(product, agent):
    """Request, four votes, creation, outcome; the request's id."""
    resource = {
        "type": "agent",
        "name": agent,
        "sponsor": product.email("tenant_administrator"),
        "owner": product.email("agent_developer"),
        "business_service": "Chaos",
    }
    question = {"action": "agent.create", "resource": resource, "context": {"justification": "Survives."}}
    request_id = post(product, "agent_developer", "/api/v1/decisions", question).json()["request_id"]
    for role in VOTERS:
        vote = post(product, role, f"/api/v1/requests/{request_id}/votes", {"decision": "approve", "reason": "Fine."})
        assert vote.status_code == 200, vote.text
    decision = post(product, "agent_developer", "/api/v1/decisions", question).json()
    assert decision["decision"] == "allow", decision
    done = post(product, "agent_developer", f"/api/v1/decisions/{decision['id']}/outcome", {"status": "succeeded"})
    assert done.json()["operation"] == "succeeded"
    return request_id


@pytest.mark.row("N6", "P3", "B3", "B4", "A1")
@pytest.mark.timeout(600)
def test_no_vote_ticket_or_message_is_lost_or_doubled_when_the_server_is_killed_ten_times(product):
    killer = Killer(product)
    killer.start()
    stories = []
    while killer.is_alive():
        stories.append(one_story(product, f"survivor-{secrets.token_hex(3)}"))
    killer.is_over.set()
    assert killer.kills == KILLS, f"seed {SEED}"
    until(lambda: is_up(product), "the server to come back", within_s=RECOVERS_WITHIN_S)
    for request_id in stories:
        check_story(product, request_id)


def check_story(product, request_id):
    request = product.call("GET", f"/api/v1/requests/{request_id}", role="agent_developer").json()
    reference = request["reference"]
    votes = [vote["voter"]["email"] for stage in request["stages"] for vote in stage["votes"]]
    assert sorted(votes) == sorted(product.email(role) for role in VOTERS), f"seed {SEED}"
    until(
        lambda: not_delivered(product, request_id) == [],
        f"all deliveries of {reference}; seed {SEED}",
        within_s=RECOVERS_WITHIN_S,
    )
    request = product.call("GET", f"/api/v1/requests/{request_id}", role="agent_developer").json()
    for place in ("approvals", f"@{product.email('agent_developer')}"):
        assert len(shown_in(product, place, reference)) == 1, f"{reference} in {place}; seed {SEED}"
    for role in VOTERS:  # somebody who has voted before the message could be posted needs none any more
        place = f"@{product.email(role)}"
        assert len(shown_in(product, place, reference)) <= 1, f"{reference} in {place}; seed {SEED}"
    said = [reply["text"] for reply in product.message_with("approvals", reference)["thread"]]
    assert len([line for line in said if "approved" in line]) == len(VOTERS), f"{reference}: {said}; seed {SEED}"
    tickets = [each for each in product.records("servicenow", "change_request") if reference in json.dumps(each)]
    assert len(tickets) == 1, f"{reference}: {len(tickets)} tickets; seed {SEED}"
    assert sorted(each["system"] for each in request["tickets"]) == ["jira", "remedy", "servicenow"]
    assert ticket_in(request)["number"] == tickets[0]["number"]
    recorded = product.call(
        "GET", "/api/v1/audit", role="audit_reviewer", params={"subject_id": request_id, "action": "request.voted"}
    ).json()
    assert len(recorded["items"]) == len(VOTERS), f"seed {SEED}"


def shown_in(product, place, reference):
    """The messages about the request in the place; all of them say how it ended."""
    shown = [each for each in product.messages(place) if each["text"].startswith(f"{reference}:")]
    assert ["Approved" in each["text"] for each in shown] == [True] * len(shown), f"{reference} in {place}; seed {SEED}"
    return shown


def not_delivered(product, request_id):
    pending = []
    for connector in ("slack", "servicenow", "jira", "remedy"):
        found = product.call(
            "GET", f"/api/v1/connectors/{connector}/deliveries", role="audit_reviewer", params={"limit": 200}
        ).json()["items"]
        pending += [each for each in found if each["subject"] == f"request:{request_id}" and each["state"] != "done"]
    return pending
