"""Countersign's own traces and measures for an OpenTelemetry collector: OTLP 1.x over HTTP, JSON (M5).

encoding.py   pure: spans and measures -> the documents of the protocol
exporter.py   sends them now and then, waits where it is asked to, drops what is refused
"""

from connectors.opentelemetry.exporter import Exporter, ExporterSettings

__all__ = ["Exporter", "ExporterSettings"]
