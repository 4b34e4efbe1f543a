"""The app package that a Teams administrator uploads: the manifest and two icons (Microsoft, "App manifest", 1.23)."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from bot.teams.icons import GROUND, color_icon, outline_icon
from core.errors import InvalidInput

Json = dict[str, Any]

VERSION: Final = "1.23"
DEVELOPER_MAX: Final = 32  # characters of whoever runs the app
SCHEMA: Final = f"https://developer.microsoft.com/json-schemas/teams/v{VERSION}/MicrosoftTeams.schema.json"
SCOPES: Final = ("personal", "team", "groupChat")
COMMANDS: Final = (
    ("approve", "Ask for approval, in a form"),
    ("approve list", "What waits for you"),
    ("bypass", "Skip approval in an emergency, for a limited time"),
    ("bypass status", "What is active, what must be reviewed"),
    ("change", "Draft a change, in a form"),
    ("change list", "Changes that are not over yet"),
    ("sla incidents", "What is wrong now"),
    ("budget", "How every budget stands"),
    ("home", "What waits for you, and what you have asked for"),
    ("help", "Everything that you can write"),
)
_FULL: Final = (
    "Countersign governs enterprise AI agents where people already talk. Ask for an agent to be created, deployed or "
    "changed; the right people decide on their own buttons; emergencies have a bypass that is limited, told to senior "
    "management at once and reviewed afterwards. Every step stands in the audit trail."
)
_AT: Final = (1980, 1, 1, 0, 0, 0)  # in the archive: the same package from the same settings, byte by byte


@dataclass(frozen=True, slots=True)
class Package:
    """What the manifest says of this installation."""

    app_id: str
    website: str
    version: str
    developer: str = "Countersign"
    privacy: str = ""
    terms: str = ""


def manifest(package: Package) -> Json:
    """The manifest. Raises InvalidInput for addresses that Teams does not take."""
    for url in filter(None, (package.website, package.privacy, package.terms)):
        if urlsplit(url).scheme != "https":
            raise InvalidInput(
                f"Teams takes no address but https://…, and '{url}' is none.",
                where="public_url",
                next_step="Set COUNTERSIGN_PUBLIC_URL.",
            )
    return {
        "$schema": SCHEMA,
        "manifestVersion": VERSION,
        "version": package.version,
        "id": package.app_id,
        "developer": {
            "name": package.developer[:DEVELOPER_MAX],
            "websiteUrl": package.website,
            "privacyUrl": package.privacy or package.website,
            "termsOfUseUrl": package.terms or package.website,
        },
        "name": {"short": "Countersign", "full": "Countersign: approvals for AI agents"},
        "description": {"short": "Approvals and emergency bypass for AI agents", "full": _FULL},
        "icons": {"color": "color.png", "outline": "outline.png"},
        "accentColor": "#{:02X}{:02X}{:02X}".format(*GROUND),
        "defaultInstallScope": "personal",
        "defaultGroupCapability": {"team": "bot", "groupchat": "bot"},
        "bots": [
            {
                "botId": package.app_id,
                "scopes": list(SCOPES),
                "supportsFiles": False,
                "isNotificationOnly": False,
                "commandLists": [{"scopes": [scope], "commands": _commands()} for scope in SCOPES],
            }
        ],
        "validDomains": [urlsplit(package.website).netloc],
    }


def archive(package: Package) -> bytes:
    """The zip that is uploaded."""
    files = {
        "manifest.json": json.dumps(manifest(package), indent=2).encode(),
        "color.png": color_icon(),
        "outline.png": outline_icon(),
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in files.items():
            opened.writestr(zipfile.ZipInfo(name, _AT), content, zipfile.ZIP_DEFLATED)
    return written.getvalue()


def _commands() -> list[Json]:
    return [{"title": title, "description": description} for title, description in COMMANDS]
