"""`countersign connector try` with a connected system: what would be sent, by configuration alone."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli
from app.dry_run import dry_run
from config.load import load_settings
from connectors.itsm.base import Health
from connectors.itsm.trying import read_operation
from core.deliveries import Asked
from core.errors import InvalidInput, NotFound
from tests.contract.itsm.servicenow_bench import servicenow_bench

pytestmark = pytest.mark.row("N1", "N6")


@pytest.fixture
async def bench():
    async with servicenow_bench() as running:
        yield running


@pytest.fixture
def config(bench, tmp_path):
    """Two tenants on the simulated instance, one with a mapping."""
    known = bench.system.describe()
    (tmp_path / "map.yaml").write_text('fields: {justification: "{request.reference} in {resource.environment}"}\n')
    section = f"""
  - url: {bench.url}
    user: {known["user"]}
    password: {known["password"]}
    tenant: """
    file = tmp_path / "countersign.yaml"
    file.write_text(f"servicenow:{section}acme\n    mapping: map.yaml{section}globex\n")
    return file


def path(call):
    """The address without what pysnow adds to every call."""
    return call["url"].partition("?")[0]


async def tried(config, operation, slug="servicenow", *, tenant="", ticket="", given=()):
    asked = Asked(read_operation(operation), ticket=ticket, given=given)
    return await asyncio.to_thread(dry_run, load_settings(config=config, environ={}), slug, asked, tenant=tenant)


async def test_made_up_facts_go_through_the_tenants_mapping(bench, config):
    given = ("resource.environment=production", "requester_email=a@b.example")

    found = await tried(config, "create", tenant="acme", given=given)

    (call,) = found["calls"]
    assert (call["method"], path(call)) == ("POST", f"{bench.url}/api/sn_chg_rest/change/normal")
    assert call["body"]["justification"] == "REQ-1042 in production"
    assert bench.system.describe()["password"] not in json.dumps(found)
    assert bench.system.records("change_request")[1:] == []  # the history that the instance begins with


async def test_the_other_tenant_has_no_mapping(config):
    (call,) = (await tried(config, "create", tenant="globex"))["calls"]

    assert call["body"]["justification"] == "Reads invoices and books them."


async def test_an_update_of_a_named_ticket_shows_its_note_and_says_that_more_may_follow(bench, config):
    (change,) = bench.system.records("change_request")
    ticket = change["sys_id"]

    found = await tried(config, "update", tenant="acme", ticket=ticket, given=("target=closed", "by=Ann Lee"))

    assert [path(call) for call in found["calls"]] == [f"{bench.url}/api/now/table/change_request/{ticket}"]
    assert found["calls"][0]["body"]["work_notes"].startswith("REQ-1042: closed")


async def test_the_command_prints_method_address_headers_and_body_with_secrets_struck_out(bench, config):
    asked = ["connector", "try", "servicenow", "create", "--tenant", "acme", "--config", str(config)]

    shown = await asyncio.to_thread(CliRunner().invoke, cli, asked)
    as_json = await asyncio.to_thread(CliRunner().invoke, cli, [*asked, "--json"])

    lines = shown.output.splitlines()
    assert lines[0].startswith(f"POST {bench.url}/api/sn_chg_rest/change/normal?")
    assert "Authorization: ***" in lines
    assert '  "justification": "REQ-1042 in ",' in lines
    assert json.loads(as_json.output)["calls"][0]["method"] == "POST"


@pytest.mark.parametrize(
    ("slug", "operation", "asked", "kind", "message"),
    [
        ("servicenow", "create", {}, NotFound, "'servicenow' is connected for several tenants."),
        ("servicenow", "create", {"tenant": "acne"}, NotFound, "'servicenow' is not connected for 'acne'."),
        ("servicenov", "create", {}, NotFound, "Did you mean 'servicenow'?"),
        ("servicenow", "crate", {"tenant": "acme"}, InvalidInput, "There is no operation 'crate'."),
        ("servicenow", "update", {"tenant": "acme"}, InvalidInput, "There is no ticket to update"),
        ("servicenow", "create", {"tenant": "acme", "given": ("risk",)}, InvalidInput, "it reads name=value"),
        ("servicenow", "create", {"tenant": "acme", "given": ("risk.levle=low",)}, InvalidInput, "'risk.level'?"),
        ("servicenow", "create", {"tenant": "acme", "given": ("kind=chance",)}, InvalidInput, "Did you mean 'change'?"),
        (
            "servicenow",
            "update",
            {"tenant": "acme", "ticket": "x", "given": ("target=closd",)},
            InvalidInput,
            "'closed'?",
        ),
    ],
)
async def test_what_cannot_be_tried_is_named(config, slug, operation, asked, kind, message):
    with pytest.raises(kind) as refused:
        await tried(config, operation, slug, **asked)

    assert message in refused.value.message


DOCS = Path(__file__).parents[3] / "docs" / "connectors" / "mapping.md"
EXAMPLE = re.search(r"```yaml\n(# servicenow-mapping\.yaml\n.*?)```", DOCS.read_text(), re.DOTALL)[1]


async def test_the_documented_mapping_fits_a_base_system_but_for_its_own_state(bench):
    connected = bench.connect(mapping=bench.map(EXAMPLE))
    result = await connected.check()
    await connected.close()

    mapped = [one for one in result.findings if one.subject.startswith("Mapped")]
    assert [one.subject for one in mapped if one.health is not Health.OK] == ["Mapped state 11 of incident"]
    assert {"Mapped field test_plan of change_request", "Mapped person fred.luddy"} <= {one.subject for one in mapped}


async def test_without_a_look_into_the_dictionary_the_doctor_says_what_it_cannot_tell(bench):
    bench.system.configure({"hidden_fields": ["read_only"]})
    connected = bench.connect(mapping=bench.map("kinds: {change: {fields: {risk: '2', u_nowhere: x}}}"))
    result = await connected.check()
    await connected.close()

    found = {one.subject: one.health for one in result.findings if one.subject.startswith("Mapped")}
    assert found == {
        "Mapped field risk of change_request": Health.WARNING,
        "Mapped field u_nowhere of change_request": Health.FAILED,
    }
