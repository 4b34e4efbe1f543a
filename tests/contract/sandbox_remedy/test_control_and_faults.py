"""The control surface of the simulated Remedy: records, a person's edits, webhooks, restarts, faults, pages."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time

import aiohttp
import pytest
from aiohttp import web

from sandbox.faults import Fault
from sandbox.server import shipped
from sandbox.system import ControlError
from tests.contract.sandbox_remedy.conftest import CHANGE, CHANGE_CREATE, change_values, serving

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


@pytest.fixture
async def listener():
    heard: list[tuple[dict[str, str], bytes, dict]] = []

    async def take(request: web.Request) -> web.Response:
        heard.append((dict(request.headers), await request.read(), await request.json()))
        return web.Response()

    app = web.Application()
    app.router.add_post("/hook", take)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook", heard
    await runner.cleanup()


def test_the_sandbox_ships_it():
    assert "remedy" in shipped()


async def test_a_record_shows_labels_work_log_and_history(api, instance):
    number = await api.change(Vendor_Ticket_Number="REQ-1")
    await api.move(number, "Request For Authorization")

    record = instance.one("change", number)

    assert (record["type"], record["Change Request Status"], record["Vendor Ticket Number"]) == (
        "CHG:Infrastructure Change", "Request For Authorization", "REQ-1",
    )  # fmt: skip
    assert record["approvals"] == [
        {
            "id": record["approvals"][0]["id"],
            "phase": "Review",
            "approver": "Mary",
            "status": "Pending",
            "justification": None,
        }
    ]
    moves = [
        one["fields"]["Change Request Status"] for one in record["history"] if "Change Request Status" in one["fields"]
    ]
    assert moves == [[None, "Draft"], ["Draft", "Request For Authorization"]]
    assert number in [one["number"] for one in instance.system.records(CHANGE)]
    with pytest.raises(ControlError, match="There is no form 'epic' here"):
        instance.system.records("epic")


async def test_a_person_edits_logs_and_moves_and_the_filter_tells(api, instance, listener):
    url, heard = listener
    number = await api.change()
    instance.system.configure({"webhook_url": url, "webhook_secret": SECRET})

    record = await instance.system.edit(
        "change", number, {"by": "Allen", "status": "Request For Authorization", "comment": "Please look."}
    )

    assert (record["Change Request Status"], record["worklog"][0]["text"], record["Last Modified By"]) == (
        "Request For Authorization", "Please look.", "Allen",
    )  # fmt: skip
    forms = [body["form"] for _, _, body in heard]
    assert {"CHG:Infrastructure Change", "CHG:WorkLog", "AP:Signature"} == set(forms)
    headers, raw, body = next(one for one in heard if "Change Request Status" in one[2]["changes"])
    assert body["changes"]["Change Request Status"] == {"old": "Draft", "new": "Request For Authorization"}
    assert (body["number"], body["last_modified_by"]) == (number, "Allen")
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + raw
    digest = hmac.new(base64.b64decode(SECRET.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


async def test_the_filter_is_silent_about_the_integration_unless_asked(api, instance, listener):
    url, heard = listener
    instance.system.configure({"webhook_url": url})
    number = await api.change()
    await instance.system.edit("change", number, {"Reason For Change": "x"})
    assert {body["last_modified_by"] for _, _, body in heard} == {"Mary"}

    instance.system.configure({"webhook_all": True})
    await api.move(number, "Request For Authorization")
    await instance.system.edit("change", number, {"Reason For Change": "y"})
    assert "countersign" in {body["last_modified_by"] for _, _, body in heard}


async def test_a_person_approves_or_rejects(api, instance):
    first, second = await api.change(), await api.change()
    for number in (first, second):
        await api.move(number, "Request For Authorization")

    approved = await instance.system.edit("change", first, {"approval": "approve"})
    rejected = await instance.system.edit("change", second, {"approval": "reject", "by": "mary.mann@example.com"})

    assert (approved["Change Request Status"], rejected["Change Request Status"]) == (
        "Planning In Progress",
        "Rejected",
    )
    with pytest.raises(ValueError, match="waits for no approval"):
        await instance.system.edit("change", first, {"approval": "approve"})


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"status": "Completed"}, "The status cannot be changed from Draft to Completed"),
        ({"Colour": "red"}, "Field does not exist on current form"),
        ({"by": "nobody", "Description": "x"}, "There is nobody here called 'nobody'"),
        ({"approval": "perhaps"}, "`approval` must be approve or reject"),
    ],
)
async def test_what_a_person_cannot_do_is_said_and_changes_nothing(api, instance, fields, said):
    number = await api.change()
    before = instance.one("change", number)

    with pytest.raises(ValueError, match=said):
        await instance.system.edit("change", number, fields)

    assert instance.one("change", number) == before


async def test_an_unknown_record_cannot_be_edited(instance):
    with pytest.raises(LookupError, match="CRQ999"):
        await instance.system.edit("change", "CRQ999", {"Description": "x"})


async def test_everything_survives_a_restart(api, instance):
    number = await api.change()
    await api.move(number, "Request For Authorization")
    await api.incident()
    instance.system.configure({"webhook_all": True, "people": [{"email": "kim@example.com", "name": "Kim Lee"}]})
    records = instance.system.records(None)

    async with serving(instance.system.snapshot()) as again:
        assert again.system.records(None) == [
            {**one, "page": one["page"].replace(instance.url, again.url)} if "page" in one else one for one in records
        ]
        assert again.system.records("person")[-1]["Full Name"] == "Kim Lee"
        assert again.system.snapshot()["options"]["webhook_all"] is True
        await again.system.reset()
        assert len(again.system.records("change")) == 1


@pytest.mark.parametrize(
    "options", [{"nonsense": 1}, {"token_lifetime_s": -1}, {"people": ["x"]}, {"webhook_secret": "??"}]
)
async def test_an_unknown_option_or_value_is_refused(instance, options):
    with pytest.raises(ValueError, match="option|people|base64"):
        instance.system.configure(options)


async def test_injected_limits_and_failures_have_the_vendors_shape(api, instance):
    instance.fail(Fault.RATE_LIMITED, retry_after=7)
    instance.fail(Fault.SERVER_ERROR)
    instance.fail(Fault.BAD_JSON)

    status, _ = await api.entry("GET", "CTM:People")
    assert (status, api.headers["Retry-After"]) == (429, "7")
    status, body = await api.entry("GET", "CTM:People")
    assert (status, body[0]["messageNumber"]) == (500, 92)
    status, body = await api.entry("GET", "CTM:People")
    assert (status, body[:15]) == (200, b"<!DOCTYPE html>")
    assert (await api.entry("GET", "CTM:People"))[0] == 200


async def test_silence_comes_before_or_after_the_effect(api, instance):
    before = len(instance.system.records("change"))

    async def lost() -> None:
        url = f"{instance.url}/api/arsys/v1/entry/{CHANGE_CREATE}"
        headers = {"Authorization": f"AR-JWT {api.token}"}
        timeout = aiohttp.ClientTimeout(total=0.3)
        await api.session.post(url, json={"values": change_values()}, headers=headers, timeout=timeout)

    instance.fail(Fault.TIMEOUT)
    with pytest.raises(asyncio.TimeoutError):
        await lost()
    assert len(instance.system.records("change")) == before

    instance.fail(Fault.COMMIT_THEN_TIMEOUT)
    with pytest.raises(asyncio.TimeoutError):
        await lost()
    assert len(instance.system.records("change")) == before + 1


async def test_down_and_slow_are_felt_and_pages_for_people_stay_up(api, instance):
    instance.fail(Fault.DOWN, match="/api/jwt/login")
    async with api.session.get(f"{instance.url}/arsys/home") as page:
        assert page.status == 200
    with pytest.raises(aiohttp.ClientError):
        await api.login()

    instance.fail(Fault.SLOW, retry_after=0.2)
    began = time.monotonic()
    assert (await api.entry("GET", "CTM:People"))[0] == 200
    assert time.monotonic() - began >= 0.2
    assert sum(one["met"] for one in instance.faults.listing()) == 2


async def test_pages_show_records_to_people_and_escape_their_words(api, instance):
    number = await api.change(Description="<script>alert(1)</script>", Detailed_Description="Why not?")
    await api.move(number, "Request For Authorization")
    await api.incident()

    async with api.session.get(instance.one("change", number)["page"]) as answer:
        page = await answer.text()
    for form in ("CHG:ChangeInterface", "HPD:IncidentInterface", "AP:Signature", "CTM:People", "CTM:Support Group"):
        async with api.session.get(f"{instance.url}/arsys/servlet/ViewFormServlet", params={"form": form}) as answer:
            assert answer.status == 200
            page += await answer.text()

    assert "<script>" not in page
    assert "Why not?" in page
    async with api.session.get(f"{instance.url}/arsys/servlet/ViewFormServlet", params={"form": "x"}) as answer:
        assert answer.status == 404
