"""What the simulated workspace is told at start: secrets, the product's address, people and channels."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox.slack.world import App, Channel, Person, Team, Workspace

DEFAULT_COMMANDS: tuple[Mapping[str, str], ...] = (
    {"command": "/approve", "description": "Ask for, decide and follow approvals", "usage_hint": "help"},
    {"command": "/bypass", "description": "Emergency access, with a record", "usage_hint": "help"},
    {"command": "/budget", "description": "What agents cost, and what is left", "usage_hint": "help"},
    {"command": "/sla", "description": "Service levels and error budgets", "usage_hint": "help"},
    {"command": "/change", "description": "Plan and follow changes", "usage_hint": "help"},
    {"command": "/sla", "description": "Service levels and incidents", "usage_hint": "help"},
)


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """Secrets as the product knows them; `base_url` is where Slack itself is reached, without a trailing slash."""

    base_url: str
    product_url: str
    signing_secret: str
    bot_token: str
    app_token: str
    people: Mapping[str, Any]


def read_people(path: Path) -> dict[str, Any]:
    """The people file's content. Raises ValueError with the file's name when it is not a JSON object."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as exc:
        raise ValueError(f"{path} is not JSON: {exc}") from exc
    if not isinstance(document, dict):
        raise ValueError(f"{path} must hold an object with team, people and channels.")  # noqa: TRY004 - one kind of error for one kind of file
    return document


def build_workspace(people: Mapping[str, Any]) -> Workspace:
    """A workspace with these people and channels and nothing said yet. Raises ValueError for a bad entry."""
    team = people.get("team", {})
    app = people.get("app", {})
    world = Workspace(
        Team(team.get("id", "T0SANDBOX"), team.get("name", "Sandbox"), team.get("domain", "sandbox")),
        App(
            id=app.get("id", "A0COUNTERSIGN"),
            name=app.get("name", "Countersign"),
            bot_id=app.get("bot_id", "B0COUNTERSIGN"),
            bot_user=app.get("bot_user", "U0COUNTERSIGN"),
            commands=tuple(app.get("commands", DEFAULT_COMMANDS)),
            open_commands="commands" not in app,
            client_id=app.get("client_id", "1000000000.2000000000"),
            client_secret=app.get("client_secret", "sandbox-client-secret"),
        ),
    )
    for row in people.get("people", []):
        person = _person(row)
        world.people[person.id] = person
    for row in people.get("channels", []):
        channel = _channel(row, world)
        world.channels[channel.id] = channel
    for row in people.get("usergroups", []):
        world.groups[row["id"]] = {"id": row["id"], "handle": row["handle"], "users": list(row.get("users", []))}
    return world


def _person(row: Mapping[str, Any]) -> Person:
    try:
        return Person(
            id=row["id"],
            name=row["name"],
            real_name=row.get("real_name", row["name"]),
            email=row["email"],
            tz=row.get("tz", "UTC"),
            title=row.get("title", ""),
        )
    except KeyError as exc:
        raise ValueError(f"A person needs {exc.args[0]!r}: {dict(row)}") from exc


def _channel(row: Mapping[str, Any], world: Workspace) -> Channel:
    """The channel with the app in it; a member may be given by id, name or e-mail, "*" is everyone."""
    by_word = {word: p.id for p in world.people.values() for word in (p.id, p.name, p.email)}
    given = row.get("members", "*")
    members = list(world.people) if given == "*" else [by_word.get(word, word) for word in given]
    unknown = [member for member in members if member not in world.people and member != world.app.bot_user]
    if unknown:
        raise ValueError(f"Channel {row.get('name')!r} has members that nobody knows: {', '.join(unknown)}")
    if world.app.bot_user not in members and row.get("app", True):
        members.append(world.app.bot_user)
    name = str(row["name"]).removeprefix("#")
    return Channel(row["id"], name, members, int(time.time()), private=bool(row.get("private", False)))
