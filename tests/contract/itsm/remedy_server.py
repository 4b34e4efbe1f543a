"""A simulated Remedy on a free port, and the settings of a connector pointed at it."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from connectors.itsm.base import TicketDraft, TicketKind, TicketPatch, TicketState
from connectors.itsm.remedy import RemedySettings
from tests.contract.sandbox_remedy.conftest import Instance, serving

WEBHOOK_SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

__all__ = ["WEBHOOK_SECRET", "Instance", "draft_of", "met", "patch", "serving", "settings_of", "with_key"]


def settings_of(instance: Instance, **changes: Any) -> RemedySettings:
    about = instance.system.describe()
    given: dict[str, Any] = {
        "url": about["url"],
        "user": about["user"],
        "password": SecretStr(about["password"]),
        "company": about["company"],
        "first_name": about["person"]["first_name"],
        "last_name": about["person"]["last_name"],
        "assignment_group": "AI Platform",
        "webhook_secret": SecretStr(WEBHOOK_SECRET),
        "connect_timeout_s": 2.0,
        "read_timeout_s": 5.0,
        "total_timeout_s": 15.0,
    }
    return RemedySettings(**{**given, **changes})


def draft_of(key: str = "request-1", kind: TicketKind = TicketKind.CHANGE, **fields: str) -> TicketDraft:
    return TicketDraft(key, kind, "REQ-7: create agent", "Because.", "allen.allbrook@example.com", fields)


def patch(target: TicketState, key: str = "event-1", **more: Any) -> TicketPatch:
    return TicketPatch(key=key, target=target, **more)


def with_key(instance: Instance, key: str, type_: str = "change") -> list[dict[str, Any]]:
    return [one for one in instance.system.records(type_) if one["Vendor Ticket Number"] == f"countersign:{key}"]


def met(instance: Instance) -> int:
    return sum(one["met"] for one in instance.faults.listing())
