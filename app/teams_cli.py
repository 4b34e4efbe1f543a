"""`countersign teams`: what a Teams administrator needs of us."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from bot.teams.manifest import DEVELOPER_MAX, Package, archive
from config.load import load_settings
from core.errors import InvalidInput

teams = typer.Typer(no_args_is_help=True, help="Microsoft Teams.")


@teams.command("manifest")
def write_manifest(
    out: Annotated[Path, typer.Option(help="Where the package is written.")] = Path("countersign-teams.zip"),
    config: Annotated[Path | None, typer.Option("--config", help="One YAML file.")] = None,
    developer: Annotated[str, typer.Option(help="Who runs this installation, as people see it.")] = "Countersign",
    privacy: Annotated[str, typer.Option(help="The address of your privacy statement.")] = "",
    terms: Annotated[str, typer.Option(help="The address of your terms of use.")] = "",
) -> None:
    """Write the app package that is uploaded in Teams' admin centre."""
    if not 1 <= len(developer) <= DEVELOPER_MAX:
        raise InvalidInput(
            f"It has {len(developer)} characters.", where="--developer", accepted=(f"1 to {DEVELOPER_MAX} characters",)
        )
    settings = load_settings(config=config)
    if settings.teams.app_id is None:
        raise InvalidInput("Which bot? Set COUNTERSIGN_TEAMS__APP_ID first.", where="teams.app_id")
    package = Package(
        app_id=settings.teams.app_id,
        website=settings.base_url,
        version=version("countersign"),
        developer=developer,
        privacy=privacy,
        terms=terms,
    )
    try:
        out.write_bytes(archive(package))
    except OSError as exc:
        raise InvalidInput(f"'{out}' cannot be written: {exc.strerror}.", where="--out") from exc
    typer.echo(f"{out}: upload it in the Teams admin centre, under Teams apps → Manage apps.")
