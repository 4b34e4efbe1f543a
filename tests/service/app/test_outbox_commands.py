"""`countersign outbox`: what its commands find and change in a database as it is set (N6)."""

from __future__ import annotations

import asyncio

import pytest
import yaml
from typer.testing import CliRunner

from app.cli import cli
from core.db.migrate import derived_app_url
from core.outbox import Dispatcher, Permanent, Subscription
from tests.service.core.test_outbox import happen, listed, settled, until

pytestmark = pytest.mark.row("N6")


@pytest.fixture
def countersign(owner_url, tmp_path):
    """A command of the product that uses this database, with ServiceNow and Prometheus connected."""
    (tmp_path / "services.yaml").write_text("services: []\n")
    settings = {
        "database_url": owner_url,
        "database_app_url": derived_app_url(owner_url),
        "data_dir": str(tmp_path),
        "servicenow": {
            "url": "http://127.0.0.1:9",
            "user": "countersign",
            "password": "not-used",
            "tenant": "enterprise-corp",
            "assignment_group": "Change Management",
        },
    }
    file = tmp_path / "countersign.yaml"
    file.write_text(yaml.safe_dump(settings))

    async def run(*words, typed=None):
        def call():
            return CliRunner().invoke(cli, [*words, "--config", str(file)], input=typed)

        return await asyncio.to_thread(call)  # a command has an event loop of its own

    return run


async def test_what_is_connected_and_was_never_used_is_listed_too(company, countersign):
    shown = await countersign("outbox", "status", "enterprise-corp", "--json")

    assert shown.exit_code == 0, shown.output
    assert '"connector": "servicenow"' in shown.output
    assert '"flow": "closed"' in shown.output


async def test_all_dead_letters_are_dismissed_once_that_was_confirmed(company, countersign):
    async def refuse(_event):
        raise Permanent("the ticket is gone")

    await happen(company, "request:1", 1, 2)
    dispatcher = Dispatcher(company.database, [Subscription("desk", frozenset({"test.happened"}), refuse)])
    dispatcher.start()
    await until(settled(company, "dead", "dead"), dispatcher)
    await dispatcher.stop()
    asked = ("outbox", "dismiss-all", "enterprise-corp", "desk", "--reason", "It is gone for good.")

    refused = await countersign(*asked, typed="n\n")
    before = len(await listed(company, state="dead"))
    confirmed = await countersign(*asked, typed="y\n")

    assert (refused.exit_code, before) == (1, 2)
    assert "Dismiss 2 dead deliveries to desk?" in refused.output
    assert (confirmed.exit_code, "Dismissed 2 dead deliveries." in confirmed.output) == (0, True)
    kept = await listed(company, state="dismissed")
    assert [(one.dismissed_by, one.dismissed_because) for one in kept] == [("cli", "It is gone for good.")] * 2
