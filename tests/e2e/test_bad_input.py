"""Bad input at every door: the message that a user would want, and nothing changed."""

import hashlib
import hmac
import json
import secrets
import subprocess
import sys
import time
from urllib.parse import urlencode

import pytest
import requests

from tests.product import ROOT, until

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
SLACK_SEEN_WITHIN_S = 20.0


def new_request(product, **context):
    """A pending request of the developer: its id."""
    body = {
        "action": "agent.create",
        "resource": {
            "type": "agent",
            "name": f"agent-{secrets.token_hex(3)}",
            "sponsor": product.email("tenant_administrator"),
            "owner": product.email("agent_developer"),
            "business_service": "Customer support",
        },
        "context": {"justification": "For a test.", **context},
    }
    answer = product.call("POST", "/api/v1/decisions", role="agent_developer", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def request(product, request_id):
    return product.call("GET", f"/api/v1/requests/{request_id}", role="agent_developer").json()


@pytest.fixture(scope="module")
def pending(product):
    """One request that every refused call aims at; it must stay as it is."""
    return new_request(product)["request_id"]


@pytest.fixture
def untouched(product, pending):
    """Whatever the test does, the request is the same afterwards (its tickets arrive by themselves, and move once)."""
    before = until(lambda: _with_ticket(product, pending), "the request's tickets")
    yield pending
    assert request(product, pending) == before


def _with_ticket(product, request_id):
    found = request(product, request_id)
    states = {ticket["state"] for ticket in found["tickets"]}
    return found if states == {"Assess", "Waiting for Approval", "Request For Authorization"} else None


# The command line


def cli(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


BROKEN = {
    "a misspelt key": (
        ("policy", "check"),
        'Agent Creation Approval:\n  stages:\n    - stage: "a"\n      aprovers: ["security_manager"]\n      timeout: "1 day"\n',
        ":4 key 'Agent Creation Approval.stages.0.aprovers': 'aprovers' is not a key here. Did you mean 'approvers'?",
    ),
    "an unknown role": (
        ("policy", "check"),
        'Agent Creation Approval:\n  stages:\n    - stage: "a"\n      approvers: ["security_manger"]\n      timeout: "1 day"\n',
        ":4 key 'Agent Creation Approval.stages.0.approvers.0': There is no role 'security_manger'."
        " Did you mean 'security_manager'?",
    ),
    "a time-out in another language": (
        ("policy", "check"),
        'Agent Creation Approval:\n  stages:\n    - stage: "a"\n      approvers: ["security_manager"]\n      timeout: "24 horas"\n',
        ":5 key 'Agent Creation Approval.stages.0.timeout': '24 horas' is not a duration. Accepted: 30 minutes",
    ),
    "a key given twice": (
        ("policy", "check"),
        "Agent Creation Approval:\n  stages: []\n  stages: []\n",
        ":3: The key 'stages' is given twice; it already stands on line 2.",
    ),
    "text that a terminal's markup would trip over": (
        ("policy", "check"),
        'Agent Creation Approval:\n  stages:\n    - stage: "a"\n      approvers: ["[/x]"]\n      timeout: "1 day"\n',
        "There is no role '[/x]'.",
    ),
    "an unfinished file": (("policy", "check"), "Agent Creation Approval:\n  stages: [\n", "not accepted YAML"),
    "a misspelt quota of a tenant": (
        ("tenant", "create", "--file"),
        'Tenant Configuration:\n  tenant_id: "acme"\n  resource_limits:\n    max_agnets: 3\n',
        ":4 key 'Tenant Configuration.resource_limits.max_agnets': 'max_agnets' is not a key here."
        " Did you mean 'max_agents'?",
    ),
    "a tenant id with a space": (
        ("tenant", "create", "--file"),
        'Tenant Configuration:\n  tenant_id: "Acme Corp"\n  resource_limits:\n    max_agents: 3\n',
        ":2 key 'Tenant Configuration.tenant_id': 'Acme Corp' is not a tenant id.",
    ),
}


@pytest.mark.row("T11", "P1")
@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_refused_with_file_line_key_and_what_was_meant(case, tmp_path):
    command, text, expected = BROKEN[case]
    file = tmp_path / "broken.yaml"
    file.write_text(text)
    found = cli(*command, str(file))
    assert found.returncode == 2
    assert expected in found.stderr
    assert str(file) in found.stderr
    assert "Traceback" not in found.stderr
    assert found.stdout == ""


# The API


REFUSED = {
    "not JSON": (b'{"decision":', 400, "The body is not JSON: Expecting value at line 1"),
    "not text": (b"\xff\xfe", 400, "The body is not UTF-8"),
    "NaN": (b'{"decision": NaN}', 400, "NaN is not JSON."),
    "a name given twice": (b'{"decision":"approve","decision":"reject"}', 400, "The name 'decision' occurs twice"),
    "nested without end": (b"[" * 100_000, 400, "nests more than"),
    "half a character": (b'{"decision":"approve","reason":"\\ud800"}', 400, "half of a surrogate pair"),
    "a null character": (b'{"decision":"approve","reason":"\\u0000"}', 400, "U+0000"),
    "a list": (b"[]", 422, "It should be an object."),
    "nothing": (b"{}", 422, "#/decision: This is required."),
    "a wrong type": (b'{"decision": 5}', 422, "#/decision: It should be a valid string."),
    "an unknown field": (b'{"decision":"approve","raeson":"x"}', 422, "#/raeson: There is no such name here; did you mean 'reason'?"),
    "an unknown decision": (b'{"decision":"maybe"}', 422, "'maybe' is not a decision."),
    "an unknown criterion": (b'{"decision":"approve","criteria":{"vibes":true}}', 422, "has no criterion 'vibes'."),
    "an unconfirmed criterion": (b'{"decision":"approve","criteria":{"technical_feasibility":false}}', 422, "is not confirmed"),
    "an unknown stage": (b'{"decision":"approve","stage":"lunch"}', 422, "There is no stage 'lunch'."),
    "a stage that is not open": (b'{"decision":"approve","stage":"security_review"}', 422, "is not open yet"),
    "a rejection without a reason": (b'{"decision":"reject"}', 422, "Say why you reject it"),
    "another version's digest": (b'{"decision":"approve","digest":"0000000000000000"}', 409, "The request has changed since you looked at it."),
    "too long a reason": (b'{"decision":"approve","reason":"%s"}' % (b"x" * 2001), 422, "The reason has 2001 characters; at most 2000 are kept."),
    "far too long a reason": (b'{"decision":"approve","reason":"%s"}' % (b"x" * 3001), 422, "The reason has 3001 characters; at most 2000 are kept."),
    "a body without end": (b'{"decision":"approve","reason":"%s"}' % (b"x" * 2_000_000), 413, "larger than the 1048576 bytes"),
}  # fmt: skip


@pytest.mark.row("P2", "P9")
@pytest.mark.parametrize("case", REFUSED)
def test_a_vote_that_cannot_be_read_says_what_is_wrong_and_does_not_count(case, product, untouched):
    body, status, words = REFUSED[case]
    path = f"/api/v1/requests/{untouched}/votes"
    answer = product.call("POST", path, role="meta_agent_manager", data=body, headers=JSON)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert words in answer.json()["detail"]


@pytest.mark.row("R6", "R7")
@pytest.mark.parametrize(
    ("role", "code", "words"),
    [
        ("compliance_manager", "approvals.not_an_approver", "is decided by Meta-Agent Manager; you are not asked."),
        ("audit_reviewer", "approvals.not_an_approver", "is decided by Meta-Agent Manager; you are not asked."),
        ("agent_developer", "approvals.own_request", "Nobody approves their own request."),
    ],
)
def test_a_vote_by_somebody_who_is_not_asked_is_refused_and_audited(role, code, words, product, untouched):
    path = f"/api/v1/requests/{untouched}/votes"
    answer = product.call("POST", path, role=role, json={"decision": "approve"})
    assert answer.status_code == 403
    assert words in answer.json()["detail"]
    query = {"action": "request.vote", "result": "denied", "user_id": product.email(role), "limit": 1}
    found = product.call("GET", "/api/v1/audit", role="audit_reviewer", params=query).json()["items"]
    assert (found[0]["resource"], found[0]["details"]["code"]) == (untouched, code)


@pytest.mark.row("T1")
def test_a_token_of_another_tenant_finds_nothing_here_and_changes_nothing(product, untouched):
    marc = product.status["tenants"]["northwind"]["people"]["marc.fischer@northwind.example"]["token"]
    path = f"/api/v1/requests/{untouched}"
    shown = product.call("GET", path, token=marc)
    voted = product.call("POST", f"{path}/votes", token=marc, json={"decision": "approve"})
    withdrawn = product.call("POST", f"{path}/withdraw", token=marc, json={})
    assert {answer.status_code for answer in (shown, voted, withdrawn)} == {404}
    assert {answer.json()["detail"] for answer in (shown, voted)} == {"There is no such request here."}
    elsewhere = product.call("GET", path, token=marc, headers={"X-Tenant-Id": "enterprise-corp"})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (403, "access.tenant_refused")


@pytest.mark.parametrize(
    ("request_id", "status", "words"),
    [
        ("01a20a68-d996-703c-8646-2196a0e5917c", 404, "There is no such request here."),
        ("%00", 422, "It holds the character U+0000."),
    ],
)
def test_a_request_that_does_not_exist_is_not_found(request_id, status, words, product):
    vote = {"decision": "approve"}
    for answer in (
        product.call("GET", f"/api/v1/requests/{request_id}", role="meta_agent_manager"),
        product.call("POST", f"/api/v1/requests/{request_id}/votes", role="meta_agent_manager", json=vote),
    ):
        assert answer.status_code == status
        assert words in answer.json()["detail"]


def test_a_reference_names_what_is_shown_and_what_is_acted_on(product):
    who = {"role": "meta_agent_manager"}
    for kind, reference, act in (
        ("requests", "REQ", "nudge"),
        ("changes", "CHG", "submit"),
        ("bypasses", "BYP", "end"),
    ):
        for method, path in (("GET", ""), ("POST", f"/{act}")):
            refused = product.call(
                method, f"/api/v1/{kind}/{reference}-9999999{path}", **who, json={} if path else None
            )
            assert (refused.status_code, refused.json()["detail"]) == (404, f"There is no {reference}-9999999 here.")
    newest = product.call("GET", "/api/v1/requests?state=pending&limit=1", **who).json()["items"][0]
    said = product.call(
        "POST", f"/api/v1/requests/{newest['reference']}/comments", **who, json={"text": "Looking at it."}
    )
    assert (said.status_code, said.json()["id"]) == (200, newest["id"])


@pytest.mark.parametrize("token", ["x", "cst_enterprise-corp_" + "0" * 32 + "_" + "0" * 64, "é", "a b"])
def test_a_token_that_is_none_is_refused_without_saying_why(token, product, untouched):
    answer = requests.post(
        f"{product.status['base_url']}/api/v1/requests/{untouched}/votes",
        headers={"Authorization": f"Bearer {token}".encode()},
        json={"decision": "approve"},
        timeout=30,
    )
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.row("P2")
def test_a_long_reason_is_kept_and_shown_whole(product):
    request_id = new_request(product)["request_id"]
    reason = ("It reuses the retrieval stack that was approved in spring; " * 20)[:700].strip()
    path = f"/api/v1/requests/{request_id}/votes"
    voted = product.call("POST", path, role="meta_agent_manager", json={"decision": "approve", "reason": reason})
    assert voted.status_code == 200, voted.text
    assert request(product, request_id)["stages"][0]["votes"][0]["reason"] == reason
    sofia = product.email("security_manager")
    shown = product.control(
        "slack/command", user=sofia, channel="general", text=f"/approve show {voted.json()['reference']}"
    )
    assert reason in "".join(str(each["text"]) + json.dumps(each["blocks"]) for each in shown["ephemeral"])


def test_a_question_that_is_too_long_to_be_kept_is_denied_with_the_limit(product):
    answer = new_request(product, justification="y" * 4001)
    assert (answer["decision"], answer["request_id"]) == ("deny", None)
    assert answer["reasons"][0]["message"] == "The justification has 4001 characters; at most 4000 are accepted."


# Chat


@pytest.fixture(scope="module")
def signing_secret(product):
    systems = requests.get(f"{product.status['sandbox_url']}/control/systems", timeout=30).json()
    return systems["slack"]["signing_secret"]


class SlackDoor:
    """Calls the product as Slack does, or as somebody who would like to be taken for Slack."""

    def __init__(self, product, secret):
        self.url = f"{product.status['base_url']}/slack/events"
        self.secret = secret

    def sign(self, body, stamp=None):
        stamp = stamp or str(int(time.time()))
        digest = hmac.new(self.secret.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
        return {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": f"v0={digest}"}

    def send(self, body, headers, kind=FORM):
        return requests.post(self.url, data=body, headers={**kind, **headers}, timeout=30)


@pytest.fixture
def door(product, signing_secret):
    return SlackDoor(product, signing_secret)


def typed(product, role, text):
    """A slash command as Slack posts it."""
    return urlencode(
        {
            "team_id": "T0ENTERPRISE",
            "channel_id": product.status["tenants"]["enterprise-corp"]["channels"]["general"],
            "user_id": product.people[product.email(role)]["slack_id"],
            "command": "/approve",
            "text": text,
            "response_url": f"{product.status['sandbox_url']}/slack/none",
            "trigger_id": secrets.token_hex(8),
        }
    ).encode()


def test_a_forged_late_or_unreadable_signature_is_refused(product, door, untouched):
    reference = request(product, untouched)["reference"]
    body = typed(product, "meta_agent_manager", f"yes {reference} forged")
    genuine = door.sign(body)
    late = door.sign(body, str(int(time.time()) - 600))
    ahead = door.sign(body, str(int(time.time()) + 600))
    assert door.send(body, {**genuine, "X-Slack-Signature": "v0=" + "0" * 64}).status_code == 401
    assert door.send(body + b"&x=1", genuine).status_code == 401
    assert door.send(body, late).status_code == 401
    assert door.send(body, ahead).status_code == 401
    assert door.send(body, {}).status_code == 401
    assert door.send(body, {**genuine, "X-Slack-Signature": "v0=é".encode()}).status_code == 400
    for stamp in ("yesterday", "", "-1", "1e9", "٣", "9" * 400):
        assert door.send(body, {**genuine, "X-Slack-Request-Timestamp": stamp.encode()}).status_code == 400, stamp


UNREADABLE = {
    "a broken payload": (b"payload=%7Bbroken", FORM),
    "a payload that is a list": (b"payload=[]", FORM),
    "a broken document": (b'{"a":', JSON),
    "a list": (b"[]", JSON),
    "a document in a form": (b"{broken", FORM),
    "a document nested without end": (b'{"a":' + b"[" * 100_000, JSON),
    "a payload nested without end": (b"payload=" + b"[" * 100_000, FORM),
    "no text": (b"\xff\xfe", JSON),
    "a click without an action": (b'payload={"type":"block_actions","user":{"id":"U0TECH"},"actions":[]}', FORM),
    "a click by nobody": (b'payload={"type":"block_actions","actions":[{"action_id":"a","type":"button"}]}', FORM),
    "a form without a view": (b'payload={"type":"view_submission","user":{"id":"U0TECH"}}', FORM),
    "an event without an event": (b'{"type":"event_callback","event":7}', JSON),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_what_slack_would_never_send_is_refused_signed_or_not(case, door):
    body, kind = UNREADABLE[case]
    assert door.send(body, door.sign(body), kind).status_code == 400
    assert door.send(body, {}, kind).status_code in {400, 401}


def test_a_captured_call_has_no_second_effect_when_it_is_sent_again(product, door):
    made = new_request(product)
    reference = request(product, made["request_id"])["reference"]
    body = typed(product, "security_manager", f"comment {reference} Said once.")
    headers = door.sign(body)
    for _ in range(3):
        assert door.send(body, headers).status_code == 200
    until(lambda: request(product, made["request_id"])["comments"], "the comment")
    marker = typed(product, "security_manager", f"comment {reference} Said afterwards.")
    assert door.send(marker, door.sign(marker)).status_code == 200

    def texts():
        found = [each["text"] for each in request(product, made["request_id"])["comments"]]
        return found if "Said afterwards." in found else None

    assert until(texts, "the comment after it") == ["Said once.", "Said afterwards."]


@pytest.mark.row("B1")
def test_a_form_that_comes_too_late_for_slack_is_explained_to_the_asker_alone(product):
    dana = product.email("agent_developer")
    before = len(product.messages("general"))
    product.control("faults", system="slack", fault="slow", count=1, retry_after=3.5, match="views.open")
    product.control("slack/command", user=dana, channel="general", text="/approve")
    words = "The form came too late for Slack, which waits three seconds; nothing was changed."
    until(lambda: words in ephemerals(product, dana), "the explanation", within_s=SLACK_SEEN_WITHIN_S)
    assert len(product.messages("general")) == before


def ephemerals(product, user):
    url = f"{product.status['sandbox_url']}/control/slack/ephemerals"
    found = requests.get(url, params={"user": user}, timeout=30).json()["ephemeral"]
    return " ".join(each["text"] for each in found)


@pytest.mark.row("B1")
def test_a_member_of_the_workspace_whom_countersign_does_not_know_is_told_whom_to_ask(product):
    ravi = product.people[product.email("audit_reviewer")]
    product.control("slack/edit", type="user", id=ravi["slack_id"], fields={"email": "guest@elsewhere.example"})
    try:
        answer = product.control("slack/command", user=ravi["slack_id"], channel="general", text="/approve list")
    finally:
        fields = {"email": product.email("audit_reviewer")}
        product.control("slack/edit", type="user", id=ravi["slack_id"], fields=fields)
    told = " ".join(each["text"] for each in answer["ephemeral"])
    assert (
        told
        == "Countersign does not know guest@elsewhere.example. If you are here under another address, type /approve link; else ask your administrator."
    )


@pytest.mark.row("B1")
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/approve show REQ-9999999", "There is no REQ-9999999 here."),
        ("/approve show lunch", "REQ-"),
        ("/approve yes", "REQ-"),
        ("/approve delegate {reference} nobody@elsewhere.example", "nobody@elsewhere.example"),
        ("/approve no {reference}", "Say it in words too"),
        ("/bypass show BYP-9999999", "There is no BYP-9999999 here."),
        pytest.param("/approve " + "x" * 5000, "That has 5000 characters; a line takes 3000.", id="a very long line"),
    ],
)
def test_what_is_mistyped_in_chat_is_answered_to_the_asker_alone(text, words, product, untouched):
    tomas, before = product.email("meta_agent_manager"), len(product.messages("general"))
    line = text.format(reference=request(product, untouched)["reference"])
    answer = product.control("slack/command", user=tomas, channel="general", text=line)
    told = " ".join(each["text"] + json.dumps(each["blocks"]) for each in answer["ephemeral"])
    assert words in told, told
    assert len(product.messages("general")) == before


@pytest.mark.row("X9")
def test_what_no_browser_sends_to_the_console_is_refused_and_no_fault_of_ours(product):
    """A tenant's name of odd bytes in the cookie, an Origin that is none, line ends in a short address."""
    base = product.status["base_url"]
    token = product.people[product.email("enterprise_administrator")]["token"]
    entered = requests.post(f"{base}/console/signin", data={"token": token}, allow_redirects=False, timeout=20)
    session = entered.headers["Set-Cookie"].partition(";")[0]
    odd = {"Cookie": f"{session}; countersign-tenant=\xff".encode("latin-1")}
    assert requests.get(f"{base}/console", headers=odd, timeout=20).status_code == 200
    origin = requests.post(f"{base}/console/signin", data={}, headers={"Origin": "http://["}, timeout=20)
    assert origin.status_code == 403
    led = requests.get(f"{base}/step-up/a%0d%0aSet-Cookie:b=c", allow_redirects=False, timeout=20)
    assert (led.status_code, led.headers["Location"]) == (303, "/console/step-up/a%0D%0ASet-Cookie%3Ab%3Dc")
    assert "Set-Cookie" not in led.headers


@pytest.mark.row("P9")
def test_a_draft_that_is_sent_twice_asks_once_and_both_senders_hear_so(product):
    facts = {
        "action": "agent.create",
        "name": f"agent-{secrets.token_hex(3)}",
        "sponsor": product.email("tenant_administrator"),
        "owner": product.email("agent_developer"),
        "business_service": "Customer support",
        "justification": "For a test.",
    }
    saved = product.call(
        "POST", "/console/ask", role="agent_developer", data={**facts, "do": "save"}, allow_redirects=False
    )
    draft = saved.headers["Location"].partition("draft=")[2].partition("&")[0]
    places = []
    for _time in range(2):
        sent = product.call(
            "POST",
            "/console/ask",
            role="agent_developer",
            data={**facts, "do": "send", "draft": draft},
            allow_redirects=False,
        )
        assert sent.status_code == 303, sent.text
        places.append(sent.headers["Location"])
    assert places[0] == places[1]
    assert places[0].endswith("?done=asked")
