"""The simulator over plain HTTP: sign-in, entries, queries, files, errors, as the vendor's pages have them."""

from __future__ import annotations

import base64
import json

import aiohttp
import pytest

from tests.contract.sandbox_remedy.conftest import CHANGE, CHANGE_CREATE, INCIDENT, INCIDENT_CREATE, change_values


async def test_signing_in_answers_a_bare_token_as_text(api):
    status, token = await api.login()
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))

    assert (status, api.headers["Content-Type"].partition(";")[0]) == (200, "text/plain")
    assert (claims["sub"], claims["exp"] - claims["iat"], claims["iat"] - claims["nbf"]) == ("countersign", 3600, 120)


@pytest.mark.parametrize(
    ("user", "password"), [("countersign", "wrong"), ("countersign", ""), ("nobody", "sandbox"), ("", "")]
)
async def test_a_wrong_password_is_401_in_the_vendors_words(api, user, password):
    status, text = await api.login(user, password)

    assert (status, json.loads(text)) == (401, [
        {"messageType": "ERROR", "messageText": "Authentication failed", "messageAppendedText": user or None, "messageNumber": 623}
    ])  # fmt: skip


async def test_a_token_is_no_bearer_and_ends_with_signing_out(api, instance):
    async def ask(scheme: str) -> int:
        headers = {"Authorization": f"{scheme} {api.token}"}
        async with api.session.get(f"{instance.url}/api/arsys/v1/entry/CTM:People", headers=headers) as answer:
            return answer.status

    assert [await ask("Bearer"), await ask("AR-JWT")] == [401, 200]
    headers = {"Authorization": f"AR-JWT {api.token}"}
    async with api.session.post(f"{instance.url}/api/jwt/logout", headers=headers) as answer:
        assert answer.status == 204
    assert await ask("AR-JWT") == 401


async def test_a_token_lives_as_long_as_the_server_says(api, instance):
    instance.system.configure({"token_lifetime_s": 0})
    _, api.token = await api.login()

    assert (await api.entry("GET", "CTM:People"))[0] == 401


async def test_licences_that_are_not_given_back_run_out(api, instance):
    instance.system.configure({"floating_licences": 2})

    assert (await api.login())[0] == 200
    status, text = await api.login()
    assert (status, json.loads(text)[0]["messageNumber"]) == (403, 9093)


async def test_creation_answers_201_with_a_place_and_no_body(api, instance):
    status, body = await api.entry("POST", CHANGE_CREATE, values=change_values())

    assert (status, body) == (201, None)
    assert api.headers["Location"].startswith(f"{instance.url}/api/arsys/v1/entry/CHG%3AChangeInterface_Create/")


async def test_creation_answers_the_fields_asked_for(api):
    fields = "values(Infrastructure Change Id,Change_Entry_ID,Create Date)"
    status, body = await api.entry("POST", CHANGE_CREATE, values=change_values(), fields=fields)

    assert (status, body["values"]["Infrastructure Change Id"]) == (201, "CRQ000000000102")
    assert body["values"]["Change_Entry_ID"] == "CRQ000000000102"
    assert body["values"]["Create Date"].endswith(".000+0000")


async def test_the_staging_id_is_not_the_incidents_number_nor_its_request_id(api):
    _, body = await api.entry("POST", INCIDENT_CREATE, values={
        "First_Name": "Bob", "Last_Name": "Baxter", "Description": "x", "Impact": 1000, "Urgency": "1-Critical",
        "Status": "New", "Reported Source": "Other", "Service_Type": "User Service Request"}, fields="values(Request ID,Incident Number)")  # fmt: skip
    number = body["values"]["Incident Number"]
    (found,) = await api.find(INCIDENT, f"'Incident Number' = \"{number}\"")

    assert number == "INC000000000201"
    assert found["Request ID"] == "INC000000000101|INC000000000101"
    assert body["values"]["Request ID"] not in {number, found["Request ID"]}


async def test_an_entry_is_read_by_the_id_of_its_join(api, instance):
    number = await api.change()

    status, body = await api.entry(
        "GET", CHANGE, f"{number}|{number}", fields="values(Change Request Status,7,Priority)"
    )
    assert (status, body["values"]) == (200, {"Change Request Status": "Draft", "7": "Draft", "Priority": "Medium"})
    assert body["_links"]["self"][0]["href"].endswith(f"/{number}%7C{number}")
    assert (await api.entry("GET", CHANGE, number))[0] == 404
    assert (await api.entry("GET", "CHG:Infrastructure Change", number))[0] == 200


async def test_an_update_answers_204_and_keeps_what_was_not_sent(api):
    number = await api.change(Vendor_Ticket_Number="REQ-1")

    assert await api.entry("PUT", CHANGE, f"{number}|{number}", {"Description": "new"}) == (204, None)
    _, body = await api.entry("GET", CHANGE, f"{number}|{number}")
    assert (body["values"]["Description"], body["values"]["Vendor Ticket Number"]) == ("new", "REQ-1")
    assert body["values"]["Last Modified By"] == "countersign"


@pytest.mark.parametrize(
    ("changed", "status", "number", "appended"),
    [
        ({"Colour": "red"}, 400, 314, "CHG:ChangeInterface_Create : <Colour>"),
        ({"Impact": None}, 400, 307, "CHG:ChangeInterface_Create : <Impact>"),
        ({"Impact": "9-Cosmic"}, 400, 306, "CHG:ChangeInterface_Create : <Impact> : 9-Cosmic"),
        ({"Description": "x" * 101}, 400, 559, "CHG:ChangeInterface_Create : <Description> (Maximum length is 100)"),
        ({"Scheduled Start Date": "soon"}, 400, 306, "CHG:ChangeInterface_Create : <Scheduled Start Date> : soon"),
        ({"First Name": "Nobody"}, 500, 45386, "Nobody Allbrook"),
    ],
)
async def test_a_refused_value_is_named_with_the_vendors_number(api, instance, changed, status, number, appended):
    before = len(instance.system.records("change"))
    answer, body = await api.entry("POST", CHANGE_CREATE, values={**change_values(), **changed})

    assert (answer, body[0]["messageType"], body[0]["messageNumber"], body[0]["messageAppendedText"]) == (
        status, "ERROR", number, appended,
    )  # fmt: skip
    assert len(instance.system.records("change")) == before


async def test_a_required_field_cannot_be_emptied(api):
    number = await api.change()

    status, body = await api.entry("PUT", CHANGE, f"{number}|{number}", {"Description": None})

    assert (status, body[0]["messageNumber"]) == (500, 326)


async def test_a_note_may_stand_before_the_error(api, instance):
    instance.system.configure({"note_before_errors": True})

    _, body = await api.entry("POST", CHANGE_CREATE, values=change_values(Impact="9-Cosmic"))

    assert [one["messageType"] for one in body] == ["NOTE", "ERROR"]


@pytest.mark.parametrize(
    ("form", "id_", "status", "number"),
    [
        (CHANGE, "CRQ000000000999|CRQ000000000999", 404, 302),
        ("CHG:Nothing", "", 404, 303),
        (CHANGE, "CRQ0000000000000000999", 400, 101),
    ],
)
async def test_what_is_not_there_has_its_number(api, form, id_, status, number):
    answer, body = await api.entry("GET", form, id_)

    assert (answer, body[0]["messageNumber"]) == (status, number)


async def test_only_an_administrator_deletes_and_keeps_the_people(api):
    number = await api.change()
    demo = await api.as_person("Demo")

    assert (await api.entry("DELETE", CHANGE, f"{number}|{number}"))[0] == 403
    assert (await api.entry("POST", "CTM:People", values={"First Name": "A", "Last Name": "B", "Company": "C"}))[
        0
    ] == 403
    assert (await demo.entry("DELETE", CHANGE, f"{number}|{number}", options="NONE"))[0] == 204
    assert (await api.entry("GET", CHANGE, f"{number}|{number}"))[0] == 404


async def test_a_query_is_paged_with_links_to_the_neighbours(api):
    numbers = [await api.change() for _ in range(5)]
    q, fields = "'Submitter' = $USER$", "values(Infrastructure Change ID)"

    _, body = await api.entry(
        "GET", CHANGE, q=q, fields=fields, sort="Infrastructure Change ID.desc", limit="2", offset="2"
    )

    assert [one["values"]["Infrastructure Change ID"] for one in body["entries"]] == numbers[::-1][2:4]
    assert sorted(body["_links"]) == ["next", "prev"]
    path = body["_links"]["next"][0]["href"].partition("/api/arsys/v1/")[2]
    async with api.session.get(
        body["_links"]["next"][0]["href"], headers={"Authorization": f"AR-JWT {api.token}"}
    ) as answer:
        last = await answer.json()
    assert path.startswith("entry/CHG%3AChangeInterface?")
    assert [one["values"]["Infrastructure Change ID"] for one in last["entries"]] == [numbers[0]]
    assert await api.entry("GET", CHANGE, q="'Description' = \"none\"") == (200, {"entries": []})


async def test_the_server_cuts_long_answers(api, instance):
    for _ in range(3):
        await api.change()
    instance.system.configure({"max_entries_per_query": 2})

    _, body = await api.entry("GET", CHANGE, limit="100")

    assert (len(body["entries"]), "next" in body["_links"]) == (2, True)


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("'Vendor Ticket Number' = \"REQ-1\"", ["first"]),
        ("'Vendor Ticket Number' LIKE \"REQ-%\"", ["first", "second"]),
        ("'Vendor Ticket Number' LIKE \"REQ-[2-9]\"", ["second"]),
        ("'1000000652' != \"REQ-1\"", ["second"]),
        ("'Vendor Ticket Number' = $NULL$ AND 'Submitter' = $USER$", ["third"]),
        ("'Vendor Ticket Number' != $NULL$", ["first", "second"]),
        ("'Risk Level' > \"Risk Level 3\"", ["second"]),
        ("'Risk Level' >= 4000", ["second"]),
        ("'7' = 0 AND ('Description' = \"first\" OR 'Description' = \"third\")", ["first", "third"]),
        ("NOT 'Description' = \"first\" && 'Submitter' = \"countersign\"", ["second", "third"]),
        ('\'Description\' = "say ""hi"""', []),
        ("'Last Modified Date' > $TIMESTAMP$ - (60 * 60) AND 'Submitter' = $USER$", ["first", "second", "third"]),
        ("'Last Modified Date' >= \"01/31/2099 10:00:00 AM\"", []),
    ],
)
async def test_a_qualification_finds(api, q, found):
    await api.change(Description="first", Vendor_Ticket_Number="REQ-1")
    await api.change(Description="second", Vendor_Ticket_Number="REQ-2", Risk_Level="Risk Level 4")
    await api.change(Description="third")

    assert [one["Description"] for one in await api.find(CHANGE, q, sort="Infrastructure Change ID")] == found


@pytest.mark.parametrize(
    ("q", "number"),
    [("'Colour' = \"red\"", 314), ("'Description' = ", 1587), ('Description = "x"', 1587), ("'7' = $EVER$", 1587)],
)
async def test_a_bad_qualification_is_refused(api, q, number):
    status, body = await api.entry("GET", CHANGE, q=q)

    assert (status, body[0]["messageNumber"]) == (400, number)


async def test_a_target_appears_a_little_after_its_201(api, instance):
    instance.system.configure({"create_lag_s": 600})
    number = await api.change(Vendor_Ticket_Number="REQ-9")

    assert await api.find(CHANGE, "'Vendor Ticket Number' = \"REQ-9\"") == []
    assert (await api.entry("GET", CHANGE, f"{number}|{number}"))[0] == 404
    assert instance.one("change", number)["Vendor Ticket Number"] == "REQ-9"


async def test_a_work_log_takes_files(api, instance):
    number = await api.incident()
    entry = {"values": {"Incident Number": number, "Detailed Description": "See the file.", "View Access": "Public"}}
    form = aiohttp.FormData()
    form.add_field("entry", json.dumps(entry), content_type="application/json")
    form.add_field(
        "attach-z2AF Work Log01", b"evidence", filename="evidence.txt", content_type="application/octet-stream"
    )
    headers = {"Authorization": f"AR-JWT {api.token}"}
    async with api.session.post(f"{instance.url}/api/arsys/v1/entry/HPD:WorkLog", data=form, headers=headers) as answer:
        assert answer.status == 201
        place = answer.headers["Location"]
    async with api.session.get(place, headers=headers) as answer:
        file = (await answer.json())["values"]["z2AF Work Log01"]
    async with api.session.get(file["href"], headers=headers) as answer:
        content = await answer.read()

    assert (file["name"], file["sizeBytes"], content) == ("evidence.txt", 8, b"evidence")
    assert instance.one("incident", number)["worklog"][0]["public"] is True


async def test_merging_creates_or_updates_one_entry(api, instance):
    renamed = {"Status": "Change Request Status", "Timing": "Change Timing"}
    values = {renamed.get(name, name): one for name, one in change_values().items() if name != "z1D_Action"}

    async def merge(kind: str, text: str) -> tuple[int, int | None]:
        body = {
            "values": {**values, "Vendor Ticket Number": "REQ-5", "Description": text},
            "mergeOptions": {"mergeType": kind},
            "qualification": "'Vendor Ticket Number' = \"REQ-5\"",
        }
        status, answer = await api("POST", "mergeEntry/CHG%3AInfrastructure%20Change", body)
        return status, answer[0]["messageNumber"] if answer else None

    assert await merge("DUP_MERGE", "first") == (201, None)
    assert await merge("DUP_MERGE", "second") == (201, None)
    assert await merge("DUP_ERROR", "third") == (400, 382)
    assert [one["Description"] for one in instance.system.records("change") if one["Vendor Ticket Number"]] == [
        "second"
    ]


async def test_forms_describe_their_fields(api):
    status, body = await api("OPTIONS", "entry/HPD%3AIncidentInterface")
    _, fields = await api("GET", "fields/HPD%3AIncidentInterface")

    assert status == 200
    assert body["fields"]["Detailed Decription"]["datatype"] == "CHAR"
    assert body["fields"]["Status"]["limit"]["enum_limits"][4] == {"id": 4, "label": "Resolved"}
    assert {one["name"] for one in fields} == set(body["fields"])


async def test_people_are_looked_up_by_address(api):
    found = await api.find(
        "CTM:People", "'Internet E-mail' = \"mary.mann@example.com\"", fields="values(Remedy Login ID,Full Name)"
    )

    assert found == [{"Remedy Login ID": "Mary", "Full Name": "Mary Mann"}]


async def test_a_body_that_is_no_entry_is_refused(api):
    assert (await api("POST", "entry/CHG%3AChangeInterface_Create", {"Description": "x"}))[0] == 400
    assert (await api("POST", "entry/CHG%3AChangeInterface_Create", [1]))[0] == 400
    assert (await api("GET", "nothing"))[0] == 404
