"""What holds for every test."""

import fcntl
import shutil
from contextlib import contextmanager

import pytest
from hypothesis import HealthCheck, settings

from tests.product import running_product

# A busy machine is no counterexample: properties say what is true, and bench/ says how fast it is.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


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
    """`with new_product() as product`: a product of one's own, which nobody else has changed."""

    @contextmanager
    def start():
        data = tmp_path_factory.mktemp("product") / "demo"
        shutil.copytree(seeded, data)
        with running_product(data) as running:
            yield running

    return start
