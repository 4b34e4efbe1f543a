"""Which ticket systems the settings connect."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any, cast

import pytest

from app.container import Service
from app.tickets import connect_tickets, connected_systems, distinct_titles
from config.errors import SettingsError
from config.load import load_settings
from connectors.itsm.custom import Custom
from connectors.itsm.remedy import Remedy
from core.clock import SystemClock
from core.db import Database
from core.errors import ConfigError
from core.named_tickets import Desks

REMEDY = {
    "COUNTERSIGN_REMEDY__URL": "https://remedy.example.com",
    "COUNTERSIGN_REMEDY__USER": "countersign",
    "COUNTERSIGN_REMEDY__PASSWORD": "pw",
    "COUNTERSIGN_REMEDY__TENANT": "acme",
    "COUNTERSIGN_REMEDY__COMPANY": "Calbro Services",
    "COUNTERSIGN_REMEDY__FIRST_NAME": "Countersign",
    "COUNTERSIGN_REMEDY__LAST_NAME": "Integration",
}


def test_nothing_is_connected_by_default():
    assert connected_systems(load_settings(environ={})) == ()


def test_tenants_with_an_instance_each_share_one_subscription(tmp_path):
    sections = "".join(
        f"  - {{url: 'https://{tenant}.service-now.com', user: u, password: p, tenant: {tenant}}}\n"
        for tenant in ("acme", "globex")
    )
    (tmp_path / "countersign.yaml").write_text(f"servicenow:\n{sections}")
    settings = load_settings(config=tmp_path / "countersign.yaml", environ={})
    service = _service(settings)

    connect_tickets(service)

    assert [one.name for one in service.subscriptions] == ["servicenow", "servicenow_automation"]
    assert distinct_titles(connected_systems(settings)) == ("ServiceNow of acme", "ServiceNow of globex")
    assert [(one.name, one.tenant) for one in service.connected.connections] == [
        ("servicenow", "acme"),
        ("servicenow", "globex"),
    ]
    assert [(one.slug, one.tenant) for one in service.inboxes] == [("servicenow", "acme"), ("servicenow", "globex")]
    asyncio.run(_close(service.closers))


async def _close(closers):
    for close in closers:
        await close()


def _service(settings):
    """A service as far as connecting needs one; nothing is opened."""
    clock, none = SystemClock(), cast("Any", None)
    database = Database("postgresql://nobody@127.0.0.1:1/none", clock=clock, address="https://x.example.com")
    return Service(
        settings,
        clock,
        database,
        **dict.fromkeys(
            (
                "catalogue",
                "changes",
                "sla",
                "sampler",
                "rates",
                "usage",
                "budgets",
                "spending",
                "issuer",
                "gate",
                "listener",
            ),
            none,
        ),
        desks=Desks(),
    )


def test_a_mapping_file_is_read_with_its_connection(tmp_path):
    (tmp_path / "map.yaml").write_text("feilds: {}\n")
    section = "servicenow: {url: 'https://x.example.com', user: u, password: p, tenant: acme, mapping: map.yaml}\n"
    (tmp_path / "countersign.yaml").write_text(section)

    with pytest.raises(ConfigError, match="Did you mean 'fields'") as refused:
        connected_systems(load_settings(config=tmp_path / "countersign.yaml", environ={}))
    assert (refused.value.file, refused.value.line) == (str(tmp_path / "map.yaml"), 1)


def test_remedy_is_connected_once_its_section_is_filled():
    (found,) = connected_systems(load_settings(environ=REMEDY))

    assert (found.slug, found.title, found.tenant) == ("remedy", "BMC Remedy", "acme")
    assert distinct_titles((found,)) == ("BMC Remedy",)
    assert isinstance(found.system, Remedy)
    asyncio.run(found.system.close())


DOCS = Path(__file__).parents[3] / "docs" / "connectors" / "custom.md"
DESK = re.search(r"```yaml\n(# desk\.yaml\n.*?)```", DOCS.read_text(), re.DOTALL)[1]


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A configuration beside the desk's file, and its secrets."""
    for name in ("DESK_TOKEN", "DESK_WEBHOOK_SECRET"):
        monkeypatch.setenv(name, "x")
    (tmp_path / "desk.yaml").write_text(DESK)
    file = tmp_path / "countersign.yaml"
    file.write_text("itsm:\n  - slug: desk\n    tenant: acme\n    file: desk.yaml\n")
    return file


def test_a_declared_system_is_connected_by_the_name_and_beside_the_file_that_names_it(config):
    (found,) = connected_systems(load_settings(config=config, environ={}))

    assert (found.slug, found.title, found.tenant) == ("desk", "Ticket desk", "acme")
    assert isinstance(found.system, Custom)
    asyncio.run(found.system.close())


@pytest.mark.row("N3", "X8")
def test_a_mapping_that_names_what_the_declared_file_does_not_stops_with_its_place(config):
    (config.parent / "map.yaml").write_text("fields:\n  nosuch: '{request.reference}'\n")
    config.write_text(config.read_text() + "    mapping: map.yaml\n")

    with pytest.raises(ConfigError, match="declares no field 'nosuch'") as refused:
        connected_systems(load_settings(config=config, environ={}))
    assert (refused.value.file, refused.value.line) == (str(config.parent / "map.yaml"), 2)
    assert refused.value.accepted == ("reason", "cost_centre")


def test_a_mistake_in_the_declared_file_stops_with_its_place(config):
    (config.parent / "desk.yaml").write_text(DESK.replace("kind: bearer", "kind: x"))

    with pytest.raises(ConfigError, match="'x' is not accepted here") as refused:
        connected_systems(load_settings(config=config, environ={}))
    assert (refused.value.file, refused.value.key) == (str(config.parent / "desk.yaml"), "auth.kind")


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "message"),
    [
        ("slug: desk", "slug: jira", 2, "itsm.0.slug", "'jira' is the name of a system that is built in; choose another."),
        ("file: desk.yaml", "file: nowhere.yaml", 4, "itsm.0.file", "There is no file '{folder}/nowhere.yaml'."),
        ("tenant: acme", "tenant: Acme", 3, "itsm",
         "This value cannot be used: a tenant id has up to 63 lower-case letters, digits and hyphens."),
        ("    file: desk.yaml\n", "    file: desk.yaml\n  - {slug: desk, tenant: acme, file: desk.yaml}\n", 2,
         "itsm.0.slug", "'desk' is given twice for 'acme'."),
    ],
)  # fmt: skip
def test_a_mistake_in_the_list_is_named_with_its_line(config, old, new, line, key, message):
    config.write_text(config.read_text().replace(old, new))

    with pytest.raises(SettingsError) as refused:
        load_settings(config=config, environ={})
    assert (refused.value.line, refused.value.key) == (line, key)
    assert refused.value.message == message.format(folder=config.parent)
