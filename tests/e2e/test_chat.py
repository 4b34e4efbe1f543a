"""What people see in chat: help, lists, votes, errors that only the asker sees."""

import secrets

import pytest
import requests

from tests.product import until


def ask_for(product, agent, justification="It saves the team a day a week.", *, draft=False):
    dana = product.email("agent_developer")
    opened = product.control("slack/command", user=dana, channel="approvals", text="/approve")
    values = {
        "Agent name": agent,
        "Owner": dana,
        "Sponsor": product.email("tenant_administrator"),
        "Business service": "Customer support",
        "Justification": justification,
        **({"Not sure yet?": ["save"]} if draft else {}),
    }
    return product.control("slack/submit", user=dana, view_id=opened["modal"]["view_id"], values=values)


def new_request(product):
    agent = f"agent-{secrets.token_hex(3)}"
    answer = ask_for(product, agent)
    assert not answer.get("errors"), answer
    message = until(lambda: product.message_with("approvals", agent), "the channel's message")
    return message["text"].partition(":")[0], agent


def new_agent(product):
    name, dana = f"agent-{secrets.token_hex(3)}", product.email("agent_developer")
    people = {"owner": dana, "sponsor": product.email("tenant_administrator")}
    facts = {"name": name, "business_service": "Customer support", **people}
    asked = product.decide("agent_developer", "agent.create", **facts)["request_id"]
    for role in ("meta_agent_manager", "security_manager", "compliance_manager", "tenant_administrator"):
        vote = {"decision": "approve", "reason": "Fine."}
        product.call("POST", f"/api/v1/requests/{asked}/votes", role=role, json=vote).raise_for_status()
    allowed = product.decide("agent_developer", "agent.create", **facts)["id"]
    outcome = {"status": "succeeded"}
    path = f"/api/v1/decisions/{allowed}/outcome"
    product.call("POST", path, role="agent_developer", json=outcome).raise_for_status()
    return name


def click(product, email, channel, words, label):
    message = until(lambda: product.message_with(channel, words, label), f"{label} on {words}")
    button = next(each for each in message["actions"] if each["text"] == label)
    return product.control(
        "slack/click",
        user=email,
        channel=channel,
        ts=message["ts"],
        action_id=button["action_id"],
        value=button["value"],
    )


def said(answer):
    return " ".join(str(each["text"]) + str(each["blocks"]) for each in answer["ephemeral"])


@pytest.mark.row("B1")
def test_help_lists_what_can_be_typed(product):
    answer = product.control(
        "slack/command", user=product.email("agent_developer"), channel="general", text="/approve help"
    )
    assert "/approve list" in said(answer)
    assert answer["latency_ms"] < 3000


@pytest.mark.row("B1")
def test_a_typo_gets_a_suggestion_that_only_the_asker_sees(product):
    before = len(product.messages("general"))
    answer = product.control(
        "slack/command", user=product.email("agent_developer"), channel="general", text="/approve lsit"
    )
    assert "Did you mean `/approve list`?" in said(answer)
    assert len(product.messages("general")) == before


@pytest.mark.row("B1", "B3", "P9")
def test_a_rejection_with_a_reason_ends_the_request_in_every_place(product):
    reference, _agent = new_request(product)
    tomas = product.email("meta_agent_manager")
    form = click(product, tomas, f"@{tomas}", reference, "Reject")["modal"]
    done = product.control(
        "slack/submit",
        user=tomas,
        view_id=form["view_id"],
        values={"Reason": "Its owner is on leave for three months."},
    )
    assert not done.get("errors")
    for place in ("approvals", f"@{tomas}", f"@{product.email('agent_developer')}"):
        message = until(lambda place=place: product.message_with(place, "Its owner is on leave"), f"it in {place}")
        assert "❌ Rejected" in str(message["blocks"])
        assert [each["text"] for each in message["actions"] if each["text"] in ("Approve", "Reject")] == []


@pytest.mark.row("R7", "R6")
def test_the_requester_cannot_approve_their_own_request_and_the_attempt_is_audited(product):
    reference, _agent = new_request(product)
    dana = product.email("agent_developer")
    answer = product.control("slack/command", user=dana, channel="general", text=f"/approve yes {reference}")
    assert "Nobody approves their own request" in said(answer)
    found = product.call(
        "GET",
        "/api/v1/audit",
        role="audit_reviewer",
        params={"action": "request.vote", "result": "denied", "user_id": dana},
    ).json()
    assert found["items"][0]["details"]["code"] == "approvals.own_request"


@pytest.mark.row("B1", "A5")
def test_who_votes_late_hears_who_decided_their_stage_and_what_is_open_now(product):
    reference, _agent = new_request(product)
    tomas, ingrid = product.email("meta_agent_manager"), product.email("enterprise_administrator")
    voted = product.control("slack/command", user=tomas, channel="general", text=f"/approve yes {reference} Fits.")
    now = "Security review* is open and waits for Sofia Lindqvist."
    assert "✅ You approved *Technical review* of *" in said(voted)
    assert now in said(voted)
    late = product.control(
        "slack/command", user=tomas, channel="general", text=f"/approve no {reference} I have changed my mind."
    )
    assert f"Technical review of {reference} is approved already, by Tomás Novák." in said(late)
    never = product.control("slack/command", user=ingrid, channel="general", text=f"/approve yes {reference}")
    assert f"You are not asked to decide {reference} now. Security review is open" in said(never)


@pytest.mark.row("B1")
def test_a_refusal_of_the_gate_stands_at_the_field_that_it_is_about(product):
    answer = ask_for(product, "invoice-matcher")  # the demo's own
    assert answer["errors"] == {"agent_name": "An agent named 'invoice-matcher' exists already; it is registered."}


@pytest.mark.row("B1", "B9")
def test_what_waits_is_decided_from_the_list(product):
    reference, _agent = new_request(product)
    tomas = product.email("meta_agent_manager")
    home = until(lambda: _home_with(product, tomas, reference), "the request on the App Home")
    button = next(each for each in home["actions"] if each["text"] == "Approve")
    form = product.control(
        "slack/click",
        user=tomas,
        home=True,
        action_id=button["action_id"],
        value=button["value"],
        block_id=button["block_id"],
    )["modal"]
    assert "It saves the team a day a week." in str(form["blocks"])
    done = product.control("slack/submit", user=tomas, view_id=form["view_id"], values={})
    assert not done.get("errors"), done


@pytest.mark.row("P2")
def test_an_unticked_criterion_is_refused_at_its_field(product):
    reference, _agent = new_request(product)
    tomas = product.email("meta_agent_manager")
    form = click(product, tomas, f"@{tomas}", reference, "Approve")["modal"]
    done = product.control(
        "slack/submit",
        user=tomas,
        view_id=form["view_id"],
        values={"Criteria": ["technical_feasibility"], "Reason": "Partly."},
    )
    assert "not confirmed" in str(done["errors"])


@pytest.mark.row("B3")
def test_a_question_reaches_the_requester_and_the_answer_the_thread(product):
    reference, _agent = new_request(product)
    tomas, dana = product.email("meta_agent_manager"), product.email("agent_developer")
    form = click(product, tomas, f"@{tomas}", reference, "Ask")["modal"]
    product.control(
        "slack/submit", user=tomas, view_id=form["view_id"], values={"Question": "Which data does it read?"}
    )
    form = click(product, dana, f"@{dana}", reference, "Answer")["modal"]
    product.control("slack/submit", user=dana, view_id=form["view_id"], values={"Answer": "Tickets of the last week."})
    until(
        lambda: "Tickets of the last week." in str(product.message_with("approvals", reference)["thread"]),
        "the answer in the thread",
    )


@pytest.mark.row("B3")
def test_the_menu_of_a_request_takes_a_comment_and_says_why(product):
    reference, _agent = new_request(product)
    tomas = product.email("meta_agent_manager")
    why = click(product, tomas, f"@{tomas}", reference, "Why these approvals?")["modal"]
    assert "*Policy*" in str(why["blocks"])
    form = click(product, tomas, "approvals", reference, "Comment")["modal"]
    done = product.control(
        "slack/submit", user=tomas, view_id=form["view_id"], values={"Comment": "The pool has room."}
    )
    assert not done.get("errors"), done
    until(
        lambda: "The pool has room." in str(product.message_with("approvals", reference)["thread"]),
        "the comment in the thread",
    )


@pytest.mark.row("B1", "B3")
def test_the_requester_nudges_once_and_those_who_are_asked_hear_of_it(product):
    reference, _agent = new_request(product)
    tomas, dana = product.email("meta_agent_manager"), product.email("agent_developer")
    until(lambda: product.message_with(f"@{tomas}", reference, "Approve"), "the message to whoever is asked")
    answer = click(product, dana, f"@{dana}", reference, "Nudge")
    assert "👋 Reminded of" in said(answer)
    assert "Tomás" in said(answer)
    until(
        lambda: "asks you to look at this" in str(product.message_with(f"@{tomas}", reference)["thread"]),
        "the nudge under the message of whoever is asked",
    )
    again = product.control("slack/command", user=dana, channel="general", text=f"/approve nudge {reference}")
    assert "You can nudge again in" in said(again)
    request_id = next(
        each["id"]
        for each in product.call("GET", "/api/v1/requests", role="agent_developer").json()["items"]
        if each["reference"] == reference
    )
    refused = product.call("POST", f"/api/v1/requests/{request_id}/nudge", role="agent_developer", json={})
    assert (refused.status_code, refused.json()["code"]) == (429, "approvals.nudged_already")
    assert int(refused.headers["Retry-After"]) > 3000


@pytest.mark.row("B1")
def test_delegating_gives_another_person_the_buttons(product):
    reference, _agent = new_request(product)
    tomas, ingrid = product.email("meta_agent_manager"), product.email("enterprise_administrator")
    answer = product.control(
        "slack/command", user=tomas, channel="general", text=f"/approve delegate {reference} {ingrid}"
    )
    assert "is given to" in said(answer)
    until(lambda: product.message_with(f"@{ingrid}", reference, "Approve"), "the buttons for the delegate")


@pytest.mark.row("B9")
def test_the_app_home_shows_what_waits(product):
    reference, _agent = new_request(product)
    tomas = product.people[product.email("meta_agent_manager")]["slack_id"]
    home = until(lambda: _home_with(product, tomas, reference), "the request on the App Home")
    assert "Waiting for you" in str(home)


@pytest.mark.row("P9", "B3")
def test_a_changed_request_shows_what_changed_and_asks_everybody_anew(product):
    reference, agent = new_request(product)
    dana, tomas = product.email("agent_developer"), product.email("meta_agent_manager")
    form = click(product, tomas, f"@{tomas}", reference, "Approve")["modal"]
    product.control("slack/submit", user=tomas, view_id=form["view_id"], values={})
    until(lambda: product.message_with("approvals", "waiting for Sofia"), "the second stage")
    form = click(product, dana, f"@{dana}", reference, "Change")["modal"]
    assert "1 vote will no longer count, and everybody is asked again." in str(form["blocks"])
    done = product.control(
        "slack/submit",
        user=dana,
        view_id=form["view_id"],
        values={"Business service": "Payroll", "reason": "It moved."},
    )
    assert not done.get("errors"), done
    message = until(lambda: _shows(product.message_with("approvals", agent), "Payroll"), "the message to change")
    assert "*Technical review* · waiting for Tomás Novák" in str(message["blocks"])
    line = "✏️ Changed: business service; 1 vote no longer counts: “It moved.”"
    until(lambda: line in str(product.message_with("approvals", agent)["thread"]), "the line in the thread")
    click(product, tomas, f"@{tomas}", reference, "Approve")


def _shows(message, words):
    return message if words in str(message["blocks"]) else None


def _home_with(product, user, words):
    url = f"{product.status['sandbox_url']}/control/slack/home"
    found = requests.get(url, params={"user": user}, timeout=10).json()
    return found if words in str(found) else None


@pytest.mark.row("E1", "R6")
def test_a_bypass_is_refused_to_a_role_that_may_not_use_it(product):
    dana = product.email("agent_developer")
    modal = product.control("slack/command", user=dana, channel="emergency", text="/bypass")["modal"]
    assert "Your role may not use the emergency bypass." in str(modal["blocks"])
    assert (modal["fields"], modal["submit"]) == ([], None)  # told before anything is filled in
    found = product.call(
        "GET", "/api/v1/audit", role="audit_reviewer", params={"user_id": dana, "action": "bypass.prepare"}
    ).json()["items"]
    assert [record["result"] for record in found] == ["denied"]


def command(product, email, text):
    return product.control("slack/command", user=email, channel="general", text=text)


def filled(modal):
    """The modal once it has more to say than that it is being made."""
    return None if "One moment" in str(modal["blocks"]) else modal


def stages_of(product, reference):
    found = product.call("GET", "/api/v1/requests", role="agent_developer", params={"limit": 100}).json()["items"]
    request = next(each for each in found if each["reference"] == reference)
    return [stage["status"] for stage in request["stages"]], request


@pytest.mark.row("P9", "B3")
def test_a_vote_is_taken_back_with_the_button_under_its_answer(product):
    reference, _agent = new_request(product)
    tomas = product.email("meta_agent_manager")
    (answer,) = command(product, tomas, f"/approve yes {reference}")["ephemeral"]
    assert stages_of(product, reference)[0] == ["approved", "open", "waiting", "waiting"]
    (undo,) = answer["actions"]
    undone = product.control(
        "slack/click", user=tomas, channel="general", ts=answer["ts"], action_id=undo["action_id"], value=undo["value"]
    )
    assert "taken back" in said(undone)
    assert stages_of(product, reference)[0] == ["open", "waiting", "waiting", "waiting"]
    until(lambda: thread_has(product, "approvals", reference, "took back their vote"), "the line in the thread")
    assert "no vote" in said(command(product, tomas, f"/approve undo {reference}"))


def thread_has(product, channel, reference, words):
    message = product.message_with(channel, reference)
    return message and words in str(message["thread"])


@pytest.mark.row("P3", "B3")
def test_a_question_stops_the_clock_in_every_message_until_it_is_answered(product):
    reference, _agent = new_request(product)
    tomas, dana = product.email("meta_agent_manager"), product.email("agent_developer")
    command(product, tomas, f"/approve ask {reference} Which data does it read?")
    until(
        lambda: "waits for an answer" in str(product.message_with("approvals", reference)), "the pause in the message"
    )
    assert stages_of(product, reference)[1]["stages"][0]["paused_at"]
    command(product, dana, f"/approve answer {reference} Invoices alone.")
    until(lambda: " · due " in str(product.message_with("approvals", reference)), "the time goes on")
    assert stages_of(product, reference)[1]["stages"][0]["paused_at"] is None


@pytest.mark.row("P9", "B1")
def test_a_rejected_request_is_asked_again_with_its_button(product):
    reference, agent = new_request(product)
    dana = product.email("agent_developer")
    command(product, product.email("meta_agent_manager"), f"/approve no {reference} Too vague")
    (shown,) = command(product, dana, f"/approve show {reference}")["ephemeral"]
    button = next(each for each in shown["actions"] if each["text"] == "Ask again")
    form = product.control(
        "slack/click",
        user=dana,
        channel="general",
        ts=shown["ts"],
        action_id=button["action_id"],
        value=button["value"],
    )["modal"]
    values = {"Why should it be looked at again?": "It reads invoices alone."}
    assert not product.control("slack/submit", user=dana, view_id=form["view_id"], values=values).get("errors")
    found = product.call("GET", "/api/v1/requests", role="agent_developer", params={"q": agent}).json()["items"]
    assert [(each["state"], each["reopens"]) for each in found] == [("pending", reference), ("rejected", None)]


@pytest.mark.row("P9", "B3")
def test_many_similar_requests_of_low_risk_are_approved_in_one_form(product):
    agents = {new_request(product)[0] for _ in range(2)}
    tomas = product.email("meta_agent_manager")
    form = command(product, tomas, "/approve many")["modal"]
    boxes = {
        block["block_id"]: [
            option["value"]
            for option in block["element"]["options"]
            if option["text"]["text"].partition(" ")[0] in agents
        ]
        for block in form["blocks"]
        if block.get("element", {}).get("type") == "checkboxes"
    }
    assert sum(map(len, boxes.values())) == 2
    values = {**boxes, "Reason": "Both are harmless."}
    done = product.control("slack/submit", user=tomas, view_id=form["view_id"], values=values)
    assert not done.get("errors"), done
    for reference in agents:
        assert stages_of(product, reference)[0][:2] == ["approved", "open"]


@pytest.mark.row("P9", "B3")
def test_a_draft_is_saved_from_the_form_continued_and_asked(product):
    dana, agent = product.email("agent_developer"), f"agent-{secrets.token_hex(3)}"
    answer = ask_for(product, agent, draft=True)
    assert not answer.get("errors"), answer
    assert product.message_with("approvals", agent) is None
    (shown,) = command(product, dana, "/approve drafts")["ephemeral"]
    assert agent in str(shown["blocks"])
    button = next(each for each in shown["actions"] if each["text"] == "Continue")
    form = product.control(
        "slack/click",
        user=dana,
        channel="general",
        ts=shown["ts"],
        action_id=button["action_id"],
        value=button["value"],
    )["modal"]
    elements = {block["block_id"]: block["element"] for block in form["blocks"] if "element" in block}
    assert elements["agent_name"]["initial_value"] == agent
    values = {"Agent name": agent, "Justification": "It is clear now."}
    people = {"Owner": dana, "Sponsor": product.email("tenant_administrator")}
    sent = product.control(
        "slack/submit",
        user=dana,
        view_id=form["view_id"],
        values={**values, **people, "Business service": "Customer support"},
    )
    assert not sent.get("errors"), sent
    until(lambda: product.message_with("approvals", agent), "the channel's message")
    assert agent not in str(command(product, dana, "/approve drafts")["ephemeral"])


@pytest.mark.row("B1")
def test_the_form_asks_for_what_the_chosen_action_needs(product):
    dana, agent = product.email("meta_agent_manager"), new_agent(product)
    view_id = product.control("slack/command", user=dana, channel="approvals", text="/approve")["modal"]["view_id"]

    def choose(action):
        place = {"view_id": view_id, "action_id": "action"}
        shown = product.control("slack/click", user=dana, **place, value=action)["modal"]
        assert shown["view_id"] == view_id
        return {block["block_id"]: block["element"] for block in shown["blocks"] if "element" in block}

    deploying = choose("agent.deploy")
    assert {"known_agent", "justification"} < set(deploying)
    assert not {"agent_name", "owner", "sponsor", "business_service"} & set(deploying)
    assert agent in [option["value"] for option in deploying["known_agent"]["options"]]
    assert {"known_agent", "owner", "sponsor", "business_service"} < set(choose("agent.modify"))
    assert {"agent_name", "owner", "sponsor", "business_service"} < set(choose("agent.create"))
    choose("agent.modify")
    values = {"Agent name": agent, "Business service": "Payroll", "Justification": "It moves to payroll."}
    sent = product.control("slack/submit", user=dana, view_id=view_id, values=values)
    assert not sent.get("errors"), sent
    until(lambda: product.message_with("approvals", f"Change agent “{agent}”"), "the channel's message")


@pytest.mark.row("B1", "R2")
def test_the_form_offers_what_the_askers_roles_let_them_ask_for(product):
    def offered(role):
        form = until(lambda: filled(command(product, product.email(role), "/approve")["modal"]), "the form")
        action = next(block["element"] for block in form["blocks"] if block.get("block_id") == "action")
        fields = {block["block_id"] for block in form["blocks"] if "element" in block}
        return [option["value"] for option in action["options"]], fields

    developer, fields = offered("agent_developer")
    assert developer == ["agent.create", "agent.modify"]
    assert {"agent_name", "owner", "sponsor"} < fields
    reviewer = product.email("audit_reviewer")
    operator, fields = offered("agent_operator")
    assert operator == ["agent.deploy", "agent.retire"]
    assert {"known_agent"} < fields
    assert not {"owner", "sponsor"} & fields
    refused = until(lambda: filled(command(product, reviewer, "/approve")["modal"]), "why there is no form")
    assert "Your roles do not let you ask for anything here." in str(refused["blocks"])
