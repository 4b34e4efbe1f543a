"""Teams: what people do in Slack, they do there as well, and both show one truth (B7, B8, X3)."""

import json
import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.product import until

STAGES = (
    ("meta_agent_manager", "Technical review"),
    ("security_manager", "Security review"),
    ("compliance_manager", "Compliance review"),
    ("tenant_administrator", "Business approval"),
)
pytestmark = pytest.mark.row("B7")


class Teams:
    """People's hands and eyes in the simulated Teams."""

    def __init__(self, product):
        self.product = product

    def act(self, call, **body):
        return self.product.control(f"teams/{call}", **body)

    def look(self, what, **query):
        url = f"{self.product.status['sandbox_url']}/control/teams/{what}"
        answer = requests.get(url, params=query, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def says(self, user, text, channel=None):
        return self.act("command", user=user, text=text, **({"channel": channel} if channel else {}))

    def channel(self, words, user=None, action=None):
        """The newest message of the channel with the words and the button, as this person sees it."""
        query = {"channel": "#approvals", **({"user": user} if user else {})}
        return newest(self.look("messages", **query)["messages"], words, action)

    def chat(self, user, words, action=None):
        """The newest message of the bot in this person's chat."""
        return newest(self.look("ephemerals", user=user)["ephemeral"], words, action)

    def click(self, user, channel, message, label, **more):
        button = next(each for each in message["actions"] if each["text"] == label)
        return self.act(
            "click", user=user, channel=channel, ts=message["ts"], action_id=button["action_id"],
            value=button["value"], **more,
        )  # fmt: skip

    def form(self, user, line):
        """The dialog behind the button with which a typed line is answered."""
        answered = newest(self.says(user, line)["ephemeral"], "", "Open the form")
        return self.click(user, answered["channel"], answered, "Open the form")["modal"]

    def submit(self, user, form, **values):
        return self.act("submit", user=user, view_id=form["view_id"], values=values)

    def aad(self, email):
        return self.product.people[email]["teams_id"]


def newest(messages, words, action=None):
    for message in reversed(messages):
        if words in message["words"] and (action is None or action in labels(message)):
            return message
    return None


def labels(message):
    return [each["text"] for each in message["actions"]]


def heard(answer):
    return " ".join(each["words"] for each in answer["ephemeral"])


@pytest.fixture(scope="module")
def teams(product):
    return Teams(product)


@pytest.fixture(scope="module", autouse=True)
def told_on_both(product):
    """Those who are looked at here are told on both; afterwards in Slack, where other stories look for them."""
    roles = ("agent_developer", *(role for role, _title in STAGES))
    for role in roles:
        prefers(product, role, "both")
    yield
    for role in roles:
        prefers(product, role, "slack")


def prefers(product, role, platform):
    answer = product.call("PUT", "/api/v1/preferences", role=role, json={"platform": platform})
    assert (answer.status_code, answer.json()["platform"]) == (200, platform)


@pytest.fixture
def dana(product):
    return product.email("agent_developer")


def ask_in_teams(teams, dana, agent, **changes):
    form = teams.form(dana, f"approve create {agent}")
    values = {
        "agent_name": agent,
        "owner": teams.aad(dana),
        "sponsor": teams.aad(teams.product.email("tenant_administrator")),
        "business_service": "Customer support",
        "justification": "It saves the team a day a week.",
        **changes,
    }
    return teams.submit(dana, form, **values)


def new_request(teams, dana):
    agent = f"agent-{secrets.token_hex(3)}"
    answer = ask_in_teams(teams, dana, agent)
    assert answer["closed"] is True, answer
    message = until(lambda: teams.channel(agent), "the channel's message")
    return message["words"].partition(" ")[0], agent


def decides(teams, email, reference, label="Approve", **values):
    """The person presses the button in the channel, where it is theirs alone, and sends the form."""
    message = until(lambda: teams.channel(reference, email, label), f"{label} on {reference} for {email}")
    form = teams.click(email, "#approvals", message, label)["modal"]
    done = teams.submit(email, form, **values)
    assert done["closed"] is True, done


@pytest.mark.row("B3", "P1", "X3")
def test_a_request_is_asked_and_approved_in_teams_and_slack_shows_it(product, teams, dana):
    reference, agent = new_request(teams, dana)
    for role, stage in STAGES:
        decides(teams, product.email(role), reference, reason=f"{stage}: fine.")
    approved = until(lambda: newest([teams.channel(reference) or {"words": ""}], "✅ Approved"), "the end in Teams")
    assert {"Approve", "Reject"} & set(labels(approved)) == set()
    until(lambda: "Approved." in str([each["words"] for each in teams.channel(reference)["thread"]]), "its last line")
    until(lambda: "✅ Approved" in str(product.message_with("approvals", reference)["blocks"]), "the end in Slack")
    told = until(lambda: teams.chat(dana, f"About {reference}"), "a word to the requester")
    assert "Approved" in told["words"]
    found = product.call("GET", f"/api/v1/requests?q={agent}", role="agent_developer").json()["items"]
    assert [each["state"] for each in found] == ["approved"]


def notifications_form(product, user):
    """Slack's form of when and where they are told; a busy machine may show it while it is still being filled."""

    def filled():
        typed = product.control("slack/command", user=user, channel="general", text="/approve notifications")
        return typed["modal"] if "Quiet hours" in str(typed["modal"]) else None

    return until(filled, "the form")


@pytest.mark.row("B8", "B9")
def test_somebody_on_both_chooses_teams_in_slack_and_is_told_there_alone(product, teams, dana):
    tomas = product.email("meta_agent_manager")
    form = notifications_form(product, tomas)
    values = {"Where you are told": "teams"}
    assert product.control("slack/submit", user=tomas, view_id=form["view_id"], values=values)["closed"]
    assert product.call("GET", "/api/v1/preferences", role="meta_agent_manager").json() == {
        "digest": "08:30",
        "platform": "teams",
        "quiet_hours": "off",
        "unreachable": [],
    }
    reference, _agent = new_request(teams, dana)
    until(lambda: teams.chat(tomas, reference), "the request in Teams")
    until(lambda: product.message_with(f"@{dana}", reference), "the requester's message in Slack")
    assert product.message_with(f"@{tomas}", reference) is None

    prefers(product, "meta_agent_manager", "slack")
    message = until(lambda: teams.channel(reference, dana, "Nudge"), "the requester's own view")
    teams.click(dana, "#approvals", message, "Nudge")
    until(lambda: product.message_with(f"@{tomas}", reference, "Approve"), "the reminder in Slack")
    teams.says(dana, f"withdraw {reference}")
    until(
        lambda: "withdrawn" in str(product.message_with(f"@{tomas}", reference)["blocks"]).lower(), "its end in Slack"
    )
    until(lambda: "withdrawn" in teams.chat(tomas, reference)["text"].lower(), "its end in Teams")
    prefers(product, "meta_agent_manager", "both")


def removes_the_app(product, teams, email):
    """As when Teams' word of it is lost: we learn of it from its first refusal."""
    options = {"endpoint": "http://127.0.0.1:9", "event_retry_delays": []}
    product.control("teams/configure", **options)
    teams.act("uninstall", user=email)
    product.control("teams/configure", endpoint=f"{product.status['base_url']}/api/messages")


@pytest.mark.row("B8", "B9")
def test_whoever_has_removed_the_app_is_told_in_slack_until_they_add_it_again(product, teams, dana):
    tomas, who = product.email("meta_agent_manager"), {"role": "meta_agent_manager"}
    prefers(product, "meta_agent_manager", "teams")
    removes_the_app(product, teams, tomas)
    reference, _agent = new_request(teams, dana)
    until(lambda: product.message_with(f"@{tomas}", reference, "Approve"), "the request in Slack")
    found = product.call("GET", "/api/v1/preferences", **who).json()["unreachable"]
    assert [each["platform"] for each in found] == ["teams"]
    assert "Microsoft Teams cannot reach you" in product.call("GET", "/console/notifications", **who).text
    assert "*Microsoft Teams* cannot reach you" in str(notifications_form(product, tomas))
    product.control("slack/command", user=tomas, channel="general", text=f"/approve yes {reference} Fits.")
    until(lambda: both_show(product, teams, reference, "approved by Tomás Novák"), "the vote on both")
    copies = [each for each in product.messages(f"@{tomas}") if reference in each["text"]]
    assert len(copies) == 1

    teams.act("install", user=tomas)
    assert product.call("GET", "/api/v1/preferences", **who).json()["unreachable"] == []
    after, _agent = new_request(teams, dana)
    until(lambda: teams.chat(tomas, after), "the next one in Teams")
    until(lambda: product.message_with(f"@{dana}", after), "the requester's message in Slack")
    assert product.message_with(f"@{tomas}", after) is None
    prefers(product, "meta_agent_manager", "both")


def both_show(product, teams, reference, words):
    slack = product.message_with("approvals", reference)
    return words in str(slack and slack["blocks"]) and words in str(teams.channel(reference))


def has_its_tickets(product, teams, reference):
    """Both messages name every ticket: what the request itself has caused is over, and stands in no vote's way."""
    tickets = product.call("GET", f"/api/v1/requests/{reference}", role="meta_agent_manager").json()["tickets"]
    return {each["system"] for each in tickets} == {"servicenow", "jira", "remedy"} and all(
        both_show(product, teams, reference, each["number"]) for each in tickets
    )


@pytest.mark.row("B8", "X3")
@pytest.mark.parametrize("where", ["teams", "slack"])
def test_whoever_decides_on_one_platform_changes_both_within_two_seconds(product, teams, dana, where):
    tomas, took = product.email("meta_agent_manager"), []
    decided = "approved by Tomás Novák"
    for _time in range(3):
        reference, _agent = new_request(teams, dana)
        until(lambda which=reference: has_its_tickets(product, teams, which), "both messages with the tickets")
        line = f"approve yes {reference} Fits."
        started = time.monotonic()
        with ThreadPoolExecutor(1) as hand:  # the hand looks for a while at what it caused; we look at once
            if where == "teams":
                done = hand.submit(teams.says, tomas, line)
            else:
                done = hand.submit(product.control, "slack/command", user=tomas, channel="general", text=f"/{line}")
            until(lambda which=reference: both_show(product, teams, which, decided), "the vote on both")
            took.append(time.monotonic() - started)
            done.result()
    assert min(took) < 2.0, took


@pytest.mark.row("B7", "B9")
def test_help_home_and_lists_are_private_also_where_they_are_asked_for_in_a_channel(product, teams, dana):
    before = len(teams.look("messages", channel="#approvals")["messages"])
    assert "approve list" in heard(teams.says(dana, "help"))
    assert "Your requests" in heard(teams.says(dana, "/approve mine", channel="#approvals"))
    assert "Waiting for you" in heard(teams.says(dana, "home"))
    after = teams.look("messages", channel="#approvals")["messages"]
    assert (len([each for each in after if each["is_app"]]), len(after)) == (before, before + 1) or all(
        not each["thread"] for each in after[before:]
    )


def test_a_typo_gets_a_suggestion(teams, dana):
    assert "Did you mean approve list?" in heard(teams.says(dana, "approve lsit"))


@pytest.mark.row("B1")
def test_an_error_stands_at_its_field_and_nothing_that_was_typed_is_lost(teams, dana):
    answer = ask_in_teams(teams, dana, "invoice-matcher", justification="Twice is better.")  # the demo's own
    assert answer["closed"] is False
    assert "An agent named 'invoice-matcher' exists already" in answer["modal"]["words"]
    typed = {each["id"]: each["value"] for each in answer["modal"]["fields"]}
    assert (typed["agent_name"], typed["justification"]) == ("invoice-matcher", "Twice is better.")


def test_a_field_of_blanks_is_refused_at_that_field(teams, dana):
    answer = ask_in_teams(teams, dana, f"agent-{secrets.token_hex(3)}", justification="   ")
    assert answer["closed"] is False
    assert "Write something here." in answer["modal"]["words"]


@pytest.mark.row("R7", "R6")
def test_the_requester_cannot_approve_their_own_request_and_the_attempt_is_audited(product, teams, dana):
    reference, _agent = new_request(teams, dana)
    assert "Nobody approves their own request" in heard(teams.says(dana, f"yes {reference}"))
    query = {"action": "request.vote", "result": "denied", "user_id": dana}
    found = product.call("GET", "/api/v1/audit", role="audit_reviewer", params=query).json()
    assert found["items"][0]["user_agent"].startswith("Teams/")


def test_the_requester_nudges_with_a_button_and_a_line(product, teams, dana):
    reference, _agent = new_request(teams, dana)
    message = until(lambda: teams.channel(reference, dana, "Nudge"), "the requester's own view")
    said = teams.click(dana, "#approvals", message, "Nudge")["toasts"]
    assert said == [f"👋 Reminded of {reference}: Tomás Novák."]
    tomas = product.email("meta_agent_manager")
    until(lambda: teams.chat(tomas, "asks you to look at this"), "the nudge in the chat")
    again = teams.says(dana, f"nudge {reference}")
    assert "hour" in heard(again)


def test_a_draft_is_saved_continued_and_asked(teams, dana):
    agent = f"agent-{secrets.token_hex(3)}"
    assert ask_in_teams(teams, dana, agent, draft=["save"])["closed"] is True
    drafts = teams.says(dana, "approve drafts")["ephemeral"][-1]
    button = next(each for each in drafts["actions"] if each["text"] == "Continue")
    form = teams.act(
        "click", user=dana, channel=drafts["channel"], ts=drafts["ts"], action_id=button["action_id"],
        value=button["value"],
    )["modal"]  # fmt: skip
    assert {each["id"]: each["value"] for each in form["fields"]}["agent_name"]
    teams.act("close", user=dana, view_id=form["view_id"])


@pytest.mark.row("E1")
def test_a_bypass_is_taken_in_teams_and_management_is_told_on_both(product, teams):
    tomas = product.email("meta_agent_manager")
    words = f"Payments stand still since this morning ({secrets.token_hex(3)})."
    form = teams.form(tomas, "bypass")
    wish = {"action": "agent.deploy", "agent": "invoice-matcher", "justification": words}
    with ThreadPoolExecutor() as hands:  # pressed twice
        sent = list(hands.map(lambda _: teams.submit(tomas, form, **wish), range(2)))
    assert any(each["closed"] for each in sent), sent
    bypasses = product.call("GET", "/api/v1/bypasses", role="tenant_administrator").json()["items"]
    assert sum(each["justification"] == words for each in bypasses) == 1
    alarm = until(lambda: newest(teams.look("messages", channel="#emergency")["messages"], words), "the alarm")
    until(lambda: product.message_with("emergency", words), "the alarm in Slack")
    reference = alarm["words"].partition(" ")[0]
    amara = product.email("tenant_administrator")
    until(lambda: teams.chat(amara, reference), "a word to management")
    ended = teams.says(tomas, f"bypass end {reference}")
    assert f"{reference}: " in heard(ended)
    assert "— ended" in heard(ended)
    until(lambda: "Ended" in str(product.message_with("emergency", words)["blocks"]), "its end in Slack")


@pytest.mark.row("R6", "X9")
@pytest.mark.parametrize(
    ("kind", "status", "reason"),
    [
        ("bad_signature", 401, "bad_signature"),
        ("expired", 401, "expired"),
        ("not_yet_valid", 401, "not_yet_valid"),
        ("wrong_audience", 401, "wrong_audience"),
        ("wrong_issuer", 401, "wrong_issuer"),
        ("unknown_kid", 401, "unknown_key"),
        ("unsigned", 401, "wrong_algorithm"),
        ("bot_token", 401, "unknown_key"),
        ("no_token", 401, "no_token"),
        ("malformed_token", 401, "malformed_token"),
        ("wrong_service_url", 403, "wrong_service_url"),
        ("no_service_url", 403, "wrong_service_url"),
        ("wrong_tenant", 403, "wrong_tenant"),
    ],
)
def test_what_is_not_proven_to_come_from_teams_does_nothing_and_is_audited(product, teams, dana, kind, status, reason):
    before = len(teams.look("ephemerals", user=dana)["ephemeral"])
    assert teams.act("forge", kind=kind, user=dana)["status"] == status
    found = product.call(
        "GET", "/api/v1/audit", role="audit_reviewer", params={"action": "teams.activity", "result": "denied"}
    ).json()["items"]
    assert found[0]["details"]["reason"] == reason
    assert len(teams.look("ephemerals", user=dana)["ephemeral"]) == before


@pytest.mark.row("R6")
def test_an_activity_that_is_sent_again_does_nothing_twice_and_is_audited(product, teams, dana):
    before = len(teams.look("ephemerals", user=dana)["ephemeral"])
    answer = teams.act("forge", kind="replay", user=dana)
    assert (answer["first"]["status"], answer["status"]) == (200, 200)
    assert len(teams.look("ephemerals", user=dana)["ephemeral"]) == before + 1
    query = {"action": "teams.activity", "result": "denied"}
    found = product.call("GET", "/api/v1/audit", role="audit_reviewer", params=query).json()["items"]
    assert found[0]["details"]["reason"] == "replayed"


ODD = [
    {"type": "invoke", "name": "adaptiveCard/action", "value": None},
    {"type": "invoke", "name": "adaptiveCard/action", "value": {"action": None}},
    {"type": "invoke", "name": "adaptiveCard/action", "value": {"action": {"data": {"action": 7, "value": []}}}},
    {"type": "invoke", "name": "adaptiveCard/action", "value": {"action": {"data": {"action": "refresh", "value": "{"}}}},
    {"type": "invoke", "name": "adaptiveCard/action",
     "value": {"action": {"data": {"action": "approvals.withdraw", "value": "not ours"}}}},
    {"type": "invoke", "name": "task/fetch", "value": {"data": {"action": "approvals.vote.approve", "value": "{}"}}},
    {"type": "invoke", "name": "task/fetch", "value": {"data": {"action": "teams.open", "value": "[]"}}},
    {"type": "invoke", "name": "task/submit", "value": {"data": {"form": "approvals.request", "one": 7, "many": {}}}},
    {"type": "invoke", "name": "task/submit", "value": {"data": {"form": "no.such.form", "memo": "\ud800"}}},
    {"type": "invoke", "name": "task/submit", "value": {"data": {"form": "approvals.approve", "memo": "null"}}},
    {"type": "invoke", "name": "composeExtension/query", "value": {}},
    {"type": "invoke"},
    {"type": "message", "text": "\x00\ud800"},
    {"type": "message", "text": "approve " + "x" * 29_000},
    {"type": "message", "text": None, "value": {"action": "approvals.vote.approve", "value": "{}"}},
    {"type": "message", "entities": [{"type": "mention", "text": "<at>x</at>", "mentioned": {"id": "29:nobody"}}]},
    {"type": "conversationUpdate", "membersAdded": 7, "channelData": []},
    {"type": "installationUpdate", "action": None},
    {"type": "messageReaction"},
    {"type": 7},
    {"from": None},
    {"from": {"id": "29:x"}},
    {"conversation": {"id": "a:1"}},
    {"serviceUrl": None},
    {"channelData": {"tenant": []}},
]  # fmt: skip


@pytest.mark.row("N2")
@pytest.mark.parametrize("odd", ODD, ids=lambda odd: json.dumps(odd)[:60])
def test_an_odd_activity_never_ends_in_an_error_of_ours(teams, dana, odd):
    answer = teams.act("forge", kind="none", user=dana, activity=odd)
    assert answer["status"] < 500, answer


@pytest.mark.row("N2")
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"7", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 20_000, b"x" * 600_000]
)
def test_a_body_that_is_no_activity_is_refused_without_a_token(product, body):
    answer = requests.post(f"{product.status['base_url']}/api/messages", data=body, timeout=30)
    assert answer.status_code == 401


@pytest.mark.row("B6", "B8")
def test_an_incident_acknowledged_in_teams_is_acknowledged_in_slack(product, teams):
    operator, key = product.email("agent_operator"), secrets.token_hex(3)
    alert = {"source": "probe", "key": key, "state": "firing", "severity": "high", "title": f"Slow {key}"}
    reference = product.call("POST", "/api/v1/incidents/alerts", role="agent_operator", json=alert).json()["reference"]

    def seen():
        shown = teams.look("messages", channel="#emergency", user=operator)["messages"]
        return newest(shown, reference, "Acknowledge")

    message = until(seen, "the incident in Teams")
    teams.click(operator, "#emergency", message, "Acknowledge")
    until(lambda: product.message_with("emergency", f"{reference}: Slow {key} — 🙋"), "the acknowledgement in Slack")
    assert reference in heard(teams.says(operator, "sla incidents"))
    form = teams.form(operator, f"sla severity {reference}")
    assert not teams.submit(operator, form, severity="low").get("errors")
    until(lambda: "Low" in str(product.message_with("emergency", reference)["blocks"]), "the severity in Slack")
