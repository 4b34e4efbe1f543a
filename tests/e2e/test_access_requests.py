"""The AuthZEN access request profile as an agent platform uses it: denied, asked, approved, told, allowed (X1)."""

import base64
import hashlib
import hmac
import json
import re
import secrets
import threading
import time
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from tests.product import ROOT, another_server, until

DEVELOPER, SECURITY, ADMIN = "agent_developer", "security_manager", "tenant_administrator"
VOTERS = ("meta_agent_manager", "security_manager", "compliance_manager", "tenant_administrator")
URN = "urn:openid:authzen:access-request:error:"
NEVER = "0" * 32


def question(product, name=None, action="agent.create", **context):
    """What is evaluated, and then asked for."""
    return {
        "subject": {"type": "user", "id": product.email(DEVELOPER)},
        "action": {"name": action},
        "resource": {
            "type": "agent",
            "id": name or f"agent-{secrets.token_hex(4)}",
            "properties": {
                "sponsor": product.email(ADMIN),
                "owner": product.email(DEVELOPER),
                "business_service": "Customer support",
            },
        },
        **({"context": context} if context else {}),
    }


def evaluate(product, body, role=DEVELOPER, **kwargs):
    answer = product.call("POST", "/access/v1/evaluation", role=role, json=body, **kwargs)
    assert answer.status_code == 200, answer.text
    return answer.json()


def submission(body, denied, **more):
    context = denied["context"]
    denial = {"evaluation_id": context["evaluation_id"], "expires_at": context["access_request"]["expires_at"]}
    return {**body, "denial": denial, **more}


def submit(product, body, role=DEVELOPER, key=None):
    headers = {"Idempotency-Key": key} if key else {}
    return product.call("POST", "/access/v1/requests", role=role, json=body, headers=headers)


def poll(product, task, role=DEVELOPER):
    return product.call("GET", f"/access/v1/requests/{task['id']}", role=role)


def request_id(product, task):
    """The request behind a task, as people find it."""
    number = task["display"]["title"]
    found = product.call("GET", "/api/v1/requests", role=DEVELOPER, params={"limit": 200}).json()["items"]
    return next(each["id"] for each in found if each["reference"] == number)


def approve(product, task):
    for role in VOTERS:
        path = f"/api/v1/requests/{request_id(product, task)}/votes"
        voted = product.call("POST", path, role=role, json={"decision": "approve", "reason": "Fine."})
        assert voted.status_code == 200, voted.text


@contextmanager
def receiving():
    """An address of the platform on this machine; what it was told."""
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            headers = {name.lower(): value for name, value in self.headers.items()}
            got.append((headers, self.rfile.read(int(headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_args):
            """Nothing is written."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/callbacks", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def is_genuine(headers, body, secret):
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), content, hashlib.sha256).digest()
    return headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"


@pytest.mark.row("X1")
def test_the_metadata_and_the_document_name_the_endpoint_and_the_capability(product):
    base = product.status["base_url"]
    metadata = product.call("GET", "/.well-known/authzen-configuration").json()
    assert metadata == {
        "policy_decision_point": base,
        "access_evaluation_endpoint": f"{base}/access/v1/evaluation",
        "access_evaluations_endpoint": f"{base}/access/v1/evaluations",
        "access_request_endpoint": f"{base}/access/v1/requests",
        "capabilities": ["urn:openid:authzen:capability:access-request"],
    }
    paths = product.call("GET", "/api/openapi.json").json()["paths"]
    assert {"/access/v1/requests", "/access/v1/requests/{task_id}", "/access/v1/requests/{task_id}/cancel"} <= set(
        paths
    )
    described = paths["/access/v1/requests"]["post"]
    assert {"201", "202"} <= set(described["responses"])
    assert "Idempotency-Key" in [each["name"] for each in described["parameters"]]


@pytest.mark.row("X1", "P1", "P11")
def test_a_platform_is_denied_asks_is_told_evaluates_again_and_acts(product):
    with receiving() as (endpoint, got):
        registered = product.call("POST", "/api/v1/callbacks", role=ADMIN, json={"endpoint": endpoint})
        assert registered.status_code == 201, registered.text
        secret = registered.json()["secret"]
        body = question(product)

        denied = evaluate(product, body)
        assert (denied["decision"], denied["context"]["answer"]) == (False, "pending")
        offer = denied["context"]["access_request"]
        assert offer["endpoint"] == f"{product.status['base_url']}/access/v1/requests"
        assert datetime.fromisoformat(offer["expires_at"]) > datetime.fromisoformat(denied["context"]["evaluated_at"])

        wish = {"endpoint": endpoint, "state": "session-7", "events": ["approved", "denied"]}
        why = {"business_justification": "Answers at night."}
        asked = submit(product, submission(body, denied, context=why, callback=wish), key="k-" + body["resource"]["id"])
        assert asked.status_code == 202, asked.text
        task = asked.json()["task"]
        assert asked.headers["Location"] == task["status_endpoint"]
        assert (task["status"], task["links"]["cancel"]) == ("pending", f"{task['status_endpoint']}/cancel")
        assert task["progress"] == {"current_step": 1, "total_steps": 4, "step_name": "technical_review"}
        assert "result" not in asked.json()
        waiting = poll(product, task)
        assert (waiting.status_code, waiting.headers["Retry-After"]) == (200, "5")

        approve(product, task)
        headers, told = until(lambda: got[0] if got else None, "the callback")
        assert is_genuine(headers, told, secret)
        done = {"id": task["id"], "status": "approved", "status_endpoint": task["status_endpoint"]}
        assert json.loads(told) == {"state": "session-7", "task": done}

        over = poll(product, task)
        assert over.json()["task"]["status"] == "approved"
        assert "Retry-After" not in over.headers
        assert not {"cancel", "review"} & set(over.json()["task"]["links"])
        approval = over.json()["result"]["approval"]
        assert over.json()["result"]["mode"] == "reevaluate"
        allowed = evaluate(product, {**body, "context": {"approval": approval}})
        assert allowed["decision"] is True
        assert allowed["context"]["approval"]["id"] == approval["id"]
        assert datetime.fromisoformat(allowed["context"]["approval"]["approved_until"]) == datetime.fromisoformat(
            approval["approved_until"]
        )

        link = over.json()["task"]["links"]["urn:countersign:link:receipt"]
        receipt = product.call("POST", link.removeprefix(product.status["base_url"]), role=DEVELOPER)
        assert receipt.status_code == 200, receipt.text
        facts = {"type": "agent", "name": body["resource"]["id"], **body["resource"]["properties"]}
        decision = {"action": "agent.create", "resource": facts, "context": {"receipt": receipt.json()["receipt"]}}
        acted = product.call("POST", "/api/v1/decisions", role=DEVELOPER, json=decision)
        assert acted.json()["decision"] == "allow", acted.text
        again = evaluate(product, {**body, "context": {"approval": approval}})
        assert (again["decision"], again["context"]["reason"], again["context"]["next_action"]) == (
            False,
            "approval_expired",
            "none",  # the agent exists by now, which no request can lift
        )
        deliveries = product.call("GET", "/api/v1/connectors/callbacks/deliveries", role="audit_reviewer").json()
        assert [each["event_type"] for each in deliveries["items"] if each["state"] == "done"] == [
            "access_request.ended"
        ]
        assert len(got) == 1


@pytest.mark.row("X1")
@pytest.mark.parametrize("choice", ["approve", "reject"])
def test_the_loop_in_the_documentation_ends_as_people_decide(product, choice):
    (loop,) = re.findall(r"```python\n(def may.*?)```", (ROOT / "docs" / "gate.md").read_text(), re.DOTALL)
    known = {"time": time}
    exec(loop, known)  # noqa: S102  our own page
    body = question(product)
    api = requests.Session()
    api.headers["Authorization"] = f"Bearer {product.people[product.email(DEVELOPER)]['token']}"
    answers = []
    base = product.status["base_url"]
    platform = threading.Thread(target=lambda: answers.append(known["may"](api, base, body)))
    platform.start()
    for role in VOTERS if choice == "approve" else VOTERS[:1]:
        vote = {"decision": choice, "reason": "Decided."}
        path = until(lambda: path_of(product, body), "the request")
        voted = product.call("POST", path, role=role, json=vote)
        assert voted.status_code == 200, voted.text
    platform.join(timeout=30)
    api.close()
    assert answers == [choice == "approve"]


def path_of(product, body):
    """Where the request of the agent is voted on, once it is open."""
    found = product.call("GET", "/api/v1/requests", role=DEVELOPER, params={"limit": 200}).json()["items"]
    name = body["resource"]["id"]
    return next((f"/api/v1/requests/{each['id']}/votes" for each in found if each["resource"]["name"] == name), None)


@pytest.mark.row("X1", "P9")
def test_the_same_submission_is_one_task_and_another_one_under_its_key_is_refused(product):
    body = question(product)
    wanted = submission(body, evaluate(product, body))
    key = f"k-{secrets.token_hex(4)}"
    first, second = submit(product, wanted, key=key), submit(product, wanted, key=key)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["task"]["id"] == second.json()["task"]["id"]
    other = submit(product, {**wanted, "context": {"business_justification": "Another reason."}}, key=key)
    assert (other.status_code, other.json()["type"]) == (409, URN + "duplicate_request")
    assert other.headers["Content-Type"] == "application/problem+json"


@pytest.mark.row("X1")
def test_a_task_is_cancelled_once(product):
    body = question(product)
    task = submit(product, submission(body, evaluate(product, body))).json()["task"]
    path = f"/access/v1/requests/{task['id']}/cancel"
    why = {"reason": "superseded", "comment": "We use another one."}
    cancelled = product.call("POST", path, role=DEVELOPER, json=why)
    assert (cancelled.status_code, cancelled.json()["task"]["status"]) == (200, "cancelled")
    again = product.call("POST", path, role=DEVELOPER)
    assert (again.status_code, again.json()["type"]) == (409, URN + "invalid_task_state")
    shown = product.call("GET", f"/api/v1/requests/{request_id(product, task)}", role=DEVELOPER).json()
    assert shown["state"] == "withdrawn"


@pytest.mark.row("X1", "T1")
def test_a_task_or_denial_of_somebody_else_reveals_nothing(product):
    body = question(product)
    denied = evaluate(product, body)
    task = submit(product, submission(body, denied)).json()["task"]
    nora = product.status["tenants"]["northwind"]["people"]["nora.keller@northwind.example"]["token"]
    texts = set()
    for who, task_id in (
        ({"role": SECURITY}, task["id"]),
        ({"token": nora}, task["id"]),
        ({"role": SECURITY}, f"arq_{NEVER}"),
        ({"token": nora}, "%2e%2e"),
    ):
        for method, path in (("GET", ""), ("POST", "/cancel")):
            answer = product.call(method, f"/access/v1/requests/{task_id}{path}", **who)
            assert answer.status_code == 404, answer.text
            if task_id.startswith("arq_"):
                problem = answer.json()
                problem.pop("correlation_id")
                texts.add(json.dumps(problem))
    assert len(texts) == 1
    forged = [
        product.call("POST", "/access/v1/requests", json=submission(body, denied), **who)
        for who in ({"role": SECURITY}, {"token": nora})
    ]
    assert {(answer.status_code, answer.json()["type"]) for answer in forged} == {(400, URN + "invalid_denial_binding")}


REFUSED = {
    "no denial": ({"denial": {}}, 400, "invalid_denial_binding"),
    "an unknown denial": ({"denial": {"evaluation_id": f"eval_{NEVER}", "expires_at": "2999-01-01T00:00:00Z"}}, 400, "invalid_denial_binding"),
    "a token": ({"denial": {"binding_token": "e30.e30.e30", "expires_at": "2999-01-01T00:00:00Z"}}, 400, "invalid_denial_binding"),
    "another action": ({"action": {"name": "agent.retire"}}, 400, "invalid_denial_binding"),
    "a number for a name": ({"resource": {"type": "agent", "id": 7}}, 422, None),
    "no resource": ({"resource": None}, 422, None),
    "several items": ({"items": [{}]}, 422, None),
    "an emergency": ({"requested_access": {"emergency": True}}, 422, None),
    "a past end": ({"requested_access": {"requested_until": "2001-01-01T00:00:00Z"}}, 422, None),
    "an end that is none": ({"requested_access": {"requested_until": "soon"}}, 422, None),
    "a chain of actors": ({"client": {"actor": {"id": "x"}}}, 422, None),
    "an address that is not registered": ({"callback": {"endpoint": "https://169.254.169.254/latest"}}, 403, None),
    "an event that there is not": ({"callback": {"endpoint": "https://x.example/", "events": ["lunch"]}}, 422, None),
    "a justification that is none": ({"context": {"business_justification": {"a": 1}}}, 422, None),
    "a huge number": ({"resource": {"type": "agent", "id": "x", "properties": {"n": 2**60}}}, 400, "invalid_denial_binding"),
}  # fmt: skip


@pytest.mark.row("X1")
@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_asked_for_is_refused_with_the_reason_and_asks_nobody(product, case):
    changes, status, problem = REFUSED[case]
    body = question(product)
    wanted = {**submission(body, evaluate(product, body)), **changes}
    answer = submit(product, {key: value for key, value in wanted.items() if value is not None})
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.text
    assert answer.json()["detail"]
    if problem:
        assert answer.json()["type"] == URN + problem
    path = "/api/v1/requests"
    found = product.call("GET", path, role=DEVELOPER, params={"limit": 200}).json()["items"]
    assert body["resource"]["id"] not in [each["resource"]["name"] for each in found]


@pytest.mark.row("X1")
@pytest.mark.parametrize("presented", [{"id": f"apr_{NEVER}"}, {"id": 7}, [], "x", {"id": "x" * 5000}, True])
def test_an_approval_that_was_never_given_is_denied_and_said_to_be_so(product, presented):
    found = evaluate(product, question(product, approval=presented))
    context = found["context"]
    assert (found["decision"], context["reason"], context["next_action"]) == (False, "approval_unverifiable", "none")
    assert "access_request" not in context


@pytest.mark.row("X1")
@pytest.mark.parametrize(
    ("endpoint", "words"),
    [
        ("https://10.0.0.1/x", "not public"),
        ("https://[::1]/x", "not public"),
        ("https://169.254.169.254/latest/meta-data", "not public"),
        ("http://93.184.216.34/x", "goes by https"),
        ("ftp://127.0.0.1/x", "no web address"),
        ("https://me:secret@example.com/", "must not hold a user"),
        ("https://no-such-name.invalid/", "cannot be found"),
    ],
)
def test_an_address_that_must_not_be_reached_is_not_registered(product, endpoint, words):
    answer = product.call("POST", "/api/v1/callbacks", role=ADMIN, json={"endpoint": endpoint})
    assert answer.status_code == 422, answer.text
    assert words in answer.json()["detail"]


@pytest.mark.row("X1", "R6")
def test_addresses_are_registered_listed_and_removed_by_whoever_may_change_the_configuration(product):
    endpoint = f"http://127.0.0.1:9/{secrets.token_hex(4)}"
    refused = product.call("POST", "/api/v1/callbacks", role="audit_reviewer", json={"endpoint": endpoint})
    assert refused.status_code == 403
    made = product.call("POST", "/api/v1/callbacks", role=ADMIN, json={"endpoint": endpoint}).json()
    listed = product.call("GET", "/api/v1/callbacks", role=ADMIN)
    assert made["secret"] not in listed.text
    assert made["id"] in [each["id"] for each in listed.json()["items"]]
    for status in (204, 404):
        assert product.call("DELETE", f"/api/v1/callbacks/{made['id']}", role=ADMIN).status_code == status


@pytest.mark.row("X1")
def test_several_evaluations_each_say_how_to_ask(product):
    shared = question(product)
    asked = [{"action": {"name": "agent.create"}}, {"action": {"name": "agent.deploy"}}]
    answer = product.call("POST", "/access/v1/evaluations", role=DEVELOPER, json={**shared, "evaluations": asked})
    creation, deployment = answer.json()["evaluations"]
    assert ("access_request" in creation["context"], "access_request" in deployment["context"]) == (True, False)
    assert submit(product, submission(shared, creation)).status_code == 202


@pytest.mark.row("X1")
def test_where_it_is_off_nothing_of_it_is_served_and_denials_are_as_before(product, tmp_path):
    off = {"AUTHZEN__ACCESS_REQUEST": None, "AUTHZEN__INTERNAL_CALLBACKS": None, "ROLES": "web"}
    with another_server(product, tmp_path / "off.log", **off) as plain:
        base = plain.status["base_url"]
        metadata = plain.call("GET", "/.well-known/authzen-configuration").json()
        assert set(metadata) == {"policy_decision_point", "access_evaluation_endpoint", "access_evaluations_endpoint"}
        denied = evaluate(plain, question(plain))
        assert denied == {
            "decision": False,
            "context": {
                "answer": "pending",
                "reason": {
                    "code": "approvals.pending",
                    "message": "'Agent Creation Approval' has to be passed first.",
                },
            },
        }
        for method, path in (("POST", "/access/v1/requests"), ("GET", "/api/v1/callbacks")):
            assert plain.call(method, path, role=ADMIN, json={}).status_code == 404, base
        paths = plain.call("GET", "/api/openapi.json").json()["paths"]
        assert not [path for path in paths if path.startswith(("/access/v1/requests", "/api/v1/callbacks"))]
