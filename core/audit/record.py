"""The framework's audit record: exactly its fields, plus category and ids (A1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import rfc8785

_EXACT_MAX: Final = 2**53 - 1  # RFC 7493 section 2.2


class AuditCategory(StrEnum):
    """The framework's five categories (A2)."""

    USER = "user"
    SYSTEM = "system"
    SECURITY = "security"
    COMPLIANCE = "compliance"
    PERFORMANCE = "performance"


class AuditResult(StrEnum):
    """How the recorded attempt ended."""

    SUCCESS = "success"
    DENIED = "denied"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One thing that somebody did, tried, or that happened by itself."""

    event_id: UUID
    timestamp: datetime
    tenant_id: str
    user_id: str  # the person's e-mail, as in the framework's example; `system` where nobody acted
    action: str
    resource: str
    result: AuditResult
    category: AuditCategory
    details: Mapping[str, Any] = field(default_factory=dict)
    ip_address: str | None = None
    user_agent: str | None = None
    compliance_tags: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """The record as the framework writes it, JSON values only."""
        return {
            "event_id": str(self.event_id),
            "timestamp": rfc3339(self.timestamp),
            "tenant_id": self.tenant_id,
            "user_id": self.user_id,
            "action": self.action,
            "resource": self.resource,
            "details": dict(self.details),
            "ip_address": self.ip_address,
            "user_agent": self.user_agent,
            "result": self.result.value,
            "compliance_tags": list(self.compliance_tags),
            "category": self.category.value,
        }

    def canonical(self) -> str:
        """The RFC 8785 form that is stored: what a seal covers is byte for byte what was written.

        An integer that a double cannot hold exactly is written as a text, as the RFC advises (appendix D).
        """
        document = self.document()
        try:
            return rfc8785.dumps(document).decode()
        except rfc8785.IntegerDomainError:
            return rfc8785.dumps(_with_exact_numbers(document)).decode()


def _with_exact_numbers(value: Any) -> Any:
    match value:
        case dict():
            return {key: _with_exact_numbers(member) for key, member in value.items()}
        case list() | tuple():
            return [_with_exact_numbers(member) for member in value]
        case int() if abs(value) > _EXACT_MAX:
            return str(value)
        case _:
            return value


def rfc3339(instant: datetime) -> str:
    """`2024-01-15T10:30:00.123456Z`."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
