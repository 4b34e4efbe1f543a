"""The simulator over plain HTTP, against the vendor's pages: shapes, state rules, errors, limits, pages for people."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from sandbox.faults import Fault, Faults
from sandbox.servicenow import create
from sandbox.system import ControlError

CHANGE = "/api/sn_chg_rest/change"
TABLE = "/api/now/table"


class Api:
    """JSON in, status and JSON out."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def __call__(self, method: str, path: str, body: Any = None, **params: Any) -> tuple[int, Any]:
        async with self.session.request(method, self.url + path, json=body, params=params) as answer:
            raw = await answer.read()
            return answer.status, json.loads(raw) if raw else None

    async def change(self, kind: str = "normal", **fields: Any) -> str:
        status, body = await self("POST", f"{CHANGE}/{kind}", {"assignment_group": "AI Platform", **fields})
        assert status == 200
        return str(body["result"]["sys_id"]["value"])

    async def move(self, sys_id: str, **fields: Any) -> tuple[int, str]:
        status, body = await self("PATCH", f"{CHANGE}/{sys_id}", fields)
        return status, body["result"]["state"]["display_value"] if status == 200 else body["error"]["message"]

    async def approve(self, sys_id: str) -> None:
        query = f"sysapproval={sys_id}^state=requested"
        _, body = await self("GET", f"{TABLE}/sysapproval_approver", sysparm_query=query)
        status, _ = await self(
            "PATCH", f"{TABLE}/sysapproval_approver/{body['result'][0]['sys_id']}", {"state": "approved"}
        )
        assert status == 200

    async def state(self, sys_id: str) -> tuple[str, str]:
        _, body = await self("GET", f"{TABLE}/change_request/{sys_id}")
        return body["result"]["state"], body["result"]["approval"]


@pytest.fixture
def api(http, instance) -> Api:
    return Api(http, instance.url)


async def test_the_table_interface_shows_strings_and_links(api, instance):
    sys_id = await api.change(correlation_id="k")

    _, body = await api("GET", f"{TABLE}/change_request/{sys_id}")

    row = body["result"]
    assert (row["state"], row["active"], row["sys_mod_count"], row["close_code"]) == ("-5", "true", "0", "")
    group = row["assignment_group"]
    assert group["link"] == f"{instance.url}/api/now/table/sys_user_group/{group['value']}"
    assert row["work_notes"] == ""


async def test_display_values_come_in_three_modes(api):
    sys_id = await api.change()
    path = f"{TABLE}/change_request/{sys_id}"

    _, shown = await api("GET", path, sysparm_display_value="True", sysparm_fields="state,assignment_group")
    _, both = await api("GET", path, sysparm_display_value="all", sysparm_fields="state")
    _, bare = await api("GET", path, sysparm_exclude_reference_link="true", sysparm_fields="assignment_group.name")

    assert shown["result"]["state"] == "New"
    assert shown["result"]["assignment_group"]["display_value"] == "AI Platform"
    assert both["result"] == {"state": {"display_value": "New", "value": "-5"}}
    assert bare["result"] == {"assignment_group.name": "AI Platform"}


async def test_an_invalid_condition_is_dropped_and_may_answer_with_every_row(api, instance):
    for _ in range(3):
        await api.change()
    everything = len(instance.records("change_request"))

    _, body = await api("GET", f"{TABLE}/change_request", sysparm_query="no_such_field=1")
    assert len(body["result"]) == everything

    instance.system.configure({"invalid_query_returns_no_rows": True})
    _, body = await api("GET", f"{TABLE}/change_request", sysparm_query="no_such_field=1")
    assert body["result"] == []


async def test_the_correlation_id_is_not_unique(api, instance):
    await api.change(correlation_id="same")
    await api.change(correlation_id="same")

    assert len(instance.with_key("same")) == 2


async def test_a_page_is_short_when_rows_are_hidden_but_they_count(api, instance):
    ids = [await api.change() for _ in range(4)]
    await instance.system.edit("change_request", ids[0], {"u_restricted": True})
    params = {"sysparm_query": f"sys_idIN{','.join(ids)}", "sysparm_limit": "10"}

    async with api.session.get(f"{api.url}{TABLE}/change_request", params=params) as answer:
        assert len((await answer.json())["result"]) == 3
        assert answer.headers["X-Total-Count"] == "4"
    assert (await api("GET", f"{TABLE}/change_request/{ids[0]}"))[0] == 404


async def test_a_creation_answers_201_with_its_place_or_without_a_body(api):
    url = f"{api.url}{TABLE}/incident"
    async with api.session.post(url, json={"nonsense": 1, "short_description": "x"}) as answer:
        row = (await answer.json())["result"]
        assert answer.status == 201
        assert answer.headers["Location"] == f"{url}/{row['sys_id']}"
        assert "nonsense" not in row
    async with api.session.post(url, json={}, headers={"X-no-response-body": "true"}) as answer:
        assert (answer.status, await answer.read()) == (201, b"")


async def test_unknown_fields_are_named_by_the_change_interface(api):
    _, body = await api("POST", f"{CHANGE}/normal", {"no_such_field": 1, "sys_mod_count": 7}, category="Software")

    assert body["result"]["__meta"] == {"ignoredFields": ["no_such_field", "sys_mod_count"]}
    assert body["result"]["category"]["value"] == "Software"
    assert (body["result"]["active"]["value"], body["result"]["priority"]["value"]) == (True, 4.0)
    assert body["result"]["sys_created_on"]["display_value"] != body["result"]["sys_created_on"]["value"]


async def test_a_normal_change_needs_a_group_approvals_and_a_close_code(api):
    sys_id = await api.change(assignment_group="")
    assert await api.move(sys_id, state="-4") == (
        400,
        "The following mandatory fields are not filled in: Assignment group",
    )
    assert await api.move(sys_id, state="3") == (400, "change cannot be moved to state : 3")
    assert await api.move(sys_id, state="Assess", assignment_group="AI Platform") == (200, "Assess")
    assert await api.move(sys_id, state="-3") == (400, "change cannot be moved to state : -3")
    await api.approve(sys_id)
    assert await api.state(sys_id) == ("-3", "requested")
    await api.approve(sys_id)
    assert await api.state(sys_id) == ("-2", "approved")
    assert await api.move(sys_id, state="-1") == (200, "Implement")
    assert await api.move(sys_id, state="0") == (200, "Review")
    assert await api.move(sys_id, state="4") == (400, "change cannot be moved to state : 4")
    assert await api.move(sys_id, state="3") == (
        400,
        "The following mandatory fields are not filled in: Close code, Close notes",
    )
    assert await api.move(sys_id, state="3", close_code="successful", close_notes="ok") == (200, "Closed")


async def test_one_yes_of_a_group_makes_the_others_unnecessary(api, instance):
    sys_id = await api.change(state="ignored on creation")
    await api.move(sys_id, state="-4")

    await api.approve(sys_id)

    first_group = [row["state"] for row in instance.records("sysapproval_approver")][:3]
    assert sorted(first_group) == ["approved", "not_required", "not_required"]


async def test_a_rejection_needs_words_and_leads_back_to_new(api):
    sys_id = await api.change()
    await api.move(sys_id, state="-4")

    status, body = await api("PATCH", f"{CHANGE}/{sys_id}/approvals", {"state": "rejected"})
    assert (status, body["error"]["message"]) == (400, "Comments are required when rejecting")
    status, _ = await api("PATCH", f"{CHANGE}/{sys_id}/approvals", {"state": "rejected", "comments": "no"})

    assert status == 200
    assert await api.state(sys_id) == ("-5", "rejected")
    assert (await api("PATCH", f"{CHANGE}/{sys_id}/approvals", {"state": "approved"}))[0] == 400


async def test_assess_can_be_reverted_and_asks_again(api, instance):
    sys_id = await api.change()
    await api.move(sys_id, state="-4")
    assert await api.move(sys_id, state="-5") == (200, "New")
    assert await api.state(sys_id) == ("-5", "not requested")

    await api.move(sys_id, state="-4")

    states = [row["state"] for row in instance.records("sysapproval_approver")]
    assert sorted(states) == ["cancelled"] * 3 + ["requested"] * 3


async def test_an_emergency_change_goes_straight_to_authorize(api):
    sys_id = await api.change("emergency")

    assert await api.move(sys_id, state="-4") == (400, "change cannot be moved to state : -4")
    assert await api.move(sys_id, state="-3") == (200, "Authorize")
    await api.approve(sys_id)
    assert await api.state(sys_id) == ("-2", "approved")


async def test_a_standard_change_comes_from_a_template_and_is_approved_at_once(api):
    _, body = await api("GET", f"{CHANGE}/standard/template")
    template = body["result"][0]["sys_id"]["value"]

    status, body = await api(
        "POST", f"{CHANGE}/standard/{template}", {"short_description": "mine", "justification": "j"}
    )

    row = body["result"]
    assert (status, row["approval"]["value"], row["type"]["value"]) == (200, "approved", "standard")
    assert row["short_description"]["value"] == "Refresh the prompt of a registered agent"
    sys_id = row["sys_id"]["value"]
    assert (await api.move(sys_id, backout_plan="none"))[0] == 400
    assert await api.move(sys_id, state="-2") == (200, "Scheduled")
    assert (await api("POST", f"{CHANGE}/standard/{'0' * 32}", {}))[0] == 404


async def test_on_hold_needs_a_reason_and_blocks_progress(api):
    sys_id = await api.change()
    assert (await api.move(sys_id, on_hold=True, on_hold_reason="x"))[0] == 400  # not in New
    await api.move(sys_id, state="-4")
    assert (await api.move(sys_id, on_hold=True))[0] == 400
    assert (await api.move(sys_id, on_hold=True, on_hold_reason="freeze"))[0] == 200
    _, body = await api("GET", f"{CHANGE}/{sys_id}/nextstates")

    assert body["result"]["available_states"] == ["-4", "4"]


async def test_a_state_may_be_refused_without_a_word_while_the_rest_is_written(api, instance):
    sys_id = await api.change()
    instance.system.configure({"silent_refusal": True})

    assert await api.move(sys_id, state="3", category="Software") == (200, "New")
    status, body = await api("PATCH", f"{TABLE}/change_request/{sys_id}", {"state": "0", "justification": "j"})

    assert (status, body["result"]["state"], body["result"]["justification"]) == (200, "-5", "j")
    assert body["result"]["category"] == "Software"


async def test_a_hidden_field_is_neither_shown_nor_asked_for(api, instance):
    await api.change(correlation_id="k")
    instance.system.configure({"hidden_fields": ["correlation_id"]})

    _, body = await api("GET", f"{TABLE}/change_request", sysparm_query="correlation_id=nobody")

    assert len(body["result"]) == len(instance.records("change_request"))
    assert "correlation_id" not in body["result"][0]


async def test_the_type_changes_only_in_new(api):
    sys_id = await api.change()
    assert (await api.move(sys_id, type="emergency"))[0] == 200
    await api.move(sys_id, state="-3")

    assert (await api.move(sys_id, type="normal"))[0] == 400


@pytest.mark.parametrize("name", ["nextstates", "nextstate"])
async def test_next_states_are_told_under_both_names(api, name):
    sys_id = await api.change()

    _, body = await api("GET", f"{CHANGE}/{sys_id}/{name}")

    assert body["result"] == {
        "available_states": ["-5", "-4", "4"],
        "state_transitions": [],
        "state_label": {"-5": "New", "-4": "Assess", "4": "Canceled"},
    }


async def test_conflicts_are_told_by_the_list_and_not_by_the_status(api):
    window = {"cmdb_ci": "Payments", "start_date": "2026-12-01 10:00:00", "end_date": "2026-12-01 12:00:00"}
    one = await api.change(**window)
    await api("POST", f"{CHANGE}/{one}/conflict")
    _, alone = await api("GET", f"{CHANGE}/{one}/conflict")
    await api.change(**window)
    _, crowded = await api("GET", f"{CHANGE}/{one}/conflict")

    assert (alone["result"]["status"], alone["result"]["conflicts"]) == ("Conflict", [])
    assert (crowded["result"]["status"], crowded["result"]["record_count"]) == ("Conflict", "1")


async def test_tasks_belong_to_their_change(api):
    one, other = await api.change(), await api.change()
    _, body = await api("POST", f"{CHANGE}/{one}/task", {"short_description": "watch", "change_task_type": "Testing"})
    task = body["result"]["sys_id"]["value"]

    assert body["result"]["change_task_type"]["value"] == "testing"
    assert (await api("PATCH", f"{CHANGE}/{one}/task/{task}", {"state": "2"}))[1]["result"]["state"]["value"] == 2.0
    assert (await api("PATCH", f"{CHANGE}/{one}/task/{task}", {"state": "3"}))[0] == 400  # without a close code
    assert (await api("GET", f"{CHANGE}/{other}/task/{task}"))[0] == 404
    assert len((await api("GET", f"{CHANGE}/{one}/task"))[1]["result"]) == 1


async def test_a_task_is_closed_with_a_code_and_notes_and_stays_closed(api):
    change = await api.change()
    _, body = await api("POST", f"{TABLE}/change_task", {"short_description": "watch", "change_request": change})
    task = f"{TABLE}/change_task/{body['result']['sys_id']}"

    assert (body["result"]["state"], body["result"]["change_task_type"]) == ("1", "implementation")
    status, said = await api("PATCH", task, {"state": "3", "close_code": "successful"})
    assert (status, "Close notes" in said["error"]["detail"]) == (403, True)
    closing = {"state": "3", "close_code": "successful", "close_notes": "Seen."}
    assert (await api("PATCH", task, closing))[1]["result"]["active"] == "false"
    assert (await api("PATCH", task, {"state": "1"}))[0] == 403


async def test_cancelling_a_change_cancels_its_tasks_and_it_takes_no_more(api, instance):
    change = await api.change()
    await api("POST", f"{TABLE}/change_task", {"short_description": "watch", "change_request": change})
    await api("PATCH", f"{CHANGE}/{change}", {"state": "4"})

    assert [one["state"] for one in instance.records("change_task")] == ["4"]
    assert (await api("POST", f"{TABLE}/change_task", {"change_request": change}))[0] == 403


async def test_every_note_is_appended_and_shown_as_one_text(api, instance):
    sys_id = await api.change()
    for _ in range(2):
        await api("PATCH", f"{TABLE}/change_request/{sys_id}", {"work_notes": "twice"})

    _, body = await api(
        "GET",
        f"{TABLE}/change_request/{sys_id}",
        sysparm_display_value="true",
        sysparm_fields="work_notes,sys_mod_count",
    )

    assert body["result"]["work_notes"].count("Countersign Integration (Work notes)\ntwice\n\n") == 2
    assert body["result"]["sys_mod_count"] == "2"
    assert [row["value"] for row in instance.records("sys_journal_field")] == ["twice", "twice"]


async def test_an_incident_calculates_its_priority_and_wants_its_reasons(api):
    _, body = await api("POST", f"{TABLE}/incident", {"impact": "1", "urgency": "2", "priority": "5"})
    sys_id, path = body["result"]["sys_id"], f"{TABLE}/incident/{body['result']['sys_id']}"
    assert body["result"]["priority"] == "2"
    assert sys_id
    assert (await api("PATCH", path, {"state": "3"}))[0] == 403
    assert (await api("PATCH", path, {"state": "3", "hold_reason": "4"}))[0] == 200
    status, body = await api("PATCH", path, {"state": "6"})
    assert (status, body["error"]["message"]) == (403, "Operation Failed")
    assert (await api("PATCH", path, {"state": "6", "close_code": "x", "close_notes": "y"}))[0] == 200
    assert (await api("PATCH", path, {"state": "7"}))[1]["result"]["active"] == "false"
    assert (await api("PATCH", path, {"state": "2"}))[0] == 403


@pytest.mark.parametrize(
    ("method", "path", "headers", "data", "status", "message"),
    [
        ("GET", f"{TABLE}/no_such", {}, None, 400, "Invalid table no_such"),
        ("GET", f"{TABLE}/incident/{'0' * 32}", {}, None, 404, "No Record found"),
        ("GET", "/api/now/nothing", {}, None, 400, "Requested URI does not represent any resource"),
        ("DELETE", f"{TABLE}/incident", {}, None, 405, "Method not supported"),
        ("GET", f"{TABLE}/incident", {"Accept": "text/csv"}, None, 406, "Not Acceptable"),
        ("POST", f"{TABLE}/incident", {"Content-Type": "text/plain"}, b"x", 415, "Unsupported Media Type"),
        (
            "POST",
            f"{TABLE}/incident",
            {"Content-Type": "application/json"},
            b"{",
            400,
            "Exception while reading request",
        ),
        (
            "POST",
            f"{TABLE}/incident",
            {"Content-Type": "application/json"},
            b"[]",
            400,
            "Exception while reading request",
        ),
        (
            "POST",
            f"{TABLE}/incident",
            {"Content-Type": "application/json"},
            b"\xff",
            400,
            "Exception while reading request",
        ),
        ("POST", f"{TABLE}/sys_user", {"Content-Type": "application/json"}, b"{}", 403, "Operation Failed"),
    ],
)
async def test_errors_have_the_vendors_bodies(api, method, path, headers, data, status, message):
    async with api.session.request(method, api.url + path, headers=headers, data=data) as answer:
        body = await answer.json()
        assert (answer.status, body["error"]["message"], body["status"]) == (status, message, "failure")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Basic ???"},
        {"Authorization": "Basic eDp5"},
        {"Authorization": "Bearer x"},
        {"x-sn-apikey": "x"},
    ],
)
async def test_without_a_valid_credential_nothing_is_answered(instance, headers):
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.get(f"{instance.url}{TABLE}/incident") as answer,
    ):
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"] == 'BASIC realm="Service-now"'


async def test_the_hourly_rule_counts_and_then_refuses(api, instance):
    instance.system.configure({"rate_limit": 2})
    headers = []
    for _ in range(3):
        async with api.session.get(f"{api.url}{TABLE}/incident") as answer:
            headers.append((answer.status, answer.headers["X-RateLimit-Limit"], "Retry-After" in answer.headers))

    assert headers == [(200, "2", False), (200, "2", False), (429, "2", True)]


@pytest.mark.parametrize(
    "options",
    [
        {"nonsense": 1},
        {"rate_limit": -1},
        {"rate_limit": True},
        {"hibernating": "yes"},
        {"people": [1]},
        {"services": "x"},
        {"webhook_secret": "whsec_???"},
    ],
)
def test_a_bad_option_is_an_error_and_changes_nothing(options):
    system = create(Faults(), base_url="http://x", snapshot=None)
    before = system.snapshot()

    with pytest.raises(ValueError, match=r"option|people|services|webhook secret"):
        system.configure(options)
    assert system.snapshot() == before


async def test_people_and_services_can_be_added_and_sign_in(instance):
    instance.system.configure(
        {"people": [{"email": "ann.lee@acme.example", "name": "Ann Lee"}], "services": ["Billing"]}
    )
    headers = {"Authorization": aiohttp.encode_basic_auth("ann.lee", "sandbox")}
    async with aiohttp.ClientSession(headers=headers) as session:
        url = f"{instance.url}{TABLE}/incident"
        async with session.post(url, json={"business_service": "Billing", "caller_id": "ann.lee"}) as answer:
            row = (await answer.json())["result"]

    assert (row["sys_created_by"], row["business_service"]["value"] != "") == ("ann.lee", True)


async def test_a_restart_keeps_everything(api, instance):
    sys_id = await api.change(correlation_id="kept")
    await api.move(sys_id, state="-4", work_notes="hello")
    saved = json.loads(json.dumps(instance.system.snapshot()))

    again = create(Faults(), base_url=instance.url, snapshot=saved)

    assert again.records(None) == instance.system.records(None)


async def test_the_control_surface_names_what_it_does_not_have(instance):
    with pytest.raises(ControlError, match="no table 'change'"):
        instance.system.records("change")
    with pytest.raises(LookupError):
        await instance.system.edit("change_request", "CHG0", {"state": "4"})
    number = instance.records("change_request")[0]["number"]
    with pytest.raises(ValueError, match="has no field colour"):
        await instance.system.edit("change_request", number, {"colour": "red"})
    with pytest.raises(ValueError, match="cannot be moved to state"):
        await instance.system.edit("change_request", number, {"state": "New"})


async def test_a_record_has_a_page_for_people_under_the_vendors_address(api, instance):
    sys_id = await api.change(short_description="<script>alert(1)</script> create agent")
    await api.move(sys_id, state="-4", work_notes="see <b>this</b>")
    instance.fail(Fault.DOWN)  # meant for programs: people's pages stay up
    async with (
        aiohttp.ClientSession() as browser,
        browser.get(f"{instance.url}/nav_to.do?uri=change_request.do?sys_id={sys_id}") as answer,
    ):
        page = await answer.text()

    assert (answer.status, instance.met()) == (200, 0)
    assert "&lt;script&gt;alert(1)&lt;/script&gt; create agent" in page
    assert "<script>" not in page
    assert "see &lt;b&gt;this&lt;/b&gt;" in page
    assert '<li class="here">Assess</li>' in page
    assert "Luke Wilson" in page


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/change_request_list.do", 200),
        ("/nav_to.do?uri=incident_list.do", 200),
        ("/sys_user_list.do", 200),
        ("/sys_user.do?sys_id=Beth%20Anglin", 200),
        ("/nav_to.do", 404),
        ("/nav_to.do?uri=change_request.do?sys_id=x", 404),
        ("/nonsense_list.do", 404),
    ],
)
async def test_every_page_answers_or_says_what_is_missing(instance, path, status):
    async with aiohttp.ClientSession() as browser, browser.get(f"{instance.url}{path}") as answer:
        assert (answer.status, answer.content_type) == (status, "text/html")
