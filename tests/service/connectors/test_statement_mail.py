"""When a month is over its statement is due, once, and goes to whom the tenant's document names (C10)."""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from config.yamlfile import parse_yaml
from connectors.mail import StatementMail
from core.costs import Usage, UsageWriter, load_rate_catalogue
from core.deadlines import DeadlineRunner
from core.errors import ConfigError
from core.outbox import Event
from core.outbox.model import outbox_events
from core.schedules import DEADLINES, ScheduleEvent, ensure_looks
from core.tenants import ChargebackReport, TenantPolicy
from core.tenants.policy_file import read_tenant
from tests.cost_books import RATES
from tests.factories import START, found_company
from tests.post_office import post
from tests.unit.core.finance import focus_spec

__all__ = ["post"]  # a fixture
PLAN = ChargebackReport("costs", 2, time(9), ("cfo@northwind.example",), ("pdf", "focus"))
CONSOLE = "https://countersign.example/console"


@pytest.fixture
async def northwind(database, clock):
    policy = TenantPolicy(tenant_id="northwind", name="Northwind", time_zone="Europe/Zurich", chargeback_report=PLAN)
    return await found_company(database, clock, policy)


async def due(company):
    async with company.database.tenant(company.tenant) as tx:
        wanted = select(outbox_events).where(outbox_events.c.type == ScheduleEvent.CHARGEBACK_DUE)
        rows = (await tx.connection.execute(wanted)).all()
    return [Event(company.tenant, row.event_id, row.subject, row.type, row.data, row.occurred_at) for row in rows]


@pytest.mark.row("C10")
async def test_the_statement_is_due_once_a_month_and_is_mailed_with_its_files(northwind, post):
    company, rates = northwind, load_rate_catalogue(RATES)
    writer = UsageWriter(company.database, rates)
    used = Usage("a", "cpu_hours", Decimal(125), datetime(2026, 3, 2, 8, tzinfo=UTC), "billing", "reader")
    await writer.record(company.actor("meta_agent_manager"), [used])
    await writer.close()
    await ensure_looks(company.database)
    runner = DeadlineRunner(company.database, DEADLINES)
    await runner.run_due()
    assert await due(company) == []
    company.clock.advance(datetime(2026, 4, 2, 7, 5, tzinfo=UTC) - START)  # 09:05 in Zurich
    for _ in range(3):
        await runner.run_due()
        company.advance(minutes=15)
    (event,) = await due(company)
    assert event.data["month"] == "2026-03"

    await StatementMail(company.database, rates, post.mailer(), CONSOLE).deliver(event)
    ((envelope, message),) = post.taken
    assert envelope.rcpt_tos == ["cfo@northwind.example"]
    assert message["Subject"] == "Chargeback 2026-03: 12.50 USD"
    assert f"{CONSOLE}/costs/chargeback?period=2026-03" in message.get_body().get_content()
    files = {each.get_filename(): each.get_payload(decode=True) for each in message.iter_attachments()}
    pages = PdfReader(BytesIO(files["chargeback-northwind-2026-03-USD.pdf"])).pages
    assert "12.50" in pages[0].extract_text()
    (row,) = focus_spec.read(files["chargeback-northwind-2026-03-USD-focus-1.2.csv"].decode())
    assert row["BilledCost"] == "12.5"


@pytest.mark.row("C10", "T11")
def test_a_tenant_s_document_says_where_its_statements_go():
    written = """
tenant_id: northwind
chargeback_report: {channel: "#costs", day: 2, emails: [cfo@northwind.example], formats: [pdf, focus]}
"""
    found = read_tenant(parse_yaml(written, file="northwind.yaml"))
    assert found.chargeback_report == PLAN
    assert TenantPolicy.from_json(found.to_json()).chargeback_report == PLAN
    wrong = written.replace("cfo@northwind.example", "nobody").replace("focus]", "docx]")
    with pytest.raises(ConfigError, match=r"'nobody' is no e-mail address[\s\S]*'docx' is not accepted here"):
        read_tenant(parse_yaml(wrong, file="northwind.yaml"))
    with pytest.raises(ConfigError, match="Say where it goes"):
        read_tenant(parse_yaml("tenant_id: x\nchargeback_report: {day: 3}\n", file="x.yaml"))
