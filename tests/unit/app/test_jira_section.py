"""The section `jira` of the settings as a connected ticket system."""

from __future__ import annotations

import pytest

from app.tickets import connected_systems
from config.errors import SettingsError
from config.load import load_settings

ENVIRON = {
    "COUNTERSIGN_JIRA__URL": "https://example.atlassian.net",
    "COUNTERSIGN_JIRA__USER": "countersign@example.com",
    "COUNTERSIGN_JIRA__PASSWORD": "token",
    "COUNTERSIGN_JIRA__TENANT": "acme",
    "COUNTERSIGN_JIRA__PROJECT": "OPS",
}


@pytest.mark.row("N2")
async def test_the_section_is_one_system_beside_others():
    other = {
        "COUNTERSIGN_SERVICENOW__URL": "https://example.service-now.com",
        "COUNTERSIGN_SERVICENOW__USER": "u",
        "COUNTERSIGN_SERVICENOW__PASSWORD": "p",
        "COUNTERSIGN_SERVICENOW__TENANT": "acme",
    }
    found = connected_systems(load_settings(environ={**ENVIRON, **other}))

    assert [(each.slug, each.title, each.tenant) for each in found] == [
        ("servicenow", "ServiceNow", "acme"),
        ("jira", "Jira", "acme"),
    ]
    for each in found:
        await each.system.close()


async def test_tables_may_be_json_in_a_variable_and_whatever_is_valid_can_be_connected():
    tables = {
        "COUNTERSIGN_JIRA__STATES": '{"Peer review": "in_approval"}',
        "COUNTERSIGN_JIRA__RESOLUTIONS": '{"cancelled": "Won\'t Do"}',
        "COUNTERSIGN_JIRA__FIELDS": '{"risk": "customfield_10021"}',
        "COUNTERSIGN_JIRA__CREATE_FIELDS": '{"components": [{"name": "Agents"}]}',
    }
    settings = load_settings(environ={**ENVIRON, **tables})

    assert settings.jira[0].states == {"Peer review": "in_approval"}
    (found,) = connected_systems(settings)
    await found.system.close()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("STATES", "Peer review", 'it must be JSON: {"name": "value"}.'),
        ("FIELDS", '{"risk": "Risk level"}', "it must be the id of a field, such as customfield_10021."),
        ("PROJECT", 'OPS" OR project = "HR', "a project's key has letters, digits and underscores"),
        ("PROJECT", "OPS-1", "a project's key has letters, digits and underscores"),
    ],
)
def test_what_jira_could_not_take_is_refused_with_its_name(name, value, message):
    with pytest.raises(SettingsError) as refused:
        load_settings(environ={**ENVIRON, f"COUNTERSIGN_JIRA__{name}": value})

    assert str(refused.value.key).startswith(f"COUNTERSIGN_JIRA__{name}")
    assert message in refused.value.message


def test_no_section_is_no_system():
    assert connected_systems(load_settings(environ={})) == ()
