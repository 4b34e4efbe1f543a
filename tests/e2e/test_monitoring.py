"""Monitoring systems and the running product: what they are told, and what their alerts do (M1 to M5)."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
from pathlib import Path

import pytest
import requests
import yaml

from tests.product import ROOT, TENANT, another_server, until

SHIPPED = ROOT / "deploy" / "prometheus"
PROMETHEUS, ALERTMANAGER = "prometheus", "prometheus-alertmanager"
ADMINISTRATOR = "tenant_administrator"
SOON_S = 60.0


def incident(product, title):
    """The newest incident of this title, if there is one."""
    answer = product.call("GET", "/api/v1/incidents", role=ADMINISTRATOR, params={"q": title})
    assert answer.status_code == 200, answer.text
    return next((each for each in answer.json()["items"] if title in each["title"]), None)


def in_state(product, title, state):
    found = incident(product, title)
    return found if found and found["state"] == state else None


def said_in_slack(product, words, *more):
    for channel in ("emergency", "approvals"):
        found = product.message_with(channel, words)
        if found and all(each in json.dumps(found, ensure_ascii=False) for each in more):
            return found
    return None


@pytest.mark.row("M1", "M3")
def test_datadog_and_splunk_hear_of_a_request_and_of_the_trail(product):
    asked = product.decide(
        "agent_developer",
        "agent.create",
        name="told-everywhere",
        sponsor="s@x.example",
        owner="o@x.example",
        business_service="Ops",
    )
    number = product.call("GET", f"/api/v1/requests/{asked['request_id']}", role="agent_developer").json()["reference"]

    def told():
        return [each for each in product.records("datadog", "event") if number in each["title"]]

    (event,) = until(told, f"{number} in Datadog", within_s=SOON_S)
    assert (event["aggregation_key"], event["alert_type"]) == (number, "info")

    def recorded():
        kept = [
            each["event"] for each in product.records("splunk", "event") if each["sourcetype"] == "countersign:audit"
        ]
        return [
            each for each in kept if each["action"] == "request.open" and "told-everywhere" in json.dumps(each)
        ] or [each for each in kept if "told-everywhere" in json.dumps(each)]

    assert until(recorded, "the trail in Splunk", within_s=SOON_S)[0]["tenant_id"] == TENANT


@pytest.mark.row("M1", "M3")
def test_the_hub_shows_and_tests_them(product):
    for name in ("datadog", "splunk"):
        answer = product.call("POST", f"/api/v1/connectors/{name}/test", role=ADMINISTRATOR)
        assert answer.status_code == 200, answer.text
        assert answer.json()["is_usable"], answer.json()
    listed = product.call("GET", "/api/v1/connectors", role=ADMINISTRATOR).json()["items"]
    assert {"datadog", "splunk"} <= {each["connector"] for each in listed}
    compared = product.call("POST", "/api/v1/connectors/datadog/reconcile", role=ADMINISTRATOR, json={})
    assert compared.status_code == 404
    assert "tickets" in compared.json()["detail"]
    product.control("splunk/configure", is_disabled=True)

    def tested():
        answer = product.call("POST", "/api/v1/connectors/splunk/test", role=ADMINISTRATOR)
        return answer.json() if answer.status_code == 200 else None  # a connector is tested once in ten seconds

    refused = until(tested, "another test to be allowed")
    product.control("splunk/configure", is_disabled=False)
    assert not refused["is_usable"]
    assert "Token disabled" in refused["findings"][0]["message"]


@pytest.mark.row("M1", "M3")
def test_a_monitor_of_datadog_and_a_search_of_splunk_open_incidents(product):
    product.control(
        "datadog/edit", type="alert", id="m-1", fields={"title": "Checkout is slow", "tags": "service:Payments"}
    )
    found = until(lambda: in_state(product, "Checkout is slow", "open"), "the incident", within_s=SOON_S)
    assert (found["source"], found["service"]) == ("datadog", "Payments")
    product.control("datadog/edit", type="alert", id="m-1", fields={"transition": "Recovered"})
    until(lambda: in_state(product, "Checkout is slow", "resolved"), "its end", within_s=SOON_S)
    product.control("splunk/edit", type="alert", id="Refusals", fields={"title": "Refusals pile up", "severity": "low"})
    until(lambda: in_state(product, "Refusals pile up", "open"), "the search's incident", within_s=SOON_S)
    log = (product.data / "product.log").read_text()
    assert product.status["systems"]["alertmanager"]["bearer_token"] not in log


def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def running(log: Path, *command: str):
    with log.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


@contextlib.contextmanager
def watched(product, folder: Path):
    """A real Prometheus that scrapes the product by the shipped rules, and a real Alertmanager that tells it.

    Of the shipped files only addresses and times are others; the rule about calls without a token looks at seconds.
    """
    told = product.status["systems"]["alertmanager"]
    prometheus, alertmanager = port(), port()
    rules = (SHIPPED / "countersign.rules.yml").read_text()
    hurried = rules.replace('status="401"}[5m])) > 100', 'status="401"}[10s])) > 3')
    assert hurried != rules
    (folder / "countersign.rules.yml").write_text(hurried)
    (folder / "secret").write_text(told["bearer_token"])
    scrape = yaml.safe_load((SHIPPED / "prometheus.yml").read_text())
    scrape["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    scrape["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{alertmanager}"]
    scrape["scrape_configs"][0]["static_configs"][0]["targets"] = [told["metrics"].split("/")[2]]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(scrape))
    route = yaml.safe_load((SHIPPED / "alertmanager.yml").read_text())
    route["route"] |= {"group_wait": "0s", "group_interval": "1s"}
    webhook = route["receivers"][0]["webhook_configs"][0]
    webhook["url"] = told["url"]
    webhook["http_config"]["authorization"]["credentials_file"] = str(folder / "secret")
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(route))
    with (
        running(
            folder / "alertmanager.log",
            ALERTMANAGER,
            f"--config.file={folder / 'alertmanager.yml'}",
            f"--storage.path={folder / 'am'}",
            f"--web.listen-address=127.0.0.1:{alertmanager}",
            "--cluster.listen-address=",
        ),
        running(
            folder / "prometheus.log",
            PROMETHEUS,
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'tsdb'}",
            f"--web.listen-address=127.0.0.1:{prometheus}",
        ),
    ):
        yield f"http://127.0.0.1:{prometheus}"


def answer_of(url, query):
    """What Prometheus finds; None while it starts: nobody listens yet, or it says 503 in plain words."""
    with contextlib.suppress(requests.ConnectionError):
        found = requests.get(f"{url}/api/v1/query", params={"query": query}, timeout=10)
        return found.json().get("data", {}).get("result") if found.status_code != 503 else None
    return None


def asking(product, folder: Path, url: str):
    """Another process of the product, which asks this Prometheus what the first one did."""
    services = str(SHIPPED / "services.yaml")
    named = {"PROMETHEUS__TENANT": TENANT, "PROMETHEUS__URL": url, "PROMETHEUS__SERVICES": services}
    return another_server(product, folder / "asking.log", **named)


def counted(product):
    """How the product's own API did, once a minute of it was taken."""
    asked = {"service": "countersign-api"}
    answer = product.call("GET", "/api/v1/sla/status", role=ADMINISTRATOR, params=asked)
    assert answer.status_code in {200, 404}, answer.text
    found = answer.json()
    return found if answer.status_code == 200 and found["response_time_p95"] else None


@pytest.mark.row("M4", "S2")
@pytest.mark.timeout(300)
def test_a_real_prometheus_is_asked_how_we_do_and_a_real_alertmanager_opens_and_resolves_an_incident(product, tmp_path):
    title = "Many calls prove no origin"
    with watched(product, tmp_path) as url, asking(product, tmp_path, url) as asker:
        until(lambda: answer_of(url, 'up{job="countersign"} == 1'), "Prometheus to scrape the product")
        assert until(lambda: answer_of(url, "countersign_events_total"), "events to be counted")

        def knocked():
            for _ in range(3):
                assert product.call("GET", "/api/v1/requests").status_code == 401
            return in_state(product, title, "open")

        found = until(knocked, "the incident to open", within_s=SOON_S)
        assert (found["source"], found["severity"], found["service"]) == ("alertmanager", "medium", "Countersign")
        until(lambda: said_in_slack(product, title), "its message in Slack", within_s=SOON_S)
        until(lambda: in_state(product, title, "resolved"), "the incident to be resolved", within_s=SOON_S)
        until(lambda: said_in_slack(product, title, "esolved"), "the message to say so", within_s=SOON_S)
        service = until(lambda: counted(product), "a whole minute to be taken", within_s=2 * SOON_S)
        assert (service["exact"], service["success_rate"]) == (False, 1.0)
        answers = asker.call("POST", "/api/v1/connectors/prometheus/test", role=ADMINISTRATOR)
        assert answers.json()["is_usable"], answers.text
