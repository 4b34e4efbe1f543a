"""Morning comes, and Monday: the digest arrives once, and the week's pictures (B1, B3, B9, P8). By the demo's clock."""

import secrets
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import requests

from tests.product import DIGEST, until

AGENT_FACTS = {"business_service": "Customer support"}
PRAGUE = ZoneInfo("Europe/Prague")  # Tomás lives there


@pytest.fixture(scope="module")
def product(new_product):
    """Another demo: the clock is the whole product's."""
    with new_product() as running:
        yield running


def now(product):
    return datetime.fromisoformat(product.control("clock", advance="1 second")["now"])


def move_to(product, instant):
    minutes = int((instant - now(product)).total_seconds() // 60) + 1
    product.control("clock", advance=f"{minutes} minutes")


def next_morning(product, at=time(8, 30)):
    """The next working day's in Prague that has a working day after it."""
    day = now(product).astimezone(PRAGUE).date() + timedelta(days=1)
    while day.weekday() > 3:
        day += timedelta(days=1)
    return datetime.combine(day, at, PRAGUE)


def new_request(product):
    agent = f"agent-{secrets.token_hex(3)}"
    facts = {"sponsor": product.email("tenant_administrator"), "owner": product.email("agent_developer")}
    answer = product.decide("agent_developer", "agent.create", name=agent, **facts, **AGENT_FACTS)
    message = until(lambda: product.message_with("approvals", agent), "the channel's message")
    return answer["request_id"], message["text"].partition(":")[0]


def digests(product, role):
    return [each for each in product.messages(f"@{product.email(role)}") if each["text"].startswith(DIGEST)]


def typed(product, role, line):
    answer = product.control("slack/command", user=product.email(role), channel="approvals", text=line)
    return " ".join(str(each["text"]) + str(each["blocks"]) for each in answer["ephemeral"])


def home(product, role):
    url = f"{product.status['sandbox_url']}/control/slack/home"
    return requests.get(url, params={"user": product.email(role)}, timeout=30).json()


def click(product, role, message, action_id, value):
    place = {"channel": f"@{product.email(role)}", "ts": message["ts"]}
    return product.control("slack/click", user=product.email(role), **place, action_id=action_id, value=value)


@pytest.mark.row("B9", "B3")
def test_the_digest_comes_once_each_morning_and_its_buttons_decide(product):
    assert "You have no morning digest" in typed(product, "security_manager", "/approve digest off")
    move_to(product, next_morning(product, time(7)))
    request_id, reference = new_request(product)
    until(lambda: product.message_with(f"@{product.email('meta_agent_manager')}", reference, "Approve"), "the request")
    before = len(digests(product, "meta_agent_manager"))
    today = now(product).astimezone(PRAGUE).date()
    move_to(product, datetime.combine(today, time(8, 30), PRAGUE))
    message = until(lambda: digests(product, "meta_agent_manager")[before:], "Tomás's digest")[0]
    assert reference in str(message["blocks"])
    product.control("clock", advance="30 minutes")
    product.control("clock", advance="2 hours")
    assert len(digests(product, "meta_agent_manager")) == before + 1
    assert digests(product, "security_manager") == []

    button = next(
        each
        for each in message["actions"]
        if each["action_id"] == "approvals.vote.approve" and request_id in each["value"]
    )

    def vote_form():  # a busy machine may show it while it is still being filled
        form = click(product, "meta_agent_manager", message, "approvals.vote.approve", button["value"])
        boxes = [field for field in form["modal"]["fields"] if field["type"] == "checkboxes"]
        return (form, boxes[0]) if boxes else None

    opened, criteria = until(vote_form, "the form with the criteria")
    values = {criteria["label"]: [option["value"] for option in criteria["options"]], "Reason": "Sound."}
    tomas = product.email("meta_agent_manager")
    product.control("slack/submit", user=tomas, view_id=opened["modal"]["view_id"], values=values)
    shown = product.call("GET", f"/api/v1/requests/{request_id}", role="agent_developer").json()
    assert shown["stages"][0]["status"] == "approved"
    after = digests(product, "meta_agent_manager")[-1]
    assert (after["ts"], after["edited"]) == (message["ts"], False)
    product.call("POST", f"/api/v1/requests/{request_id}/withdraw", role="agent_developer", json={"reason": "No."})
    again = click(product, "meta_agent_manager", message, "approvals.vote.approve", button["value"])
    assert f"{reference} is withdrawn already, by Dana Reyes." in str(again["modal"]["blocks"])


@pytest.mark.row("B9", "B1")
def test_it_is_moved_on_the_app_home_and_by_a_typed_line_and_what_cannot_be_is_said(product):
    shown = home(product, "compliance_manager")
    assert "Your morning digest comes at *08:30*" in str(shown["blocks"])
    chen = product.email("compliance_manager")
    opened = product.control("slack/click", user=chen, home=True, action_id="preferences.digest")
    done = product.control(
        "slack/submit", user=chen, view_id=opened["modal"]["view_id"], values={"Morning digest": "09:30"}
    )
    assert done["closed"]
    until(lambda: "comes at *09:30*" in str(home(product, "compliance_manager")["blocks"]), "the new hour")
    assert "*10:15*" in typed(product, "compliance_manager", "/approve digest 10:15")
    refused = typed(product, "compliance_manager", "/approve digest 14:00")
    assert "a time from 05:00 to 11:00" in refused
    assert "*10:15*" in typed(product, "compliance_manager", "/approve digest")


@pytest.mark.row("B9", "B8")
def test_in_quiet_hours_nothing_comes_and_when_they_end_what_is_still_asked_does(product):
    who = {"role": "meta_agent_manager"}
    place = f"@{product.email('meta_agent_manager')}"
    hour = now(product).astimezone(PRAGUE).replace(second=0, microsecond=0, tzinfo=None)
    hours = f"{hour - timedelta(hours=1):%H:%M}-{hour + timedelta(hours=2):%H:%M}"
    chosen = product.call("PUT", "/api/v1/preferences", **who, json={"quiet_hours": hours})
    assert (chosen.status_code, chosen.json()["quiet_hours"]) == (200, hours)
    form = product.control("slack/command", user=place[1:], channel="general", text="/approve notifications")["modal"]
    assert hours in str(form)
    _kept, asked = new_request(product)
    gone_id, gone = new_request(product)
    product.call("POST", f"/api/v1/requests/{gone_id}/withdraw", role="agent_developer", json={"reason": "No."})
    until(lambda: "withdrawn" in str(product.message_with("approvals", gone)["blocks"]).lower(), "its end")
    product.control("clock", advance="110 minutes")
    assert product.message_with(place, asked) is None
    product.control("clock", advance="15 minutes")
    until(lambda: product.message_with(place, asked, "Approve"), "what waited")
    assert product.message_with(place, gone) is None
    product.call("PUT", "/api/v1/preferences", **who, json={"quiet_hours": "off"})


@pytest.mark.row("P8")
def test_on_monday_the_weeks_pictures_stand_in_the_channel_once(product):
    def reports():
        return [each for each in product.messages("approvals") if each["text"].startswith("The week in approvals")]

    day = now(product).date() + timedelta(days=1)
    while day.weekday():
        day += timedelta(days=1)
    url = f"{product.status['sandbox_url']}/control/teams/messages"

    def in_teams():
        found = requests.get(url, params={"channel": "#approvals"}, timeout=30).json()["messages"]
        return [each["card"] for each in found if each["card"] and "The week in approvals" in each["words"]]

    before, before_in_teams = len(reports()), len(in_teams())
    move_to(product, datetime.combine(day, time(9), UTC))
    message = until(lambda: reports()[before:], "the week's report")[0]
    assert [each["name"].partition("-2")[0] for each in message["files"]] == ["decisions", "time-in-stage"]
    for file in message["files"]:
        assert (file["mimetype"], file["alt_txt"] != "") == ("image/png", True)
        picture = requests.get(product.status["sandbox_url"] + file["path"], timeout=30)
        assert (picture.headers["Content-Type"], picture.content[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    (card,) = until(lambda: in_teams()[before_in_teams:], "the week's report in Teams")
    images = [part["url"] for part in card["body"] if part["type"] == "Image"]
    assert len(images) == 2
    for address in images:
        picture = requests.get(address, timeout=30)
        assert (picture.status_code, picture.headers["Content-Type"]) == (200, "image/png")
        assert picture.content.startswith(b"\x89PNG")
    product.control("clock", advance="20 minutes")
    product.control("clock", advance="3 hours")
    assert (len(reports()), len(in_teams())) == (before + 1, before_in_teams + 1)
