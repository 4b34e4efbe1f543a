"""Severities in the words of each ticket system, and back (N1-N3, S3)."""

from __future__ import annotations

import pytest

from connectors.itsm.jira.priorities import SEVERITY_SCALE as JIRA
from connectors.itsm.remedy.mapping import SEVERITY_SCALE as REMEDY
from connectors.itsm.servicenow.mapping import SEVERITY_SCALE as SERVICENOW
from connectors.itsm.severity_scale import SEVERITIES

pytestmark = pytest.mark.row("N1", "N2", "N3", "S3")


@pytest.mark.parametrize("scale", [SERVICENOW, JIRA, REMEDY], ids=["servicenow", "jira", "remedy"])
@pytest.mark.parametrize("severity", SEVERITIES)
def test_what_is_written_reads_back(scale, severity):
    assert scale.severity(scale.values(severity)) == severity


@pytest.mark.parametrize(
    ("impact", "urgency", "severity"),
    [("1", "3", "medium"), ("2", "1", "high"), ("3", "2", "low"), ("3 - Low", "1 - High", "medium")],
)
def test_servicenow_works_a_priority_out_of_impact_and_urgency(impact, urgency, severity):
    assert SERVICENOW.severity({"impact": impact, "urgency": urgency}) == severity


@pytest.mark.parametrize(
    ("impact", "urgency", "severity"),
    [
        ("1-Extensive/Widespread", "2-High", "critical"),  # 24
        ("4-Minor/Localized", "1-Critical", "high"),  # 20
        ("1-Extensive/Widespread", "4-Low", "low"),  # 9
    ],
)
def test_remedy_adds_up_the_weights_of_impact_and_urgency(impact, urgency, severity):
    assert REMEDY.severity({"Impact": impact, "Urgency": urgency}) == severity


def test_a_word_of_nobodys_is_shown_as_it_stands():
    assert JIRA.severity({"priority": "Whenever"}) == "Whenever"
    assert SERVICENOW.severity({"impact": "", "urgency": "1"}) == "1"
    assert JIRA.severity({}) == ""
