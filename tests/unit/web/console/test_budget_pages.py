"""The pages of budgets, rendered with what is reserved of one and without (C4, C5)."""

from __future__ import annotations

import re
from datetime import UTC
from decimal import Decimal
from types import SimpleNamespace

import pytest

from core.charts import burn_chart
from tests.unit.bot.samples import NOW, budget
from tests.unit.web.console.test_bypass_pages import VISITOR
from web.console.assets import load_assets
from web.console.rendering import Sight, environment

TEMPLATES = environment(load_assets())


def shown(template, **values):
    page = TEMPLATES.get_template(template)
    said = {"message": "", "typed": {}, "periods": (), "effects": (), "actions": (), "sought": "", "mine": False}
    return page.render(visitor=VISITOR, sight=Sight(NOW, UTC), places=(), place="budgets", **said, **values)


def page_of(view):
    about = {"budget": view, "standing": view.standing, "currency": "USD", "chart": burn_chart(view, (), now=NOW)}
    return shown("budget.html", **about, supposed=None, no_limit="", said="", failed="", look=SimpleNamespace())


def tiles(page):
    found = re.findall(r'<p class="tile"><strong>(.*?)</strong> <span class="meta">(.*?)</span>', page)
    return {name: value for value, name in found}


@pytest.mark.row("C4", "C5")
def test_what_is_reserved_stands_beside_what_is_used_and_left_where_anything_is():
    some = tiles(page_of(budget(reserved=Decimal("12.34"))))
    assert (some["Used"], some["Left; 12.34 are reserved"]) == ("430.00", "70.00")
    assert tiles(page_of(budget()))["Left"] == "70.00"
    listed = shown("budgets.html", budgets=(budget(reserved=Decimal("12.34")), budget()))
    assert listed.count("and 12.34 reserved") == 1
    assert listed.count(" reserved") == 1
