"""The server as a process: under which user it may run, whose it is, whether it is ready, and its end."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.db.embedded_errors import EmbeddedPostgresError

FAST_STOP_S: Final = 30.0  # the shutdown checkpoint of a busy cluster on a slow disk
IMMEDIATE_STOP_S: Final = 10.0
POLL_S: Final = 0.01
_PROBE_TIMEOUT_S: Final = 20
_PROBE: Final = 'cd "$0" && exec "$1" --version'  # both the files and the program must be within reach
_UNPRIVILEGED: Final = ("postgres", "daemon", "nobody")  # one of them exists everywhere; initdb asks for its name
_PROC: Final = Path("/proc")
_PROGRAMS: Final = Path("/var/cache/countersign")


@dataclass(frozen=True, slots=True)
class Launcher:
    """How a server binary is started here: PostgreSQL refuses to run as root.

    `user` and `group` own the cluster's files and run the server; None: as we are. A `prefix` is a program that becomes
    that user by itself. With `programs` the server's programs must be copied there first: initdb looks for them with
    access(2), which knows of no right to pass closed folders.
    """

    prefix: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None
    programs: Path | None = None

    @property
    def becomes(self) -> tuple[int | None, int | None, list[int] | None]:
        """User, group and further groups to take on before the first program is started."""
        if self.prefix or self.user is None:
            return None, None, None
        return self.user, self.group, []

    def hand_over(self, path: Path) -> None:
        """`path` belongs to the user that the server runs as."""
        if self.user is not None and self.group is not None:
            os.chown(path, self.user, self.group)

    def run(self, arguments: tuple[str, ...], *, text_in: str = "") -> None:
        """The program has ended well. Raises EmbeddedPostgresError with its own words otherwise."""
        user, group, extra_groups = self.becomes
        done = subprocess.run(  # noqa: S603  our own command line
            [*self.prefix, *arguments],
            input=text_in,
            capture_output=True,
            text=True,
            check=False,
            env=clean_environment(),
            user=user,
            group=group,
            extra_groups=extra_groups,
        )
        if done.returncode:
            words = (done.stderr or done.stdout).strip()[-2000:]
            raise EmbeddedPostgresError(f"{Path(arguments[0]).name} failed: {words}")

    def spawn(self, arguments: tuple[str, ...], *, log: Path) -> subprocess.Popen[bytes]:
        """The program runs in a session of its own, so that Ctrl-C reaches us alone; its words go to `log`."""
        user, group, extra_groups = self.becomes
        with log.open("ab") as words:
            return subprocess.Popen(  # noqa: S603  our own command line
                [*self.prefix, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=words,
                stderr=words,
                env=clean_environment(),
                start_new_session=True,
                user=user,
                group=group,
                extra_groups=extra_groups,
            )


def clean_environment() -> dict[str, str]:
    """Our environment without what would steer the server or its tools from outside."""
    steering = ("PG", "LC_", "LANG", "COUNTERSIGN_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(steering)}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def find_launcher(postgres: str, folder: Path) -> Launcher:
    """A way to run `postgres` with its files in `folder` on this machine as the present user.

    For root: a user namespace that maps root to an unprivileged user (nothing on disk changes hands, and binaries below
    a private home are reachable); else, as in most containers, that user itself; else that user with the one right to
    pass closed folders, for a checkout below /root. Raises EmbeddedPostgresError if none works.
    """
    if os.geteuid() != 0:
        return Launcher()
    user = _unprivileged_user()
    for launcher in _launchers_of_root(user.pw_uid, user.pw_gid):
        if _can_run(launcher, postgres, folder):
            return launcher
    raise EmbeddedPostgresError(
        "PostgreSQL refuses to run as root, and neither a user namespace nor another user can run it here.",
        next_step="Run Countersign as an ordinary user, or name a server in COUNTERSIGN_DATABASE_URL.",
    )


def _launchers_of_root(user: int, group: int) -> Iterator[Launcher]:
    if unshare := shutil.which("unshare"):
        yield Launcher(prefix=(unshare, "--user", f"--map-user={user}", f"--map-group={group}"))
    yield Launcher(user=user, group=group)
    if setpriv := shutil.which("setpriv"):
        identity = (f"--reuid={user}", f"--regid={group}", "--clear-groups")
        rights = ("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override", "--no-new-privs")
        yield Launcher(prefix=(setpriv, *identity, *rights), user=user, group=group, programs=_PROGRAMS)


def _unprivileged_user() -> pwd.struct_passwd:
    for name in _UNPRIVILEGED:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EmbeddedPostgresError(
        f"PostgreSQL refuses to run as root, and there is no other user here ({', '.join(_UNPRIVILEGED)}).",
        next_step="Run Countersign as an ordinary user, or name a server in COUNTERSIGN_DATABASE_URL.",
    )


def _can_run(launcher: Launcher, postgres: str, folder: Path) -> bool:
    user, group, extra_groups = launcher.becomes
    try:
        done = subprocess.run(  # noqa: S603  our own command line
            [*launcher.prefix, "/bin/sh", "-c", _PROBE, str(folder), postgres],
            capture_output=True,
            check=False,
            timeout=_PROBE_TIMEOUT_S,
            user=user,
            group=group,
            extra_groups=extra_groups,
        )
    except (OSError, subprocess.SubprocessError):
        return False  # may not enter the folder, may not become that user
    return done.returncode == 0


@dataclass(frozen=True, slots=True)
class Postmaster:
    """What postmaster.pid says of a running server."""

    pid: int
    port: int
    is_ready: bool


def read_postmaster(data: Path) -> Postmaster | None:
    """The live server of the cluster in `data`; None if there is none, whatever a file left behind by a crash says."""
    try:
        lines = (data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        pid, port = int(lines[0]), int(lines[3])
    except (FileNotFoundError, ValueError, IndexError):
        return None  # none, or it is being written at this moment
    if not _serves(pid, data):
        return None
    return Postmaster(pid, port, is_ready=len(lines) > 7 and lines[7].strip() == "ready")


def forget_stale_lock(data: Path) -> None:
    """A lock file that PostgreSQL would wrongly believe is gone; one that it judges rightly is left to it.

    PostgreSQL takes any live process that carries the number in postmaster.pid for its predecessor. In a container the
    same small numbers come round at every start. Call only when `read_postmaster` finds no server.

    Raises EmbeddedPostgresError if parts of a killed server are still at work: the lock file also holds the number of
    their shared memory, by which PostgreSQL notices them.
    """
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text(encoding="utf-8").split()[0])
        os.kill(pid, 0)
    except (FileNotFoundError, ProcessLookupError, ValueError, IndexError):
        return
    except PermissionError:
        pass  # alive, and somebody else's
    if not _is_gone_within(IMMEDIATE_STOP_S, lambda: _has_processes(data)):
        raise EmbeddedPostgresError(f"Processes of an earlier server still use {data}.")
    lock.unlink(missing_ok=True)


def _has_processes(data: Path) -> bool:
    if not _PROC.is_dir():
        return False
    return any(_serves(int(entry.name), data) for entry in _PROC.iterdir() if entry.name.isdigit())


def _serves(pid: int, data: Path) -> bool:
    """Whether process `pid` is alive and the server of `data`: a server's working directory is its data directory."""
    if _PROC.is_dir():
        try:
            return (_PROC / str(pid) / "cwd").readlink() == data.resolve()
        except PermissionError:  # another user's, in a container whose root may not look into its own processes
            return _is_started_for(pid, data)
        except OSError:
            return False  # gone, or a zombie
    listing = subprocess.run(  # noqa: S603  macOS
        ["/bin/ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False
    )
    return str(data) in listing.stdout


def _is_started_for(pid: int, data: Path) -> bool:
    """The same of the server's first process, by its command line, which everybody may read."""
    try:
        words = (_PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return words[1:3] == [b"-D", os.fsencode(data)]


def stop_postmaster(data: Path, pid: int, child: subprocess.Popen[bytes] | None) -> None:
    """The server is gone: asked to stop fast (open transactions are rolled back), then at once if it takes too long.

    Raises EmbeddedPostgresError if it outlives both.
    """
    for number, patience_s in ((signal.SIGINT, FAST_STOP_S), (signal.SIGQUIT, IMMEDIATE_STOP_S)):
        if not _serves(pid, data):
            break
        os.kill(pid, number)
        if _is_gone_within(patience_s, lambda: _serves(pid, data)):
            break
    else:
        raise EmbeddedPostgresError(f"The database server (process {pid}) does not stop.")
    if child is not None:
        child.wait()


def _is_gone_within(patience_s: float, is_there: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + patience_s
    while is_there():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def guard(pid: int) -> subprocess.Popen[bytes]:
    """A shell that stops server `pid` when this process ends, however it ends: it waits for our end of a pipe to close.

    PR_SET_PDEATHSIG would not do: it fires when the *thread* that started the server ends.
    """
    return subprocess.Popen(  # noqa: S603  constant script
        ["/bin/sh", "-c", 'read -r _; kill -INT "$0"', str(pid)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
