import pytest

from tests.product import running_product


@pytest.fixture(scope="session")
def product(tmp_path_factory):
    with running_product(tmp_path_factory.mktemp("product") / "demo") as running:
        yield running
