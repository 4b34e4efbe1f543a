"""Answers that the asker alone sees in Slack: through a response_url, or as a message (B2, N6)."""

from dataclasses import dataclass, field

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook import WebhookResponse

from bot.conversation.chat import Asker
from bot.slack.context import Desk, through
from bot.views.answers import said

pytestmark = pytest.mark.row("B2", "N6")


@dataclass
class Slack:
    """Answers what it is given in turn, and keeps the calls; it is the workspace and its client in one."""

    answers: list = field(default_factory=list)
    calls: list = field(default_factory=list)

    @property
    def client(self):
        return self

    async def respond(self, **content):
        self.calls.append(content["text"])
        status = self.answers.pop(0)
        return WebhookResponse(url="", status_code=status, body="", headers={"Retry-After": "0"})

    async def chat_postEphemeral(self, *, channel, **_content):  # noqa: N802  Slack's name
        self._called(channel)

    async def chat_postMessage(self, *, channel, **_content):  # noqa: N802  Slack's name
        self._called(channel)

    def _called(self, channel):
        self.calls.append(channel)
        error = self.answers.pop(0)
        if error:
            body = {"ok": False, "error": error}
            raise SlackApiError(
                error,
                AsyncSlackResponse(
                    client=None, http_verb="POST", api_url="", req_args={}, data=body, status_code=200, headers={}
                ),
            )


@pytest.mark.parametrize(
    ("statuses", "calls"), [([200], 1), ([429, 429, 200], 3), ([500, 200], 2), ([404], 1)], ids=str
)
async def test_a_response_url_that_is_throttled_or_fails_is_used_again_and_one_that_is_over_is_not(statuses, calls):
    slack = Slack(answers=list(statuses))
    await through(slack.respond)(said("Added."))
    assert slack.calls == ["Added."] * calls


@pytest.mark.parametrize(
    ("errors", "calls"),
    [
        ([None], ["C1"]),
        (["user_not_in_channel", None], ["C1", "U1"]),
        (["ratelimited", None], ["C1", "C1"]),
        (["invalid_blocks"], ["C1"]),
    ],
    ids=str,
)
async def test_what_the_channel_cannot_show_to_one_person_comes_directly(errors, calls):
    slack = Slack(answers=list(errors))
    await Desk(slack, None).by_message(Asker("U1", "C1"))(said("Added."))
    assert slack.calls == calls
