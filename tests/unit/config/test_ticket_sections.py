"""Sections of ticket systems: one, or one for each tenant."""

from __future__ import annotations

import pytest

from config.errors import SettingsError
from config.load import load_settings
from config.servicenow import CREDENTIALS, WAYS, spelled

pytestmark = pytest.mark.row("N1")
TWO = """
servicenow:
  - url: https://acme.service-now.com
    user: countersign
    password_file: acme
    tenant: acme
  - url: https://globex.service-now.com
    user: countersign
    password_file: globex
    tenant: globex
"""


@pytest.fixture
def load(tmp_path):
    """Settings from this text, beside two files of secrets."""
    for name in ("acme", "globex"):
        (tmp_path / name).write_text(f"secret of {name}\n")
    (tmp_path / "map.yaml").write_text("")
    file = tmp_path / "countersign.yaml"

    def read(text, **environ):
        file.write_text(text)
        return load_settings(config=file, environ=environ)

    return read


def test_each_tenant_has_its_own_instance_with_its_own_secret(load):
    found = load(TWO).servicenow

    assert [(one.tenant, one.url, one.password.get_secret_value()) for one in found] == [
        ("acme", "https://acme.service-now.com", "secret of acme"),
        ("globex", "https://globex.service-now.com", "secret of globex"),
    ]


def test_a_single_section_is_written_without_a_list(load):
    text = "servicenow: {url: https://x.example.com, user: u, password: p, tenant: acme}\n"

    assert [one.tenant for one in load(text).servicenow] == ["acme"]
    assert [one.user for one in load(text, COUNTERSIGN_SERVICENOW__USER="other").servicenow] == ["other"]


def test_a_mapping_is_looked_for_beside_the_file_that_names_it(load, tmp_path):
    text = TWO.replace("    tenant: acme", "    tenant: acme\n    mapping: map.yaml")

    assert load(text).servicenow[0].mapping == tmp_path / "map.yaml"


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "message"),
    [
        ("tenant: globex", "tenant: acme", 10, "servicenow.1.tenant", "'acme' is given twice."),
        ("    user: countersign\n    password_file: globex", "    password_file: globex", 7, "servicenow.1.user",
         "This is required because 'servicenow.1.url' is given with password."),
        ("  - url: https://globex.service-now.com\n    user", "  - user", 7, "servicenow.1.url",
         "This is required because it stands in a list."),
        ("password_file: globex", "pasword_file: globex", 9, "servicenow.1.pasword_file", "There is no such key."),
        ("https://globex", "http://globex", 7, "servicenow.1.url", "Credentials would travel in clear text."),
        ("https://globex.service-now.com", "ftp://globex", 7, "servicenow.1.url", "it must start with https://"),
        ("password_file: globex", "password_file: nowhere", 9, "servicenow.1.password_file", "cannot be read"),
        ("tenant: globex", "tenant: globex\n    mapping: nowhere.yaml", 11, "servicenow.1.mapping", "There is no file"),
        ("  - url: https://globex.service-now.com\n    user: countersign\n    password_file: globex\n"
         "    tenant: globex\n", "  - acme\n", 7, "servicenow.1", "This is a section"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_list_of_sections_is_named_with_its_line(load, old, new, line, key, message):
    with pytest.raises(SettingsError) as refused:
        load(TWO.replace(old, new))

    assert (refused.value.line, refused.value.key) == (line, key)
    assert message in refused.value.message


def test_a_mistake_in_the_only_section_is_named_without_a_position(load):
    with pytest.raises(SettingsError) as refused:
        load("jira:\n  url: ftp://x\n")

    assert (refused.value.line, refused.value.key) == (2, "jira.url")


def test_what_the_only_section_lacks_may_be_set_by_a_variable_and_says_by_which(load):
    with pytest.raises(SettingsError, match="Set it here or as COUNTERSIGN_SERVICENOW__USER"):
        load("servicenow: {url: https://x.example.com, password: p, tenant: acme}\n")


def test_a_variable_beside_a_list_is_refused_as_nobody_could_tell_whose_it_is(load):
    with pytest.raises(SettingsError, match="The file gives several sections of 'servicenow'") as refused:
        load(TWO, COUNTERSIGN_SERVICENOW__USER="x")

    assert refused.value.key == "COUNTERSIGN_SERVICENOW__USER"


SECRETS = {"password": "p", "access_token": "t", "api_key": "k", "client_secret": "s"}


def section(*names):
    """A list of one section of ServiceNow with these credentials, on lines of their own."""
    given = "".join(f"    {name}: {SECRETS.get(name, name)}\n" for name in names)
    return f"servicenow:\n  - url: https://x.example.com\n    tenant: acme\n{given}"


@pytest.mark.parametrize("names", WAYS, ids=spelled)
def test_each_way_to_sign_in_to_servicenow_is_enough(load, names):
    (found,) = load(section(*names)).servicenow

    assert {name for name in CREDENTIALS if getattr(found, name) is not None} == set(names)


@pytest.mark.parametrize(
    ("names", "line", "key", "said"),
    [
        (("user", "password", "api_key"), 6, "api_key",
         "'servicenow.0.user', 'servicenow.0.password' and 'servicenow.0.api_key' do not go together"),
        (("access_token", "api_key"), 5, "api_key", "'servicenow.0.access_token' and 'servicenow.0.api_key'"),
        (("access_token", "client_id", "client_secret"), 6, "client_secret", "they are several ways to sign in"),
        (("user", "access_token"), 5, "access_token", "'servicenow.0.user' and 'servicenow.0.access_token'"),
    ],
)  # fmt: skip
def test_several_ways_to_sign_in_at_once_are_refused_with_those_that_there_are(load, names, line, key, said):
    with pytest.raises(SettingsError) as refused:
        load(section(*names))

    assert (refused.value.line, refused.value.key) == (line, f"servicenow.0.{key}")
    assert said in refused.value.message
    assert refused.value.accepted == (
        "user + password",
        "access_token",
        "api_key",
        "client_id + client_secret",
        "client_id + client_secret + user + password",
    )


@pytest.mark.parametrize(
    ("names", "missing", "why"),
    [
        ((), "user", "with neither an access_token, an api_key nor a client_id."),
        (("user",), "password", "with user."),
        (("client_id",), "client_secret", "with client_id."),
        (("user", "client_id", "client_secret"), "password", "with user, client_id and client_secret."),
    ],
)
def test_half_a_way_to_sign_in_is_refused_with_what_it_lacks(load, names, missing, why):
    with pytest.raises(SettingsError) as refused:
        load(section(*names))

    assert refused.value.key == f"servicenow.0.{missing}"
    assert refused.value.message.endswith(f"'servicenow.0.url' is given {why}")
