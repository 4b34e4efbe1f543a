"""Behind a proxy the audit trail names the caller, and nobody chooses which address that is (R6)."""

import pytest

from tests.e2e.test_replicas import resource
from tests.product import another_server

FORGED = "203.0.113.66, 198.51.100.7"  # the caller wrote the first; the last was appended by our own proxy


@pytest.fixture(scope="module")
def proxied(product, tmp_path_factory):
    with another_server(product, tmp_path_factory.mktemp("proxied") / "server.log", TRUSTED_PROXIES="1") as server:
        yield server


def recorded_address(server, forwarded):
    body = {"action": "agent.create", "resource": resource(server)}
    headers = {"X-Forwarded-For": forwarded}
    decision = server.call("POST", "/api/v1/decisions", role="audit_reviewer", json=body, headers=headers).json()
    trail = server.call("GET", "/api/v1/audit", role="audit_reviewer", params={"subject_id": decision["id"]}).json()
    (record,) = trail["items"]
    return record["ip_address"]


@pytest.mark.row("R6")
def test_the_address_that_our_own_proxy_saw_is_recorded(proxied):
    assert recorded_address(proxied, FORGED) == "198.51.100.7"


@pytest.mark.row("R6")
def test_without_a_proxy_of_ours_the_header_says_nothing(product):
    assert recorded_address(product, FORGED) == "127.0.0.1"
