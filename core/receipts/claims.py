"""What a receipt says: registered claims of RFC 7519, and ours.

    iss  address of the installation     jti  id of the receipt      reference       REQ-1042
    sub  id of the request               iat  issued                 request_digest  SHA-256 of the request, hex
    aud  tenant                          nbf  holds from             policy          {key, version}
    use  "single": for one decision      exp  holds until, exclusive action, resource, requester
                                                                     approvers       [{stage, email, at, criteria}]

Seconds are whole; `at` is RFC 3339 in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from core.approvals import Endorsement
from core.ids import RequestId, TenantId

SINGLE: Final = "single"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What is certified. Instants are whole seconds, aware UTC."""

    id: UUID
    issuer: str
    tenant: TenantId
    request_id: RequestId
    issued_at: datetime
    not_before: datetime
    expires_at: datetime
    reference: str
    request_digest: str
    policy_key: str
    policy_version: str
    action: str
    resource: Mapping[str, str]
    requester: str
    approvers: tuple[Endorsement, ...]

    def to_json(self) -> dict[str, Any]:
        """The JWS payload; `from_json` reads it back."""
        return {
            "iss": self.issuer,
            "sub": str(self.request_id),
            "aud": self.tenant,
            "iat": int(self.issued_at.timestamp()),
            "nbf": int(self.not_before.timestamp()),
            "exp": int(self.expires_at.timestamp()),
            "jti": str(self.id),
            "reference": self.reference,
            "request_digest": self.request_digest,
            "policy": {"key": self.policy_key, "version": self.policy_version},
            "action": self.action,
            "resource": dict(self.resource),
            "requester": self.requester,
            "approvers": [
                {"stage": each.stage, "email": each.email, "at": each.at.isoformat(), "criteria": list(each.criteria)}
                for each in self.approvers
            ],
            "use": SINGLE,
        }

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> Claims:
        """What was signed. The signature is verified already, so it has our own shape."""
        return cls(
            id=UUID(payload["jti"]),
            issuer=payload["iss"],
            tenant=TenantId(payload["aud"]),
            request_id=RequestId(UUID(payload["sub"])),
            issued_at=_instant(payload["iat"]),
            not_before=_instant(payload["nbf"]),
            expires_at=_instant(payload["exp"]),
            reference=payload["reference"],
            request_digest=payload["request_digest"],
            policy_key=payload["policy"]["key"],
            policy_version=payload["policy"]["version"],
            action=payload["action"],
            resource=payload["resource"],
            requester=payload["requester"],
            approvers=tuple(
                Endorsement(
                    stage=each["stage"],
                    email=each["email"],
                    at=datetime.fromisoformat(each["at"]),
                    criteria=tuple(each["criteria"]),
                )
                for each in payload["approvers"]
            ),
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """Claims with the text that carries them under a signature of ours."""

    claims: Claims
    token: str  # JWS compact


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
