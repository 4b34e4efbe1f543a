import pytest

from tests.e2e.api_desk import other


@pytest.fixture(scope="module")
def product(new_product):
    """One for each file: what a file leaves behind (spent budgets, open incidents) is met by no other."""
    with new_product() as running:
        yield running


@pytest.fixture
def marc(product):
    """The other tenant's administrator."""
    return other(product, "marc.fischer@northwind.example")


@pytest.fixture(scope="module")
def document(product):
    return product.call("GET", "/api/openapi.json").json()
