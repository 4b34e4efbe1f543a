import pytest

from tests.e2e.api_desk import other


@pytest.fixture(scope="session")
def product(new_product):
    with new_product() as running:
        yield running


@pytest.fixture
def marc(product):
    """The other tenant's administrator."""
    return other(product, "marc.fischer@northwind.example")


@pytest.fixture(scope="session")
def document(product):
    return product.call("GET", "/api/openapi.json").json()
