"""The demo's agent platform: which changes it rolls out, and how that is watched."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from app import demo_world as world

SHIPPED: Final = Path(__file__).parents[1] / "config" / "changes" / "default.yaml"
ROLLOUT: Final = """\
  rollout:
    watch: "30 seconds"
    every: "3 seconds"
    limit: "10 minutes"
    silence: "1 minute"
    checks:
      - {{check: "Health", kind: health, url: "{url}/health/{{resource}}"}}
      - {{check: "Error rate", kind: metric, metric: error_rate, at_most: 0.05}}
  drills:
    - {{drill: "Invoice reading", resources: ["service:Accounts Payable"], environment: staging, every: "30 days"}}
"""


def write_changes(folder: Path, platform: Mapping[str, Any]) -> None:
    """The folder has what ships, and for the tenant with a platform also how its rollouts are watched."""
    folder.mkdir(exist_ok=True)
    shipped = SHIPPED.read_text()
    (folder / "default.yaml").write_text(shipped)
    (folder / f"{world.TENANT}.yaml").write_text(shipped + ROLLOUT.format(url=platform["url"]))


def environ(folder: Path, platform: Mapping[str, Any]) -> dict[str, str]:
    """What the product is told of it."""
    return {
        "COUNTERSIGN_CHANGES_DIR": str(folder),
        "COUNTERSIGN_EXECUTOR__URL": platform["url"],
        "COUNTERSIGN_EXECUTOR__SECRET": platform["secret"],
        "COUNTERSIGN_EXECUTOR__TENANT": world.TENANT,
    }
