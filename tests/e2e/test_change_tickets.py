"""The ticket of a change follows its life, and what happens to the ticket is told of the change (N1, X3, G6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import requests

from tests.e2e.test_changes_api import call, drafted
from tests.e2e.test_rollouts import scheduled, shown
from tests.product import until


def ticket_of(product, change):
    """The change request in ServiceNow that stands for the approval of this change."""
    url = f"{product.status['sandbox_url']}/control/servicenow/records"
    rows = requests.get(url, params={"type": "change_request"}, timeout=30).json()["records"]
    found = [row for row in rows if change["reference"] in str(row)]
    return found[0] if found else None


def is_at(product, change, label):
    def look():
        row = ticket_of(product, change)
        return row if row and row["display"]["state"] == label else None

    return until(look, f"the ticket to be {label}")


def tasks_of(product, row):
    """The tasks of this change request."""
    return [one for one in product.records("servicenow", "change_task") if one["change_request"] == row["sys_id"]]


def is_task(product, row, words, label):
    def look():
        found = [one for one in tasks_of(product, row) if words in one["short_description"]]
        return found if found and found[0]["display"]["state"] == label else None

    return until(look, f"the task '{words}' to be {label}")


@pytest.mark.row("N1", "X3", "G6")
def test_the_ticket_is_implemented_reviewed_and_closed_with_how_it_came_out(product):
    change = scheduled(product)
    path = f"/{change['id']}"
    call(product, "POST", f"{path}/implement")
    is_at(product, change, "Implement")
    call(product, "POST", f"{path}/complete", json={"validation": "passed", "notes": "All totals agree."})
    row = is_at(product, change, "Review")
    body = {"outcome": "successful", "notes": "As planned."}
    call(product, "POST", f"{path}/review", role="meta_agent_manager", json=body)
    row = is_at(product, change, "Closed")
    assert "successful" in row["display"]["close_code"].lower()
    assert "scheduled" in str(row), "when it is done is noted there"
    tasks = tasks_of(product, row)
    assert {one["display"]["state"] for one in tasks} == {"Closed"}
    assert [one["close_notes"] for one in tasks if "Validate" in one["short_description"]] == ["All totals agree."]


@pytest.mark.row("N1", "X6", "G6")
def test_a_ticket_whose_date_somebody_moves_moves_the_change_and_one_that_is_ended_is_told_of_it(product):
    product.link_account("agent_developer", "servicenow", "abel.tuter")
    change = scheduled(product)
    row = is_at(product, change, "Scheduled")
    later = (datetime.fromisoformat(change["ends_at"]) + timedelta(minutes=30)).replace(microsecond=0)
    fields = {"end_date": f"{later:%Y-%m-%d %H:%M:%S}", "sys_updated_by": "abel.tuter"}
    product.control("servicenow/edit", type="change_request", id=row["sys_id"], fields=fields)
    until(lambda: datetime.fromisoformat(shown(product, change)["ends_at"]) == later, "the change to end later too")

    fields = {"state": "Canceled", "sys_updated_by": "abel.tuter"}
    product.control("servicenow/edit", type="change_request", id=row["sys_id"], fields=fields)
    until(lambda: "was ended in ServiceNow" in shown(product, change)["note"], "the change to be told")
    assert shown(product, change)["state"] == "schedule"


@pytest.mark.row("N1", "G3", "G6")
def test_the_ticket_says_from_the_beginning_when_it_is_planned_and_how_it_is_undone(product):
    begins = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=30)
    times = {"starts_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=1)).isoformat()}
    change = drafted(product, title="Planned", rollback_plan="Put the former limit back.", **times)
    call(product, "POST", f"/{change['id']}/submit")
    row = is_at(product, change, "Assess")
    assert row["start_date"] == f"{begins:%Y-%m-%d %H:%M:%S}"
    assert "Put the former limit back." in row["backout_plan"]

    (testing,) = is_task(product, row, "results of testing", "Open")
    (plan,) = is_task(product, row, "way back", "Closed")
    assert "Put the former limit back." in plan["close_notes"]
    fields = {"state": "Canceled", "sys_updated_by": "abel.tuter"}
    product.control("servicenow/edit", type="change_task", id=testing["sys_id"], fields=fields)
    until(lambda: "still asked for here" in str(ticket_of(product, change)), "the ticket to say that it is asked for")
    assert "testing" in shown(product, change)["missing"]
