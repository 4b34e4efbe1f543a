"""Where each secret was given: what people may see of it, since nobody may see the secret itself."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel

from config.sources import ENVIRONMENT, Gathered, KeyPath, Origin, leaves


@dataclass(frozen=True, slots=True)
class Credential:
    """A secret by its name, and where it is kept: `password`, `environment variable COUNTERSIGN_JIRA__PASSWORD`."""

    name: str
    kept: str


def kept_secrets(model: type[BaseModel], found: Gathered) -> dict[KeyPath, str]:
    """Where each secret that was given is kept, by its place in the settings; items of a list by their position."""
    secret = {leaf.path for leaf in leaves(model) if leaf.is_secret}
    return {
        path: _in_words(origin)
        for path, origin in found.origins.items()
        if tuple(step for step in path if not step.isdecimal()) in secret
    }


def _in_words(origin: Origin) -> str:
    if origin.secret_file is not None:
        return f"file {origin.secret_file}"
    if origin.file == ENVIRONMENT:
        return f"environment variable {origin.key}"
    return f"{origin.file}, line {origin.line}"
