"""The console's pages of bypasses, rendered with everything that can stand on them and with nothing (E1 to E5)."""

from __future__ import annotations

from datetime import UTC, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from core.charts import bypass_chart
from core.emergency import BypassRisk, BypassTerms, Circumstances, WaitingBypass, Wish
from core.tenants.bypass_policy import BypassReason
from tests.unit.bot.samples import (
    NOW,
    TOMAS,
    bypass,
    bypass_month,
    found_out,
    quiet_month,
    remediation,
    reviewed,
    whole_bypass,
)
from web.console.assets import load_assets
from web.console.rendering import Sight, environment, factor

TEMPLATES = environment(load_assets())
VISITOR = SimpleNamespace(
    csrf="x",
    name="Ana",
    email="ana@x.example",
    is_guest=False,
    must_set_up=False,
    home="acme",
    actor=SimpleNamespace(tenant="acme", is_enterprise_admin=False),
)
TERMS = BypassTerms(
    timedelta(hours=1),
    ("production", "staging"),
    (BypassReason("outage", "A service is down"),),
    wants_incident=True,
    incident_format="INC[0-9]{7}",
)
WISH = Wish(
    "*", "*", "Payments stand still.", timedelta(minutes=45), Circumstances("production", "outage", "INC0010042")
)


def shown(template: str, **values: Any) -> str:
    page = TEMPLATES.get_template(template)
    return page.render(visitor=VISITOR, sight=Sight(NOW, UTC), places=(), place="bypasses", message="", **values)


def one(view: Any, *, may: bool, is_running: bool) -> str:
    return shown(
        "bypass.html",
        bypass=view,
        is_running=is_running,
        may_end=may,
        may_acknowledge=may,
        may_decide=may,
        may_review=may,
        follow_ups=range(3),
        me=TOMAS.id,
        answers=may,
        said="",
    )


@pytest.mark.row("E3", "E5")
def test_the_page_of_a_bypass_shows_both_risks_what_was_done_and_what_its_review_found() -> None:
    page = one(found_out(), may=True, is_running=False)
    for words in (
        "Before the grant: Medium",
        "At the review: High",
        "There was no such agent" if found_out().uses[0].before is None else "registered",
        "model: large",
        "Does not hold",
        "It could have waited for the review.",
        "Alert when invoices are matched twice",
        "INC0010042",
    ):
        assert words in page, words
    assert "It is scored again with what was done." in one(bypass(), may=False, is_running=True)
    assert "Not reported" in one(whole_bypass(), may=False, is_running=True)


@pytest.mark.row("E1", "E2")
@pytest.mark.parametrize("may", [True, False])
@pytest.mark.parametrize("view", [bypass(), whole_bypass(), reviewed(), found_out()], ids=lambda each: each.status)
def test_a_page_has_the_forms_of_whoever_looks_and_no_others(view: Any, *, may: bool) -> None:
    is_running = view.status == "active"
    page = one(view, may=may, is_running=is_running)
    assert ("Acknowledge</button>" in page) == may
    assert ("End now" in page) == (may and is_running)
    assert ("Finish review" in page) == (may and view.review_status != "done")
    assert ("Give more time" in page) == (may and is_running and view.asked_extension is not None)


@pytest.mark.row("E1")
def test_the_list_offers_a_bypass_to_whoever_may_have_one() -> None:
    values: dict[str, Any] = {"filters": (("", "All"),), "wanted": "", "cursor": None, "typed": {}}
    page = shown(
        "bypasses.html", bypasses=(found_out(), bypass()), remediations=(remediation(),), terms=TERMS, **values
    )
    for words in ("BYP-3", "Medium → High", "Bypass now", "A service is down", "production", "What reviews want done"):
        assert words in page, words
    empty = shown("bypasses.html", bypasses=(), remediations=(), terms=None, **values)
    assert "Bypass now" not in empty


@pytest.mark.row("E3")
def test_factors_name_the_action_as_people_say_it() -> None:
    assert [factor(each) for each in ("action *", "action agent.deploy", "actions under it: 2")] == [
        "Any action",
        "Deploy agent",
        "actions under it: 2",
    ]


@pytest.mark.row("E1", "E3", "X2")
def test_the_confirmation_repeats_what_is_asked_for_and_its_risk_with_every_factor() -> None:
    risk = BypassRisk((("action *", 45), ("any agent, not one", 25)))
    page = shown("stepup_bypass.html", waiting=WaitingBypass(WISH, risk, "A service is down", True), options="")
    for words in ("45 minutes", "70 points", "Any action +45", "any agent, not one +25", "INC0010042", 'name="code"'):
        assert words in page, words
    fresh = shown("stepup_bypass.html", waiting=WaitingBypass(WISH, risk, "", False), options="")
    assert 'name="code"' not in fresh


@pytest.mark.row("E2")
def test_the_report_shows_the_month_and_says_when_there_is_nothing() -> None:
    values = {"month": "2026-02", "before": "2026-01", "after": "2026-03"}
    page = shown("bypass_report.html", report=bypass_month(), chart=bypass_chart(bypass_month()), **values)
    for words in ("A service is down", "Lee Okafor", "Median to review", "month=2026-01", "month=2026-03"):
        assert words in page, words
    quiet = shown("bypass_report.html", report=quiet_month(), chart=bypass_chart(quiet_month()), **values)
    assert "No bypass was used" in quiet
