"""Settings from the environment, secret files and a YAML file; every mistake with its place."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from config.chat import SlackMode
from config.errors import SettingsError
from config.load import load_settings
from config.settings import LogFormat, LogLevel, Role, Settings

SLACK = {
    "COUNTERSIGN_SLACK__BOT_TOKEN": "xoxb-1",
    "COUNTERSIGN_SLACK__SIGNING_SECRET": "s3cret",
    "COUNTERSIGN_SLACK__TENANT": "enterprise-corp",
}


@pytest.fixture
def write(tmp_path):
    """Writes the settings file and returns its path."""

    def write_file(text: str) -> Path:
        path = tmp_path / "countersign.yaml"
        path.write_text(text)
        return path

    return write_file


def refusal(*, config: Path | None = None, environ: dict[str, str] | None = None) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        load_settings(config=config, environ=environ or {})
    return caught.value


def test_with_nothing_set_the_service_runs_by_itself_on_this_machine_alone():
    settings = load_settings(environ={})
    assert settings.database_url is None
    assert (settings.bind.host, settings.bind.port, settings.base_url) == ("127.0.0.1", 8080, "http://127.0.0.1:8080")
    assert settings.roles == frozenset(Role)
    assert (settings.slack.enabled, settings.servicenow, settings.demo) == (False, (), False)


def test_variables_set_nested_values_lists_and_words_in_any_case():
    settings = load_settings(
        environ={
            "COUNTERSIGN_BIND__PORT": "9000",
            "COUNTERSIGN_ROLES": "web, worker",
            "COUNTERSIGN_LOG_LEVEL": "WARNING",
            "COUNTERSIGN_LOG_FORMAT": "console",
            "COUNTERSIGN_DEMO": "true",
            **SLACK,
        }
    )
    assert settings.bind.port == 9000
    assert settings.roles == {Role.WEB, Role.WORKER}
    assert (settings.log_level, settings.log_format) == (LogLevel.WARNING, LogFormat.CONSOLE)
    assert settings.demo is True
    assert settings.slack.bot_token.get_secret_value() == "xoxb-1"
    assert settings.slack.api_url == "https://slack.com/api/"


def test_the_environment_wins_over_the_file_value_by_value(write):
    path = write("bind:\n  host: 127.0.0.2\n  port: 9000\nroles: [bot]\n")
    settings = load_settings(config=path, environ={"COUNTERSIGN_BIND__PORT": "9001"})
    assert (settings.bind.host, settings.bind.port, settings.roles) == ("127.0.0.2", 9001, {Role.BOT})


def test_the_file_may_be_named_by_a_variable(write):
    path = write("log_level: debug\n")
    assert load_settings(environ={"COUNTERSIGN_CONFIG": str(path)}).log_level is LogLevel.DEBUG


def test_the_file_named_on_the_command_line_wins_over_the_variable(write):
    path = write("log_level: debug\n")
    assert load_settings(config=path, environ={"COUNTERSIGN_CONFIG": "/nowhere.yaml"}).log_level is LogLevel.DEBUG


def test_an_option_of_the_command_line_wins_over_the_environment():
    settings = load_settings(environ={"COUNTERSIGN_ROLES": "web"}, options={"roles": "bot,worker"})
    assert settings.roles == {Role.BOT, Role.WORKER}


def test_a_bad_option_is_named_as_it_was_typed():
    with pytest.raises(SettingsError) as caught:
        load_settings(environ={}, options={"roles": "wbe"})
    assert caught.value.sentence() == (
        "command line key '--roles': This value is not known. Did you mean 'web'? Accepted: web, bot, worker."
    )


def test_an_empty_variable_and_a_key_without_a_value_set_nothing(write):
    path = write("slack:\nlog_level:\nservicenow:\n  url:\n")
    settings = load_settings(config=path, environ={"COUNTERSIGN_SLACK__BOT_TOKEN": ""})
    assert settings == load_settings(environ={})


def test_a_secret_may_be_the_content_of_a_file_without_its_last_line_break(tmp_path):
    (tmp_path / "token").write_text("xoxb-from-file\n")
    environ = {
        **SLACK,
        "COUNTERSIGN_SLACK__BOT_TOKEN": "",
        "COUNTERSIGN_SLACK__BOT_TOKEN_FILE": str(tmp_path / "token"),
    }
    assert load_settings(environ=environ).slack.bot_token.get_secret_value() == "xoxb-from-file"


def test_paths_in_the_file_start_at_its_folder(write, tmp_path):
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "database_url").write_text("postgresql://owner:pw@db/countersign")
    (tmp_path / "policies").mkdir()
    path = write("database_url_file: secrets/database_url\npolicies_dir: policies\ndata_dir: data\n")
    settings = load_settings(config=path, environ={})
    assert settings.database_url.get_secret_value() == "postgresql://owner:pw@db/countersign"
    assert (settings.policies_dir, settings.data_dir) == (tmp_path / "policies", tmp_path / "data")


def test_the_older_scheme_of_a_database_address_is_understood():
    settings = load_settings(environ={"COUNTERSIGN_DATABASE_URL": "postgres://owner:pw@db/countersign"})
    assert settings.database_url.get_secret_value() == "postgresql://owner:pw@db/countersign"


def test_what_a_cluster_announces_about_a_service_of_our_name_is_not_ours():
    environ = {
        "COUNTERSIGN_SERVICE_HOST": "10.0.0.1",
        "COUNTERSIGN_SERVICE_PORT_HTTP": "80",
        "COUNTERSIGN_PORT": "tcp://10.0.0.1:80",
        "COUNTERSIGN_PORT_80_TCP_ADDR": "10.0.0.1",
    }
    assert load_settings(environ=environ) == load_settings(environ={})


@pytest.mark.parametrize(
    ("text", "line", "key", "message", "accepted"),
    [
        ("bind:\n  prot: 1\n", 2, "bind.prot", "There is no such key. Did you mean 'port'?", ("host", "port")),
        ("log_level: loud\n", 1, "log_level", "This value is not known.", ("debug", "info", "warning", "error")),
        ("log_level: warn\n", 1, "log_level", "This value is not known. Did you mean 'warning'?",
         ("debug", "info", "warning", "error")),
        ("roles:\n  - web\n  - wroker\n", 3, "roles", "This value is not known. Did you mean 'worker'?",
         ("web", "bot", "worker")),
        ("\nbind:\n  port: 70000\n", 3, "bind.port", "This must be less than or equal to 65535.", ()),
        ("bind:\n  port: many\n", 2, "bind.port", "This must be a valid integer, unable to parse string as an integer.", ()),
        ("bind: here\n", 1, "bind", "This is a section: put its keys below it, indented.", ("host", "port")),
        ("demo: maybe\n", 1, "demo", "This must be true or false.", ("true", "false")),
        ("roles: []\n", 1, "roles", "This must not be empty.", ()),
        ("slack:\n  tenant: 7\n", 2, "slack.tenant", "This must be text; write it in quotes.", ()),
        ("slack:\n  tenant: Enterprise Corp\n", 2, "slack.tenant",
         "This value cannot be used: a tenant id has up to 63 lower-case letters, digits and hyphens.", ()),
        ("public_url: ftp://x\n", 1, "public_url",
         "This value cannot be used: it must start with https:// (or http://).", ()),
        ("public_url: https://u:p@x\n", 1, "public_url",
         "This value cannot be used: it must not hold a user, a password, a query or a fragment.", ()),
        ("database_url: mysql://db/x\n", 1, "database_url",
         "This value cannot be used: it must read postgresql://user:password@host:port/database.", ()),
        ("database_url: postgresql://db\n", 1, "database_url",
         "This value cannot be used: it names no database; it must read postgresql://user:password@host:port/database.",
         ()),
        ("database_app_url: postgresql://app:pw@db/x\n", 1, "database_app_url",
         "This needs 'database_url' too: the embedded database has its own roles.", ()),
        ("demo: true\nbind:\n  host: 0.0.0.0\n", 3, "bind.host",
         "The demo lets anyone act as anybody, so it listens on this machine alone.", ("127.0.0.1", "::1", "localhost")),
        ("slack:\n  bot_token: xoxp-1\n  signing_secret: s\n  tenant: t\n", 2, "slack.bot_token",
         "This is another kind of token: it must start with 'xoxb-'.", ()),
        ("slack:\n  bot_token: xoxb-1\n  tenant: t\n", 1, "slack.signing_secret",
         "This is required because mode 'http' checks with it that a request comes from Slack. "
         "Set it here or as COUNTERSIGN_SLACK__SIGNING_SECRET.", ()),
        ("slack:\n  mode: socket\n  bot_token: xoxb-1\n  tenant: t\n", 1, "slack.app_token",
         "This is required because mode 'socket' opens its connection with it. "
         "Set it here or as COUNTERSIGN_SLACK__APP_TOKEN.", ()),
        ("servicenow:\n  url: http://sn.example.com\n  user: u\n  password: p\n  tenant: t\n", 2, "servicenow.url",
         "Credentials would travel in clear text.", ("https://…",)),
        ("teams:\n  app_id: bot\n", 2, "teams.app_id",
         "This value cannot be used: it must look like 00000000-0000-0000-0000-000000000000.", ()),
        ("teams:\n  app_id: 00000000-0000-4000-8000-000000000001\n  tenant_id: 00000000-0000-4000-8000-000000000001\n  tenant: t\n", 1, "teams.app_password",
         "This is required because the bot proves with it who it is. "
         "Set it here or as COUNTERSIGN_TEAMS__APP_PASSWORD.", ()),
        ("teams:\n  app_id: 00000000-0000-4000-8000-000000000001\n  app_password: s\n  tenant: t\n", 1, "teams.tenant_id",
         "This is required because messages of any other Microsoft 365 tenant are refused. "
         "Set it here or as COUNTERSIGN_TEAMS__TENANT_ID.", ()),
        ("teams:\n  login_url: http://login.example.com\n", 2, "teams.login_url",
         "Credentials would travel in clear text.", ("https://…",)),
        ("jira:\n  url: http://jira.example.com\n  access_token: t\n  tenant: t\n  project: OPS\n", 2, "jira.url",
         "Credentials would travel in clear text.", ("https://…",)),
        ("jira:\n  url: https://x.example\n  access_token: t\n  tenant: t\n", 1, "jira.project",
         "This is required because 'jira.url' is given. Set it here or as COUNTERSIGN_JIRA__PROJECT.", ()),
        ("jira:\n  url: https://x.example\n  user: u\n  tenant: t\n  project: OPS\n", 1, "jira.password",
         "This is required because 'jira.url' is given without 'jira.access_token'. "
         "Set it here or as COUNTERSIGN_JIRA__PASSWORD.", ()),
        ("jira:\n  url: https://x.example\n  user: u\n  access_token: t\n  tenant: t\n  project: OPS\n", 4,
         "jira.access_token", "Give either this or 'jira.user' and 'jira.password'.", ()),
        ("jira:\n  url: https://x.example\n  access_token: t\n  tenant: t\n  project: OPS\n  states:\n    Open: begun\n",
         6, "jira.states", "'begun' is no state of a ticket.",
         ("open", "in_approval", "approved", "rejected", "implementing", "implemented", "closed", "cancelled")),
        ("jira:\n  url: https://x.example\n  access_token: t\n  tenant: t\n  project: OPS\n"
         "  resolutions:\n    open: None yet\n", 6, "jira.resolutions", "'open' is no state of a ticket.",
         ("closed", "rejected", "cancelled")),
        ("remedy:\n  url: http://remedy.example.com\n  user: u\n  password: p\n  tenant: t\n  company: c\n"
         "  first_name: a\n  last_name: b\n", 2, "remedy.url", "Credentials would travel in clear text.", ("https://…",)),
        ("remedy:\n  url: https://remedy.example.com\n  user: u\n  password: p\n  tenant: t\n  first_name: a\n"
         "  last_name: b\n", 1, "remedy.company",
         "This is required because 'remedy.url' is given. Set it here or as COUNTERSIGN_REMEDY__COMPANY.", ()),
        ("remedy:\n  url: https://remedy.example.com\n  user: u\n  password: '  '\n  tenant: t\n  company: c\n"
         "  first_name: a\n  last_name: b\n", 4, "remedy.password",
         "It is blank, and Remedy would not check a blank password.", ()),
        ("servicenow:\n  read_timeout_s: 0\n", 2, "servicenow.read_timeout_s", "This must be greater than 0.", ()),
    ],
)  # fmt: skip
def test_a_mistake_in_the_file_is_named_with_line_key_and_what_would_be_accepted(
    write, text, line, key, message, accepted
):
    path = write(text)
    error = refusal(config=path)
    assert (error.file, error.line, error.key) == (str(path), line, key)
    assert (error.message, error.accepted) == (message, accepted)
    assert error.others == ()


def test_an_unknown_key_at_the_top_is_told_every_key_there_is(write):
    error = refusal(config=write("databse_url: x\n"))
    assert error.message == "There is no such key. Did you mean 'database_url'?"
    assert set(error.accepted) == set(Settings.model_fields)


def test_an_unknown_variable_is_an_error_that_guesses_what_was_meant():
    error = refusal(environ={"COUNTERSIGN_SLACK_BOT_TOKEN": "xoxb-1"})
    assert (error.file, error.line, error.key) == ("environment", None, "COUNTERSIGN_SLACK_BOT_TOKEN")
    assert error.message == "There is no such setting. Did you mean 'COUNTERSIGN_SLACK__BOT_TOKEN'?"


def test_a_bad_value_in_a_variable_names_the_variable():
    error = refusal(environ={"COUNTERSIGN_SLACK__MODE": "sockt"})
    assert error.sentence() == (
        "environment key 'COUNTERSIGN_SLACK__MODE': This value is not known. Did you mean 'socket'? Accepted: http, socket."
    )


def test_all_mistakes_are_said_at_once_one_line_each(write):
    path = write("log_level: loud\nbind:\n  prot: 1\n")
    error = refusal(config=path, environ={"COUNTERSIGN_DEMO": "maybe"})
    assert [line.split(": ")[0] for line in str(error).splitlines()] == [
        f"{path}:3 key 'bind.prot'",
        f"{path}:1 key 'log_level'",
        "environment key 'COUNTERSIGN_DEMO'",
    ]


def test_two_missing_things_of_one_section_are_both_said():
    error = refusal(environ={"COUNTERSIGN_SLACK__BOT_TOKEN": "xoxb-1"})
    assert [each.key for each in (error, *error.others)] == ["slack.tenant", "slack.signing_secret"]


@pytest.mark.parametrize("text", ["- web\n", "web\n", "7\n"])
def test_a_file_that_holds_no_keys_is_refused(write, text):
    assert refusal(config=write(text)).message == "The file must hold keys and values."


@pytest.mark.parametrize("order", ["bot_token: x\n  bot_token_file: y", "bot_token_file: y\n  bot_token: x"])
def test_a_secret_given_twice_in_the_file_is_refused(write, order):
    error = refusal(config=write(f"slack:\n  {order}\n"))
    assert error.message == "Give either 'bot_token' or 'bot_token_file', not both."


def test_a_secret_given_twice_in_the_environment_is_refused():
    environ = {**SLACK, "COUNTERSIGN_SLACK__BOT_TOKEN_FILE": "/anywhere"}
    assert refusal(environ=environ).message == (
        "Give either COUNTERSIGN_SLACK__BOT_TOKEN or COUNTERSIGN_SLACK__BOT_TOKEN_FILE, not both."
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "The file '{path}' cannot be read: No such file or directory."),
        (b"", "The file '{path}' is empty."),
        (b"\n", "The file '{path}' is empty."),
        (b"x" * 70_000, "The file '{path}' is too large."),
        (b"\xff\xfe", "The file '{path}' is not UTF-8 text."),
    ],
)
def test_a_secret_file_that_holds_no_secret_is_named(tmp_path, content, message):
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    error = refusal(environ={"COUNTERSIGN_DATABASE_URL_FILE": str(path)})
    assert error.message == message.format(path=path)


def test_what_is_no_secret_has_no_file_form():
    assert refusal(environ={"COUNTERSIGN_LOG_LEVEL_FILE": "/x"}).message.startswith("There is no such setting.")


@pytest.mark.parametrize(
    "environ",
    [
        {"COUNTERSIGN_DATABASE_URL": "postgresql://owner:hunter2/x@db/countersign"},
        {"COUNTERSIGN_DATABASE_URL": "mysql://owner:hunter2@db/x"},
        {"COUNTERSIGN_SLACK__BOT_TOKEN": "hunter2"},
        {"COUNTERSIGN_SERVICENOW__PASSWORD": "hunter2", "COUNTERSIGN_SERVICENOW__URL": "http://sn.example.com"},
    ],
)
def test_a_secret_never_appears_in_a_message(environ):
    error = refusal(environ=environ)
    assert "hunter2" not in str(error)
    assert "hunter2" not in repr(error.__cause__)


def test_secrets_print_as_stars():
    assert "s3cret" not in repr(load_settings(environ=SLACK))


def test_the_simulated_systems_may_be_reached_in_clear_text_on_this_machine():
    environ = {**SLACK, "COUNTERSIGN_SLACK__BASE_URL": "http://127.0.0.1:9001/slack/api/"}
    assert load_settings(environ=environ).slack.api_url == "http://127.0.0.1:9001/slack/api/"


def test_socket_mode_needs_no_signing_secret():
    environ = {
        "COUNTERSIGN_SLACK__MODE": "Socket",
        "COUNTERSIGN_SLACK__BOT_TOKEN": "xoxb-1",
        "COUNTERSIGN_SLACK__APP_TOKEN": "xapp-1",
        "COUNTERSIGN_SLACK__TENANT": "enterprise-corp",
    }
    assert load_settings(environ=environ).slack.mode is SlackMode.SOCKET


def test_an_ipv6_address_is_linked_in_brackets():
    assert load_settings(environ={"COUNTERSIGN_BIND__HOST": "::1"}).base_url == "http://[::1]:8080"


def test_a_demo_put_together_in_code_is_held_to_the_same_rules():
    with pytest.raises(SettingsError, match="listens on this machine alone"):
        Settings(demo=True, bind={"host": "0.0.0.0"})


def test_data_is_kept_in_the_working_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    assert load_settings(environ={}).data_dir == Path(".countersign")


def test_data_is_kept_where_the_desktop_keeps_data_unless_some_is_in_the_working_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", "/home/ann/.local/share")
    assert load_settings(environ={}).data_dir == Path("/home/ann/.local/share/countersign")
    (tmp_path / ".countersign").mkdir()
    assert load_settings(environ={}).data_dir == Path(".countersign")


def test_settings_read_nothing_behind_our_back(monkeypatch):
    monkeypatch.setenv("BIND", "x")
    monkeypatch.setenv("DEMO", "true")
    assert Settings().demo is False


def test_the_access_request_profile_is_off_and_takes_the_name_of_a_draft(write):
    assert load_settings(environ={}).authzen.has_access_requests is False
    path = write("authzen:\n  access_request: draft-1\n  internal_callbacks: [10.20.0.0/16, 'fd00::/8']\n")
    settings = load_settings(config=path, environ={}).authzen
    assert settings.has_access_requests is True
    assert [str(network) for network in settings.internal_callbacks] == ["10.20.0.0/16", "fd00::/8"]
    wrong = refusal(environ={"COUNTERSIGN_AUTHZEN__ACCESS_REQUEST": "draft-2"})
    assert wrong.accepted == ("off", "draft-1")


@pytest.mark.row("T3")
def test_encryption_keys_are_32_bytes_in_base64_one_that_seals_and_any_that_open(tmp_path):
    one, other = (base64.b64encode(bytes([byte]) * 32).decode() for byte in (1, 2))
    (tmp_path / "key").write_text(one + "\n")
    settings = load_settings(
        environ={
            "COUNTERSIGN_ENCRYPTION_KEY_FILE": str(tmp_path / "key"),
            "COUNTERSIGN_ENCRYPTION_OTHER_KEYS": f"{other},{one}",
        }
    )
    assert settings.encryption_key.get_secret_value() == one
    assert one not in repr(settings)
    for variable, value in (
        ("ENCRYPTION_KEY", "c2hvcnQ="),
        ("ENCRYPTION_KEY", f"{one},{other}"),
        ("ENCRYPTION_OTHER_KEYS", f"{one} secret!"),
    ):
        with pytest.raises(SettingsError) as refusal:
            load_settings(environ={f"COUNTERSIGN_{variable}": value})
        assert variable in str(refusal.value)
        assert value not in str(refusal.value)
