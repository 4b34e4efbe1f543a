"""What the demo's product is told: variables, and a file of them, so that the CLI can be tried on the demo too."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from app import demo_monitoring, demo_platform
from app import demo_world as world
from config.settings import SHIPPED

CHANGES: Final = "changes"  # folder in the demo's data
SHELL_FILE: Final = "demo.env"  # in the demo's data
MAPPING: Final = SHIPPED / "mappings" / "servicenow.yaml"


def environ(
    data: Path, systems: Mapping[str, Any], secrets: Mapping[str, Any], *, port: int, sandbox: str
) -> dict[str, str]:
    """The product's variables. `systems`: what the sandbox says of each; `sandbox`: its address."""
    itsm, jira, remedy, teams = (systems[name] for name in ("servicenow", "jira", "remedy", "teams"))
    return {
        "COUNTERSIGN_DEMO": "true",
        "COUNTERSIGN_DATA_DIR": str(data),
        "COUNTERSIGN_BIND__PORT": str(port),
        "COUNTERSIGN_LOG_FORMAT": "json",
        "COUNTERSIGN_CALENDARS__ALLOW_PRIVATE_ADDRESSES": "true",  # a feed of this machine can be tried out
        "COUNTERSIGN_SLACK__BASE_URL": f"{sandbox}/slack/api",
        "COUNTERSIGN_SLACK__BOT_TOKEN": secrets["bot_token"],
        "COUNTERSIGN_SLACK__SIGNING_SECRET": secrets["signing_secret"],
        "COUNTERSIGN_SLACK__TENANT": world.TENANT,
        "COUNTERSIGN_TEAMS__APP_ID": teams["app_id"],
        "COUNTERSIGN_TEAMS__APP_PASSWORD": teams["client_secret"],
        "COUNTERSIGN_TEAMS__TENANT_ID": teams["tenant_id"],
        "COUNTERSIGN_TEAMS__TENANT": world.TENANT,
        "COUNTERSIGN_TEAMS__LOGIN_URL": teams["login_endpoint"],
        "COUNTERSIGN_TEAMS__METADATA_URL": teams["openid_metadata_url"],
        "COUNTERSIGN_TEAMS__SERVICE_URL": teams["url"],
        **_rules(data),
        **demo_platform.environ(data / CHANGES, systems["platform"]),
        **demo_monitoring.environ(systems, secrets["hook_secret"]),
        "COUNTERSIGN_SERVICENOW__URL": itsm["url"],
        "COUNTERSIGN_SERVICENOW__USER": itsm["user"],
        "COUNTERSIGN_SERVICENOW__PASSWORD": itsm["password"],
        "COUNTERSIGN_SERVICENOW__TENANT": world.TENANT,
        "COUNTERSIGN_SERVICENOW__MAPPING": str(MAPPING),
        "COUNTERSIGN_SERVICENOW__WEBHOOK_SECRET": signing_secret(secrets),
        "COUNTERSIGN_CONFIG": str(_jira_file(data, jira, secrets)),
        "COUNTERSIGN_REMEDY__URL": remedy["url"],
        "COUNTERSIGN_REMEDY__USER": remedy["user"],
        "COUNTERSIGN_REMEDY__PASSWORD": remedy["password"],
        "COUNTERSIGN_REMEDY__TENANT": world.TENANT,
        "COUNTERSIGN_REMEDY__COMPANY": remedy["company"],
        "COUNTERSIGN_REMEDY__FIRST_NAME": remedy["person"]["first_name"],
        "COUNTERSIGN_REMEDY__LAST_NAME": remedy["person"]["last_name"],
        "COUNTERSIGN_REMEDY__ASSIGNMENT_GROUP": "AI Platform",
        "COUNTERSIGN_REMEDY__WEBHOOK_SECRET": signing_secret(secrets),
        "COUNTERSIGN_AUTHZEN__ACCESS_REQUEST": "draft-1",
        "COUNTERSIGN_AUTHZEN__INTERNAL_CALLBACKS": "127.0.0.0/8",
    }


def write_for_shells(data: Path, variables: Mapping[str, str]) -> None:
    """`source` of the file gives a shell what the product has."""
    file = data / SHELL_FILE
    file.touch(mode=0o600)
    file.write_text("".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()))


def signing_secret(secrets: Mapping[str, Any]) -> str:
    """With which ticket systems sign what they tell."""
    return f"whsec_{base64.b64encode(secrets['hook_secret'].encode()).decode()}"


def _jira_file(data: Path, jira: Mapping[str, Any], secrets: Mapping[str, Any]) -> Path:
    """A configuration file: both tenants keep their issues in one project, and variables set one section alone."""
    of_all = {name: jira[name] for name in ("url", "user", "password", "project")}
    sections = [
        {**of_all, "tenant": world.TENANT, "webhook_secret": signing_secret(secrets)},
        {**of_all, "tenant": world.SECOND_TENANT},
    ]
    file = data / "countersign.yaml"
    file.touch(mode=0o600)
    file.write_text(json.dumps({"jira": sections}, indent=2))  # JSON is YAML
    return file


def _rules(data: Path) -> dict[str, str]:
    """Rules of one's own, from the folder `automation` beside the demo's data; else the examples."""
    own = data / "automation"
    return {"COUNTERSIGN_AUTOMATION_DIR": str(own)} if own.is_dir() else {}
