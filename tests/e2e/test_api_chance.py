"""The API never fails inside, whatever it is sent."""

import random
from typing import Any, ClassVar

import pytest
import requests

from tests.e2e.api_desk import new_name, operations, other

SEED = 20_240_115


class Chance:
    """Bodies that almost fit: each field right, wrong or strange, with luck missing. Seeded, so that it repeats."""

    STRANGE: ClassVar[tuple[Any, ...]] = (
        *(None, True, -1, 0, 2**63, 1e308, "", " ", "x" * 5000, "ä\u202e🙂", "'; DROP TABLE agents; --", "../../etc"),
        *([], {}, [[[]]], {"a": {"b": []}}, "NaN", "1970-01-01T00:00:00Z", "00000000-0000-0000-0000-000000000000"),
    )

    def __init__(self, document):
        self.random = random.Random(SEED)
        self.schemas = document["components"]["schemas"]

    def body(self, schema):
        schema = self.resolved(schema)
        made = {}
        for name, field in schema.get("properties", {}).items():
            luck = self.random.random()
            if luck < 0.55:
                made[name] = self.fitting(field)
            elif luck < 0.85:
                made[name] = self.random.choice(self.STRANGE)
        if self.random.random() < 0.1:
            made["unknown"] = 1
        return self.random.choice(self.STRANGE) if self.random.random() < 0.05 else made

    def fitting(self, schema):
        schema = self.resolved(schema)
        options = schema.get("anyOf") or schema.get("oneOf")
        if options:
            return self.fitting(self.random.choice(options))
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        match schema.get("type"):
            case "string":
                known = (
                    "approve",
                    "agent.create",
                    "agent.modify",
                    "succeeded",
                    "justified",
                    "30 minutes",
                    "a@b.example",
                )
                return self.random.choice((*known, *(each for each in self.STRANGE if isinstance(each, str))))
            case "integer" | "number":
                return self.random.choice((0, 1, 7, -1, 10**9))
            case "boolean":
                return self.random.random() < 0.5
            case "array":
                return [self.fitting(schema.get("items", {})) for _ in range(self.random.randrange(3))]
            case "object":
                if schema.get("properties"):
                    return self.body(schema)
                return {key: self.random.choice(self.STRANGE) for key in ("name", "type", "x")}
            case _:
                return self.random.choice(self.STRANGE)

    def resolved(self, schema):
        while "$ref" in schema:
            schema = self.schemas[schema["$ref"].rpartition("/")[2]]
        return schema


@pytest.mark.timeout(90)
def test_no_body_or_query_whatever_makes_it_fail_inside(product, document, marc):
    chance = Chance(document)
    nora = other(product, "nora.keller@northwind.example")
    resource = {"type": "agent", "name": new_name(), "sponsor": "a@b.example", "owner": "a@b.example"}
    question = {"action": "agent.create", "resource": {**resource, "business_service": "B"}, "context": {}}
    decision = product.call("POST", "/api/v1/decisions", token=nora, json=question).json()
    ids = {"request_id": decision["request_id"], "decision_id": decision["id"], "connector": "slack"}
    stranger = "01a20a68-d996-703c-8646-2196a0e5917c"
    session = requests.Session()
    calls = 0
    for by_id in (False, True):
        for method, path, operation in operations(document, by_id=by_id):
            names = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"]
            url = product.status["base_url"] + path.format(**{name: ids.get(name, stranger) for name in names})
            for _ in range(12 if "requestBody" in operation else 5):
                request = {"headers": {"Authorization": f"Bearer {marc}"}, "timeout": 30}
                if "requestBody" in operation:
                    schema = operation["requestBody"]["content"]["application/json"]["schema"]
                    request["json"] = chance.body(schema)
                queries = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
                request["params"] = {
                    name: str(chance.random.choice(chance.STRANGE)) for name in queries if chance.random.random() < 0.3
                }
                answer = session.request(method, url, **request)
                calls += 1
                assert answer.status_code < 500, f"{method} {url} {request}: {answer.text}"
    session.close()
    assert calls > 200
