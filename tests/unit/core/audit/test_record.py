"""The bytes of an audit record (A1)."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from core.audit import AuditCategory, AuditRecord, AuditResult


def record(**details):
    return AuditRecord(
        event_id=UUID(int=7),
        timestamp=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
        tenant_id="enterprise-corp",
        user_id="dana@enterprise-corp.example",
        action="agent_create",
        resource="invoice-reader",
        result=AuditResult.SUCCESS,
        category=AuditCategory.USER,
        details=details,
        compliance_tags=("GDPR",),
    )


@pytest.mark.row("A1")
def test_the_stored_form_has_sorted_keys_and_no_spaces():
    assert record(b=1, a="ü").canonical() == (
        '{"action":"agent_create","category":"user","compliance_tags":["GDPR"],"details":{"a":"ü","b":1},'
        '"event_id":"00000000-0000-0000-0000-000000000007","ip_address":null,"resource":"invoice-reader",'
        '"result":"success","tenant_id":"enterprise-corp","timestamp":"2026-03-01T09:30:00.000000Z","user_agent":null,'
        '"user_id":"dana@enterprise-corp.example"}'
    )


@pytest.mark.row("A1")
@pytest.mark.parametrize(
    ("number", "written"),
    [(2**53 - 1, 9007199254740991), (2**53, "9007199254740992"), (-(2**63), "-9223372036854775808"), (1.5, 1.5)],
)
def test_a_number_that_a_double_cannot_hold_is_kept_exactly_as_a_text(number, written):
    found = json.loads(record(context={"build": [number]}, other=1).canonical())
    assert found["details"] == {"context": {"build": [written]}, "other": 1}
