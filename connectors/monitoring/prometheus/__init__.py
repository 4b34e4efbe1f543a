"""What a tenant's services did, asked of its Prometheus once a minute (S2).

services_file.py  YAML -> which counters are which service
asking.py         the HTTP API: one service's minutes
polling.py        each service's minutes are taken once; the clock of it
"""

from connectors.monitoring.prometheus.asking import HINT, SLUG, TITLE, Prometheus
from connectors.monitoring.prometheus.polling import PrometheusDesk, PrometheusPoller
from connectors.monitoring.prometheus.services_file import Counters, load_counters, read_counters

__all__ = [
    "HINT",
    "SLUG",
    "TITLE",
    "Counters",
    "Prometheus",
    "PrometheusDesk",
    "PrometheusPoller",
    "load_counters",
    "read_counters",
]
