"""Reads the settings: gathers, validates, and says of every mistake where it stands and what would be accepted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config.credentials import kept_secrets
from config.errors import SettingsError
from config.settings import Settings
from config.sources import CONFIG_VARIABLE, Gathered, KeyPath, Origin, gather
from config.suggest import did_you_mean
from config.yamlfile import LocatedDocument, YamlPath, load_yaml

_BOOLEANS: Final = ("true", "false")


def load_settings(
    *,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
) -> Settings:
    """The settings of this process, from the file `config` (or COUNTERSIGN_CONFIG), the environment and `options`.

    `options` are what the command line gave, by dotted key ("roles"); they win.
    Raises SettingsError for the first mistake, with all the others attached; secrets never appear in it.
    """
    environ = os.environ if environ is None else environ
    named = environ.get(CONFIG_VARIABLE)
    path = config or (Path(named) if named else None)
    document = None if path is None else load_yaml(path)
    found = gather(Settings, environ=environ, document=document, options=options or {})
    settings = _validate(found, document)
    if settings is None or found.errors:
        first, *others = found.errors
        first.others = tuple(others)
        raise first
    settings.keep(kept_secrets(Settings, found))
    return settings


def _validate(found: Gathered, document: LocatedDocument | None) -> Settings | None:
    """The settings, or None after their mistakes were added to `found`."""
    try:
        return Settings(**found.values)  # type: ignore[arg-type]  # this is where the types are established
    except ValidationError as exc:
        found.errors.extend(_located(detail, found, document) for detail in exc.errors(include_url=False))
    except SettingsError as exc:
        found.errors.extend(_placed(error, found, document) for error in (exc, *exc.others))
    return None


def _located(detail: ErrorDetails, found: Gathered, document: LocatedDocument | None) -> SettingsError:
    origin = _origin_of(tuple(detail["loc"]), found, document)
    message, accepted = _in_words(detail)
    return SettingsError(message, file=origin.file, line=origin.line, key=origin.key, accepted=accepted)


def _placed(error: SettingsError, found: Gathered, document: LocatedDocument | None) -> SettingsError:
    """A contradiction, with the place of the key it names, or of the section in which that key is missing."""
    path = tuple((error.key or "").split("."))
    origin = found.origins.get(path)
    if origin is not None:
        return SettingsError(error.message, file=origin.file, line=origin.line, key=origin.key, accepted=error.accepted)
    place: YamlPath = tuple(int(part) if part.isdecimal() else part for part in path)
    from_file = document is not None and document.line_of(place[:-1]) is not None and len(place) > 1
    if from_file and document is not None:
        line = document.nearest_line(place)
        return SettingsError(error.message, file=document.file, line=line, key=error.key, accepted=error.accepted)
    return SettingsError(error.message, key=error.key, accepted=error.accepted)


def _origin_of(path: YamlPath, found: Gathered, document: LocatedDocument | None) -> Origin:
    """The origin of the leaf that contains `path`, at the line of the list item if the file has one."""
    if len(path) > 1 and isinstance(path[1], int) and isinstance(found.values.get(str(path[0])), dict):
        path = (path[0], *path[2:])  # the only section of its kind: it stands in no list
    leaf: KeyPath = tuple(str(part) for part in path)
    while leaf and leaf not in found.origins:
        leaf = leaf[:-1]
    origin = found.origins[leaf]
    if document is not None and origin.file == document.file:
        return Origin(origin.file, document.nearest_line(path), origin.key)
    return origin


def _in_words(detail: ErrorDetails) -> tuple[str, tuple[str, ...]]:
    """What pydantic found, as a sentence without its jargon, and what would be accepted."""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "enum" | "literal_error":
            accepted = tuple(part.strip("' ") for part in str(context["expected"]).replace(" or ", ", ").split(","))
            given = detail["input"] if isinstance(detail["input"], str) else ""
            return f"This value is not known.{did_you_mean(given, accepted)}", accepted
        case "bool_parsing" | "bool_type":
            return "This must be true or false.", _BOOLEANS
        case "string_type":
            return "This must be text; write it in quotes.", ()
        case "string_too_short" | "too_short":
            return "This must not be empty.", ()
        case "value_error":
            return f"This value cannot be used: {context['error']}.", ()
        case _:
            return f"{detail['msg'].replace('Input should be', 'This must be')}.", ()
