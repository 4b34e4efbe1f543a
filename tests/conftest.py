"""What holds for every test."""

import fcntl
import os
import shutil
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from tests.memory import folder_in_memory
from tests.product import running_product

# A busy machine is no counterexample: properties say what is true, and bench/ says how fast it is. Every run tries the
# same examples, so that what is green stays green; HYPOTHESIS_PROFILE=chance looks further.
UNTIMED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", UNTIMED, derandomize=True)
settings.register_profile("chance", UNTIMED)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


E2E = Path(__file__).parent / "e2e"
TOGETHER = 6  # files of e2e tests that share a running product: a start of one takes as long as some of them


@cache
def group_of(file: Path) -> str:
    """The tests that one worker runs one after the other: those of a file, and of a few files that share a product.

    Which those are depends on the folder alone. What a test leaves behind (a spent budget, an open incident) is met by
    the same tests in every run, and never by others because of who was faster.
    """
    if file.parent != E2E:
        return str(file.relative_to(E2E.parent))
    return f"e2e-{sorted(E2E.glob('test_*.py')).index(file) // TOGETHER}"


class InGroups(LoadScopeScheduling):
    """A worker takes a whole group, in the order in which the tests are collected: the longest come first."""

    def _split_scope(self, nodeid):
        return group_of(E2E.parents[1] / nodeid.split("::")[0])


def pytest_xdist_make_scheduler(config, log):
    config.option.loadscopereorder = False
    return InGroups(config, log)


@pytest.fixture(scope="session")
def seeded(tmp_path_factory, worker_id):
    """The folder of a demo that was started once from nothing, and has ended: what every product here starts from."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent  # one for all workers
    folder = shared / "seeded"
    with (shared / "seeded.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a worker that died over it
            with running_product(folder / "demo"):
                pass
            (folder / "demo" / "status.json").unlink()  # tells that a demo is ready
            (folder / "done").touch()
    return folder / "demo"


@pytest.fixture(scope="session")
def new_product(seeded, tmp_path_factory):
    """`with new_product() as product`: a product of one's own, which nobody else has changed.

    Its database's files are in memory where there is room, so that no commit waits for a disk; its logs stay behind.
    """

    @contextmanager
    def start():
        data = tmp_path_factory.mktemp("product") / "demo"
        with folder_in_memory(data.parent) as folder:
            shutil.copytree(seeded, data, ignore=shutil.ignore_patterns("postgresql"))
            shutil.copytree(seeded / "postgresql", folder / "postgresql")
            (data / "postgresql").symlink_to(folder / "postgresql")
            with running_product(data) as running:
                yield running

    return start
