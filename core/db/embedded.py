"""The PostgreSQL server that comes with the package: made, started, shared and stopped without anybody's help.

One server per folder. Whoever starts it owns it until its process ends; others that ask meanwhile attach to it. It
listens on 127.0.0.1 alone, on a free port, with a password that only the folder knows. A server left behind by a killed
process is stopped (its guard does so at once, the next start does so otherwise) and started anew: PostgreSQL recovers
every committed row from its log.

Blocking: call before the event loop starts, or in a thread.

<folder>/data/            the cluster, and the owner's password (0600)
<folder>/server.log       the server's own words
<folder>/{start,owner}.lock   locks: "is being started", "whose server it is" (the kernel releases them)
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from core.db.embedded_binaries import Binaries, find_binaries
from core.db.embedded_errors import EmbeddedPostgresError
from core.db.embedded_process import (
    POLL_S,
    Launcher,
    Postmaster,
    find_launcher,
    forget_stale_lock,
    guard,
    read_postmaster,
    stop_postmaster,
)

OWNER: Final = "countersign"
DATABASE: Final = "countersign"
HOST: Final = "127.0.0.1"
READY_S: Final = 120.0  # includes the recovery after a crash
LOG_MAX_BYTES: Final = 5_000_000
_RETRIES_S: Final = (0.1, 0.2, 0.4, 0.8, 1.6)  # a port taken meanwhile; a killed server's children still ending
_ATTEMPTS_ON_THE_OLD_PORT: Final = 3
_PASSWORD_FILE: Final = "owner.password"  # noqa: S105  a file's name

_TUNING: Final = {  # a small machine that also runs the application
    "max_connections": "200",
    "shared_buffers": "128MB",
    "max_wal_size": "512MB",
    "wal_compression": "on",
    "max_locks_per_transaction": "256",  # one per partition that a statement touches
    "jit": "off",  # short statements: compiling costs more than it saves
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    "unix_socket_directories": "",  # their paths may not exceed 107 bytes; TCP has no such limit
}
_DURABLE: Final = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_FORGETFUL: Final = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
    "scram_iterations": "1",  # thousands protect what a person thinks of; these passwords are chance
}


@dataclass(frozen=True, slots=True)
class DatabaseAddress:
    """Where the database is."""

    owner_url: str = field(repr=False)  # holds the password


class EmbeddedPostgres:
    """The server of one folder. `fast` gives up durability for speed: for tests, whose data nobody misses."""

    def __init__(self, data_dir: Path, *, fast: bool = False) -> None:
        self._folder = data_dir.expanduser().resolve()
        self._data = self._folder / "data"
        self._log = self._folder / "server.log"
        self._fast = fast
        self._ownership: int | None = None  # the descriptor that holds owner.lock
        self._child: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        self._port: int | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> DatabaseAddress:
        """The server answers, and the database exists. Also brings back one that has died, on its port.

        Raises EmbeddedPostgresError if there is no PostgreSQL to run, it cannot be run here, or does not start.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        with _locked(self._folder / "start.lock"):
            running = read_postmaster(self._data)
            was_ours = self._ownership is not None
            if running is not None and not was_ours and self._take_ownership():  # its owner is dead
                self._port = running.port  # whoever is attached finds the new server where the old one was
                stop_postmaster(self._data, running.pid, self._child)
                running = None
            if running is None:
                self._take_ownership()
                running = self._launch()
            self._port = self._await_ready(running).port
        return self.address()

    def address(self) -> DatabaseAddress:
        """Where the started server is. Raises EmbeddedPostgresError before `start`."""
        if self._port is None:
            raise EmbeddedPostgresError("The database server is not running.")
        password = (self._data / _PASSWORD_FILE).read_text(encoding="utf-8")
        return DatabaseAddress(f"postgresql://{OWNER}:{password}@{HOST}:{self._port}/{DATABASE}")

    def stop(self) -> None:
        """The server is gone, if it is ours; one that another process started keeps running."""
        if self._ownership is None:
            return
        with _locked(self._folder / "start.lock"):
            running = read_postmaster(self._data)
            if running is not None:
                stop_postmaster(self._data, running.pid, self._child)
            self._dismiss_guard()
            os.close(self._ownership)
        self._ownership = self._child = self._port = None

    def _take_ownership(self) -> bool:
        """Whether the server is ours to stop: nobody alive has started it, or we did."""
        if self._ownership is not None:
            return True
        descriptor = os.open(self._folder / "owner.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._ownership = descriptor
        return True

    def _launch(self) -> Postmaster:
        binaries = find_binaries(data_major=_major_of(self._data))
        launcher = find_launcher(binaries.postgres, self._folder)
        if launcher.programs is not None:
            binaries = binaries.copied_below(launcher.programs)
        if not self._data.exists():
            _make_cluster(self._data, binaries, launcher, durable=not self._fast)
        if self._child is not None:
            self._child.poll()  # a server that died must not linger as a zombie, which looks alive to the next one
        forget_stale_lock(self._data)
        _trim(self._log)
        for attempt, pause_s in enumerate(_RETRIES_S, start=1):
            running = self._try_launch(binaries, launcher)
            if running is not None:
                return running
            time.sleep(pause_s)
            if attempt >= _ATTEMPTS_ON_THE_OLD_PORT:
                self._port = None
        self._dismiss_guard()
        raise EmbeddedPostgresError(
            f"The database server does not start: {_last_words(self._log)}", next_step=f"Its log: {self._log}"
        )

    def _try_launch(self, binaries: Binaries, launcher: Launcher) -> Postmaster | None:
        options = {**_TUNING, **(_FORGETFUL if self._fast else _DURABLE), "listen_addresses": HOST}
        switches = (f"--{name.replace('_', '-')}={value}" for name, value in options.items())
        port = str(self._port or _free_port())
        command = (binaries.postgres, "-D", str(self._data), "-p", port, *switches)
        self._dismiss_guard()
        self._child = launcher.spawn(command, log=self._log)
        self._guard = guard(self._child.pid)
        while self._child.poll() is None:
            running = read_postmaster(self._data)
            if running is not None:
                return running
            time.sleep(POLL_S)
        return None

    def _await_ready(self, running: Postmaster) -> Postmaster:
        deadline = time.monotonic() + READY_S
        while not running.is_ready:
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(f"The database server is not ready after {READY_S:.0f} s.")
            time.sleep(POLL_S)
            latest = read_postmaster(self._data)
            if latest is None:
                raise EmbeddedPostgresError(f"The database server has ended: {_last_words(self._log)}")
            running = latest
        return running

    def _dismiss_guard(self) -> None:
        if self._guard is not None:
            self._guard.kill()
            self._guard.wait()
            assert self._guard.stdin is not None  # it was opened as a pipe
            self._guard.stdin.close()
            self._guard = None


def _make_cluster(data: Path, binaries: Binaries, launcher: Launcher, *, durable: bool) -> None:
    """A cluster with our database and owner stands in `data`, whole: made beside it and moved there at the end."""
    staging = data.with_name("data.new")
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir(mode=0o700)
    launcher.hand_over(staging)
    password_file = data.with_name(_PASSWORD_FILE)
    password_file.unlink(missing_ok=True)
    with os.fdopen(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
        stream.write(secrets.token_hex(24))
    launcher.hand_over(password_file)
    sync = () if durable else ("--no-sync", f"--set=scram_iterations={_FORGETFUL['scram_iterations']}")
    launcher.run(
        (*binaries.initdb_arguments(), *sync, f"--username={OWNER}", f"--pwfile={password_file}", "-D", str(staging))
    )
    no_sync = () if durable else ("-F",)
    launcher.run(
        (binaries.postgres, "--single", *no_sync, "-D", str(staging), "postgres"),
        text_in=f"CREATE DATABASE {DATABASE}\n",
    )
    password_file.rename(staging / _PASSWORD_FILE)
    staging.rename(data)


def _major_of(data: Path) -> int | None:
    try:
        return int((data / "PG_VERSION").read_text(encoding="ascii"))
    except FileNotFoundError:
        return None


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _trim(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_MAX_BYTES:
        log.unlink()


def _last_words(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return " / ".join(lines[-3:]) or "it said nothing"
