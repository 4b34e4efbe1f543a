"""The whole product for tests that look at it from outside: started as `make demo` does, driven from outside alone."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import requests

T = TypeVar("T")
ROOT = Path(__file__).parent.parent
TENANT = "enterprise-corp"
START_WITHIN_S = 240.0
DIGEST = "Good morning."  # begins a morning digest
# Rules about agents that no other test has: `ruled-…`.
RULES = """
rules:
  - name: pass-on-what-is-said
    description: What somebody writes on a ticket stands under its request, and the channel hears of it.
    on: ticket.commented
    when: 'agent.name.startsWith("ruled-")'
    then:
      - comment: {on: request, text: "From {ticket.number}: {ticket.text}"}
      - notify: {channel: approvals, text: "Said of {agent.name} in {ticket.system}: {ticket.text}"}
  - name: incident-when-withdrawn
    on: request.withdrawn
    when: 'agent.name.startsWith("ruled-")'
    then:
      - create_ticket: {system: servicenow, kind: incident, summary: "Look after {agent.name}"}
  - name: ask-when-closed
    on: ticket.closed
    when: 'ticket.system == "servicenow" && ticket.kind == "incident"'
    then:
      - open_approval:
          action: agent.create
          justification: "{ticket.number} was closed."
          resource: {name: "after-{ticket.number}", sponsor: s@x.example, owner: o@x.example, business_service: Ops}
  - name: mark-what-is-discussed
    on: request.commented
    when: 'agent.name.startsWith("marked-")'
    then:
      - update_ticket: {system: servicenow, fields: {backout_plan: "{event.by} on {request.reference}: {event.text}"}}
  - name: only-rehearse
    mode: dry_run
    on: request.opened
    then:
      - notify: {role: security_manager, text: "{request.reference} is asked for by {requester.name}."}
"""


@dataclass(frozen=True, slots=True)
class Product:
    """A running demo."""

    data: Path
    status: dict[str, Any]

    @property
    def people(self) -> dict[str, dict[str, str]]:
        """The main tenant's people by e-mail."""
        return self.status["tenants"][TENANT]["people"]

    def email(self, role: str) -> str:
        """The first person with the role."""
        return next(email for email, person in self.people.items() if person["role"] == role)

    def call(
        self, method: str, path: str, *, role: str | None = None, token: str | None = None, **kwargs: Any
    ) -> requests.Response:
        """A call to the product's API as the person with the role."""
        chosen = token or (self.people[self.email(role)]["token"] if role else None)
        headers = {**({"Authorization": f"Bearer {chosen}"} if chosen else {}), **kwargs.pop("headers", {})}
        return requests.request(method, self.status["base_url"] + path, headers=headers, timeout=30, **kwargs)

    def link_account(self, role: str, system: str, account: str) -> None:
        """The account there is the person's."""
        users = self.call("GET", "/api/v1/users", role="enterprise_administrator").json()["items"]
        user = next(each["id"] for each in users if each["email"] == self.email(role))
        path, body = f"/api/v1/users/{user}/ticket-accounts/{system}/{account}", {"linked_by": "directory"}
        linked = self.call("PUT", path, role="enterprise_administrator", json=body)
        assert linked.status_code == 200, linked.text

    def decide(self, role: str, action: str, **resource: str) -> dict[str, Any]:
        """The gate's answer."""
        body = {
            "action": action,
            "resource": {"type": "agent", **resource},
            "context": {"justification": "For a test."},
        }
        answer = self.call("POST", "/api/v1/decisions", role=role, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def control(self, call: str, **body: Any) -> dict[str, Any]:
        """A person's or the test's part in the sandbox."""
        answer = requests.post(f"{self.status['sandbox_url']}/control/{call}", json=body, timeout=30)
        assert answer.status_code < 400, f"{call}: {answer.text}"
        return answer.json()

    def messages(self, channel: str) -> list[dict[str, Any]]:
        """What stands in a channel or direct message, newest last."""
        url = f"{self.status['sandbox_url']}/control/slack/messages"
        found = requests.get(url, params={"channel": channel}, timeout=30).json()
        return found["messages"] if isinstance(found, dict) else found

    def records(self, system: str, kind: str) -> list[dict[str, Any]]:
        """Every record of a simulated system."""
        url = f"{self.status['sandbox_url']}/control/{system}/records"
        found = requests.get(url, params={"type": kind}, timeout=30).json()
        return found["records"] if isinstance(found, dict) else found

    def message_with(self, channel: str, words: str, action: str | None = None) -> dict[str, Any] | None:
        """The newest message that holds the words and the button; morning digests, which list others, aside."""
        for message in reversed(self.messages(channel)):
            if message["text"].startswith(DIGEST):
                continue
            labels = [each["text"] for each in message["actions"]]
            if words in message["text"] + json.dumps(message["blocks"], ensure_ascii=False) and (
                action is None or action in labels
            ):
                return message
        return None


def until(look: Callable[[], T | None], what: str, *, within_s: float = 90.0) -> T:
    """What `look` finally finds; fails with `what` when time is up."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {within_s:.0f} s for {what}")


def ticket_in(shown: dict[str, Any], system: str = "servicenow") -> dict[str, Any] | None:
    """The ticket of a request, bypass or incident, as the API shows it, in one of its systems."""
    return next((each for each in shown["tickets"] if each["system"] == system), None)


@contextmanager
def running_product(data: Path) -> Iterator[Product]:
    """The demo, started in `data`, seeded and ready; stopped at the end."""
    (data / "automation").mkdir(parents=True, exist_ok=True)
    (data / "automation" / f"{TENANT}.yaml").write_text(RULES)
    log = (data.parent / "demo.log").open("w")
    environ = {key: value for key, value in os.environ.items() if not key.startswith("COUNTERSIGN_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "demo", "--data", str(data)],
        cwd=ROOT,
        env=environ,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        yield Product(data, until(lambda: _ready(process, data), "the demo to start", within_s=START_WITHIN_S))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        log.close()


def _ready(process: subprocess.Popen[bytes], data: Path) -> dict[str, Any] | None:
    assert process.poll() is None, (data.parent / "demo.log").read_text()
    if not (data / "status.json").exists():
        return None
    return json.loads((data / "status.json").read_text())


@contextmanager
def another_server(product: Product, log_file: Path, **settings: str | None) -> Iterator[Product]:
    """Another `countersign serve` on the same database, on a port of its own.

    It has the settings of the first, but for those given: `SLACK__MODE="socket"`; None takes one away.
    """
    systems = requests.get(f"{product.status['sandbox_url']}/control/systems", timeout=30).json()
    slack, itsm, teams, port = systems["slack"], systems["servicenow"], systems["teams"], _free_port()
    wanted = {
        "DEMO": "true",
        "DATA_DIR": str(product.data),
        "BIND__PORT": str(port),
        "SLACK__BASE_URL": slack["api_url"].rstrip("/"),
        "SLACK__BOT_TOKEN": slack["bot_token"],
        "SLACK__SIGNING_SECRET": slack["signing_secret"],
        "SLACK__TENANT": TENANT,
        "TEAMS__APP_ID": teams["app_id"],
        "TEAMS__APP_PASSWORD": teams["client_secret"],
        "TEAMS__TENANT_ID": teams["tenant_id"],
        "TEAMS__TENANT": TENANT,
        "TEAMS__LOGIN_URL": teams["login_endpoint"],
        "TEAMS__METADATA_URL": teams["openid_metadata_url"],
        "TEAMS__SERVICE_URL": teams["url"],
        "SERVICENOW__URL": itsm["url"],
        "SERVICENOW__USER": itsm["user"],
        "SERVICENOW__PASSWORD": itsm["password"],
        "SERVICENOW__TENANT": TENANT,
        "AUTHZEN__ACCESS_REQUEST": "draft-1",
        "AUTHZEN__INTERNAL_CALLBACKS": "127.0.0.0/8",
        **settings,
    }
    environ = {key: value for key, value in os.environ.items() if not key.startswith("COUNTERSIGN_")}
    environ |= {f"COUNTERSIGN_{name}": value for name, value in wanted.items() if value is not None}
    with log_file.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "app", "serve"], cwd=ROOT, env=environ, stdout=log, stderr=log
        )
        try:
            other = Product(product.data, {**product.status, "base_url": f"http://127.0.0.1:{port}"})
            until(lambda: _serves(process, other, log_file), "the other server", within_s=START_WITHIN_S)
            yield other
        finally:
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0, log_file.read_text()[-3000:]


def _serves(process: subprocess.Popen[bytes], server: Product, log_file: Path) -> bool:
    assert process.poll() is None, log_file.read_text()
    try:
        return server.call("GET", "/readyz").status_code == 200
    except requests.ConnectionError:
        return False


def _free_port() -> int:
    """One that no outgoing connection is given before a server listens on it (Linux gives those from 32,768)."""
    while True:
        with socket.socket() as probe, suppress(OSError):
            port = 10_000 + secrets.randbelow(10_000)
            probe.bind(("127.0.0.1", port))
            return port
