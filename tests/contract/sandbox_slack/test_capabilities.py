"""Trigger ids and response addresses live as long as Slack lets them, and not longer."""

from __future__ import annotations

import pytest

from sandbox.slack.capabilities import Capabilities


class Seconds:
    """A clock in seconds that stands still until told to move."""

    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


def test_a_trigger_is_good_for_three_seconds():
    now = Seconds()
    rights = Capabilities(now)
    early, late = rights.trigger("U1"), rights.trigger("U1")
    now.at += 3.0
    assert rights.use_trigger(early) == "U1"
    now.at += 0.1
    with pytest.raises(LookupError, match="expired_trigger_id"):
        rights.use_trigger(late)


def test_a_response_address_is_good_for_thirty_minutes():
    now = Seconds()
    rights = Capabilities(now)
    token = rights.response("U1", "C1")
    now.at += 30 * 60
    assert rights.use_response(token).uses == 1
    now.at += 1
    with pytest.raises(LookupError, match="expired_url"):
        rights.use_response(token)
