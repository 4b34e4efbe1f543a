"""An agent platform proves an approval with nothing but a receipt and the published keys (P11)."""

import json
import re
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from tests.product import ROOT

APPROVERS = ("meta_agent_manager", "security_manager", "compliance_manager", "tenant_administrator")


def approved(product):
    agent = {
        "name": f"agent-{secrets.token_hex(4)}",
        "sponsor": product.email("tenant_administrator"),
        "owner": product.email("agent_developer"),
        "business_service": "Customer support",
    }
    request_id = product.decide("agent_developer", "agent.create", **agent)["request_id"]
    for role in APPROVERS:
        body = {"decision": "approve", "reason": "Fine."}
        vote = product.call("POST", f"/api/v1/requests/{request_id}/votes", role=role, json=body)
        assert vote.status_code == 200, vote.text
    return agent, request_id


def receipt_of(product, request_id):
    return product.call("POST", f"/api/v1/requests/{request_id}/receipt", role="agent_developer")


def present(product, agent, token):
    body = {"action": "agent.create", "resource": {"type": "agent", **agent}, "context": {"receipt": token}}
    return product.call("POST", "/api/v1/decisions", role="agent_developer", json=body).json()


def verify_as_documented(folder: Path, token: str, keys: dict) -> subprocess.CompletedProcess[str]:
    """Runs the lines of docs/receipts.md as they stand there."""
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs/receipts.md").read_text(), re.DOTALL)
    (folder / "receipt.txt").write_text(token)
    (folder / "jwks.json").write_text(json.dumps(keys))
    command = [sys.executable, "-c", code, str(folder / "receipt.txt"), str(folder / "jwks.json")]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


@pytest.mark.row("P11")
def test_a_receipt_is_verified_offline_by_the_documented_lines_and_taken_once(product, tmp_path):
    agent, request_id = approved(product)
    token = receipt_of(product, request_id).json()["receipt"]
    assert receipt_of(product, request_id).json()["receipt"] == token
    keys = product.call("GET", "/.well-known/jwks.json").json()

    verified = verify_as_documented(tmp_path, token, keys)
    claims = json.loads(verified.stdout)
    assert (claims["sub"], claims["aud"], claims["action"], claims["resource"]) == (
        request_id,
        "enterprise-corp",
        "agent.create",
        agent,
    )
    assert [each["email"] for each in claims["approvers"]] == [product.email(role) for role in APPROVERS]
    head, body, signature = token.split(".")
    forged = verify_as_documented(tmp_path, f"{head}.{body[:-2]}AA.{signature}", keys)
    assert forged.returncode != 0
    assert "InvalidSignature" in forged.stderr

    allowed = present(product, agent, token)
    assert (allowed["decision"], allowed["request_id"], allowed["receipt"]) == ("allow", request_id, token)
    other = present(product, {**agent, "name": f"agent-{secrets.token_hex(4)}"}, token)
    assert (other["decision"], other["reasons"][0]["code"]) == ("deny", "receipts.other_action")
    used = receipt_of(product, request_id)
    assert (used.status_code, used.json()["code"]) == (409, "receipts.used")


@pytest.mark.row("P11")
def test_what_is_not_approved_has_no_receipt(product):
    agent = approved(product)[0] | {"name": f"agent-{secrets.token_hex(4)}"}
    request_id = product.decide("agent_developer", "agent.create", **agent)["request_id"]
    refused = receipt_of(product, request_id)
    assert (refused.status_code, refused.json()["code"]) == (409, "approvals.not_approved")
    assert receipt_of(product, "01a20b60-ea1c-711c-a4a8-5da14239fa35").status_code == 404
    nonsense = present(product, agent, "not.a.receipt")
    assert (nonsense["decision"], nonsense["reasons"][0]["code"]) == ("deny", "receipts.invalid")
