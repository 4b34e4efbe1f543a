"""The container files say what the program understands. No container engine runs here, so they are read and checked."""

from __future__ import annotations

import base64
import json
import re
import shlex
import shutil
from fnmatch import fnmatch
from pathlib import Path

import pytest

from config.load import load_settings
from config.settings import Role, Settings
from config.sources import leaves
from config.yamlfile import load_yaml

ROOT = Path(__file__).parents[2]
FIXED_TAG = re.compile(r"[a-z0-9./-]+:\d+(\.\d+)*-?[\w.-]*\Z")
VARIABLES = {leaf.variable for leaf in leaves(Settings)}
SECRET_FILES = {f"{leaf.variable}_FILE" for leaf in leaves(Settings) if leaf.is_secret}


def instructions(text: str) -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order, each as (name, the rest), comments dropped and continued lines joined."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [
        (line.split(maxsplit=1)[0].upper(), line.split(maxsplit=1)[1].strip())
        for line in joined.splitlines()
        if line.strip()
    ]


def stages(every: list[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    starts = [index for index, (name, _) in enumerate(every) if name == "FROM"]
    return [every[start:end] for start, end in zip(starts, [*starts[1:], len(every)], strict=True)]


def given(stage: list[tuple[str, str]], wanted: str) -> list[str]:
    return [rest for name, rest in stage if name == wanted]


@pytest.fixture(scope="module")
def dockerfile():
    return instructions((ROOT / "Dockerfile").read_text())


@pytest.fixture(scope="module")
def final(dockerfile):
    return stages(dockerfile)[-1]


@pytest.fixture(scope="module")
def compose():
    return load_yaml(ROOT / "deploy" / "compose.yaml").value


def environment_of(stage: list[tuple[str, str]]) -> dict[str, str]:
    return dict(pair.split("=", 1) for rest in given(stage, "ENV") for pair in shlex.split(rest))


def test_every_stage_starts_from_one_image_of_a_fixed_version(dockerfile):
    arguments = dict(rest.split("=", 1) for name, rest in dockerfile if name == "ARG")
    images = [rest.split()[0] for name, rest in dockerfile if name == "FROM"]
    assert images == ["${PYTHON_IMAGE}", "${PYTHON_IMAGE}"]
    assert FIXED_TAG.match(arguments["PYTHON_IMAGE"])
    assert "slim" in arguments["PYTHON_IMAGE"]


def test_the_image_runs_a_python_that_the_project_accepts(dockerfile):
    image = next(rest for name, rest in dockerfile if name == "ARG")
    major, minor = re.search(r"python:(\d+)\.(\d+)", image).groups()
    assert (int(major), int(minor)) >= (3, 11)


def test_the_program_does_not_run_as_root(final):
    user, group = given(final, "USER")[-1].split(":")
    assert int(user) > 0
    assert int(group) > 0
    after_user = [name for name, _ in final][[name for name, _ in final].index("USER") :]
    assert "RUN" not in after_user


def test_the_image_says_whether_it_is_well_at_an_address_that_is_served(final):
    check = given(final, "HEALTHCHECK")[0]
    command = json.loads(check[check.index("[") :])
    port = environment_of(final)["COUNTERSIGN_BIND__PORT"]
    assert f"http://127.0.0.1:{port}/healthz" in command[-1]
    compile(command[-1], "healthcheck", "exec")
    assert given(final, "EXPOSE") == [port]


def test_everything_copied_exists_and_passes_the_ignore_file(dockerfile):
    patterns = (ROOT / ".dockerignore").read_text().split("\n")
    kept = {line[1:].rstrip("/") for line in patterns if line.startswith("!")}
    sources = [
        source for rest in given(dockerfile, "COPY") if not rest.startswith("--from") for source in rest.split()[:-1]
    ]
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), f"{source} does not exist"
        assert source.split("/")[0] in kept, f"{source} is ignored"


def test_every_package_of_the_project_is_copied(dockerfile):
    packages = re.search(r"^packages = (\[.*\])$", (ROOT / "pyproject.toml").read_text(), re.MULTILINE)[1]
    copied = {rest.split()[0] for rest in given(dockerfile, "COPY")}
    assert set(json.loads(packages)) <= copied


def test_python_packages_are_locked_and_hash_checked_and_none_is_for_development(dockerfile):
    runs = given(stages(dockerfile)[0], "RUN")
    named = set(re.findall(r"requirements/\w+\.txt", " ".join(runs)))
    assert named == {"requirements/build.txt", "requirements/runtime.txt"}
    for command in re.split(r"&&", " ".join(runs)):
        if re.search(r"pip (install|wheel)", command):
            assert "--require-hashes" in command or "--no-index" in command, command


def test_the_final_stage_holds_no_compiler_and_takes_only_the_environment_from_the_build(final):
    assert not re.search(r"\b(gcc|-dev)\b", " ".join(given(final, "RUN")))
    assert given(final, "COPY") == ["--from=build /opt/countersign /opt/countersign"]


def test_the_image_sets_only_what_the_program_knows(final):
    ours = {name for name in environment_of(final) if name.startswith("COUNTERSIGN_")}
    assert ours <= VARIABLES
    load_settings(environ={name: value for name, value in environment_of(final).items() if name in ours})


def test_the_image_serves_by_default(final):
    assert given(final, "ENTRYPOINT") == ['["countersign"]']
    assert given(final, "CMD") == ['["serve"]']


def test_the_data_folder_is_a_volume_that_the_user_owns(final):
    folder = environment_of(final)["COUNTERSIGN_DATA_DIR"]
    assert given(final, "VOLUME") == [folder]
    assert f"install -d -o countersign -g countersign -m 0700 {folder}" in " ".join(given(final, "RUN"))


def test_the_composition_is_a_database_and_the_service(compose):
    assert set(compose["services"]) == {"database", "countersign"}
    assert set(compose) == {"name", "services", "secrets", "volumes"}


def test_the_database_is_a_fixed_version_that_the_migrations_support(compose):
    image = compose["services"]["database"]["image"]
    assert FIXED_TAG.match(image)
    assert int(re.search(r"postgres:(\d+)", image)[1]) >= 15


def test_each_service_is_watched_and_the_service_waits_for_a_healthy_database(compose):
    services = compose["services"]
    assert all(service["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"} for service in services.values())
    assert services["countersign"]["depends_on"] == {"database": {"condition": "service_healthy"}}


def test_the_service_asks_whether_it_is_ready_on_the_port_that_the_image_serves(compose, final):
    port = environment_of(final)["COUNTERSIGN_BIND__PORT"]
    service = compose["services"]["countersign"]
    assert f"http://127.0.0.1:{port}/readyz" in service["healthcheck"]["test"][-1]
    assert [published.split(":")[-1] for published in service["ports"]] == [port]


def test_nothing_is_published_beyond_this_machine(compose):
    for service in compose["services"].values():
        assert all(published.startswith("127.0.0.1:") for published in service.get("ports", []))


def test_every_variable_is_a_setting_also_those_that_are_commented_out(compose):
    text = (ROOT / "deploy" / "compose.yaml").read_text()
    written = set(re.findall(r"^\s*#? ?(COUNTERSIGN_\w+):", text, re.MULTILINE))
    assert set(compose["services"]["countersign"]["environment"]) <= written
    assert written <= VARIABLES | SECRET_FILES


def test_no_secret_stands_in_the_file_and_each_that_is_used_is_declared(compose):
    declared = compose["secrets"]
    for service in compose["services"].values():
        assert set(service["secrets"]) <= set(declared)
        for name, value in service["environment"].items():
            assert not re.search(r"PASSWORD$|TOKEN$|SECRET$|DATABASE_URL$", name), f"{name} holds a secret"
            if name.endswith("_FILE"):
                assert value.removeprefix("/run/secrets/") in service["secrets"]
    assert all(secret["file"].startswith("secrets/") for secret in declared.values())
    assert "*" in (ROOT / "deploy" / "secrets" / ".gitignore").read_text().splitlines()


def test_every_volume_and_build_file_that_is_named_exists(compose):
    for service in compose["services"].values():
        assert {mount.split(":")[0] for mount in service["volumes"]} <= set(compose["volumes"])
    build = compose["services"]["countersign"]["build"]
    assert (ROOT / "deploy" / build["context"] / build["dockerfile"]).is_file()


def test_the_data_folder_of_the_service_is_kept(compose, final):
    folder = environment_of(final)["COUNTERSIGN_DATA_DIR"]
    assert f"state:{folder}" in compose["services"]["countersign"]["volumes"]


def test_the_service_has_time_to_end_what_it_does(compose):
    patience_s = int(compose["services"]["countersign"]["stop_grace_period"].removesuffix("s"))
    assert patience_s > Settings().shutdown_grace_s


def test_the_service_can_change_nothing_but_its_data(compose):
    service = compose["services"]["countersign"]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_the_recipe_in_the_composition_makes_an_address_that_the_program_accepts(compose):
    recipe = (ROOT / "deploy" / "compose.yaml").read_text()
    address = re.search(r"printf '(postgresql://[^']+)'", recipe)[1].replace("%s", "0f" * 24)
    settings = load_settings(environ={"COUNTERSIGN_DATABASE_URL": address})
    database = compose["services"]["database"]["environment"]
    user, name = database["POSTGRES_USER"], database["POSTGRES_DB"]
    assert settings.database_url.get_secret_value() == f"postgresql://{user}:{'0f' * 24}@database:5432/{name}"


@pytest.fixture
def example(tmp_path):
    """A copy of the example beside everything that it names."""
    shipped = (f"config/{each.name}" for each in (ROOT / "config").iterdir() if each.is_dir())
    for folder in (*shipped, "deploy/secrets"):
        (tmp_path / folder).mkdir(parents=True)
    secrets = {
        "database_url": "postgresql://owner:pw@db/countersign",
        "database_app_url": "postgresql://app:pw@db/countersign",
        "slack_bot_token": "xoxb-1",
        "mail_password": "p",
        "otlp_token": "Bearer t",
        "prometheus_token": "t",
        "datadog_api_key": "k",
        "newrelic_license_key": "k",
        "splunk_token": "t",
        "webhooks_secret": "whsec_" + base64.b64encode(b"w" * 32).decode(),
        "webhooks_hook_secret": "whsec_" + base64.b64encode(b"h" * 32).decode(),
        **{f"{name}_hook_secret": "h" * 32 for name in ("datadog", "newrelic", "splunk", "alertmanager")},
        "slack_app_token": "xapp-1",
        "slack_signing_secret": "s",
        "encryption_key": base64.b64encode(b"k" * 32).decode(),
        "encryption_other_keys": base64.b64encode(b"o" * 32).decode(),
        "servicenow_password": "p",
        "servicenow_webhook_secret": "w",
        "jira_api_token": "t",
        "teams_app_password": "t",
        "jira_webhook_secret": "w",
        "remedy_password": "p",
        "remedy_webhook_secret": "w",
        "executor_secret": "whsec_" + base64.b64encode(b"e" * 32).decode(),
    }
    for name, value in secrets.items():
        (tmp_path / "deploy" / "secrets" / name).write_text(value)
    (tmp_path / "deploy" / "prometheus").mkdir()
    shutil.copy(ROOT / "deploy" / "prometheus" / "services.yaml", tmp_path / "deploy" / "prometheus")
    copy = tmp_path / "deploy" / "countersign.yaml"
    copy.write_text((ROOT / "deploy" / "countersign.example.yaml").read_text())
    return copy


def test_the_example_is_accepted_as_it_stands(example):
    settings = load_settings(config=example, environ={})
    (servicenow,), (jira,), (remedy,) = settings.servicenow, settings.jira, settings.remedy
    enabled = (settings.slack, settings.teams, servicenow, jira, remedy)
    assert [section.enabled for section in enabled] == [True] * 5
    assert settings.roles == frozenset(Role)


def test_the_example_names_every_setting_and_secrets_only_by_file(example):
    document = load_yaml(example)
    for leaf in leaves(Settings):
        *section, name = leaf.path
        written = (*section, f"{name}_file") if leaf.is_secret else leaf.path
        assert document.line_of(written) is not None, f"{'.'.join(written)} is missing"


def test_the_folders_that_the_example_names_are_those_that_ship():
    example_file = ROOT / "deploy" / "countersign.example.yaml"
    value = load_yaml(example_file).value
    assert isinstance(value, dict)
    shipped = {name: getattr(Settings(), name) for name in value if name.endswith("_dir") and name != "data_dir"}
    assert {name: (example_file.parent / value[name]).resolve() for name in shipped} == shipped


@pytest.mark.parametrize("lock", ["build", "runtime", "dev"])
def test_a_lock_pins_and_hashes_everything_and_names_no_address(lock):
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE)
    for requirement in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[\w.-]+(\[[\w,]+\])?==", requirement), requirement[:80]
        assert "--hash=sha256:" in requirement


def test_the_lock_of_npm_packages_pins_and_hashes_everything_and_names_no_registry():
    folder = ROOT / "tests" / "javascript"
    wanted = json.loads((folder / "package.json").read_text())["devDependencies"]
    packages = json.loads((folder / "package-lock.json").read_text())["packages"]
    locked = {path.removeprefix("node_modules/"): package for path, package in packages.items() if path}
    assert {name: locked[name]["version"] for name in wanted} == wanted
    for name, package in locked.items():
        assert package["integrity"].startswith("sha512-"), name
        assert "resolved" not in package, name
        assert "hasInstallScript" not in package, f"{name} wants to run something, which setup.sh does not let it"


def test_the_development_lock_holds_everything_that_runs_in_the_same_versions():
    def pins(lock: str) -> dict[str, set[str]]:
        text = (ROOT / "requirements" / f"{lock}.txt").read_text()
        found: dict[str, set[str]] = {}
        for name, version in re.findall(r"^([\w.-]+)(?:\[.*?\])?==(\S+)", text, re.MULTILINE):
            found.setdefault(name, set()).add(version)
        return found

    runtime, build, dev = pins("runtime"), pins("build"), pins("dev")
    assert {name: dev.get(name) for name in runtime} == runtime
    assert {name: dev[name] for name in build if name in dev} == {name: build[name] for name in build if name in dev}


def test_shell_scripts_can_be_run_and_stop_at_the_first_error():
    scripts = [ROOT / ".ci" / "run", *sorted((ROOT / "scripts").glob("*.sh"))]
    for script in scripts:
        assert script.stat().st_mode & 0o111, f"{script.name} is not executable"
        first, *rest = script.read_text().splitlines()
        assert first == "#!/usr/bin/env bash"
        assert any(fnmatch(line, "set -*uo pipefail") for line in rest), script.name


def test_continuous_integration_runs_what_people_run():
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "exec make test"
