from contextlib import ExitStack

import pytest

from tests.conftest import group_of
from tests.e2e.api_desk import other
from tests.product import Product


@pytest.fixture(scope="session")
def products(new_product):
    """The running product of a group of files; that of the group before is ended."""
    with ExitStack() as running:
        known: dict[str, Product] = {}

        def of(group):
            if group not in known:
                running.close()
                known.clear()
                known[group] = running.enter_context(new_product())
            return known[group]

        yield of


@pytest.fixture(scope="module")
def product(products, request):
    return products(group_of(request.path))


@pytest.fixture
def marc(product):
    """The other tenant's administrator."""
    return other(product, "marc.fischer@northwind.example")


@pytest.fixture(scope="module")
def document(product):
    return product.call("GET", "/api/openapi.json").json()
