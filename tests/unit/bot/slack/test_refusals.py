"""What Slack's refusals mean for whoever writes (B8, N6)."""

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.platform import PlaceUnusable
from bot.slack.refusals import refusal_of
from core.ids import uuid7
from core.links import MessageSlot
from core.outbox import Throttle

pytestmark = pytest.mark.row("B8", "N6")


def refused(code, place, status=200):
    answer = AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url="",
        req_args={},
        data={"ok": False, "error": code},
        headers={"Retry-After": "7"},
        status_code=status,
    )
    return refusal_of(SlackApiError("refused", answer), MessageSlot(uuid7(), "slack", place, "direct"))


@pytest.mark.parametrize("code", ["messages_tab_disabled", "cannot_dm_bot", "user_disabled", "account_inactive"])
def test_a_person_who_cannot_be_written_to_is_told_elsewhere(code):
    assert isinstance(refused(code, "U0DANA"), PlaceUnusable)


@pytest.mark.parametrize("code", ["account_inactive", "token_revoked"])
def test_a_channel_waits_for_an_app_that_was_removed_from_the_workspace(code):
    assert isinstance(refused(code, "approvals"), SlackApiError)
    assert isinstance(refused(code, "C0APPROVALS"), SlackApiError)


@pytest.mark.parametrize("code", ["internal_error", "fatal_error", "service_unavailable", "invalid_blocks"])
def test_what_may_pass_is_no_reason_to_tell_anybody_elsewhere(code):
    assert isinstance(refused(code, "U0DANA"), SlackApiError)


def test_throttling_is_waited_for_as_long_as_slack_says():
    error = refused("ratelimited", "U0DANA", 429)
    assert isinstance(error, Throttle)
    assert error.retry_after_s == 7.0
