"""Each monitoring system with its simulated vendor on a free port, and the same words for all of them."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import uuid4

import pytest
import pytest_asyncio

from connectors.monitoring import CONNECTORS, MonitoringSettings
from connectors.monitoring.signals import AuditLine, Happening, Point, PointKind, Tone
from sandbox.datadog import create as create_datadog
from sandbox.newrelic import create as create_newrelic
from sandbox.splunk import create as create_splunk
from tests.contract.itsm.serving import serving

CREATE = {"datadog": create_datadog, "newrelic": create_newrelic, "splunk": create_splunk}
EVENTS = {"datadog": "event", "newrelic": "event", "splunk": "event"}
POINTS = {"datadog": "series", "newrelic": "metric", "splunk": "event"}
LINES = {"datadog": "log", "newrelic": "log", "splunk": "event"}
SMALLEST = {"datadog": "series_max_bytes", "newrelic": "post_max_bytes", "splunk": "body_max_bytes"}


class Bench:
    """`system` is ours; `vendor` the simulated one, with its `faults`."""

    def __init__(self, slug, vendor, faults, url):
        self.slug, self.vendor, self.faults, self.url = slug, vendor, faults, url
        self.opened = []
        self.system = self.connected()

    def connected(self, *, key=None, url=None, **more):
        told = self.vendor.describe()
        system = CONNECTORS[self.slug].connect(
            MonitoringSettings(
                url=url or self.url,
                key=key or told.get("api_key") or told.get("license_key") or told["token"],
                installation="https://countersign.example",
                now=lambda: datetime.now(UTC),
                account=str(told.get("account", "")),
                connect_s=1.0,
                read_s=0.5,
                **more,
            )
        )
        self.opened.append(system)
        return system

    def taken(self, what):
        return self.vendor.records({"events": EVENTS, "points": POINTS, "lines": LINES}[what][self.slug])


@pytest_asyncio.fixture(params=sorted(CREATE))
async def bench(request):
    async with serving(request.param, CREATE[request.param]) as (vendor, faults, url):
        opened = Bench(request.param, vendor, faults, url)
        yield opened
        for system in opened.opened:
            await system.close()


def happening(**changes):
    facts = {
        "id": str(uuid4()),
        "tenant": "enterprise-corp",
        "type": "incident.opened",
        "subject": "INC-12",
        "title": "INC-12 incident opened: Checkout is slow — für alle",
        "words": "The 95th percentile is above 2 s.",
        "tone": Tone.ERROR,
        "at": datetime.now(UTC),
        "attributes": {"severity": "high", "alerts": 3, "is_new": True},
    }
    return Happening(**facts | changes)


def point(name="countersign.request.opened", value=3.0, kind=PointKind.COUNT, **tags):
    return Point(name, kind, value, datetime.now(UTC), 60, "enterprise-corp", tags)


def line(action="request.vote", size=10):
    identity = str(uuid4())
    record = {
        "event_id": identity,
        "timestamp": "2026-03-02T09:00:00.000000Z",
        "action": action,
        "resource": "REQ-1",
        "result": "success",
        "details": {"filler": "x" * size},
    }
    return AuditLine(identity, "enterprise-corp", datetime.now(UTC), record)


@pytest.fixture
def make():
    return SimpleNamespace(happening=happening, point=point, line=line)


@pytest.fixture
def smallest():
    """The option of each vendor that sets how much one call may bring."""
    return SMALLEST
