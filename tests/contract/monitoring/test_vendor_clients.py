"""The vendors' own clients against the simulated systems: what they accept, our connectors are measured by."""

from __future__ import annotations

import asyncio
import time

import pytest
import urllib3
from aiohttp import web
from datadog_api_client import ApiClient, Configuration
from datadog_api_client.exceptions import ApiException
from datadog_api_client.v1.api.authentication_api import AuthenticationApi
from datadog_api_client.v1.api.events_api import EventsApi
from datadog_api_client.v1.api.service_checks_api import ServiceChecksApi
from datadog_api_client.v1.model.event_create_request import EventCreateRequest
from datadog_api_client.v1.model.service_check import ServiceCheck
from datadog_api_client.v1.model.service_check_status import ServiceCheckStatus
from datadog_api_client.v1.model.service_checks import ServiceChecks
from datadog_api_client.v2.api.logs_api import LogsApi
from datadog_api_client.v2.api.metrics_api import MetricsApi
from datadog_api_client.v2.model.content_encoding import ContentEncoding
from datadog_api_client.v2.model.http_log import HTTPLog
from datadog_api_client.v2.model.http_log_item import HTTPLogItem
from datadog_api_client.v2.model.metric_content_encoding import MetricContentEncoding
from datadog_api_client.v2.model.metric_intake_type import MetricIntakeType
from datadog_api_client.v2.model.metric_payload import MetricPayload
from datadog_api_client.v2.model.metric_point import MetricPoint
from datadog_api_client.v2.model.metric_series import MetricSeries
from newrelic_telemetry_sdk import CountMetric, Event, EventClient, GaugeMetric, Log, LogClient, MetricClient

from sandbox.datadog import create as create_datadog
from sandbox.faults import Fault, Faults
from sandbox.newrelic import create as create_newrelic
from tests.contract.itsm.serving import serving


def datadog(url, key, application_key):
    configuration = Configuration(host=url)
    configuration.api_key["apiKeyAuth"] = key
    configuration.api_key["appKeyAuth"] = application_key
    return ApiClient(configuration)


def use_datadog(client):
    """Every call that we make too, and reading an event back."""
    assert AuthenticationApi(client).validate().valid is True
    point = MetricPoint(timestamp=int(time.time()), value=1.5)
    series = MetricSeries(metric="countersign.x", type=MetricIntakeType(3), points=[point], tags=["tenant:acme"])
    for encoding in (MetricContentEncoding.GZIP, MetricContentEncoding.DEFLATE):
        answer = MetricsApi(client).submit_metrics(content_encoding=encoding, body=MetricPayload(series=[series]))
        assert answer.errors == []
    created = EventsApi(client).create_event(body=EventCreateRequest(title="Hello", text="World"))
    assert created.status == "ok"
    assert EventsApi(client).get_event(event_id=int(created.event.id)).event.title == "Hello"
    check = ServiceCheck(check="countersign.sla", host_name="h", status=ServiceCheckStatus(1), tags=["a:b"])
    assert ServiceChecksApi(client).submit_service_check(body=ServiceChecks([check])).status == "ok"
    item = HTTPLogItem(message="a line", ddsource="countersign")
    LogsApi(client).submit_log(content_encoding=ContentEncoding.GZIP, body=HTTPLog([item]))


@pytest.mark.row("M1")
async def test_datadogs_own_client_is_content_with_the_simulated_datadog():
    async with serving("datadog", create_datadog) as (vendor, faults, url):
        told = vendor.describe()
        with datadog(url, told["api_key"], told["application_key"]) as client:
            await asyncio.to_thread(use_datadog, client)
            faults.add("datadog", Fault.RATE_LIMITED, 1, 9.0)
            with pytest.raises(ApiException) as limited:
                await asyncio.to_thread(AuthenticationApi(client).validate)
            assert (limited.value.status, limited.value.headers["X-RateLimit-Reset"]) == (429, "9")
        with datadog(url, "0" * 32, "x") as stranger, pytest.raises(ApiException) as refused:
            await asyncio.to_thread(AuthenticationApi(stranger).validate)
        assert refused.value.status == 403
        kept = {each["taken_as"] for each in vendor.records(None)}
        assert kept == {"series", "event", "check", "log"}
        assert len(vendor.records("series")) == 2


def plain(client_class):
    """The vendor's client without TLS, which the simulated system does not speak."""
    return type("Plain", (client_class,), {"POOL_CLS": urllib3.HTTPConnectionPool})


def use_newrelic(told, port):
    key = told["license_key"]
    metrics = plain(MetricClient)(key, host="127.0.0.1", port=port)
    gauge = GaugeMetric("countersign.pending", 4, tags={"tenant": "acme"})
    count = CountMetric("countersign.opened", 2, interval_ms=60_000, tags={"tenant": "acme"})
    assert metrics.send_batch([gauge, count], common={"attributes": {"host": "h"}}).status == 202
    events = plain(EventClient)(key, host="127.0.0.1", port=port)
    assert events.send(Event("Countersign", tags={"a": 1})).status == 200
    assert plain(LogClient)(key, host="127.0.0.1", port=port).send(Log("a line")).status == 202
    assert plain(MetricClient)("wrong", host="127.0.0.1", port=port).send(gauge).status == 403
    for each in (metrics, events):
        each.close()


@pytest.mark.row("M2")
async def test_new_relics_own_client_is_content_with_the_simulated_new_relic():
    faults = Faults()
    vendor = create_newrelic(faults, base_url="http://127.0.0.1", snapshot=None)
    runner = web.AppRunner(vendor.app, shutdown_timeout=0.5)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    await asyncio.to_thread(use_newrelic, vendor.describe(), port)
    await runner.cleanup()
    assert [each["name"] for each in vendor.records("metric")] == ["countersign.pending", "countersign.opened"]
    assert [each["eventType"] for each in vendor.records("event")] == ["Countersign"]
    assert len(vendor.records("log")) == 1
    assert vendor.records("NrIntegrationError") == []
