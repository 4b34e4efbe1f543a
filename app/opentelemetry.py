"""Traces and measures of this installation for an OpenTelemetry collector, as configured."""

from __future__ import annotations

import os
import socket
from importlib.metadata import version
from typing import Any

from prometheus_client import REGISTRY

from app.container import Service
from config.settings import Settings
from connectors.opentelemetry import Exporter, ExporterSettings
from core.clock import Clock, SystemClock
from core.tracing import TRACES


def connect_opentelemetry(service: Service) -> None:
    """Where a collector is configured, spans are kept and sent from now on until the service stops."""
    exporter = _exporter(service.settings, service.clock)
    if exporter is None:
        return
    if service.settings.otlp.traces:
        TRACES.listen(share=service.settings.otlp.share, clock=service.clock)
    exporter.start()
    service.closers.append(exporter.stop)


async def examine_opentelemetry(settings: Settings) -> list[dict[str, Any]]:
    """Whether the collector takes what we send, for `countersign doctor`."""
    exporter = _exporter(settings, SystemClock())
    if exporter is None:
        return []
    try:
        found = await exporter.check()
    finally:
        await exporter.stop()
    return [
        {
            "subject": f"opentelemetry: {each.subject}",
            "health": str(each.health),
            "message": each.message,
            "next_step": each.next_step,
        }
        for each in found
    ]


def _exporter(settings: Settings, clock: Clock) -> Exporter | None:
    otlp = settings.otlp
    if otlp.url is None:
        return None
    shown = {otlp.shown_in: otlp.token.get_secret_value()} if otlp.token else {}
    who = {
        "service.name": otlp.service,
        "service.version": version("countersign"),
        "service.instance.id": f"{socket.gethostname()}:{os.getpid()}",
    }
    own = ExporterSettings(otlp.url, shown, otlp.traces, otlp.metrics, who)
    return Exporter(own, TRACES, REGISTRY, clock)
