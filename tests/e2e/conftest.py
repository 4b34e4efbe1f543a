import pytest


@pytest.fixture(scope="session")
def product(new_product):
    with new_product() as running:
        yield running
