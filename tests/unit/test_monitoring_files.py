"""What ships for Prometheus and Grafana speaks of measures that there are, and does what it says (M4)."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import subprocess
from pathlib import Path

import pytest
from prometheus_client import REGISTRY, CollectorRegistry

import bot
import connectors
import core
import web
from web.metrics import HttpMetrics

ROOT = Path(__file__).parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
DASHBOARD = ROOT / "deploy" / "grafana" / "countersign.json"
PROMTOOL = "promtool"
_NAME = re.compile(r"\bcountersign_[a-z0-9_]+")

pytestmark = pytest.mark.row("M4")


def declared():
    """Every name that /metrics has, with what belongs to histograms and counters."""
    for package in (bot, connectors, core, web):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations." not in module.name:
                importlib.import_module(module.name)
    own = CollectorRegistry()
    HttpMetrics(own)
    names = set()
    for registry in (REGISTRY, own):
        for family in registry.collect():
            if not family.name.startswith("countersign"):
                continue
            suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(family.type, ("",))
            names |= {family.name + suffix for suffix in suffixes}
    return names


def expressions():
    dashboard = json.loads(DASHBOARD.read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


def test_every_query_of_rules_and_dashboard_asks_for_measures_that_there_are():
    asked = set(_NAME.findall((PROMETHEUS / "countersign.rules.yml").read_text()))
    asked |= {name for expression in expressions() for name in _NAME.findall(expression)}
    assert len(asked) > 10
    assert asked - declared() == set()


def test_every_measure_stands_in_the_table_of_operations():
    table = (ROOT / "docs" / "operations.md").read_text()
    plain = {re.sub(r"_(bucket|sum|count)\Z", "", name) for name in declared()}
    assert {name for name in plain if f"`{name}`" not in table} == set()


def test_promtool_accepts_the_rules_and_their_tests():
    for command in (
        ["check", "rules", "countersign.rules.yml"],
        ["test", "rules", "countersign.rules.test.yml"],
    ):
        done = subprocess.run(
            [PROMTOOL, *command], cwd=PROMETHEUS, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_can_read_every_query_of_the_dashboard(tmp_path):
    rules = [{"record": f"asked:{number}", "expr": expression} for number, expression in enumerate(expressions())]
    file = tmp_path / "queries.yml"
    file.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))
    done = subprocess.run([PROMTOOL, "check", "rules", file], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
