"""Where approvals wait, from outside: by API and command line (P8)."""

import json
import os
import subprocess
import sys

import pytest

from tests.product import ROOT, TENANT


def report(product, *arguments):
    environ = {key: value for key, value in os.environ.items() if not key.startswith("COUNTERSIGN_")}
    return subprocess.run(
        [sys.executable, "-m", "app", "report", "approvals", TENANT, *arguments],
        cwd=ROOT,
        env={**environ, "COUNTERSIGN_DATA_DIR": str(product.data), "COLUMNS": "160"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout


@pytest.mark.row("P8")
def test_the_demos_history_shows_its_stages_and_approvers(product):
    found = product.call("GET", "/api/v1/analytics/approvals", role="audit_reviewer").json()
    assert found["totals"]["asked"] >= 3
    assert {"technical_review", "security_review"} <= {each["stage"] for each in found["stages"]}
    tomas = next(each for each in found["approvers"] if each["person"]["email"] == product.email("meta_agent_manager"))
    assert tomas["approvals"] >= 3
    assert tomas["response"]["median_s"] >= 0


@pytest.mark.row("P8")
def test_the_command_line_draws_the_same_figures(product):
    found = json.loads(report(product, "--json"))
    assert found["totals"]["asked"] >= 3
    drawn = report(product)
    assert "Security review" in drawn or "security_review" in drawn
    assert product.email("meta_agent_manager") in drawn


def test_a_window_that_ends_before_it_begins_is_refused_with_its_place(product):
    window = {"since": "2026-02-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}
    answer = product.call("GET", "/api/v1/analytics/approvals", role="audit_reviewer", params=window)
    assert answer.status_code == 422
    assert "since" in str(answer.json()["errors"])
    assert answer.json()["detail"] == "A window ends after it begins and is at most 366 days long."
