"""What `countersign doctor` says of Teams."""

import pytest
from pydantic import SecretStr

from app.teams import examine_teams
from config.chat import TeamsSettings
from tests.teams_office import simulated

PEOPLE = [{"id": "U1", "name": "ann", "real_name": "Ann", "email": "ann@acme.example"}]


@pytest.fixture
async def teams():
    async with simulated(PEOPLE, product_url="http://127.0.0.1:9") as sim:
        yield sim


def settings(teams, **changes):
    return TeamsSettings(
        **{
            "app_id": teams.about["app_id"],
            "app_password": SecretStr(teams.about["client_secret"]),
            "tenant_id": teams.about["tenant_id"],
            "tenant": "acme",
            "login_url": teams.about["login_endpoint"],
            "metadata_url": teams.about["openid_metadata_url"],
            "service_url": teams.about["url"],
            **changes,
        }
    )


async def finding(given):
    (found,) = await examine_teams(given)
    return found["health"], found["message"], found["next_step"]


async def test_working_credentials_are_ok(teams):
    assert await finding(settings(teams)) == (
        "ok",
        "Microsoft issues a token for the bot, and publishes the keys that Teams signs with.",
        "",
    )


async def test_a_wrong_secret_is_told_with_where_to_look(teams):
    health, message, next_step = await finding(settings(teams, app_password=SecretStr("wrong")))
    assert health == "failed"
    assert "AADSTS7000215: Invalid client secret" in message
    assert "docs/connectors/teams.md" in next_step


async def test_keys_that_cannot_be_fetched_are_a_failure(teams):
    health, message, _next_step = await finding(settings(teams, metadata_url="http://127.0.0.1:9/metadata"))
    assert (health, message) == (
        "failed",
        "Microsoft's signing keys cannot be fetched, so that nothing from Teams can be believed.",
    )


async def test_nobody_who_answers_is_a_failure(teams):
    health, message, _next_step = await finding(settings(teams, login_url="http://127.0.0.1:9/login"))
    assert (health, message) == ("failed", "Microsoft cannot be reached: ClientConnectorError.")


async def test_what_is_not_configured_is_a_warning():
    health, _message, next_step = await finding(TeamsSettings())
    assert (health, next_step) == ("warning", "Set COUNTERSIGN_TEAMS__APP_ID; see docs/connectors/teams.md.")
