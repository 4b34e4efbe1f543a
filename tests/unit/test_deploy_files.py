"""No container engine runs here, so the files are held to what they promise by reading them."""

import re
from pathlib import Path

import pytest
import yaml

from config.load import load_settings

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def instructions():
    text = (ROOT / "Dockerfile").read_text()
    joined = re.sub(r"\\\n", " ", text)
    return [line.split(maxsplit=1) for line in joined.splitlines() if line.strip() and not line.startswith("#")]


@pytest.fixture(scope="module")
def compose():
    return yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())


def test_every_base_image_is_pinned_to_a_patch_release(instructions):
    images = [rest.split()[0] for word, rest in instructions if word == "FROM"]
    assert len(images) == 2
    assert [bool(re.search(r":\d+\.\d+\.\d+-", image)) for image in images] == [True, True]


def test_the_service_does_not_run_as_root(instructions):
    last_stage = [word for word, _rest in instructions][::-1]
    assert "USER" in last_stage[: last_stage.index("FROM")]
    assert next(rest for word, rest in instructions if word == "USER") == "countersign"


def test_the_image_says_whether_it_is_healthy(instructions):
    assert any(word == "HEALTHCHECK" and "/healthz" in rest for word, rest in instructions)


def test_everything_that_is_copied_exists_and_every_room_is_copied(instructions):
    sources = [
        source for word, rest in instructions if word == "COPY" and "--from" not in rest for source in rest.split()[:-1]
    ]
    assert [source for source in sources if not (ROOT / source).exists()] == []
    assert {"app", "bot", "config", "connectors", "core", "sandbox", "web"} <= set(sources)


def test_packages_are_installed_by_hash_alone(instructions):
    installs = [
        step for word, rest in instructions if word == "RUN" for step in rest.split("&&") if "pip install" in step
    ]
    assert [step for step in installs if "--require-hashes" not in step and "--no-deps" not in step] == []


def test_compose_names_only_settings_that_exist(compose, tmp_path):
    environ = dict(compose["services"]["countersign"]["environment"])
    values = {"database_url": "postgresql://owner:secret@database:5432/countersign", "slack_bot_token": "xoxb-1"}
    for name, place in environ.items():
        if name.endswith("_FILE"):
            secret = tmp_path / Path(place).name
            secret.write_text(values.get(secret.name, "secret"))
            environ[name] = str(secret)
    settings = load_settings(environ=environ)
    assert settings.slack.tenant == "enterprise-corp"
    assert settings.public_url == "https://countersign.example.com"


def test_compose_waits_for_a_healthy_database_and_gives_every_secret_as_a_file(compose):
    service = compose["services"]["countersign"]
    assert service["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert set(service["secrets"]) < set(compose["secrets"])
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
