"""The story of the demo, headless, on the real code paths."""

import subprocess
import sys

import pytest

from tests.product import ROOT


@pytest.mark.row(
    "P1", "P2", "E1", "E2", "E4", "B1", "B2", "B3", "B4", "B5", "B6", "B10", "C4", "C5", "N1", "S3", "G7", "G10", "G11"
)
@pytest.mark.timeout(330)
def test_the_story_from_request_to_review_is_seen_step_by_step(tmp_path):
    told = subprocess.run(
        [sys.executable, "-m", "app", "demo", "--story", "--data", str(tmp_path / "demo")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.rstrip().endswith("every step was seen.")
