"""A folder of YAML: `default.yaml`, and `<tenant>.yaml` for each tenant that differs."""

from __future__ import annotations

from collections.abc import Container
from pathlib import Path
from typing import Final

from config.errors import YamlSyntaxError
from config.yamlfile import LocatedDocument, load_yaml
from core.errors import ConfigError

DEFAULT: Final = "default"


def load_documents(folder: Path, *, setting: str) -> dict[str, LocatedDocument]:
    """Every *.yaml in the folder by its name, in the order of names.

    Messages call each with its folder, since other folders have files of the same names.
    Raises ConfigError naming the setting if there is no folder, else file and line of what is no YAML.
    """
    if not folder.is_dir():
        raise ConfigError(f"There is no folder {folder}.", key=setting)
    try:
        return {path.stem: load_yaml(path, file=f"{folder.name}/{path.name}") for path in sorted(folder.glob("*.yaml"))}
    except YamlSyntaxError as exc:
        raise ConfigError(exc.message, file=exc.file, line=exc.line) from exc


def name_for(tenant: str, documents: Container[str]) -> str | None:
    """The name of the tenant's own document, else of the default one; None if there is neither."""
    return next((name for name in (tenant, DEFAULT) if name in documents), None)
