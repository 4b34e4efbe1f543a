"""A budget from the API to the chat: usage crosses thresholds, people are told and act (C2, C4, C5, B5)."""

from __future__ import annotations

import json
import re
import secrets
from datetime import UTC, datetime

import pytest

from tests.e2e.api_desk import facts
from tests.e2e.test_teams import Teams, decides, labels
from tests.product import until

MANAGER, OWNER, DEVELOPER = "tenant_administrator", "meta_agent_manager", "agent_developer"


class Desk:
    """One budget, and everybody's hands on it."""

    def __init__(self, product, **said):
        self.product, self.project = product, f"care-{secrets.token_hex(3)}"
        body = {
            "name": f"Budget of {self.project}",
            "amount": {"amount": "10.00", "currency": "USD"},
            "period": "year",
            "project": self.project,
            "forecast": False,
            "owners": [product.email(OWNER)],
            **said,
        }
        made = product.call("POST", "/api/v1/budgets", role=MANAGER, json=body)
        assert made.status_code == 201, made.text
        self.id, self.reference = made.json()["id"], made.json()["reference"]

    def spend(self, dollars):
        event = {
            "id": secrets.token_hex(8),
            "meter": "cpu_hours",
            "quantity": str(dollars * 10),
            "project": self.project,
            "time": datetime.now(UTC).isoformat(),
        }
        told = self.product.call("POST", "/api/v1/usage", role="agent_operator", json={"events": [event]})
        assert told.status_code in (200, 201, 202), told.text

    def shown(self):
        return self.product.call("GET", f"/api/v1/budgets/{self.id}", role=DEVELOPER).json()

    def message(self, words, action=None):
        return self.product.message_with("approvals", words, action)

    def click(self, role, label):
        message = self.message(self.reference, label)
        button = next(each for each in message["actions"] if each["text"] == label)
        return self.product.control(
            "slack/click",
            user=self.product.email(role),
            channel="approvals",
            ts=message["ts"],
            action_id=button["action_id"],
            value=button["value"],
        )

    def typed(self, role, line):
        user = self.product.email(role)
        return self.product.control("slack/command", user=user, channel="approvals", text=line)


@pytest.fixture
def desk(product):
    return Desk(product)


@pytest.mark.row("C2", "C3", "C4", "B5", "B7")
def test_usage_that_crosses_thresholds_is_told_in_one_message_with_a_picture(product, desk):
    teams = Teams(product)
    desk.spend(5)
    first = until(lambda: desk.message("5.00 of 10.00 USD used", "Acknowledge"), "the alert")
    assert desk.shown()["current"]["alerts"] == ["50"]
    desk.spend(3)
    until(lambda: desk.message("8.00 of 10.00 USD used", "Acknowledge"), "the next alert")
    until(lambda: teams.channel("8.00 of 10.00 USD used"), "the alert in Teams")
    now = until(lambda: _with_picture(desk.message("8.00 of 10.00 USD used")), "the picture")
    assert now["ts"] == first["ts"]  # one living message
    until(lambda: "80 % is reached" in json.dumps(desk.message(desk.reference)["thread"]), "a word in its thread")
    direct = f"@{product.email(OWNER)}"
    until(lambda: product.message_with(direct, "8.00 of 10.00 USD used", "Acknowledge"), "the owner's own message")


def _with_picture(message):
    return message if message and any(block["type"] == "image" for block in message["blocks"]) else None


@pytest.mark.row("C4", "C5", "T2", "B5", "P11")
def test_at_the_limit_the_gate_stops_people_act_by_buttons_and_an_approved_raise_frees_it(product, desk):
    desk.spend(10)
    until(lambda: desk.message("10.00 of 10.00 USD used", "Raise"), "the alert")
    agent = {**facts(product, f"bot-{desk.project}"), "project": desk.project}
    refused = product.decide(DEVELOPER, "agent.create", **agent)
    assert (refused["decision"], refused["reasons"][0]["code"]) == ("deny", "budgets.exceeded")
    assert f"{desk.reference} 'Budget of {desk.project}': 10.00 USD of 10.00 USD" in refused["reasons"][0]["message"]

    assert "Only its owners" in json.dumps(desk.click(DEVELOPER, "Acknowledge"))
    assert "You look after" in json.dumps(desk.click(OWNER, "Acknowledge"))
    until(lambda: "looks after it since" in json.dumps(desk.message(desk.reference)["blocks"]), "who looks after it")
    assert "6 governed actions an hour" in json.dumps(desk.click(OWNER, "Slow down"))
    until(lambda: desk.message(desk.reference, "Full speed again"), "the way back")
    desk.click(OWNER, "Full speed again")
    assert desk.shown()["throttle_per_hour"] is None

    opened = desk.click(DEVELOPER, "Raise")
    values = {"to": "15", "lasts": "period", "reason": "More customers than usual."}
    view, user = opened["modal"]["view_id"], product.email(DEVELOPER)
    told = product.control("slack/submit", user=user, view_id=view, values={**values, "to": "1,50"})
    assert "A comma can be read in two ways" in told["errors"]["to"], told
    sent = product.control("slack/submit", user=user, view_id=view, values=values)
    assert not sent.get("errors"), sent
    waiting = until(lambda: desk.shown()["raise_asked"], "the request")
    until(
        lambda: desk.message(desk.reference) and waiting["reference"] in str(desk.message(desk.reference)), "its mark"
    )
    vote = {"decision": "approve", "reason": "Worth it."}
    voted = product.call("POST", f"/api/v1/requests/{waiting['request_id']}/votes", role=MANAGER, json=vote)
    assert voted.status_code == 200, voted.text
    until(lambda: desk.shown()["current"]["limit"]["amount"] == "15.00", "the raise")
    until(lambda: desk.message("10.00 of 15.00 USD used"), "the raised limit in the message")
    assert product.decide(DEVELOPER, "agent.create", **agent)["decision"] == "pending"  # by its policy


@pytest.mark.row("B5", "B7", "C4", "C5", "X3")
def test_in_teams_the_buttons_of_a_budget_do_what_they_do_in_slack(product, desk):
    teams, owner, dana = Teams(product), product.email(OWNER), product.email(DEVELOPER)

    def alert(words, action, user=owner):
        return until(lambda: teams.channel(words, user=user, action=action), f"{words} with {action}")

    desk.spend(8)
    message = alert(f"{desk.reference} ", "Acknowledge")
    of_others = labels(alert(f"{desk.reference} ", "Raise", user=dana))
    assert set(of_others) == {"Raise", "Details"}
    teams.click(owner, "#approvals", message, "Acknowledge")
    until(lambda: "looks after it since" in str(teams.channel(desk.reference)), "who looks after it, in Teams")
    until(lambda: "looks after it since" in json.dumps(desk.message(desk.reference)["blocks"]), "the same in Slack")

    confirmed = [each for each in alert(desk.reference, "Slow down")["actions"] if each["text"] == "Slow down"][-1]
    assert confirmed["type"] != "Action.ShowCard"  # which only asks whether they are sure
    place = {"channel": "#approvals", "ts": teams.channel(desk.reference)["ts"]}
    teams.act("click", user=owner, **place, action_id=confirmed["action_id"], value=confirmed["value"])
    until(lambda: desk.shown()["throttle_per_hour"] == 6, "the throttle")
    teams.click(owner, "#approvals", alert(desk.reference, "Full speed again"), "Full speed again")
    until(lambda: desk.shown()["throttle_per_hour"] is None, "its end")

    form = teams.click(dana, "#approvals", alert(desk.reference, "Raise", user=dana), "Raise")["modal"]
    refused = teams.submit(dana, form, to="5", lasts="period", reason="More customers than usual.")
    assert "It has 10.00 USD already" in str(refused)
    done = teams.submit(dana, form, to="20", lasts="period", reason="More customers than usual.")
    assert done["closed"] is True, done
    asked = until(lambda: desk.shown()["raise_asked"], "the request")
    decides(teams, product.email(MANAGER), asked["reference"], reason="Worth it.")
    until(lambda: desk.shown()["current"]["limit"]["amount"] == "20.00", "the raise")
    until(lambda: teams.channel("8.00 of 20.00 USD used"), "the raised limit in Teams")
    until(lambda: desk.message("8.00 of 20.00 USD used"), "the same in Slack")


@pytest.mark.row("C5", "C3")
def test_a_platform_asks_before_it_spends_and_what_it_reserved_is_settled_by_its_usage(product):
    desk = Desk(product, controls=[{"does": "stop", "actions": ["usage.spend"]}])

    def ask(id_, dollars, role="agent_operator", **more):
        amount = {"amount": dollars, "currency": "USD"}
        body = {"id": f"{desk.project}/{id_}", "project": desk.project, "amount": amount, **more}
        return product.call("POST", "/api/v1/budgets/check", role=role, json=body)

    first = ask("a", "6.00").json()
    assert (first["decision"], first["remaining"]["amount"]) == ("allow", "4.00")
    shown = product.call("GET", f"/api/v1/budgets/{desk.id}", role="agent_operator").json()
    assert (shown["reserved"]["amount"], shown["current"]["left"]["amount"]) == ("6.00", "10.00")
    second = ask("b", "4.01").json()
    assert (second["decision"], second["budget"]["reference"]) == ("deny", desk.reference)
    assert "and 6.00 reserved, so 4.01 USD more may not be spent" in second["reasons"][0]["message"]
    told = {"id": f"{desk.project}/a", "meter": "cpu_hours", "quantity": "50", "project": desk.project}
    events = {"events": [{**told, "time": datetime.now(UTC).isoformat()}]}
    assert product.call("POST", "/api/v1/usage", role="agent_operator", json=events).ok
    assert ask("a", "1.00").status_code == 409
    third = ask("b", "4.01").json()
    assert (third["decision"], third["remaining"]["amount"]) == ("allow", "0.99")
    released = product.call("POST", "/api/v1/budgets/release", role="agent_operator", json={"id": f"{desk.project}/b"})
    assert released.status_code == 204
    assert ask("c", "5.00").json()["decision"] == "allow"
    assert ask("d", "1.00", role="audit_reviewer").status_code == 403
    assert ask("d", "1.00", role="audit_reviewer", meter_class="joy").status_code == 403
    wrong = ask("d", "1.00", meter_class="joy").json()
    assert wrong["errors"][0]["pointer"] == "#/meter_class"


@pytest.mark.row("C2")
def test_budgets_are_listed_in_pages(product):
    made = [Desk(product).reference for _ in range(3)]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = product.call("GET", "/api/v1/budgets", role=DEVELOPER, params=query).json()
        assert len(page["items"]) <= 2
        seen += [each["reference"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert len(seen) == len(set(seen))
    assert seen[-3:] == made


@pytest.mark.row("C2", "B1", "B9")
def test_budgets_are_typed_about_with_help_and_suggestions(product, desk):
    desk.spend(4)
    listed = json.dumps(desk.typed(DEVELOPER, "/budget"), ensure_ascii=False)
    assert desk.reference in listed
    shown = json.dumps(desk.typed(DEVELOPER, f"/budget show {desk.reference}"), ensure_ascii=False)
    assert "4.00 of 10.00 USD used" in shown
    assert "it stops Create agent, Deploy agent" in shown
    assert "left" in json.dumps(desk.typed(DEVELOPER, f"/budget forecast {desk.reference}"))
    assert "Did you mean `/budget forecast BUD-1001`" in json.dumps(desk.typed(DEVELOPER, "/budget forcast BUD-1001"))
    assert "/budget raise BUD-1001" in json.dumps(desk.typed(DEVELOPER, "/budget help"))
    assert "manage budgets" in json.dumps(desk.typed(DEVELOPER, f"/budget reset {desk.reference} Please."))
    reset = json.dumps(desk.typed(MANAGER, f"/budget reset {desk.reference} A test ran wild."))
    assert "0.00 of 10.00 USD used" in reset
    assert desk.reference in json.dumps(Teams(product).says(product.email(OWNER), "budget mine"))
    assert re.search(r"BUD-\d+", json.dumps(desk.typed(OWNER, "/budget mine")))
