"""Two servers on one database: either answers, both agree, and the outside hears of everything once."""

import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.product import another_server, until

VOTERS = ("meta_agent_manager", "security_manager", "compliance_manager", "tenant_administrator")
STORIES = 6
DELIVERED_WITHIN_S = 60.0
AT_ONCE_S = 5.0  # half the age at which a server would look again without being told


@pytest.fixture(scope="module")
def servers(product, tmp_path_factory):
    """Both, without Slack's rate limits: a delivery that is told to wait is attempted again, and that is right."""
    product.control("slack/configure", rate_limits={"enabled": False})
    with another_server(product, tmp_path_factory.mktemp("replica") / "second.log") as second:
        yield product, second
    product.control("slack/configure", rate_limits={"enabled": True})


def resource(product):
    return {
        "name": f"agent-{secrets.token_hex(4)}",
        "sponsor": product.email("tenant_administrator"),
        "owner": product.email("agent_developer"),
        "business_service": "Customer support",
    }


def vote(server, role, request_id, **more):
    body = {"decision": "approve", "reason": "Fine.", **more}
    return server.call("POST", f"/api/v1/requests/{request_id}/votes", role=role, json=body)


@pytest.mark.row("X3", "P1")
def test_what_one_server_is_told_the_other_knows_at_once(servers):
    first, second = servers
    agent = resource(first)
    request_id = first.decide("agent_developer", "agent.create", **agent)["request_id"]
    assert second.decide("agent_developer", "agent.create", **agent)["request_id"] == request_id
    for turn, role in enumerate(VOTERS):
        voted = vote(servers[turn % 2], role, request_id)
        assert voted.status_code == 200, voted.text
        seen = servers[1 - turn % 2].call("GET", f"/api/v1/requests/{request_id}", role="agent_developer").json()
        assert seen == voted.json() | {"tickets": seen["tickets"]}
    answers = [server.decide("agent_developer", "agent.create", **agent) for server in servers]
    assert [answer["decision"] for answer in answers] == ["allow", "allow"]
    assert answers[0]["id"] == answers[1]["id"]


@pytest.mark.row("X3", "P2")
def test_one_vote_sent_to_both_at_the_same_moment_counts_once(servers):
    request_id = servers[0].decide("agent_developer", "agent.create", **resource(servers[0]))["request_id"]
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda server: vote(server, VOTERS[0], request_id), [*servers, *servers]))
    assert {answer.status_code for answer in answers} == {200}
    request = servers[1].call("GET", f"/api/v1/requests/{request_id}", role="agent_developer").json()
    assert [len(stage["votes"]) for stage in request["stages"]] == [1, 0, 0, 0]
    query = {"subject_id": request_id, "action": "request.voted"}
    assert len(servers[0].call("GET", "/api/v1/audit", role="audit_reviewer", params=query).json()["items"]) == 1


@pytest.mark.row("X3")
def test_a_key_used_at_one_server_is_known_to_the_other(servers):
    first, second = servers
    key = {"Idempotency-Key": secrets.token_hex(16)}
    body = {"action": "agent.create", "resource": {"type": "agent", **resource(first)}, "context": {}}
    one = first.call("POST", "/api/v1/decisions", role="agent_developer", json=body, headers=key)
    two = second.call("POST", "/api/v1/decisions", role="agent_developer", json=body, headers=key)
    assert (two.json(), two.headers.get("Idempotent-Replayed")) == (one.json(), "true")


@pytest.mark.row("R3")
def test_a_role_given_or_taken_at_one_server_holds_at_the_other_long_before_anything_ages(servers):
    first, second = servers
    marc = first.status["tenants"]["northwind"]["people"]["marc.fischer@northwind.example"]["token"]
    email = f"lea-{secrets.token_hex(3)}@northwind.example"
    first.call("POST", "/api/v1/users", token=marc, json={"email": email, "name": "Lea Roth"})
    made = first.call("POST", "/api/v1/tokens", token=marc, json={"name": "replicas", "email": email})
    lea = made.json()["token"]

    def answers(status):
        return lambda: second.call("GET", "/api/v1/audit", token=lea).status_code == status

    until(answers(403), "no way in without a role", within_s=AT_ONCE_S)
    grant = first.call("POST", "/api/v1/grants", token=marc, json={"email": email, "role": "audit_reviewer"}).json()
    until(answers(200), "the role at the other server", within_s=AT_ONCE_S)
    assert first.call("DELETE", f"/api/v1/grants/{grant['id']}", token=marc).status_code == 204
    until(answers(403), "the role gone at the other server", within_s=AT_ONCE_S)


@pytest.mark.row("N6", "B3", "B4", "X3")
def test_two_servers_deliver_each_event_once_and_double_no_message_line_or_ticket(servers):
    def story(number):
        agent = resource(servers[0])
        answer = servers[number % 2].decide("agent_developer", "agent.create", **agent)
        for turn, role in enumerate(VOTERS, start=number):
            voted = vote(servers[turn % 2], role, answer["request_id"])
            assert voted.status_code == 200, voted.text
        return answer["request_id"], agent["name"]

    with ThreadPoolExecutor(3) as pool:
        stories = list(pool.map(story, range(STORIES)))
    subjects = {f"request:{request_id}" for request_id, _ in stories}
    for connector in ("slack", "servicenow"):
        found = until(
            lambda connector=connector: _settled(servers[1], connector, subjects),
            f"every delivery to {connector}",
            within_s=DELIVERED_WITHIN_S,
        )
        assert {each["state"] for each in found} == {"done"}
        assert {each["attempts"] for each in found} == {1}, [each for each in found if each["attempts"] > 1]
        assert len({each["id"] for each in found}) == len(found)
    for _, name in stories:
        assert len([each for each in servers[0].messages("approvals") if name in str(each["blocks"])]) == 1
        lines = [each["text"] for each in servers[0].message_with("approvals", name)["thread"]]
        assert len(lines) == len(set(lines)), lines
        assert sum("approved" in line for line in lines) == len(VOTERS)
        tickets = servers[0].records("servicenow", "change_request")
        assert len([each for each in tickets if name in str(each["short_description"])]) == 1


def _settled(server, connector, subjects):
    """The deliveries of the subjects, once every subject's last event has arrived and nothing is under way."""
    found, cursor = [], None
    while True:
        query = {"limit": 200, **({"cursor": cursor} if cursor else {})}
        path = f"/api/v1/connectors/{connector}/deliveries"
        page = server.call("GET", path, role="tenant_administrator", params=query).json()
        found += [each for each in page["items"] if each["subject"] in subjects]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    over = {each["subject"] for each in found if each["event_type"] == "request.approved"}
    is_idle = all(each["state"] != "pending" for each in found)
    return found if over == subjects and is_idle else None
