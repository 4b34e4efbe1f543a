"""What tests of the API share: an agent's facts, outcomes, and the other tenant's people."""

import secrets

OTHER_TENANT = "northwind"


def facts(product, agent):
    return {
        "name": agent,
        "sponsor": product.email("tenant_administrator"),
        "owner": product.email("agent_developer"),
        "business_service": "Customer support",
    }


def new_name():
    return f"agent-{secrets.token_hex(4)}"


def report(product, decision_id, *, role="agent_developer", status="succeeded", token=None):
    path = f"/api/v1/decisions/{decision_id}/outcome"
    answer = product.call("POST", path, role=None if token else role, token=token, json={"status": status})
    assert answer.status_code == 200, answer.text
    return answer.json()


def other(product, email):
    return product.status["tenants"][OTHER_TENANT]["people"][email]["token"]


def operations(document, *, by_id):
    return [
        (method.upper(), path, operation)
        for path, methods in sorted(document["paths"].items())
        for method, operation in methods.items()
        if ("{" in path) == by_id
    ]
