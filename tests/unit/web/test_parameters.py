"""Parameters of a query: what is wrong with one is said of a parameter."""

from __future__ import annotations

import pytest

from web.api.budget_inputs import WhatIfQuery
from web.errors import InvalidRequest, Place
from web.parameters import parameters_of


@pytest.mark.parametrize("text", ["1e9", '"12.50"', "", "NaN"])
def test_a_parameter_that_is_no_decimal_is_not_asked_for_in_quotes(text):
    with pytest.raises(InvalidRequest) as refused:
        parameters_of(WhatIfQuery, Place.QUERY).read([("limit", text)])
    assert [each.detail for each in refused.value.faults] == ["It must be a decimal number, such as 12.50."]
